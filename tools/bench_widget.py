"""How quick the widget is in a browser, on this machine: `python -m tools.bench_widget`.

Ready: from the request for the script to the button on the screen. Answer: from Enter to the answer on the screen, and how
much of it lies between what goes out on the web socket and what comes back, which is the server's own time.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.run import port_from_environment
from tools.setup import prepare
from tools.stack import CannotStart, Stack

VISITS = 10
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


@dataclass(frozen=True)
class Quickness:
    """Milliseconds, medians: widget ready; first answer shown; of it the server's own time."""

    ready: float
    answer: float
    server: float

    def __str__(self) -> str:
        beside = self.answer - self.server
        return (
            f"widget ready {self.ready:.0f} ms; first answer shown {self.answer:.0f} ms, "
            f"of it {self.server:.0f} ms the server's own and {beside:.0f} ms the browser's"
        )


def measure(address: str, chromium: str) -> Quickness:
    """Visits the server's own page as a new person each time and asks one question. Raises playwright's errors."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"])
        # The first visit warms the browser and the server up.
        visits = [_visit(browser, address, QUESTIONS[number % len(QUESTIONS)]) for number in range(VISITS + 1)][1:]
        browser.close()
    return Quickness(*(statistics.median(values) for values in zip(*visits, strict=True)))


def _visit(browser: Any, address: str, question: str) -> tuple[float, float, float]:
    # The page's policy would forbid the measuring, which evaluates text.
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(f"{address}/chat/")
    page.wait_for_function("marks.ready")
    requested = page.evaluate(
        "performance.getEntriesByType('resource').find(entry => entry.name.endsWith('widget.js')).startTime"
    )
    page.evaluate("document.querySelector('trialguide-chat').open()")
    # The starters come with the greeting of the server: the connection stands.
    page.locator(".greeting .choice").first.wait_for()
    page.locator("textarea").fill(question)
    page.locator("textarea").press("Enter")
    page.wait_for_function("marks.answer")
    marks = page.evaluate("marks")
    context.close()
    return marks["ready"] - requested, marks["answer"] - marks["typed"], marks["back"] - marks["sent"]


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
    ports = port_from_environment("RASA_PORT", 5005), port_from_environment("ACTIONS_PORT", 5055)
    with tempfile.TemporaryDirectory(prefix="trialguide-bench-") as folder:
        try:
            with Stack(model, *ports, Path(folder) / "conversations.db", log=Path(folder) / "log") as stack:
                print(f"In Chromium: {measure(stack.address, chromium)}.")
        except CannotStart as problem:
            print(problem, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
