"""Page object of the widget in a browser, and pages that embed it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from playwright.sync_api import Locator, Page, Request, expect

# Nothing of the browser's own may go out while requests are counted.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]
LAUNCHER = "Ask about clinical trials"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SECONDS_20 = 20_000


@dataclass
class Host:
    """A third-party website that embeds the widget of `bot`."""

    address: str
    bot: str
    _pages: dict[str, tuple[dict[str, str], str]]

    def page(self, body: str | None = None, *, head: str = "", policy: str = "", options: str = "", path: str = "/") -> str:
        """Puts a page up and returns its address. Without a body it is a heading and the script tag with `options`."""
        if body is None:
            body = f"<main><h1>A page</h1><p>Text with a <a href='#'>link</a>.</p></main>{self.script(options)}"
        text = f"<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content=width=device-width><title>A page</title>{head}</head><body>{body}</body></html>"
        self._pages[path] = ({"Content-Security-Policy": policy} if policy else {}, text)
        return self.address + path

    def script(self, options: str = "") -> str:
        """The line that a web editor pastes."""
        return f'<script src="{self.bot}/chat/widget.js" async {options}></script>'


@dataclass
class Chat:
    """The widget on an open page."""

    page: Page
    requests: list[Request] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(SECONDS_20)
        self.page.on("request", lambda request: self.requests.append(request))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.add_init_script(
            "addEventListener('securitypolicyviolation', e => (window.refused ??= []).push(`${e.effectiveDirective} ${e.blockedURI}`))"
        )

    def visit(self, address: str) -> Chat:
        """Goes to a page and waits for the launcher."""
        self.page.goto(address)
        expect(self.launcher).to_be_visible()
        return self

    def open(self) -> Chat:
        """Opens the panel and waits until the server has answered."""
        self.launcher.click()
        expect(self.panel).to_be_visible()
        expect(self.panel.get_by_role("button", name="Find a NET clinic").first).to_be_visible(timeout=SECONDS_20)
        return self

    @property
    def launcher(self) -> Locator:
        return self.page.get_by_role("button", name=LAUNCHER)

    @property
    def panel(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def field(self) -> Locator:
        return self.page.get_by_role("textbox", name="Your question")

    @property
    def said(self) -> Locator:
        """The patient's messages that the server has accepted."""
        return self.page.locator(".entry.patient:not([data-unsent])")

    @property
    def answers(self) -> Locator:
        """The assistant's entries without the greeting."""
        return self.page.locator(".entry.assistant:not(.greeting)")

    def texts(self) -> list[str]:
        """All that has been said, in order."""
        return self.page.locator(".entry[data-id] .body").all_inner_texts()

    def ask(self, text: str) -> Chat:
        """Types and sends, and waits for the answer."""
        said, answers = self.said.count(), self.answers.count()
        self.field.fill(text)
        self.field.press("Enter")
        expect(self.said).to_have_count(said + 1)
        expect(self.answers.nth(answers)).to_be_attached()
        # The turn may have more to say: it ends with the connection at rest.
        self.page.wait_for_timeout(300)
        return self

    def violations(self) -> list[str]:
        """Violations of WCAG 2.2 AA that axe-core finds on the page, inside the widget too."""
        axe = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
        self.page.evaluate(axe)
        found: dict[str, Any] = self.page.evaluate(
            f"axe.run(document, {{runOnly: {json.dumps(RULES)}, resultTypes: ['violations']}})"
        )
        return [
            f"{violation['id']} ({violation['impact']}): {node['target']} {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    def refused(self) -> list[str]:
        """Violations of the page's content security policy."""
        refused: list[str] = self.page.evaluate("window.refused ?? []")
        return refused

    def hosts(self) -> set[str]:
        """The origins of the requests: scheme, host and port."""
        return {
            "/".join(request.url.split("/")[:3]) for request in self.requests if not request.url.startswith(("blob:", "data:"))
        }


def shut_out(page: Page) -> None:
    """Refuses sockets and requests, as for a page whose origin is not let in."""
    page.route_web_socket(re.compile("socket.io"), lambda socket: socket.close())
    page.route("**/chat/api/**", lambda route: route.abort())
