"""Replaces parts of Rasa for which it has no setting.

| part of Rasa | replacement | reason |
| --- | --- | --- |
| `core.processor.DaskGraphRunner` | `SequentialGraphRunner` | Dask plans the graph anew three times a message |
| `core.agent.MessageProcessor` | `message_processor` | NLU blocks the event loop; a failed action leaves half a turn |
| `copy.deepcopy` in the modules that log | no copy | they copy trackers for DEBUG logs that nobody asked for |
| `core.agent.FailSafeTrackerStore` | the store itself | it answers out of an empty memory when the database is away |

Each would go if Rasa read the class from `endpoints.yml` or `config.yml`, or, for the logs, copied only at DEBUG. Loading this
module must not import Rasa: its environment and the import stubs are set first.
"""

from importlib import import_module
from types import SimpleNamespace

# The modules that copy for their logs alone.
COPYING_MODULES = ("rasa.core.policies.memoization", "rasa.core.policies.rule_policy", "rasa.core.processor")


def apply_rasa_patches() -> None:
    """Replaces the graph runner, the message processor, the copies for logs and the fallback of the tracker store."""
    from trialguide.dialogue.graph_runner import use_sequential_runner
    from trialguide.dialogue.message_processor import use_message_processor
    from trialguide.storage.tracker_store import disable_store_fallback

    use_sequential_runner()
    use_message_processor()
    skip_debug_deepcopy()
    disable_store_fallback()


def skip_debug_deepcopy() -> None:
    """Makes Rasa log its objects instead of deep copies, which it makes for every message even when nothing is logged."""
    for name in COPYING_MODULES:
        vars(import_module(name))["copy"] = SimpleNamespace(deepcopy=lambda logged: logged)
