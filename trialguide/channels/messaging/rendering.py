"""From the neutral answer model to the messages of a messaging service: mark-up, length limits, buttons, pictures."""

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
# Marks of WhatsApp and Slack, which neither lets one escape, and letters that look like them.
LOOK_ALIKES = str.maketrans("*_~`", "∗ˍ∼ˋ")


@dataclass(frozen=True)
class Markup:
    """How a service writes text that is meant as it stands, bold text (escaped already), and a link with its name."""

    escape: Callable[[str], str]
    bold: Callable[[str], str]
    link: Callable[[str, str], str]

    def text(self, text: str) -> str:
        """A text in which the links are links and nothing else is mark-up."""
        found = enumerate(LINK.split(text))
        return "".join(self.link(piece, piece) if number % 2 else self._words(piece) for number, piece in found)

    def named(self, name: str, link: str) -> str:
        """A link under a name."""
        return self.link(self.escape(name), link)

    def _words(self, text: str) -> str:
        # An address with other letters in it would reach nobody.
        found = enumerate(MAIL.split(text))
        return "".join(piece if number % 2 else self.escape(piece) for number, piece in found)


def _plain_link(name: str, link: str) -> str:
    return link if name == link else named_source(name, link)


def _html_link(name: str, link: str) -> str:
    return f'<a href="{html.escape(link)}">{html.escape(name) if name == link else name}</a>'


def _slack_link(name: str, link: str) -> str:
    target = _slack_escape(link.replace("|", "%7C"))
    return f"<{target}>" if name == link else f"<{target}|{name}>"


def _slack_escape(text: str) -> str:
    # Slack wants these three and no more; a bar would end the link that a name stands in.
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
    """What a service shows: characters in a message, with and without buttons; buttons, and characters on one (None: any)."""

    markup: Markup
    text: int
    text_with_buttons: int
    buttons: int
    title: int | None = None
    pictures: bool = True


@dataclass(frozen=True)
class RenderedMessage:
    """One message to send: a text in the service's mark-up, with buttons, or a picture with its text alternative."""

    text: str
    buttons: tuple[Choice, ...] = ()
    picture: str | None = None


def messages(entry: Entry, form: Capabilities, address: str | None, first: int = 1) -> list[RenderedMessage]:
    """The messages that an entry comes to, in their order.

    `address` is where services find this server's pictures, or None where they cannot; then their alternative is shown.
    Choices are numbered from `first`: those that find no room as buttons, or whose titles do not, stand in the text.
    """
    numbered = [(f"{number}. {choice.title}", choice) for number, choice in enumerate(entry.choices, start=first)]
    short = all(form.title is None or len(choice.title) <= form.title for _, choice in numbered)
    buttons = [
        choice if short else replace(choice, title=_shortened(title, form.title)) for title, choice in numbered[: form.buttons]
    ]
    written = [title for title, _ in (numbered[form.buttons :] if short else numbered)]
    pictured = entry.picture if form.pictures and address else None
    limit = form.text_with_buttons if buttons else form.text
    alternative = entry.picture.alternative if entry.picture and not pictured else None
    texts = _pack(_segments(entry, form, limit, written, alternative), limit)
    made = [RenderedMessage(text) for text in texts]
    made[-1:] = [replace(made[-1], buttons=tuple(buttons))]
    if pictured:
        file = f"{pictured.file.rpartition('.')[0]}.png"
        made.insert(0, RenderedMessage(pictured.alternative, picture=f"{address}/chat/pictures/{file}"))
    return made


def utf16_length(text: str) -> int:
    """Characters as services count them at the strictest: in UTF-16."""
    return len(text.encode("utf-16-le")) // 2


def _shortened(title: str, most: int | None) -> str:
    if most is None or len(title) <= most:
        return title
    cut = title[: most - 1]
    # Whole words, but not so few that nothing is left beside the number.
    at = cut.rfind(" ")
    return (cut[:at] if at > most // 2 else cut).rstrip(" ,") + "…"


def _segments(
    entry: Entry, form: Capabilities, limit: int, written: list[str], alternative: str | None
) -> Iterator[tuple[str, str]]:
    """The sentences and lines of an entry in mark-up, each with what parts it from the one before."""
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
    if entry.sources and entry.reviewed:
        yield "\n\n", source_line(_source_template(), entry.sources, entry.reviewed, markup.named)
    gap = "\n\n"
    for title in written:
        for piece in _cut(title, markup.text, limit):
            yield gap, piece
        gap = "\n"


@cache
def _source_template() -> str:
    return str(load_words()["source_line"]["text"])


def _bold(markup: Markup) -> Callable[[str], str]:
    return lambda text: markup.bold(markup.text(text))


def _cut(text: str, write: Callable[[str], str], limit: int) -> list[str]:
    """A text in mark-up, in as many pieces as the limit asks for, cut between words where there are any."""
    whole = write(text)
    if utf16_length(whole) <= limit or len(text) < 2:
        return [whole]
    middle = len(text) // 2
    at = text.rfind(" ", 1, middle + 1)
    if at < 1:
        at = middle
    return _cut(text[:at], write, limit) + _cut(text[at:].lstrip() or " ", write, limit)


def _pack(units: Iterator[tuple[str, str]], limit: int) -> list[str]:
    texts = [""]
    for gap, unit in units:
        if not texts[-1]:
            texts[-1] = unit
        elif utf16_length(texts[-1] + gap + unit) <= limit:
            texts[-1] += gap + unit
        else:
            texts.append(unit)
    return texts
