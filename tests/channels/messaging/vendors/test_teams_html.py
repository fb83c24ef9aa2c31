"""The words of a person on Teams, apart from what they quote."""

import pytest

from trialguide.channels.messaging.vendors.teams_html import without_placeholders, without_quote

QUOTE = (
    '<blockquote itemscope itemtype="http://schema.skype.com/Reply" itemid="1"><strong itemprop="mri">TrialGuide</strong>'
    '<p itemprop="preview">A placebo <blockquote>within</blockquote> is</p></blockquote>'
)


@pytest.mark.parametrize(
    ("html", "words"),
    [
        (f"<div>{QUOTE}<p>and a phase 1 trial?</p></div>", "and a phase 1 trial?"),
        (f"{QUOTE}I can&#39;t breathe", "I can't breathe"),
        (f"<p>before</p>{QUOTE}<p>after</p>", "before\nafter"),
        (f"<p>one<br>two</p>{QUOTE}{QUOTE}", "one\ntwo"),
        (QUOTE, ""),
        # No quotation of a message: the text itself is read.
        ("<p>what is a placebo</p>", None),
        ("<blockquote>I can't breathe</blockquote>", None),
        # Not well-formed: rather all than nothing.
        (f"{QUOTE.removesuffix('</blockquote>')}<p>I can't breathe</p>", None),
        ("", None),
    ],
)
def test_quotations_are_left_out(html: str, words: str | None) -> None:
    assert without_quote(html) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('<attachment id="1"></attachment>what is a placebo', "what is a placebo"),
        ('<quoted messageId="1"/>\nwhat is a placebo', "what is a placebo"),
        ('<quoted messageId="1">what is a placebo', "what is a placebo"),
        ("is 5 < 6 and 7 > 6", "is 5 < 6 and 7 > 6"),
    ],
)
def test_placeholders_are_left_out(text: str, words: str) -> None:
    assert without_placeholders(text) == words
