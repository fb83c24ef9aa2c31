"""Keeps Rasa from copying what it would log at DEBUG."""

from types import ModuleType, SimpleNamespace

import rasa.core.policies.memoization
import rasa.core.policies.rule_policy
import rasa.core.processor

# These copy for their logs alone.
MODULES: tuple[ModuleType, ...] = (rasa.core.policies.memoization, rasa.core.policies.rule_policy, rasa.core.processor)


def skip_debug_deepcopy() -> None:
    """Makes Rasa log what it has instead of a deep copy, which it makes for every message even when nothing is logged."""
    for module in MODULES:
        module.__dict__["copy"] = SimpleNamespace(deepcopy=lambda logged: logged)


def apply_rasa_patches() -> None:
    """Has Rasa use parts of ours for which it has no settings: some do the same in less time, one does not forget."""
    from trialguide.dialogue.graph_runner import use_sequential_runner
    from trialguide.dialogue.message_processor import use_message_processor
    from trialguide.storage.tracker_store import disable_store_fallback

    use_sequential_runner()
    use_message_processor()
    skip_debug_deepcopy()
    disable_store_fallback()
