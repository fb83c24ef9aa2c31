"""Breaks what the assistant stands on and counts what is lost."""
