"""Rule policy with a cache of predictions by turn."""

import json
from collections.abc import Mapping
from typing import Any

from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker

from trialguide.runtime.digest_cache import DigestCache

# Our rules depend on the current message and the open loop alone.
TURNS = 1
CACHED_TURNS = 2000
# The predicted action, the rule behind it, and whether an interrupted loop goes on.
Prediction = tuple[str | None, str | None, bool]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class IntentRulePolicy(RulePolicy):
    """RulePolicy in constant time per message, which predicts to listen after the fallback action.

    Overrides `_find_action_from_rules`: at each prediction RulePolicy compares every rule with the whole conversation, first
    with the user's own words, though all our rules are written with intents. Here only the last turn counts, and its prediction
    is cached. After the fallback action RulePolicy would predict it again until Rasa stops the turn. The override would go with
    an index of rules in Rasa.
    """

    def __init__(self, *arguments: Any, lookup: dict[str, Any] | None = None, **settings: Any) -> None:
        super().__init__(*arguments, lookup=lookup, **settings)
        # In training the rules still change.
        self._trained = lookup is not None
        self._predictions = DigestCache[Prediction](CACHED_TURNS)

    def _find_action_from_rules(
        self, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
    ) -> Prediction:
        if use_text_for_last_user_input:
            return None, None, False
        if tracker.latest_action_name == self._fallback_action_name:
            return ACTION_LISTEN_NAME, None, False
        events = _last_turns(tracker)
        turn = [_rule_features(event) for event in events if not _is_ignored(event, tracker.slots)]
        key = json.dumps(turn, default=str)
        cached = self._predictions.get(key)
        if cached:
            return cached
        recent = tracker.init_copy()
        for event in events:
            recent.update(event)
        found: Prediction = super()._find_action_from_rules(recent, domain, use_text_for_last_user_input)
        return self._predictions.put(key, found) if self._trained else found


def _last_turns(tracker: DialogueStateTracker) -> list[Event]:
    """The events of the last turn, after those that opened its loop and set its initial slots."""
    events = list(tracker.events)
    messages = [number for number, event in enumerate(events) if isinstance(event, UserUttered)]
    if len(messages) <= TURNS:
        return events
    # The action_listen that the message answered comes right before it.
    start = messages[-TURNS] - 1
    loop: list[Event] = []
    slots: dict[str, Event] = {}
    for event in events[:start]:
        if isinstance(event, SlotSet):
            slots[event.key] = event
        elif isinstance(event, ActiveLoop):
            loop = [event]
    return [*loop, *slots.values(), *events[start:]]


def _is_ignored(event: Event, slots: Mapping[str, Slot]) -> bool:
    """Whether rules ignore an event: a reply, or a slot that does not influence the conversation."""
    if isinstance(event, SlotSet):
        # A slot of an earlier model is no longer there.
        return event.key not in slots or not slots[event.key].has_features()
    return isinstance(event, BotUttered)


def _rule_features(event: Event) -> Any:
    if isinstance(event, UserUttered):
        return event.intent_name, event.entities
    if isinstance(event, SlotSet):
        return event.key, event.value
    return str(event)
