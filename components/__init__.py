"""NLU graph components of our own, and the pure modules they are made of."""
