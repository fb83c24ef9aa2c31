"""Markup that patients would see as it stands: HTML, Markdown, emoji, fields that nobody fills in."""

import re
from collections.abc import Collection, Iterator

LINK = re.compile(r"https?://\S+")
HTML = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:#\d+|[a-zA-Z]+);")
MARKDOWN = re.compile(
    r"\*\*?(?=\S)[^*\n]+\*\*?|(?<!\w)_{1,2}(?=\S)[^_\n]+_{1,2}(?!\w)|^#{1,6} .*|!?\[[^\]\n]*\]\([^)\n]*\)|`[^`\n]*`?"
    # Lists, tables and links between angle brackets.
    r"|^[*+] .*|^\|.*\|[ ]*$|<(?=\s|$)",
    re.MULTILINE,
)
EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f]")
# A label may say how a number is written: {stars:.1f}.
FIELD = re.compile(r"\{(\w+)(?::[.,\w]*)?\}")
BRACE = re.compile(r"[{}]")
# UTF-8 that was read as Windows-1252 on the way.
MOJIBAKE = re.compile(r"\S*(?:[ÂÃ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€|\ufffd)\S*")
LONGEST_SHOWN = 40

# Problem and remedy.
Fault = tuple[str, str]


def faults_of_signs(text: str, fields: Collection[str] | None = ()) -> Iterator[Fault]:
    """Faults of a text in which the program fills in `fields`; None stands for fields that are not known."""
    plain = LINK.sub("", text)
    for pattern, name, remedy in (
        (HTML, "HTML", "Take it out: it is shown as it stands."),
        (MARKDOWN, "Markdown", "Take the signs out: they are shown as they stand."),
        (EMOJI, "an emoji", "Take it out: a program that reads aloud reads its name."),
        (MOJIBAKE, "broken letters", "Type them anew and save the file as UTF-8."),
    ):
        match = pattern.search(plain)
        if match:
            yield f"The text holds {name}: “{match[0][:LONGEST_SHOWN]}”.", remedy
    if fields is None:
        return
    known = "Known here are: " + ", ".join(f"{{{field}}}" for field in fields) + "." if fields else "Take it out."
    for field in FIELD.findall(text):
        if field not in fields:
            yield f"Nobody fills in the field “{{{field}}}” here.", known
    if BRACE.search(FIELD.sub("", text)):
        yield "A brace stands alone, or with a blank beside the name of its field.", known
