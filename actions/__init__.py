"""Custom actions and the pure modules that only they call."""
