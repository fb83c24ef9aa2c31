"""What plugs into Rasa Core: message processor, policies, response generator, graph runner, patches."""
