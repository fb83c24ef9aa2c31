"""Garbage collector settings of a server."""

import gc

# Thresholds of the three generations.
THRESHOLDS = (10_000, 20, 20)


def freeze_garbage_collector() -> None:
    """Exempts everything loaded so far from garbage collection, and collects less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    # It is disabled while a server loads.
    gc.enable()
