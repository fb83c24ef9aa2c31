"""What people run: `python -m tools --help` lists it."""
