"""Plug-ins for Rasa Core: message processor, policies, response generator, graph runner, patches."""
