"""The vendors of messaging services: a channel for each, with the parts that one vendor alone needs."""
