"""Parser of the HTML of Teams: the words of a person, apart from the message that they quote."""

import re
from html.parser import HTMLParser

REPLY = "schema.skype.com/reply"
# What stands for a quotation or an attachment in a text.
PLACEHOLDER = re.compile(r"<(quoted|attachment)\b[^>]*?(/>|>(.*?</\1>)?)", re.IGNORECASE | re.DOTALL)
BLOCKS = frozenset({"p", "div", "br", "li", "blockquote"})


class _OwnWords(HTMLParser):
    """Collects the text outside of quotations. A quotation that somebody formats is their own words."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.has_quote = False
        # For each open blockquote, whether it is the quotation of a message.
        self.blockquotes: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "blockquote":
            is_quote = REPLY in (dict(attrs).get("itemtype") or "").lower()
            self.blockquotes.append(is_quote)
            self.has_quote |= is_quote
        if tag in BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "blockquote" and self.blockquotes:
            self.blockquotes.pop()
        if tag in BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not any(self.blockquotes):
            self.pieces.append(data)


def without_quote(html: str) -> str | None:
    """The text of a message in HTML without the message that it quotes; None when it quotes none, or is not well-formed."""
    parser = _OwnWords()
    parser.feed(html)
    parser.close()
    if not parser.has_quote or parser.blockquotes:
        return None
    lines = "".join(parser.pieces).split("\n")
    return "\n".join(line.strip() for line in lines if line.strip())


def without_placeholders(text: str) -> str:
    """The text without the marks of quotations and attachments."""
    return PLACEHOLDER.sub(" ", text).strip()
