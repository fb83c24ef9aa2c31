"""Speed of the widget in a browser on this machine: `python -m tools.benchmarks.widget`.

It writes what it measures into bench.json and docs/benchmark.md, beside what `python -m tools bench` wrote there.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.benchmarks.bench import topic_questions
from tools.benchmarks.flood import FLOOD_PER_SECOND, PAIRS, PEOPLE, SETTINGS, flood_bar
from tools.benchmarks.report import Target, disturbance, record
from tools.testbed.processes import cpu_seconds, other_cpu_seconds
from trialguide.commands.setup import prepare
from trialguide.commands.stack import CannotStart, Stack
from trialguide.runtime.settings import process_settings

VISITS = 20
QUESTIONS = ("what is a placebo", "what is a blind trial", "what are the phases", "who pays for a trial")
WATCH = """
window.marks = {};
const { send } = WebSocket.prototype;
WebSocket.prototype.send = function (data) {
    if (String(data).includes('"say"')) marks.sent = performance.now();
    this.watched ??= this.addEventListener('message', ({ data }) => {
        if (String(data).includes('"from":"assistant"')) marks.back ??= performance.now();
    }) ?? true;
    return send.call(this, data);
};
const shown = name => requestAnimationFrame(() => marks[name] ??= performance.now());
addEventListener('keydown', () => marks.typed = performance.now(), true);
addEventListener('trialguide-message', ({ detail }) => detail.from === 'assistant' && shown('answer'));
addEventListener('trialguide-ready', () => shown('ready'));
"""
# A task after the next frame begins when that frame has been drawn.
OPEN = """() => new Promise(drawn => {
    const pressed = performance.now();
    document.querySelector('trialguide-chat').open();
    requestAnimationFrame(() => setTimeout(() => drawn(performance.now() - pressed)));
})"""
HEADING = "The widget in a browser"
METHOD = f"""- Chromium without a window, on the same machine as the servers. Each of {VISITS} visits is of a new person,
  whose browser has kept nothing; one more before them warms up. Medians.
- Ready: from the request for the script to the frame that shows the button. Opened: from the press to the frame that shows
  the panel, while the network is off. First answer: from Enter to the frame that shows it; the server's own time lies between
  what goes out on the web socket and what comes back.
- The flood: one person sends {FLOOD_PER_SECOND} messages a second, and is refused most of them, while {PEOPLE} other people
  ask one question each, one after the other. {PAIRS} such rounds are each compared with a quiet one right before or after.
  Other work was watched during these rounds.
"""


@dataclass(frozen=True)
class Visit:
    """Milliseconds: widget ready; panel opened; first answer shown; of it the server's own time."""

    ready: float
    opened: float
    answer: float
    server: float


def browser_bars(address: str, chromium: str) -> list[Target]:
    """Visits the server's own page as a new person each time and asks one question. Raises playwright's errors."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"])
        visits = [_visit(browser, address, QUESTIONS[number % len(QUESTIONS)]) for number in range(VISITS + 1)][1:]
        browser.close()
    ready, opened, answer, server = (
        statistics.median(getattr(visit, name) for visit in visits) for name in Visit.__dataclass_fields__
    )
    beyond = statistics.median(visit.answer - visit.server for visit in visits)
    return [
        Target("script requested to button shown", "under 100 ms", f"{ready:.0f} ms", ready < 100),
        Target("button pressed to panel shown, without a network", "does not wait for it", f"{opened:.0f} ms", opened < 100),
        Target(
            f"first answer shown, beyond the server's own {server:.0f} ms",
            "within 60 ms",
            f"{beyond:.0f} ms ({answer:.0f} ms in all)",
            beyond < 60,
        ),
    ]


def _visit(browser: Any, address: str, question: str) -> Visit:
    # The page's policy would forbid the measuring, which evaluates text.
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(f"{address}/chat/")
    page.wait_for_function("marks.ready")
    requested = page.evaluate(
        "performance.getEntriesByType('resource').find(entry => entry.name.endsWith('widget.js')).startTime"
    )
    context.set_offline(True)
    opened = page.evaluate(OPEN)
    context.set_offline(False)
    # The starters come with the greeting of the server: the connection stands.
    page.locator(".greeting .choice").first.wait_for()
    page.locator("textarea").fill(question)
    page.locator("textarea").press("Enter")
    page.wait_for_function("marks.answer")
    marks = page.evaluate("marks")
    context.close()
    return Visit(marks["ready"] - requested, opened, marks["answer"] - marks["typed"], marks["back"] - marks["sent"])


def main() -> int:
    """Measures with servers of its own; 1 when they cannot be started or there is no browser."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("The widget was not measured: there is no Chromium. Install it: apt-get install chromium", file=sys.stderr)
        return 1
    model = prepare()
    if model is None:
        return 1
    ports = process_settings().rasa_port, process_settings().actions_port
    with tempfile.TemporaryDirectory(prefix="trialguide-bench-") as folder:
        conversations, log = Path(folder) / "conversations.db", Path(folder) / "log"
        try:
            with Stack(model, *ports, conversations, log=log, settings=SETTINGS) as stack:
                bars = browser_bars(stack.address, chromium)
                # Chromium's own work cannot be told from that of others, so only what follows is watched.
                spent = sum(cpu_seconds(stack.process_id(name)) for name in ("action server", "Rasa server"))
                began, others_before = time.monotonic(), other_cpu_seconds() - spent
                bars.append(flood_bar(stack.address, topic_questions()))
        except (CannotStart, TimeoutError) as problem:
            print(problem, file=sys.stderr)
            return 1
    # The servers have ended, so their own work is known and left out.
    record("widget", HEADING, bars, disturbance((other_cpu_seconds() - others_before) / (time.monotonic() - began)), METHOD)
    return 0


if __name__ == "__main__":
    sys.exit(main())
