"""Channels: the front door, the website, the messaging services, and the endpoints and jobs of operations."""
