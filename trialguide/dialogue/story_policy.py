"""Memoization policy for the few intents whose meaning depends on the conversation."""

from typing import Any

from rasa.core.policies.memoization import MemoizationPolicy
from rasa.core.policies.policy import PolicyPrediction
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.trackers import DialogueStateTracker


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class StoryPolicy(MemoizationPolicy):
    """Recalls stories for the intents of the setting `intents` alone; rules answer all others.

    Its overrides would go with two settings in Rasa: intents that a policy is for, and turns of rules that it sees.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Those of MemoizationPolicy, and `intents`."""
        return MemoizationPolicy.get_default_config() | {"intents": []}

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """The recalled action; none for other intents, which spares a search of all stories."""
        intent = tracker.latest_message.intent.get("name") if tracker.latest_message else None
        if intent not in self.config["intents"]:
            return self._prediction(self._default_predictions(domain))
        return super().predict_action_probabilities(tracker, domain, rule_only_data=rule_only_data, **kwargs)

    def _prediction_states(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        use_text_for_last_user_input: bool = False,
        rule_only_data: dict[str, Any] | None = None,
    ) -> list[State]:
        """All turns, with those answered by rules: Rasa leaves these out, and a "no" could answer an offer of long ago."""
        states: list[State] = self.featurizer.prediction_states([tracker], domain)[0]
        return states
