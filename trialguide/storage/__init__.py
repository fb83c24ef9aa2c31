"""Conversations, locks, inbox, outbox, ratings, follows and retention, in SQLite or PostgreSQL and Redis."""
