"""The content of `data/`: catalogue, wording, answer versions."""
