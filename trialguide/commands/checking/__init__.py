"""The checks behind `python -m trialguide check`, a module for each kind of content."""
