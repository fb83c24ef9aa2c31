"""Latency of the messaging channels on this machine: `python -m tools.benchmarks.messaging`.

It writes what it measures into bench.json and docs/benchmark.md, beside what `python -m tools bench` wrote there.
"""

import argparse
import asyncio
import contextlib
import hashlib
import hmac
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import aiohttp
from aiohttp import web

from tools.benchmarks.bench import topic_questions
from tools.benchmarks.report import Target, disturbance, record
from tools.testbed.processes import other_cpu_seconds
from trialguide.commands.setup import prepare
from trialguide.commands.stack import HOST, CannotStart, Stack
from trialguide.runtime.settings import process_settings

PAIRS = 6
PEOPLE = 100
EVERY_SECONDS = 0.1
SLOW_SECONDS = 5.0
ANSWER_SECONDS = 60
HEADING = "Messaging services"
METHOD = f"""- Every {1000 * EVERY_SECONDS:.0f} ms somebody writes on Telegram and somebody else on WhatsApp, each a first
  question; both vendors are servers on this machine that take whatever comes. Acknowledged: from the webhook to the answer to
  it. Answered: from the webhook to the first message to the person.
- {PAIRS} pairs of rounds of {PEOPLE} people each; in one of each pair WhatsApp takes {SLOW_SECONDS:.0f} seconds for
  each call. What that does to Telegram is the ratio of the rounds' 95th percentiles, in pairs."""
SECRET, PHONE = "secret-of-the-benchmark", "1"


@dataclass
class Vendor:
    """A fake vendor that accepts every call after so many seconds and notes the recipient."""

    seconds: float = 0.0
    address: str = ""
    expected: dict[str, asyncio.Event] = field(default_factory=dict)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.json()
        event = self.expected.get(str(body.get("chat_id")))
        if event:
            event.set()
        await asyncio.sleep(self.seconds)
        return web.json_response({"ok": True, "result": True})


@contextlib.asynccontextmanager
async def served(vendor: Vendor) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_post("/{path:.*}", vendor.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    vendor.address = f"http://{HOST}:{runner.addresses[0][1]}"
    yield
    await runner.cleanup()


@dataclass
class LatencyRound:
    """Milliseconds, of each message of a round."""

    acknowledged: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)

    @property
    def p95(self) -> float:
        return percentile(self.answered)


def percentile(values: list[float]) -> float:
    """The 95th."""
    return quantiles(values, n=20)[-1]


@dataclass
class Bench:
    """A running assistant with its two fake vendors and the people who write to it."""

    session: aiohttp.ClientSession
    server: str
    telegram: Vendor
    whatsapp: Vendor
    questions: list[str]
    people: int = 1_000_000

    async def round(self, whatsapp_seconds: float) -> LatencyRound:
        """Runs one round."""
        self.whatsapp.seconds = whatsapp_seconds
        taken = LatencyRound()
        writing = []
        for number in range(PEOPLE):
            text = self.questions[number % len(self.questions)]
            writing += [asyncio.create_task(work(taken, text)) for work in (self._telegram, self._whatsapp)]
            await asyncio.sleep(EVERY_SECONDS)
        await asyncio.gather(*writing)
        # Calls that wait at the slow vendor end before the next round.
        await asyncio.sleep(0.2 + 2.5 * whatsapp_seconds)
        return taken

    async def _telegram(self, taken: LatencyRound, text: str) -> None:
        person = self._new_person()
        event = self.telegram.expected[str(person)] = asyncio.Event()
        started = time.perf_counter()
        message = {"message_id": 1, "chat": {"id": person, "type": "private"}, "date": 1, "text": text}
        body = json.dumps({"update_id": person, "message": message}).encode()
        await self._post("telegram", body, {"X-Telegram-Bot-Api-Secret-Token": SECRET}, taken)
        await asyncio.wait_for(event.wait(), ANSWER_SECONDS)
        taken.answered.append((time.perf_counter() - started) * 1000)
        del self.telegram.expected[str(person)]

    async def _whatsapp(self, taken: LatencyRound, text: str) -> None:
        person = str(self._new_person())
        message = {"from": person, "id": person, "timestamp": "1", "type": "text", "text": {"body": text}}
        value = {"metadata": {"phone_number_id": PHONE}, "messages": [message]}
        body = json.dumps({"entry": [{"changes": [{"value": value}]}]}).encode()
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        await self._post("whatsapp", body, {"X-Hub-Signature-256": f"sha256={signature}"}, taken)

    async def _post(self, channel: str, body: bytes, headers: dict[str, str], taken: LatencyRound) -> None:
        started = time.perf_counter()
        async with self.session.post(f"{self.server}/webhooks/{channel}/webhook", data=body, headers=headers) as response:
            await response.read()
            response.raise_for_status()
        taken.acknowledged.append((time.perf_counter() - started) * 1000)

    def _new_person(self) -> int:
        self.people += 1
        return self.people


