"""Understands messages beside the event loop, so that one message never holds up another person's."""

import asyncio
import gc
import json
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from typing import Any

import rasa.core.agent
from rasa.core.actions.action import Action, ActionExecutionRejection
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker

# New objects before the garbage collector looks at them, and how many such looks before older ones are looked at as well.
COLLECT_AFTER = (10_000, 20, 20)
# The questions that many people ask in the same words; what is kept of one takes about a kilobyte.
REMEMBERED = 1000


class ActionFailed(Exception):
    """An action failed; the log says why."""


class ThreadedProcessor(MessageProcessor):
    """Rasa's processor with the understanding of a message in a thread of its own.

    Most of that time goes to the sentence encoder, which runs outside Python's lock, so both cores are used. Rasa also checks
    every message for intents that the domain does not know; the catalogue's tests do that once.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="understanding")
        # By a digest, so that no message stays in memory; as JSON, so that nobody can change what is kept.
        self._understood: OrderedDict[bytes, str] = OrderedDict()
        # What is loaded by now stays; the collector need not walk through it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)
        # A server loads without the collector.
        gc.enable()

    async def parse_message(
        self, message: UserMessage, tracker: DialogueStateTracker | None = None, only_output_properties: bool = True
    ) -> dict[str, Any]:
        """What the message is taken for, which its text alone decides."""
        text = {"text": message.text}
        key = blake2b((message.text or "").encode(errors="surrogatepass"), digest_size=16).digest()
        if only_output_properties and key in self._understood:
            self._understood.move_to_end(key)
            known: dict[str, Any] = json.loads(self._understood[key])
            return text | known
        tracker = tracker or DialogueStateTracker.from_events(message.sender_id, [])
        parse_data: dict[str, Any] = await asyncio.get_running_loop().run_in_executor(
            self._reader, self._parse_message_with_graph, message, tracker, only_output_properties
        )
        self._update_full_retrieval_intent(parse_data)
        if only_output_properties:
            self._understood[key] = json.dumps({name: value for name, value in parse_data.items() if name not in text})
            if len(self._understood) > REMEMBERED:
                self._understood.popitem(last=False)
        return parse_data

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


def use_threaded_processor() -> None:
    """Makes Rasa handle its messages with this processor; Rasa has no setting for it."""
    rasa.core.agent.MessageProcessor = ThreadedProcessor
