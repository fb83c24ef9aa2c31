"""What the files of `data/` say: catalogue, wording, answer versions."""
