"""Shared by all processes: circuit breaker, locks, caches, metrics, logs, settings."""
