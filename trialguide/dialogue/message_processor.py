"""Processes messages as Rasa does, with the NLU in a worker process, metrics, and no turn stored in which an action failed."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import rasa.core.agent
import rasa.core.processor
from rasa.core.actions.action import Action, ActionExecutionRejection
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.engine.runner.interface import GraphRunner
from rasa.nlu.classifiers.regex_message_handler import RegexMessageHandler
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.core.events import BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from trialguide.dialogue.action_endpoint import ActionEndpoint
from trialguide.dialogue.context import context_of
from trialguide.nlu.decision import UNSURE
from trialguide.nlu.message import Context
from trialguide.nlu.topic_classifier import TopicClassifier
from trialguide.nlu.worker import NluWorker
from trialguide.runtime.digest_cache import DigestCache
from trialguide.runtime.garbage_collection import freeze_garbage_collector
from trialguide.runtime.metrics import FALLBACKS, SAFETY_REPLIES, stage
from trialguide.storage.usage_counts import SAFETY

# Parse data of the questions that many people ask in the same words; one takes about a kilobyte.
CACHE_SIZE = 1000


class ActionFailed(Exception):
    """An action failed; the log says why."""


class MessageProcessor(rasa.core.processor.MessageProcessor):
    """Rasa's processor with an NLU worker, a cache of parse data, a circuit breaker for the action server and metrics.

    Rasa itself parses a message in its event loop, and all other conversations wait meanwhile. It also checks each message for
    intents that the domain does not know; the catalogue's tests do that once.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        if settings.get("action_endpoint"):
            settings["action_endpoint"] = ActionEndpoint(settings["action_endpoint"])
        super().__init__(*arguments, **settings)
        self._worker = nlu_worker_of(self.graph_runner)
        # As JSON, so that no caller can change a cached value.
        self._parse_cache = DigestCache[str](CACHE_SIZE)
        freeze_garbage_collector()

    async def parse_message(
        self, message: UserMessage, tracker: DialogueStateTracker | None = None, only_output_properties: bool = True
    ) -> dict[str, Any]:
        """The parse data of a message, which depend on its text and its context alone. Raises ParseError."""
        with stage("understanding"):
            if only_output_properties:
                parsed = await self._parse(message.text or "", context_of(tracker))
            else:
                parsed = await super().parse_message(message, tracker, only_output_properties)
        if parsed.get("intent", {}).get("name") == UNSURE:
            FALLBACKS.labels(message.input_channel or "none").inc()
        return parsed

    async def save_tracker(self, tracker: DialogueStateTracker) -> None:
        """Saves a conversation, and counts the safety replies of its latest turn."""
        with stage("saving"):
            await super().save_tracker(tracker)
        for label in safety_labels(tracker.events):
            SAFETY_REPLIES.labels(label).inc()

    async def _parse(self, text: str, context: Context) -> dict[str, Any]:
        key = json.dumps([text, context.alarm, context.topic])
        cached = self._parse_cache.get(key)
        if cached is None:
            cached = self._parse_cache.put(key, self._parse_command(text) or await self._worker.parse(text, context))
        parsed: dict[str, Any] = json.loads(cached)
        return parsed | {"text": text}

    def _parse_command(self, text: str) -> str | None:
        """The parse data, as JSON, of a text such as `/greet` by Rasa's rules; None for any other text."""
        if not text.lstrip().startswith(INTENT_MESSAGE_PREFIX):
            return None
        message = YAMLStoryReader.unpack_regex_message(Message({TEXT: text}), self.domain, RegexMessageHandler.__name__)
        return json.dumps(message.as_dict(only_output_properties=True)) if message.get(INTENT) else None

    async def _run_action(
        self,
        action: Action,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        prediction: PolicyPrediction,
    ) -> bool:
        """Runs an action and returns whether another one follows. Raises ActionFailed; nothing of the turn is stored then.

        Rasa goes on after an action that has failed, for example when the action server is away. What it predicts then does
        not fit the question, and the half of a form that it stores spoils the turns that follow.
        """
        run, failed = action.run, False

        async def watched(*arguments: Any) -> list[Event]:
            nonlocal failed
            try:
                return await run(*arguments)
            except ActionExecutionRejection:
                raise
            except Exception:
                failed = True
                raise

        action.run = watched
        follows = await super()._run_action(action, tracker, output_channel, nlg, prediction)
        if failed:
            raise ActionFailed(action.name())
        return follows


def safety_labels(events: Iterable[Event]) -> Iterator[str]:
    """The labels of the safety replies to the latest message among events."""
    for event in reversed(list(events)):
        if isinstance(event, UserUttered):
            return
        if isinstance(event, BotUttered):
            label = str(event.metadata.get("utter_action")).removeprefix("utter_")
            if label in SAFETY:
                yield label


def nlu_worker_of(runner: GraphRunner) -> NluWorker:
    """The NLU worker of a loaded model."""
    components = (node._component for node in runner._instantiated_nodes.values())
    return next(part.worker for part in components if isinstance(part, TopicClassifier) and part.worker)


def use_message_processor() -> None:
    """Replaces Rasa's processor by this one; Rasa has no setting for it."""
    rasa.core.agent.MessageProcessor = MessageProcessor
