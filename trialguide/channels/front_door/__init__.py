"""The front door: the checks, the turn queue and the recovery that every public channel shares."""
