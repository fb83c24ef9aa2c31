"""Keeps Rasa from copying what it would log at DEBUG."""

from types import ModuleType, SimpleNamespace

import rasa.core.policies.memoization
import rasa.core.policies.rule_policy
import rasa.core.processor

# These copy for their logs alone.
MODULES: tuple[ModuleType, ...] = (rasa.core.policies.memoization, rasa.core.policies.rule_policy, rasa.core.processor)


def use_uncopied_logs() -> None:
    """Makes Rasa log what it has instead of a deep copy, which it makes for every message even when nothing is logged."""
    for module in MODULES:
        module.__dict__["copy"] = SimpleNamespace(deepcopy=lambda logged: logged)


def use_own_parts() -> None:
    """Has Rasa use parts of ours for which it has no settings: some do the same in less time, one does not forget."""
    from trialguide.dialogue.graph_runner import use_sequential_runner
    from trialguide.dialogue.rasa_patches import use_uncopied_logs
    from trialguide.dialogue.watched_processor import use_watched_processor
    from trialguide.storage.tracker_store import use_stores_alone

    use_sequential_runner()
    use_watched_processor()
    use_uncopied_logs()
    use_stores_alone()