async def measure(model: Path, ports: tuple[int, int], folder: Path) -> list[Target]:
    """The figures with their bars. Raises CannotStart, aiohttp.ClientError or asyncio.TimeoutError."""
    telegram, whatsapp = Vendor(), Vendor()
    async with served(telegram), served(whatsapp):
        settings = {
            "PUBLIC_ADDRESS": "https://bot.example.org",
            "TELEGRAM_TOKEN": "1:a",
            "TELEGRAM_SECRET": SECRET,
            "TELEGRAM_API": telegram.address,
            "WHATSAPP_TOKEN": "a",
            "WHATSAPP_PHONE_ID": PHONE,
            "WHATSAPP_APP_SECRET": SECRET,
            "WHATSAPP_VERIFY_TOKEN": SECRET,
            "WHATSAPP_API": whatsapp.address,
        }
        stack = Stack(model, *ports, folder / "conversations.db", log=folder / "log", settings=settings)
        # In a thread: the vendors have to answer while it starts.
        await asyncio.to_thread(stack.__enter__)
        try:
            async with aiohttp.ClientSession() as session:
                bench = Bench(session, stack.address, telegram, whatsapp, topic_questions())
                await bench.round(0)
                pairs = [await _pair(bench, slow_first=bool(number % 2)) for number in range(PAIRS)]
        finally:
            await asyncio.to_thread(stack.stop)
    acknowledged = [value for pair in pairs for one in pair for value in one.acknowledged]
    ratio = median(slow.p95 / quick.p95 for quick, slow in pairs)
    answered = median(quick.p95 for quick, _ in pairs)
    name = "p95 of another channel with a vendor that takes 5 s, against one that is quick"
    p95 = percentile(acknowledged)
    return [
        Target(f"webhook acknowledged, p95 of {len(acknowledged)}", "under 20 ms", f"{p95:.1f} ms", p95 < 20),
        Target(f"{name} ({answered:.0f} ms)", "at most 1.1", f"{ratio:.2f}", ratio <= 1.1),
    ]


async def _pair(bench: Bench, slow_first: bool) -> tuple[LatencyRound, LatencyRound]:
    """A round with a quick vendor and one with a slow one; the order changes, as the machine grows busier or idler."""
    if slow_first:
        slow = await bench.round(SLOW_SECONDS)
        return await bench.round(0), slow
    return await bench.round(0), await bench.round(SLOW_SECONDS)


def main() -> int:
    """Measures with servers of its own; 1 when they cannot be started."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    model = prepare()
    if model is None:
        return 1
    ports = process_settings().rasa_port, process_settings().actions_port
    began, others_before = time.monotonic(), other_cpu_seconds()
    with tempfile.TemporaryDirectory(prefix="trialguide-bench-") as folder:
        try:
            bars = asyncio.run(measure(model, ports, Path(folder)))
        except CannotStart as problem:
            print(problem, file=sys.stderr)
            return 1
    # The servers have ended, so their own work is known and left out.
    warning = disturbance((other_cpu_seconds() - others_before) / (time.monotonic() - began))
    record("messaging", HEADING, bars, warning, METHOD)
    return 0


if __name__ == "__main__":
    sys.exit(main())
