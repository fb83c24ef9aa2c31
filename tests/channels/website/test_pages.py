"""The files of the website channel: how they are served, and the page of questions and answers."""

import gzip
import hashlib
import json
import re
import urllib.error
import urllib.request
from email.message import Message
from html.parser import HTMLParser
from typing import get_args

import pytest
from conftest import ROOT
from website_client import new_conversation, replies, say

from trialguide.channels.front_door.turn_runner import Failure
from trialguide.channels.website.pages import page_policy
from trialguide.commands.stack import Stack
from trialguide.content.catalogue import Catalogue
from trialguide.content.wording import load_words

PATHS = [
    "",
    "frame",
    "faq",
    "glossary",
    "privacy",
    "widget.js",
    "words.json",
    "pictures/phases.svg",
    "pictures/phases.png",
    "pages/pages.css",
]


def fetch(stack: Stack, path: str, method: str = "GET", **headers: str) -> tuple[int, Message, bytes]:
    """Status, headers and body of a file below `/chat/`; `_` in a header's name is `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(f"{stack.address}/chat/{path}", headers=named, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


@pytest.mark.parametrize("path", PATHS)
def test_a_file_is_served_whole_compressed_and_only_once(website: Stack, path: str) -> None:
    status, headers, body = fetch(website, path)
    assert status == 200
    assert body
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in headers
    assert fetch(website, path, If_None_Match=headers["ETag"])[0] == 304
    assert fetch(website, path, If_None_Match='"other"')[0] == 200

    status, only_headers, nothing = fetch(website, path, "HEAD")
    assert (status, nothing) == (200, b"")
    assert (only_headers["ETag"], int(only_headers["Content-Length"])) == (headers["ETag"], len(body))

    _, compressed, packed = fetch(website, path, Accept_Encoding="gzip, br")
    assert "Accept-Encoding" in compressed["Vary"]
    if compressed["Content-Encoding"]:
        assert gzip.decompress(packed) == body
        assert compressed["ETag"] != headers["ETag"]
        assert len(packed) < len(body)
    assert fetch(website, path, Accept_Encoding="gzip;q=0, identity")[1]["Content-Encoding"] is None


def test_the_versioned_script_may_be_kept_for_ever(website: Stack) -> None:
    _, headers, body = fetch(website, "widget.js")
    assert "immutable" not in headers["Cache-Control"]
    assert (headers["Access-Control-Allow-Origin"], headers["Cross-Origin-Resource-Policy"]) == ("*", "cross-origin")
    assert headers["Content-Type"].startswith("text/javascript")
    # The labels come along, so that no second request is needed.
    labels = json.loads(fetch(website, "words.json")[2])["labels"]
    assert json.dumps(labels, ensure_ascii=False).encode() in body
    assert len(gzip.compress(body)) <= 25_000
    built = (ROOT / "web" / "released" / "widget.js").read_bytes()
    assert body.endswith(built)
    status, versioned, same = fetch(website, f"widget-{hashlib.sha256(built).hexdigest()[:12]}.js")
    assert (status, same) == (200, built)
    assert "immutable" in versioned["Cache-Control"]
    assert fetch(website, "widget-000000000000.js")[0] == 404


@pytest.mark.parametrize(
    ("origins", "framed_by"),
    [
        (None, "'self' http://localhost:* http://127.0.0.1:*"),
        (frozenset(), "'self'"),
        (frozenset({"https://b.example", "https://a.example"}), "'self' https://a.example https://b.example"),
    ],
)
def test_listed_origins_may_show_our_pages_in_a_frame(origins: frozenset[str] | None, framed_by: str) -> None:
    assert page_policy(origins).endswith(f"frame-ancestors {framed_by}")


@pytest.mark.parametrize("path", ["", "frame", "faq", "privacy", "nothing-here"])
def test_our_pages_allow_only_our_own_files(website: Stack, path: str) -> None:
    _, headers, body = fetch(website, path)
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'self'" in policy
    page = body.decode()
    # A block of data is no script.
    assert not re.search(r"<style|style=|<script(?![^>]*(?:src=|type=\"application/ld\+json\"))|\son\w+=|javascript:", page)
    assert '<html lang="en"' in page


@pytest.mark.parametrize(
    "path",
    [
        "nothing-here",
        "a/b/c",
        "pictures/nothing.svg",
        "pictures/..%2f..%2fdomain.yml",
        "%2e%2e/domain.yml",
        "pages/faq.html",
        "faq.html",
        "api/nothing",
        "api",
    ],
)
def test_what_does_not_exist_is_said_kindly(website: Stack, path: str) -> None:
    status, headers, body = fetch(website, path)
    assert status == 404
    assert headers["Content-Type"].startswith("text/html")
    assert "/chat/faq" in body.decode()
    assert str(ROOT) not in body.decode()
    assert "Traceback" not in body.decode()


def test_the_words_of_the_widget(website: Stack) -> None:
    _, headers, body = fetch(website, "words.json?lang=en")
    words = json.loads(body)
    assert (words["language"], words["direction"]) == ("en", "ltr")
    assert words["labels"]["send"]
    assert "can't breathe" in words["danger"]
    assert headers["Access-Control-Allow-Origin"] == "*"


class Page(HTMLParser):
    """The anchors, links and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.pictures: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        self.anchors += [named["id"] or ""] if "id" in named else []
        self.links += [named["href"] or ""] if tag == "a" else []
        self.pictures += [named] if tag == "img" else []

    def handle_data(self, data: str) -> None:
        self.text += data


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_the_page_of_answers_holds_every_answer_with_its_source(website: Stack, catalogue: Catalogue) -> None:
    page = Page(fetch(website, "faq")[2].decode())
    text = squeezed(page.text)
    assert len(page.anchors) == len(set(page.anchors))
    assert set(catalogue.topics) | set(catalogue.groups) <= set(page.anchors)
    inside = {link[1:] for link in page.links if link.startswith("#")}
    assert inside <= set(page.anchors)
    assert set(catalogue.topics) | set(catalogue.groups) <= inside
    assert {link.partition(":")[0] for link in page.links if not link.startswith(("#", "/"))} <= {"https", "http"}
    for topic in catalogue.topics.values():
        assert topic.title in text
    standing = r"Not yet reviewed by a clinician\.|No clinician has reviewed it\.|Reviewed by a clinician \("
    assert len(re.findall(standing, text)) == len(catalogue.topics)
    assert all(picture["alt"] for picture in page.pictures)


def test_the_page_of_answers_has_no_script(website: Stack) -> None:
    assert not re.search(rb'<script(?! type="application/ld\+json">)', fetch(website, "faq")[2])


def test_the_assistant_says_the_same_as_the_page(website: Stack) -> None:
    said = replies(say(website.address, new_conversation(website.address), "what is a placebo"))[-1]
    text = squeezed(Page(fetch(website, "faq")[2].decode()).text)
    for paragraph in said["text"].split("\n\n"):
        assert squeezed(paragraph) in text


def test_every_sentence_of_the_front_door_is_there() -> None:
    words = load_words()
    reasons: set[str] = set()
    for file in sorted((ROOT / "trialguide" / "channels").rglob("*.py")):
        found = re.findall(r'Rejected\("(\w+)"\)|_rejection\("(\w+)"\)', file.read_text(encoding="utf-8"))
        reasons |= {one or other for one, other in found}
    # The pattern still finds them, wherever they are raised.
    assert reasons >= {"blank", "busy", "expired", "invalid", "not_text", "too_fast", "too_long"}
    for name in (*(f"refused_{reason}" for reason in reasons), *get_args(Failure)):
        assert words[name]["text"]
