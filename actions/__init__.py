"""Custom actions, and the pure modules they call."""
