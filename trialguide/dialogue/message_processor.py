"""Handles turns: what Rasa's processor does, with messages read beside it and nothing stored of a turn that failed."""

import json
from typing import Any

import rasa.core.agent
from rasa.core.actions.action import Action, ActionExecutionRejection
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.engine.runner.interface import GraphRunner
from rasa.nlu.classifiers.regex_message_handler import RegexMessageHandler
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from trialguide.nlu.topic_classifier import TopicClassifier
from trialguide.nlu.worker import NluWorker
from trialguide.runtime.digest_cache import DigestCache
from trialguide.runtime.garbage_collection import freeze_garbage_collector

# The questions that many people ask in the same words; what is kept of one takes about a kilobyte.
REMEMBERED = 1000


class ActionFailed(Exception):
    """An action failed; the log says why."""


class TurnProcessor(MessageProcessor):
    """Rasa's processor with a process of its own for the understanding of messages.

    Rasa itself understands a message in its event loop, and all other conversations wait meanwhile. It also checks each message
    for intents that the domain does not know; the catalogue's tests do that once.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._reader = nlu_worker_of(self.graph_runner)
        # As JSON, so that nobody can change what is kept.
        self._understood = DigestCache[str](REMEMBERED)
        freeze_garbage_collector()

    async def parse_message(
        self, message: UserMessage, tracker: DialogueStateTracker | None = None, only_output_properties: bool = True
    ) -> dict[str, Any]:
        """What the message is taken for, which its text alone decides. Raises ParseError."""
        if not only_output_properties:
            parsed: dict[str, Any] = await super().parse_message(message, tracker, only_output_properties)
            return parsed
        text = message.text or ""
        known = self._understood.get(text)
        if known is None:
            known = self._understood.put(text, self._command(text) or await self._reader.parse(text))
        understood: dict[str, Any] = json.loads(known)
        return understood | {"text": text}

    def _command(self, text: str) -> str | None:
        """What a text such as `/greet` commands by Rasa's rules, as JSON; None for a text that is to be understood."""
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
        """Runs an action; whether another one follows. Raises ActionFailed, and then nothing of the turn is stored.

        Rasa goes on after an action that has failed, for example when the action server is away. What it predicts then does
        not fit what was asked, and the half of a form that it stores spoils the turns that follow.
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


def nlu_worker_of(runner: GraphRunner) -> NluWorker:
    """The reader of a model that is loaded."""
    parts = (node._component for node in runner._instantiated_nodes.values())
    return next(part.reader for part in parts if isinstance(part, TopicClassifier) and part.reader)


def use_turn_processor() -> None:
    """Makes Rasa handle its messages with this processor; Rasa has no setting for it."""
    rasa.core.agent.MessageProcessor = TurnProcessor
