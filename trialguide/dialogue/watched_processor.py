"""The processor of messages with a watch on it: times, fallbacks, and an action server that may be away."""

from typing import Any

import rasa.core.agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.trackers import DialogueStateTracker

from trialguide.dialogue.action_endpoint import ActionEndpoint
from trialguide.dialogue.message_processor import TurnProcessor
from trialguide.runtime.metrics import FALLBACKS, stage

FALLBACK = "nlu_fallback"


class WatchedProcessor(TurnProcessor):
    """Our processor; what takes how long is counted for Prometheus."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        if settings.get("action_endpoint"):
            settings["action_endpoint"] = ActionEndpoint(settings["action_endpoint"])
        super().__init__(*arguments, **settings)

    async def parse_message(
        self, message: UserMessage, tracker: DialogueStateTracker | None = None, only_output_properties: bool = True
    ) -> dict[str, Any]:
        """What the message is taken for."""
        with stage("understanding"):
            parsed = await super().parse_message(message, tracker, only_output_properties)
        if parsed.get("intent", {}).get("name") == FALLBACK:
            FALLBACKS.labels(message.input_channel or "none").inc()
        return parsed

    async def save_tracker(self, tracker: DialogueStateTracker) -> None:
        """Saves a conversation."""
        with stage("saving"):
            await super().save_tracker(tracker)


def use_watched_processor() -> None:
    """Makes Rasa handle its messages with this processor; Rasa has no setting for it."""
    rasa.core.agent.MessageProcessor = WatchedProcessor
