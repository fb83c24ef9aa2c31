"""Profile of the processor time of a message by part: `python -m tools bench --profile` writes docs/performance.md."""

import asyncio
import functools
import inspect
import json
import logging
import os
import sys
import tempfile
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.benchmarks.load import CONVERSATION
from tools.benchmarks.report import markdown
from tools.benchmarks.servers import Workspace, action_server
from tools.testbed.processes import machine
from trialguide.commands.rasa_server import SWITCH_SECONDS, silence_rasa
from trialguide.commands.setup import prepare
from trialguide.commands.stack import ONE_THREAD
from trialguide.content.catalogue import load_catalogue
from trialguide.content.files import ROOT
from trialguide.dialogue.rasa_patches import apply_rasa_patches

DOCUMENT = ROOT / "docs" / "performance.md"
WARM_UP = 100
MESSAGES = 1000


class InProcessWorker:
    """Interprets messages in this process, where they can be timed; a server uses a worker process."""

    def __init__(self, folder: Path, thresholds: Mapping[str, float]) -> None:
        from trialguide.nlu.training import load_interpreter

        self._interpreter, self._catalogue = load_interpreter(folder, thresholds), load_catalogue()

    async def parse(self, text: str) -> str:
        """The parse data of a text as JSON."""
        from trialguide.nlu.parse_data import parse_data

        return json.dumps(parse_data(self._interpreter.interpret(text), self._catalogue))


@dataclass
class Stopwatch:
    """Sums the processor time of functions by part, in seconds, exclusive of the parts they call."""

    clock: Callable[[], float] = time.thread_time
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _open: threading.local = field(default_factory=threading.local)

    def time(self, owner: Any, name: str, part: str) -> None:
        """Wraps a method of a class, plain or asynchronous, with a timer."""
        function = getattr(owner, name)
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def timed(*arguments: Any, **settings: Any) -> Any:
                began = self._begin()
                try:
                    return await function(*arguments, **settings)
                finally:
                    self._end(part, began)
        else:

            @functools.wraps(function)
            def timed(*arguments: Any, **settings: Any) -> Any:
                began = self._begin()
                try:
                    return function(*arguments, **settings)
                finally:
                    self._end(part, began)

        setattr(owner, name, timed)

    def _begin(self) -> float:
        # What the parts within have spent, innermost last.
        self._open.__dict__.setdefault("inner", []).append(0.0)
        return self.clock()

    def _end(self, part: str, began: float) -> None:
        spent = self.clock() - began
        self.seconds[part] += spent - self._open.inner.pop()
        if self._open.inner:
            self._open.inner[-1] += spent


def profile(questions: list[str]) -> int:
    """Asks the questions one after the other in this process, and writes the document; 1 when there is no model."""
    model = prepare()
    if model is None:
        return 1
    silence_rasa()
    os.environ |= ONE_THREAD
    apply_rasa_patches()
    sys.setswitchinterval(SWITCH_SECONDS)
    import trialguide.nlu.topic_classifier

    vars(trialguide.nlu.topic_classifier)["NluWorker"] = InProcessWorker
    parts = Stopwatch()
    time_all(parts.time)
    with tempfile.TemporaryDirectory(prefix="trialguide-profile-") as folder, ExitStack() as servers:
        actions = servers.enter_context(action_server(Workspace(Path(folder))))
        os.environ |= {"ACTION_ENDPOINT": actions.webhook, "CONVERSATIONS": str(Path(folder) / "conversations.db")}
        total = asyncio.run(_ask(questions, model, parts))
    DOCUMENT.write_text(document(parts.seconds, total, machine()), encoding="utf-8")
    print(DOCUMENT.read_text(encoding="utf-8"))
    return 0


async def _ask(questions: list[str], model: Path, parts: Stopwatch) -> float:
    """Total processor time in seconds; the stopwatch sums the parts."""
    from rasa.core.agent import load_agent
    from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
    from rasa.core.utils import AvailableEndpoints
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.WARNING)
    agent = await load_agent(str(model), endpoints=AvailableEndpoints.read_endpoints(str(ROOT / "endpoints.yml")))
    began, sender = 0.0, ""
    for number in range(WARM_UP + MESSAGES):
        if number % CONVERSATION == 0:
            sender = uuid.uuid4().hex
        if number == WARM_UP:
            parts.seconds.clear()
            began = time.process_time()
        text = questions[number % len(questions)]
        await agent.handle_message(UserMessage(text, CollectingOutputChannel(), sender, input_channel="rest"))
    return time.process_time() - began


