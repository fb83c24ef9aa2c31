"""What every process needs: circuit breaker, caches, metrics, logs, settings."""
