"""The memoization policy for stories that give a few intents their meaning."""

from typing import Any

from rasa.core.policies.memoization import MemoizationPolicy
from rasa.core.policies.policy import PolicyPrediction
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.trackers import DialogueStateTracker


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class StoryPolicy(MemoizationPolicy):
    """Recalls stories for the intents named in the setting `intents` alone; rules answer all others without its help."""

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
        """The recalled action, or none for an intent that stories are not for."""
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
        """All turns, those answered by rules too: left out, as Rasa would, a no could mean an offer of long ago."""
        states: list[State] = self.featurizer.prediction_states([tracker], domain)[0]
        return states
