"""Static files of the website channel: the widget, its labels, the pictures, and the pages without scripts."""

import gzip
import hashlib
import json
import logging
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from babel import Locale
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown import markdown
from sanic import Blueprint, Sanic, response
from sanic.exceptions import NotFound
from sanic.request import Request
from sanic.response import HTTPResponse

from trialguide.channels.website.faq_page import faq_groups
from trialguide.channels.website.glossary_page import glossary_letters
from trialguide.channels.website.structured_data import structured_data
from trialguide.content.files import DOCS, WEB, WORDS, load_yaml
from trialguide.content.glossary import load_glossary
from trialguide.content.operator_details import load_operator
from trialguide.runtime.circuit_breaker import Unavailable
from trialguide.runtime.settings import process_settings
from trialguide.storage.ratings import MIN_RATINGS, Average, averages

logger = logging.getLogger(__name__)

PRIVACY = DOCS / "privacy.md"
LANGUAGE = "en"
HASH_LENGTH = 12
MIN_COMPRESSED_BYTES = 1024
FAQ_PATH = "/chat/faq"
# Cache of the FAQ page, whose ratings change.
FAQ_SECONDS = 60.0

PNG = "image/png"
SCRIPT, STYLE, PAGE, PICTURE, JSON = (
    f"{kind}; charset=utf-8" for kind in ("text/javascript", "text/css", "text/html", "image/svg+xml", "application/json")
)
CROSS_ORIGIN = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}
SHORT_LIVED = {"Cache-Control": "public, max-age=300"}
REVALIDATE = {"Cache-Control": "no-cache"}
SECURITY_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
# An SVG can contain scripts; this policy keeps them from running.
PICTURE_HEADERS = CROSS_ORIGIN | SHORT_LIVED | {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
PAGE_HEADERS = REVALIDATE | {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
# Without a list of origins those of the same machine, as in origins.py.
SAME_MACHINE = ("http://localhost:*", "http://127.0.0.1:*")


@dataclass(frozen=True)
class StaticFile:
    """A file with its headers, compressed once."""

    body: bytes
    type: str
    headers: Mapping[str, str]
    hash: str = field(init=False)
    compressed: bytes | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hash", hashlib.sha256(self.body).hexdigest()[:HASH_LENGTH])
        worthwhile = len(self.body) >= MIN_COMPRESSED_BYTES
        object.__setattr__(self, "compressed", gzip.compress(self.body, mtime=0) if worthwhile else None)


class Site:
    """The static files below `/chat/`, by path."""

    def __init__(self, origins: Collection[str] | None = None) -> None:
        """Reads the files. Pages of the origins may show the site's in a frame.

        Raises OSError or yaml.YAMLError for a file that cannot be read.
        """
        self._labels = load_yaml(WORDS / "pages.yml")["labels"]
        self._templates = Environment(
            loader=FileSystemLoader(WEB / "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        widget = load_yaml(WORDS / "widget.yml")
        words = _words(widget["labels"], widget["danger"])
        self._policy = page_policy(origins)
        self._files = _pictures() | _page_assets() | _widget(words.body) | {"words.json": words}
        # Topics and look-ups that are offered before anything has been said.
        self.starters: list[str] = widget["starters"]
        self._files[""] = self._page("demo.html", address=f"{process_settings().public_address or ''}/chat/")
        self._files["frame"] = self._page("frame.html")
        self._not_found = self._page("missing.html")
        self._files["privacy"] = self._page(
            "privacy.html",
            content=markdown(PRIVACY.read_text(encoding="utf-8"), extensions=["tables"]),
            operator=load_operator(),
        )
        letters = glossary_letters(load_glossary().values())
        self._files["glossary"] = self._page("glossary.html", letters=letters, operator=load_operator())
        self._averages: list[Average] = []
        self._faq_rendered = -math.inf

    def add_to(self, blueprint: Blueprint) -> None:
        """Adds the routes to the blueprint."""

        @blueprint.route("/", methods=["GET", "HEAD"], name="home")
        @blueprint.route("/<name:str>", methods=["GET", "HEAD"], name="file")
        @blueprint.route("/pages/<name:str>", methods=["GET", "HEAD"], name="page_file")
        @blueprint.route("/pictures/<name:str>", methods=["GET", "HEAD"], name="picture")
        async def serve(request: Request, name: str = "") -> HTTPResponse:
            if request.path == FAQ_PATH:
                await self._refresh_faq(request.app)
            file = self._files.get(request.path.removeprefix("/chat").strip("/"))
            return _response(request, file or self._not_found, 200 if file else 404)

        @blueprint.listener("before_server_start")
        async def add_not_found_page(app: Sanic, _: Any) -> None:
            default: Callable[[Request, Exception], HTTPResponse] = app.error_handler.default

            def not_found(request: Request, error: Exception) -> HTTPResponse:
                own = request.path.startswith("/chat/")
                return _response(request, self._not_found, 404) if own else default(request, error)

            app.error_handler.add(NotFound, not_found)

        @blueprint.listener("after_server_start")
        async def render_faq(app: Sanic, _: Any) -> None:
            await self._refresh_faq(app)

    async def _refresh_faq(self, app: Sanic) -> None:
        """Renders the FAQ page with the current ratings, unless its cache is fresh."""
        domain = app.ctx.agent.domain
        if domain is None or monotonic() < self._faq_rendered + FAQ_SECONDS:
            return
        self._faq_rendered = monotonic()
        try:
            self._averages = await app.ctx.agent.tracker_store.run(averages)
        except Unavailable:
            logger.warning("The page of answers shows the ratings as they were.")
        groups = faq_groups(domain.responses, self._averages, process_settings().serve)
        data = structured_data(groups, self._labels["faq_title"], LANGUAGE, load_operator())
        self._files["faq"] = self._page("faq.html", groups=groups, fewest=MIN_RATINGS, data=data, operator=load_operator())

    def _page(self, template: str, **values: Any) -> StaticFile:
        text = self._templates.get_template(template).render(labels=self._labels, language=LANGUAGE, **values)
        return StaticFile(text.encode(), PAGE, PAGE_HEADERS | {"Content-Security-Policy": self._policy})


def page_policy(origins: Collection[str] | None) -> str:
    """The content security policy of the pages; origins as in `Settings`."""
    return " ".join((POLICY, *(SAME_MACHINE if origins is None else sorted(origins))))


def _response(request: Request, file: StaticFile, status: int) -> HTTPResponse:
    compressed = file.compressed if _accepts_gzip(request.headers.get("accept-encoding", "")) else None
    # The compressed form is another representation and needs its own ETag (RFC 9110, 8.8.3.3).
    tag = f'"{file.hash}-gzip"' if compressed else f'"{file.hash}"'
    headers = SECURITY_HEADERS | dict(file.headers) | {"ETag": tag, "Vary": "Accept-Encoding"}
    if status == 200 and tag in request.headers.get("if-none-match", ""):
        return response.raw(b"", status=304, headers=headers, content_type=file.type)
    if compressed:
        headers["Content-Encoding"] = "gzip"
    return response.raw(compressed or file.body, status=status, headers=headers, content_type=file.type)


def _accepts_gzip(accepted: str) -> bool:
    codings = [coding.replace(" ", "").lower() for coding in accepted.split(",")]
    return any(coding.startswith("gzip") and not coding.endswith((";q=0", ";q=0.0")) for coding in codings)


def _widget(words: bytes) -> dict[str, StaticFile]:
    """The built or else the released widget, under a plain and a versioned name, and older released versions.

    The file of the plain name includes the labels. A versioned one fetches them: its hash may be pinned, so it stays as built.
    """
    files = {
        file.name: StaticFile(file.read_bytes(), SCRIPT, CROSS_ORIGIN | IMMUTABLE)
        for file in (WEB / "released").glob("widget-*.js")
    }
    newest = next((file for file in (WEB / "built" / "widget.js", WEB / "released" / "widget.js") if file.exists()), None)
    if newest:
        built = StaticFile(newest.read_bytes(), SCRIPT, CROSS_ORIGIN | IMMUTABLE)
        files[f"widget-{built.hash}.js"] = built
        labels = b"Object.assign(document.currentScript ?? {}, { words: %b });\n" % words
        files["widget.js"] = StaticFile(labels + built.body, SCRIPT, CROSS_ORIGIN | SHORT_LIVED)
    return files


def _words(labels: Mapping[str, str], danger: Sequence[str]) -> StaticFile:
    version = hashlib.sha256(json.dumps(labels, sort_keys=True).encode()).hexdigest()[:HASH_LENGTH]
    direction: str = Locale(LANGUAGE).text_direction
    words = {"language": LANGUAGE, "direction": direction, "version": version, "labels": labels, "danger": danger}
    return StaticFile(json.dumps(words, ensure_ascii=False).encode(), JSON, CROSS_ORIGIN | REVALIDATE)


def _pictures() -> dict[str, StaticFile]:
    # Messaging services take no SVG; `make pictures` renders the PNG form.
    types = {".svg": PICTURE, ".png": PNG}
    pictures = (file for file in (WEB / "pictures").iterdir() if file.suffix in types)
    return {f"pictures/{file.name}": StaticFile(file.read_bytes(), types[file.suffix], PICTURE_HEADERS) for file in pictures}


def _page_assets() -> dict[str, StaticFile]:
    types = {".css": STYLE, ".js": SCRIPT, ".svg": PICTURE}
    files = (file for file in (WEB / "pages").iterdir() if file.suffix in types)
    return {f"pages/{file.name}": StaticFile(file.read_bytes(), types[file.suffix], REVALIDATE) for file in files}
