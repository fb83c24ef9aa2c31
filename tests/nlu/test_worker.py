"""The NLU worker: whatever happens to it, each message gets its own answer or an error."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing import Pipe
from pathlib import Path

import pytest

from trialguide.content.catalogue import load_catalogue
from trialguide.content.files import ROOT, load_yaml
from trialguide.nlu import training, worker
from trialguide.nlu.message import NO_CONTEXT, Context
from trialguide.nlu.parse_data import parse_data
from trialguide.nlu.training import LEARNED, load_interpreter
from trialguide.nlu.worker import NluWorker, ParseError, serve

THRESHOLDS = load_yaml(ROOT / "config.yml")["pipeline"][0]["thresholds"]
TEXTS = (
    "what is a placebo",
    "and can i get out of it again? also who pays for the scans",
    "any clinics in Bergen",
    "my chest hurts and i cant breathe",
    "¿qué es un ensayo?",
    "\ud800",
    "",
)


@pytest.fixture(scope="module")
def learned(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("learned")
    shutil.unpack_archive(model, folder)
    (found,) = folder.rglob(LEARNED)
    return found.parent


@pytest.fixture
def reader(learned: Path) -> Iterator[NluWorker]:
    reader = NluWorker(learned, THRESHOLDS)
    yield reader
    reader._stop()


def intents(answers: list[str]) -> list[str]:
    return [json.loads(answer)["intent"]["name"] for answer in answers]


async def read_all(reader: NluWorker, texts: tuple[str, ...]) -> list[str]:
    return list(await asyncio.gather(*(reader.parse(text) for text in texts)))


def test_each_message_gets_what_a_reader_in_this_process_makes_of_it(reader: NluWorker, learned: Path) -> None:
    here, catalogue = load_interpreter(learned, THRESHOLDS), load_catalogue()
    plain = (text.encode(errors="replace").decode() for text in TEXTS)
    expected = [json.loads(json.dumps(parse_data(here.interpret(text), catalogue))) for text in plain]
    assert [json.loads(answer) for answer in asyncio.run(read_all(reader, TEXTS))] == expected
    assert [json.loads(reader.parse_blocking(text)) for text in TEXTS] == expected


def test_who_gives_up_takes_nobody_elses_answer(reader: NluWorker) -> None:
    async def some_give_up() -> list[str]:
        asked = [asyncio.create_task(reader.parse(text)) for text in TEXTS]
        await asyncio.sleep(0)
        for given_up in (0, 1, 4):
            asked[given_up].cancel()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        return [answer for answer in answers if isinstance(answer, str)]

    assert intents(asyncio.run(some_give_up())) == intents([reader.parse_blocking(TEXTS[number]) for number in (2, 3, 5, 6)])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_process_that_ends_or_hangs_is_started_again_and_answers_all(
    number: signal.Signals, when: str, reader: NluWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "TIMEOUT_SECONDS", 0.5)
    expected = [reader.parse_blocking(text) for text in TEXTS]

    async def read_while_it_breaks() -> list[str]:
        if when == "before":
            os.kill(reader._process.pid, number)
        reading = asyncio.gather(*(reader.parse(text) for text in TEXTS))
        await asyncio.sleep(0)
        if when == "meanwhile":
            os.kill(reader._process.pid, number)
        return list(await reading)

    assert asyncio.run(read_while_it_breaks()) == expected


def test_a_message_at_which_it_ends_twice_is_given_up_and_the_next_one_answered(
    reader: NluWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "TIMEOUT_SECONDS", 0.5)
    start, starts = reader._start, iter([True])

    def start_frozen_once() -> None:
        start()
        if next(starts, False):
            os.kill(reader._process.pid, signal.SIGSTOP)

    monkeypatch.setattr(reader, "_start", start_frozen_once)

    async def read_one_after_the_other() -> list[str | BaseException]:
        os.kill(reader._process.pid, signal.SIGSTOP)
        return await asyncio.gather(*(reader.parse("what is a placebo") for _ in range(3)), return_exceptions=True)

    unlucky, *others = asyncio.run(read_one_after_the_other())
    assert isinstance(unlucky, ParseError)
    assert "ended at it twice" in str(unlucky)
    assert intents(list(map(str, others))) == ["faq", "faq"]


def test_where_it_does_not_start_everybody_is_told_and_the_next_message_tries_again(
    reader: NluWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = reader._model

    async def broken_for_a_while() -> str:
        reader._model = {}, learned[1]
        os.kill(reader._process.pid, signal.SIGKILL)
        answers = await asyncio.gather(*(reader.parse(text) for text in TEXTS), return_exceptions=True)
        assert {str(answer) for answer in answers if isinstance(answer, ParseError)} == {
            "the process that reads messages does not start; what it wrote says why"
        }
        assert len(answers) == len(TEXTS)
        assert not any(isinstance(answer, str) for answer in answers)
        reader._model = learned
        return await reader.parse("what is a placebo")

    assert intents([asyncio.run(broken_for_a_while())]) == ["faq"]


def test_a_failure_is_told_by_its_name_without_the_message(learned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def interpret(self, text: str, context: Context) -> None:
            raise ValueError(text)

    monkeypatch.setattr(training, "load_interpreter", lambda *_: Broken())
    # Serving settles the memory of its process, which is not to happen to this one.
    monkeypatch.setattr(worker, "freeze_garbage_collector", lambda: None)
    ours, theirs = Pipe()

    def serve_until_closed() -> None:
        with pytest.raises((EOFError, OSError)):
            serve(theirs)

    serving = threading.Thread(target=serve_until_closed)
    serving.start()
    ours.send(({}, THRESHOLDS))
    assert ours.recv_bytes() == worker.READY
    ours.send_bytes(worker._encode("my name is Rosalinde", NO_CONTEXT))
    with pytest.raises(ParseError, match=r"^ValueError$"):
        worker._decode(ours.recv_bytes())
    ours.close()
    serving.join()
    theirs.close()


def test_it_ends_with_the_process_that_started_it(learned: Path) -> None:
    start = (
        "import sys, time; from pathlib import Path; from trialguide.nlu.worker import NluWorker;"
        f"reader = NluWorker(Path({str(learned)!r}), {THRESHOLDS!r}); print(reader._process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", start], cwd=ROOT, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        reader = int(owner.stdout.readline())
        assert Path(f"/proc/{reader}").exists()
        owner.kill()
    deadline = time.monotonic() + 10
    while (status := Path(f"/proc/{reader}/stat")).exists() and " Z " not in status.read_text():
        assert time.monotonic() < deadline, "It is still there."
        time.sleep(0.05)
