"""A real browser, a page of another site, and what a person does with the widget."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from widget_client import ARGUMENTS, Host

from trialguide.commands.stack import Stack

MISSING = "The widget was not tested: there is no Chromium. Install it: apt-get install chromium"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not CHROMIUM:
        terminalreporter.write_line(MISSING, yellow=True, bold=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. By module, because while Playwright runs no other test can use asyncio."""
    if not CHROMIUM:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def context_of(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser contexts: one person's browser each, closed in the end."""
    made: list[BrowserContext] = []

    def make(**settings: Any) -> BrowserContext:
        made.append(browser.new_context(**settings))
        return made[-1]

    yield make
    for context in made:
        # A request that is being answered by a test must not fail the next one.
        for page in context.pages:
            page.unroute_all(behavior="ignoreErrors")
        context.close()


@pytest.fixture
def host(stack: Stack) -> Iterator[Host]:
    """A website of somebody else, on another port, that embeds the widget."""
    pages: dict[str, tuple[dict[str, str], str]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers, body = pages.get(self.path, ({}, ""))
            self.send_response(200 if body else 404)
            for name, value in ({"Content-Type": "text/html; charset=utf-8"} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Host(f"http://127.0.0.1:{server.server_port}", stack.address, pages)
    server.shutdown()
    server.server_close()