def time_all(measure: Callable[[Any, str, str], None]) -> None:
    """Calls `measure` with class, method name and part for every part of a message's way."""
    from trialguide.dialogue.message_processor import MessageProcessor
    from trialguide.dialogue.rule_policy import IntentRulePolicy
    from trialguide.dialogue.story_policy import StoryPolicy
    from trialguide.nlu.interpreter import Interpreter
    from trialguide.nlu.safety_phrases import SafetyPhrases
    from trialguide.nlu.sentence_encoder import SentenceEncoder
    from trialguide.nlu.topic_model import TopicModel
    from trialguide.places.entities import PlaceEntities
    from trialguide.storage.group_commit import GroupCommitWriter
    from trialguide.storage.tracker_store import ConversationStore

    for owner, name, part in (
        (SentenceEncoder, "encode", "sentence encoder"),
        (TopicModel, "probabilities", "n-grams and networks"),
        (SafetyPhrases, "label", "safety phrases"),
        (PlaceEntities, "of", "places"),
        (Interpreter, "interpret", "decision"),
        (InProcessWorker, "parse", "what is told of it"),
        (MessageProcessor, "parse_message", "what is remembered of it"),
        (IntentRulePolicy, "predict_action_probabilities", "rules, twice a message"),
        (StoryPolicy, "predict_action_probabilities", "stories, twice a message"),
        (MessageProcessor, "_predict_next_with_tracker", "graph and choice around them"),
        (MessageProcessor, "run_action_extract_slots", "slots"),
        (MessageProcessor, "_run_action", "actions: the reply, then listening"),
        (ConversationStore, "retrieve", "reading the conversation"),
        (ConversationStore, "save", "what is to be written"),
        (GroupCommitWriter, "_write_pending", "writing it to the disk (thread)"),
        (MessageProcessor, "handle_message", "the rest of Rasa's handling"),
    ):
        measure(owner, name, part)


def document(seconds: dict[str, float], total: float, machine: dict[str, str | int]) -> str:
    """The text of docs/performance.md, from seconds of processor time by part and in all."""
    rows = sorted(seconds.items(), key=lambda row: -row[1])
    rows += [("event loop, handing over between threads, locks", total - sum(seconds.values())), ("in all", total)]
    shown = [[part, f"{1000 * spent / MESSAGES:.2f}", f"{100 * spent / total:.0f} %"] for part, spent in rows]
    return f"""# Where the time of a message goes

Written by `python -m tools bench --profile` ({machine["date"]}, {machine["cpu"]}, Python {machine["python"]}).

{markdown([["part", "ms of processor time", "share"], *shown])}

- {MESSAGES} test questions about topics, one after the other, {CONVERSATION} a conversation, handled in one process, though a
  server has a process of its own for the understanding. HTTP is not in it (`make bench` counts it), nor is the way
  to the other process and back.
- Taking the time itself costs a few hundredths of a millisecond a part. With eight patients at once the caches of the processor
  are shared, and each part takes somewhat longer or shorter.
- A turn also waits for the disk, which is no processor time: it is acknowledged when it is on the disk, not before. Turns that
  come in while the disk is busy are written together.

What Rasa does and TrialGuide leaves out, by where it is done:

| where | what |
|---|---|
| `trialguide/runtime/lean_imports.py` | TensorFlow, which only the training needs: half of the start, a third of the memory |
| `trialguide/dialogue/graph_runner.py` | planning the model's graph with Dask three times a message |
| `trialguide/dialogue/rule_policy.py` | comparing every rule with the whole conversation twice a message |
| `trialguide/dialogue/story_policy.py` | looking for stories where a rule answers anyway |
| `trialguide/nlu/worker.py` | understanding on the event loop, where one message holds up all others |
| `trialguide/dialogue/message_processor.py` | understanding once more what was understood before |
| `trialguide/dialogue/rasa_patches.py` | deep copies of what might be logged at DEBUG |
| `trialguide/nlu/interpreter.py` | looking for places and danger one after the other: a second thread does it meanwhile |
| `trialguide/storage/conversation.py` | living through all events of a conversation again for each copy of it |
| `trialguide/storage/conversation.py` | asking each event about five classes, four times a message |
| `trialguide/storage/tracker_store.py` | reading a conversation back at every message; one wait for the disk for each turn |
"""
