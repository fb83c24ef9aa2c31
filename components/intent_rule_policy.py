"""The rule policy without the work that these rules never need."""

import json
from collections import OrderedDict
from typing import Any

from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.trackers import DialogueStateTracker

# No rule of ours spans more states of a conversation than this.
LONGEST_RULE = 8
REMEMBERED = 2000


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class IntentRulePolicy(RulePolicy):
    """Predicts what RulePolicy predicts, in half the time.

    RulePolicy first looks for rules written in a user's own words; here all rules are written with intents. And it compares
    every rule with the conversation anew each time, though conversations end in the same few states over and over.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._fitting: OrderedDict[tuple[int, str], set[str]] = OrderedDict()

    def _find_action_from_rules(
        self, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
    ) -> tuple[str | None, str | None, bool]:
        if use_text_for_last_user_input:
            return None, None, False
        return super()._find_action_from_rules(tracker, domain, use_text_for_last_user_input)

    def _get_possible_keys(self, rules: dict[str, str], states: list[State]) -> set[str]:
        if len(states) > LONGEST_RULE:
            states = states[-LONGEST_RULE:]
        key = (id(rules), json.dumps(states, default=list))
        if key not in self._fitting:
            self._fitting[key] = super()._get_possible_keys(rules, states)
            if len(self._fitting) > REMEMBERED:
                self._fitting.popitem(last=False)
        return self._fitting[key]
