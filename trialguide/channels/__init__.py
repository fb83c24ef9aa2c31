"""What the public talks to: the front door, the website and the messaging services."""
