"""Renders entries as messages of a service: mark-up, length limits, buttons, pictures."""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from trialguide.channels.front_door.transcript import Choice, Entry
from trialguide.content.wording import load_words, named_source, source_line

# Links and e-mail addresses, without the full stop or bracket after them.
LINK = re.compile(r"(https?://[^\s<>\"]*[^\s<>\".,;:!?)\]])")
MAIL = re.compile(r"([\w.+-]+@[\w-]+\.[\w.-]*\w)")
SENTENCE_END = re.compile(r"(?<=[.!?]) (?=\S)")
# Mark-up characters of WhatsApp and Slack, which cannot be escaped, and look-alikes for them.
LOOK_ALIKES = str.maketrans("*_~`", "∗ˍ∼ˋ")


@dataclass(frozen=True)
class Markup:
    """Mark-up of a service: `escape` for plain text, `bold` for text that is escaped, `link` for a name and a URL."""

    escape: Callable[[str], str]
    bold: Callable[[str], str]
    link: Callable[[str, str], str]

    def text(self, text: str) -> str:
        """The text with its links marked up and everything else escaped."""
        pieces = enumerate(LINK.split(text))
        return "".join(self.link(piece, piece) if number % 2 else self._words(piece) for number, piece in pieces)

    def named(self, name: str, link: str) -> str:
        """A link under a name."""
        return self.link(self.escape(name), link)

    def _words(self, text: str) -> str:
        # Look-alikes would break an e-mail address.
        pieces = enumerate(MAIL.split(text))
        return "".join(piece if number % 2 else self.escape(piece) for number, piece in pieces)


def _plain_link(name: str, link: str) -> str:
    return link if name == link else named_source(name, link)


def _html_link(name: str, link: str) -> str:
    return f'<a href="{html.escape(link)}">{html.escape(name) if name == link else name}</a>'


def _slack_link(name: str, link: str) -> str:
    target = _slack_escape(link.replace("|", "%7C"))
    return f"<{target}>" if name == link else f"<{target}|{name}>"


def _slack_escape(text: str) -> str:
    # Slack asks for these three only.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


PLAIN = Markup(escape=str, bold=str, link=_plain_link)
WHATSAPP = Markup(escape=lambda text: text.translate(LOOK_ALIKES), bold=lambda text: f"*{text}*", link=_plain_link)
HTML = Markup(escape=html.escape, bold=lambda text: f"<b>{text}</b>", link=_html_link)
SLACK = Markup(
    escape=lambda text: _slack_escape(text.translate(LOOK_ALIKES)).replace("|", "¦"),
    bold=lambda text: f"*{text}*",
    link=_slack_link,
)


@dataclass(frozen=True)
class Capabilities:
    """Limits of a service: characters of a message without and with buttons, number of buttons, characters of a title."""

    markup: Markup
    text: int
    text_with_buttons: int
    buttons: int
    title: int | None = None
    pictures: bool = True


@dataclass(frozen=True)
class RenderedMessage:
    """Message to send: text in the service's mark-up with buttons, or a picture's URL with its text alternative."""

    text: str
    buttons: tuple[Choice, ...] = ()
    picture: str | None = None


def messages(entry: Entry, form: Capabilities, address: str | None, first: int = 1) -> list[RenderedMessage]:
    """The messages of an entry, in order.

    `address` is the public address of this server's pictures, or None to send their text alternative instead.
    Choices are numbered from `first`; those beyond the limit of buttons, or with too long titles, are listed in the text.
    """
    numbered = [(f"{number}. {choice.title}", choice) for number, choice in enumerate(entry.choices, start=first)]
    short = all(form.title is None or len(choice.title) <= form.title for _, choice in numbered)
    buttons = [
        choice if short else replace(choice, title=_shortened(title, form.title)) for title, choice in numbered[: form.buttons]
    ]
    listed = [title for title, _ in (numbered[form.buttons :] if short else numbered)]
    pictured = entry.picture if form.pictures and address else None
    limit = form.text_with_buttons if buttons else form.text
    alternative = entry.picture.alternative if entry.picture and not pictured else None
    texts = _pack(_segments(entry, form, limit, listed, alternative), limit)
    rendered = [RenderedMessage(text) for text in texts]
    rendered[-1:] = [replace(rendered[-1], buttons=tuple(buttons))]
    if pictured:
        file = f"{pictured.file.rpartition('.')[0]}.png"
        rendered.insert(0, RenderedMessage(pictured.alternative, picture=f"{address}/chat/pictures/{file}"))
    return rendered


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, the strictest count that a service uses."""
    return len(text.encode("utf-16-le")) // 2


def _shortened(title: str, most: int | None) -> str:
    if most is None or len(title) <= most:
        return title
    cut = title[: most - 1]
    # Cuts between words, unless that leaves less than half.
    at = cut.rfind(" ")
    return (cut[:at] if at > most // 2 else cut).rstrip(" ,") + "…"


def _segments(
    entry: Entry, form: Capabilities, limit: int, listed: list[str], alternative: str | None
) -> Iterator[tuple[str, str]]:
    """The sentences and lines of an entry in mark-up, each with the white space before it."""
    markup = form.markup
    name = entry.card.get("name") if entry.card else None
    gap = ""
    for line in (f"{entry.text}\n\n{alternative}" if alternative else entry.text).split("\n"):
        write = _bold(markup) if line and line == name else markup.text
        for sentence in SENTENCE_END.split(line) if line else ():
            for piece in _cut(sentence, write, limit):
                yield gap, piece
                gap = " "
        gap = "\n" if line else "\n\n"
    if entry.sources:
        yield "\n\n", source_line(_source_template(), entry.sources, markup.text(entry.status or ""), markup.named)
    gap = "\n\n"
    for title in listed:
        for piece in _cut(title, markup.text, limit):
            yield gap, piece
        gap = "\n"


@cache
def _source_template() -> str:
    return str(load_words()["source_line"]["text"])


def _bold(markup: Markup) -> Callable[[str], str]:
    return lambda text: markup.bold(markup.text(text))


def _cut(text: str, write: Callable[[str], str], limit: int) -> list[str]:
    """The text in mark-up, split between words until each piece is within the limit."""
    whole = write(text)
    if utf16_length(whole) <= limit or len(text) < 2:
        return [whole]
    middle = len(text) // 2
    at = text.rfind(" ", 1, middle + 1)
    if at < 1:
        at = middle
    return _cut(text[:at], write, limit) + _cut(text[at:].lstrip() or " ", write, limit)


def _pack(segments: Iterator[tuple[str, str]], limit: int) -> list[str]:
    texts = [""]
    for gap, segment in segments:
        if not texts[-1]:
            texts[-1] = segment
        elif utf16_length(texts[-1] + gap + segment) <= limit:
            texts[-1] += gap + segment
        else:
            texts.append(segment)
    return texts
