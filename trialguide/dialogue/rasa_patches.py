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
