"""The files of the website channel: the widget, its words, the pictures, and the pages that need no script."""

import gzip
import hashlib
import json
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import yaml
from babel import Locale
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown import markdown
from sanic import Blueprint, Sanic, response
from sanic.exceptions import NotFound
from sanic.request import Request
from sanic.response import HTTPResponse

from trialguide.channels.website.faq_page import faq_groups
from trialguide.content.files import DOCS, WEB, WORDS
from trialguide.runtime.circuit_breaker import Unavailable
from trialguide.runtime.settings import process_settings
from trialguide.storage.ratings import Average, averages

logger = logging.getLogger(__name__)

PRIVACY = DOCS / "privacy.md"
LANGUAGE = "en"
HASH_CHARACTERS = 12
SMALLEST_COMPRESSED = 1024
FAQ_PATH = "/chat/faq"
# The ratings on the page of answers are at most this old.
FAQ_SECONDS = 60.0

PNG = "image/png"
SCRIPT, STYLE, PAGE, PICTURE, JSON = (
    f"{kind}; charset=utf-8" for kind in ("text/javascript", "text/css", "text/html", "image/svg+xml", "application/json")
)
EVERYWHERE = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
FOR_MINUTES = {"Cache-Control": "public, max-age=300"}
ASK_FIRST = {"Cache-Control": "no-cache"}
SAFE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
# An SVG can hold scripts; none of ours does, and with this none could run.
OF_PICTURES = EVERYWHERE | FOR_MINUTES | {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
OF_PAGES = ASK_FIRST | {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class File:
    """A file as it is served, compressed once and for all."""

    body: bytes
    type: str
    headers: Mapping[str, str]
    hash: str = field(init=False)
    compressed: bytes | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hash", hashlib.sha256(self.body).hexdigest()[:HASH_CHARACTERS])
        worthwhile = len(self.body) >= SMALLEST_COMPRESSED
        object.__setattr__(self, "compressed", gzip.compress(self.body, mtime=0) if worthwhile else None)


class Site:
    """What lies at `/chat/`, by path."""

    def __init__(self) -> None:
        """Reads the files. Raises OSError or yaml.YAMLError for one that cannot be read."""
        self._labels = yaml.safe_load((WORDS / "pages.yml").read_text(encoding="utf-8"))["labels"]
        self._templates = Environment(
            loader=FileSystemLoader(WEB / "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        widget = yaml.safe_load((WORDS / "widget.yml").read_text(encoding="utf-8"))
        words = _words(widget["labels"])
        self._files = _pictures() | _beside_pages() | _widget(words.body) | {"words.json": words}
        # Topics and look-ups that are offered before anything has been said.
        self.starters: list[str] = widget["starters"]
        self._files[""] = self._page("demo.html", address=f"{process_settings().public_address or ''}/chat/")
        self._missing = self._page("missing.html")
        self._files["privacy"] = self._page(
            "privacy.html", content=markdown(PRIVACY.read_text(encoding="utf-8"), extensions=["tables"])
        )
        self._averages: list[Average] = []
        self._faq_made = -math.inf

    def add_to(self, blueprint: Blueprint) -> None:
        """Adds the routes."""

        @blueprint.route("/", methods=["GET", "HEAD"], name="home")
        @blueprint.route("/<name:str>", methods=["GET", "HEAD"], name="file")
        @blueprint.route("/pages/<name:str>", methods=["GET", "HEAD"], name="page_file")
        @blueprint.route("/pictures/<name:str>", methods=["GET", "HEAD"], name="picture")
        async def serve(request: Request, name: str = "") -> HTTPResponse:
            if request.path == FAQ_PATH:
                await self._renew_faq(request.app)
            file = self._files.get(request.path.removeprefix("/chat").strip("/"))
            return _response(request, file or self._missing, 200 if file else 404)

        @blueprint.listener("before_server_start")
        async def say_what_is_missing(app: Sanic, _: Any) -> None:
            plain: Callable[[Request, Exception], HTTPResponse] = app.error_handler.default

            def missing(request: Request, error: Exception) -> HTTPResponse:
                below = request.path.startswith("/chat/")
                return _response(request, self._missing, 404) if below else plain(request, error)

            app.error_handler.add(NotFound, missing)

        @blueprint.listener("after_server_start")
        async def make_faq(app: Sanic, _: Any) -> None:
            await self._renew_faq(app)

    async def _renew_faq(self, app: Sanic) -> None:
        """Makes the page of answers with the ratings as they are now, if that was not done a moment ago."""
        domain = app.ctx.agent.domain
        if domain is None or monotonic() < self._faq_made + FAQ_SECONDS:
            return
        self._faq_made = monotonic()
        try:
            self._averages = await app.ctx.agent.tracker_store.run(averages)
        except Unavailable:
            logger.warning("The page of answers shows the ratings as they were.")
        self._files["faq"] = self._page("faq.html", groups=faq_groups(domain.responses, self._averages))

    def _page(self, template: str, **values: Any) -> File:
        text = self._templates.get_template(template).render(labels=self._labels, language=LANGUAGE, **values)
        return File(text.encode(), PAGE, OF_PAGES)


def _response(request: Request, file: File, status: int) -> HTTPResponse:
    compressed = file.compressed if _takes_gzip(request.headers.get("accept-encoding", "")) else None
    # The compressed form is another representation, so it has a tag of its own (RFC 9110, 8.8.3.3).
    tag = f'"{file.hash}-gzip"' if compressed else f'"{file.hash}"'
    headers = SAFE | dict(file.headers) | {"ETag": tag, "Vary": "Accept-Encoding"}
    if status == 200 and tag in request.headers.get("if-none-match", ""):
        return response.raw(b"", status=304, headers=headers, content_type=file.type)
    if compressed:
        headers["Content-Encoding"] = "gzip"
    return response.raw(compressed or file.body, status=status, headers=headers, content_type=file.type)


def _takes_gzip(accepted: str) -> bool:
    codings = [coding.replace(" ", "").lower() for coding in accepted.split(",")]
    return any(coding.startswith("gzip") and not coding.endswith((";q=0", ";q=0.0")) for coding in codings)


def _widget(words: bytes) -> dict[str, File]:
    """The widget as it was built here, or else as it was released, under a plain and a versioned name; older versions too.

    Under the plain name the labels come along. A versioned one is as it was built, as its hash may be pinned, and fetches them.
    """
    files = {
        file.name: File(file.read_bytes(), SCRIPT, EVERYWHERE | FOR_EVER) for file in (WEB / "released").glob("widget-*.js")
    }
    newest = next((file for file in (WEB / "built" / "widget.js", WEB / "released" / "widget.js") if file.exists()), None)
    if newest:
        built = File(newest.read_bytes(), SCRIPT, EVERYWHERE | FOR_EVER)
        files[f"widget-{built.hash}.js"] = built
        labels = b"Object.assign(document.currentScript ?? {}, { words: %b });\n" % words
        files["widget.js"] = File(labels + built.body, SCRIPT, EVERYWHERE | FOR_MINUTES)
    return files


def _words(labels: Mapping[str, str]) -> File:
    version = hashlib.sha256(json.dumps(labels, sort_keys=True).encode()).hexdigest()[:HASH_CHARACTERS]
    direction: str = Locale(LANGUAGE).text_direction
    words = {"language": LANGUAGE, "direction": direction, "version": version, "labels": labels}
    return File(json.dumps(words, ensure_ascii=False).encode(), JSON, EVERYWHERE | ASK_FIRST)


def _pictures() -> dict[str, File]:
    # Messaging services take no SVG; `make pictures` makes the other form.
    types = {".svg": PICTURE, ".png": PNG}
    pictures = (file for file in (WEB / "pictures").iterdir() if file.suffix in types)
    return {f"pictures/{file.name}": File(file.read_bytes(), types[file.suffix], OF_PICTURES) for file in pictures}


def _beside_pages() -> dict[str, File]:
    types = {".css": STYLE, ".js": SCRIPT, ".svg": PICTURE}
    files = (file for file in (WEB / "pages").iterdir() if file.suffix in types)
    return {f"pages/{file.name}": File(file.read_bytes(), types[file.suffix], ASK_FIRST) for file in files}
