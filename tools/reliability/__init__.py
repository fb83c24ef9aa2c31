"""Fault injection, replay and soak tests."""
