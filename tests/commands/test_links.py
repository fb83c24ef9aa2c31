"""Links are looked at by form and, where asked for, by what their sites answer."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copytree
from time import sleep
from typing import ClassVar

import pytest
from conftest import ROOT

from trialguide.commands.links import Link, form_problem, links_in, response_problems


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("https://www.ema.europa.eu/en", None),
        ("http://example.org", None),
        ("https://example.org/a?b={terms}#c", None),
        ("http:/example.org", "This is no address:"),
        ("https://nowhere", "This is no address:"),
        ("https://[broken", "This is no address:"),
        ("https://me:secret@example.org", "An address with a name or password in it:"),
    ],
)
def test_the_form_of_a_link(address: str, problem: str | None) -> None:
    assert form_problem(address) == problem


def test_links_are_found_with_file_and_line(tmp_path: Path) -> None:
    data = copytree(ROOT / "data", tmp_path / "data")
    (data / "faq" / "extra.yml").write_text(
        "a: 1\nlink: http:/broken.example.org\n# see https://example.org/x, too.\n", encoding="utf-8"
    )
    links = links_in(data)
    assert Link("data/faq/extra.yml", 2, "http:/broken.example.org") in links
    assert Link("data/faq/extra.yml", 3, "https://example.org/x") in links
    assert Link("data/directory/clinics.csv", 2, "https://www.charite.de") in links
    assert len(links) > 500


def test_the_links_of_the_content_have_the_form_of_links() -> None:
    assert [link for link in links_in(ROOT / "data") if form_problem(link.address)] == []


class Site(BaseHTTPRequestHandler):
    """Answers with the number that the path names; `slow` takes too long, `moved` leads on."""

    asked: ClassVar[Counter[str]] = Counter()
    server: ThreadingHTTPServer

    def do_GET(self) -> None:
        Site.asked[self.path] += 1
        name = self.path.strip("/")
        if name == "slow":
            sleep(1.5)
        moved = {"moved": "/200", "inside": f"http://localhost:{self.server.server_port}/secret"}.get(name)
        self.send_response(302 if moved else int(name) if name.isdecimal() else 200)
        if moved:
            self.send_header("Location", moved)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_sites_answer(site: str) -> None:
    names = ["200", "moved", "404", "500", "403", "slow", "404", "inside"]
    links = [Link("f.yml", line, f"{site}/{name}") for line, name in enumerate(names)]
    links.append(Link("f.yml", 99, "http://127.0.0.1:1/"))
    links.append(Link("f.yml", 100, f"{site}/404#part"))
    found = {link.line: problem for link, problem in asyncio.run(response_problems(links, seconds=1)).items()}
    assert found == {
        2: "The site says 404:",
        3: "The site says 500:",
        4: "Shut to programs (403), please look yourself:",
        5: "No answer in time:",
        6: "The site says 404:",
        7: "Leads into the own network:",
        99: "Not reached (ClientConnectorError):",
        100: "The site says 404:",
    }
    # An address that stands in several places is asked once.
    assert Site.asked["/404"] == 1
    assert not Site.asked["/secret"]
