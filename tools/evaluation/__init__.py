"""Measures how well messages are understood."""
