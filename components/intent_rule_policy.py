"""The rule policy without the work that these rules never need."""

import json
from collections import OrderedDict
from typing import Any

from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import ActiveLoop, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

# A rule of ours is about the message at hand and the loop that is open.
TURNS = 1
REMEMBERED = 2000


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class IntentRulePolicy(RulePolicy):
    """Predicts what RulePolicy predicts, in half the time, and after the fallback action nothing more.

    RulePolicy first looks for rules written in a user's own words; here all rules are written with intents. And it compares
    every rule with the whole conversation anew each time, though conversations end in the same few states over and over; here
    a hundredth message takes no longer than the first.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._fitting: OrderedDict[tuple[int, str], set[str]] = OrderedDict()

    def _find_action_from_rules(
        self, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
    ) -> tuple[str | None, str | None, bool]:
        if use_text_for_last_user_input:
            return None, None, False
        if tracker.latest_action_name == self._fallback_action_name:
            # RulePolicy would say it again and again, until Rasa stops the turn.
            return ACTION_LISTEN_NAME, None, False
        return super()._find_action_from_rules(tracker, domain, use_text_for_last_user_input)

    def _prediction_states(self, tracker: DialogueStateTracker, *arguments: Any, **settings: Any) -> list[State]:
        states: list[State] = super()._prediction_states(_last_turns(tracker), *arguments, **settings)
        return states

    def _get_possible_keys(self, rules: dict[str, str], states: list[State]) -> set[str]:
        key = (id(rules), json.dumps(states, default=list))
        if key not in self._fitting:
            self._fitting[key] = super()._get_possible_keys(rules, states)
            if len(self._fitting) > REMEMBERED:
                self._fitting.popitem(last=False)
        return self._fitting[key]


def _last_turns(tracker: DialogueStateTracker) -> DialogueStateTracker:
    """The tracker with its last turn alone, in the loop that was open and with the slots that were set when it began."""
    events = list(tracker.events)
    heard = [number for number, event in enumerate(events) if isinstance(event, UserUttered)]
    if len(heard) <= TURNS:
        return tracker
    # The action_listen that the message answered comes right before it.
    start = heard[-TURNS] - 1
    loops = [event for event in events[:start] if isinstance(event, ActiveLoop)]
    slots = {event.key: event for event in events[:start] if isinstance(event, SlotSet)}
    recent = tracker.init_copy()
    for event in (*loops[-1:], *slots.values(), *events[start:]):
        recent.update(event)
    return recent
