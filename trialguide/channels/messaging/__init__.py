"""Messaging services: webhooks, conversation queues, delivery queues, rendering and notifications."""
