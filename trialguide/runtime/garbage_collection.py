"""What a server holds in memory once it has started."""

import gc

# New objects before the garbage collector looks at them, and how many such looks before older ones are looked at as well.
COLLECT_AFTER = (10_000, 20, 20)


def freeze_garbage_collector() -> None:
    """Takes all that is loaded by now for lasting: the garbage collector need not walk through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    # A server loads without the collector.
    gc.enable()
