"""How answers look in each messaging service: mark-up, limits, buttons, pictures."""

import re
import struct
from typing import Any

import jsonschema
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from vendor_fakes.whatsapp import SCHEMA

from trialguide.channels.front_door.transcript import ASSISTANT, Choice, Entry, Picture
from trialguide.channels.messaging.rendering import (
    HTML,
    PLAIN,
    SLACK,
    WHATSAPP,
    Capabilities,
    Markup,
    RenderedMessage,
    messages,
    utf16_length,
)
from trialguide.channels.messaging.vendors.messenger import Messenger
from trialguide.channels.messaging.vendors.slack import Slack
from trialguide.channels.messaging.vendors.sms import Sms
from trialguide.channels.messaging.vendors.teams import Teams
from trialguide.channels.messaging.vendors.telegram import Telegram
from trialguide.channels.messaging.vendors.whatsapp import WhatsApp, content
from trialguide.content.files import load_yaml
from trialguide.content.wording import load_words

ADDRESS = "https://bot.example.org"
CHANNELS = (WhatsApp, Messenger, Telegram, Sms, Slack, Teams)
MARKUPS = {"plain": PLAIN, "whatsapp": WHATSAPP, "html": HTML, "slack": SLACK}
# Letters of GSM 03.38; one other doubles the price of an SMS.
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)
LINK = "https://www.example.org/a_b?c=1&d=*2*"
SOURCE = {"organisation": "A & B <C>", "link": LINK}
STATUS = load_words()["status_checked"]["text"].format(month="September 2026")


def entry(text: str, **more: Any) -> Entry:
    return Entry(1_790_000_000_000_000, ASSISTANT, "answer", text, **more)


def choices(*titles: str) -> tuple[Choice, ...]:
    return tuple(Choice(title, f"c.1790000000000000.{place}", title) for place, title in enumerate(titles))


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("plain", "a < b & *c*_d_", "a < b & *c*_d_"),
        ("whatsapp", "a < b & *c*_d_", "a < b & ∗c∗ˍdˍ"),
        ("html", "a < b & *c*", "a &lt; b &amp; *c*"),
        ("slack", "a < b & *c* | <!channel>", "a &lt; b &amp; ∗c∗ ¦ &lt;!channel&gt;"),
        ("plain", f"See {LINK}.", f"See {LINK}."),
        ("whatsapp", f"See {LINK}.", f"See {LINK}."),
        ("html", f"See {LINK}.", 'See <a href="{0}">{0}</a>.'.format(LINK.replace("&", "&amp;"))),
        ("slack", f"See {LINK}.", "See <{}>.".format(LINK.replace("&", "&amp;"))),
        ("whatsapp", "E-mail: a_b_c@example.org", "E-mail: a_b_c@example.org"),
        ("html", "javascript:alert(1)", "javascript:alert(1)"),
    ],
)
def test_mark_up(name: str, text: str, expected: str) -> None:
    assert MARKUPS[name].text(text) == expected


@pytest.mark.parametrize(
    ("markup", "source", "name"),
    [
        (PLAIN, f"Source: A & B <C>, {LINK}.", "Oslo Clinic"),
        (WHATSAPP, f"Source: A & B <C>, {LINK}.", "*Oslo Clinic*"),
        (
            HTML,
            'Source: <a href="{}">A &amp; B &lt;C&gt;</a>.'.format(LINK.replace("&", "&amp;")),
            "<b>Oslo Clinic</b>",
        ),
        (
            SLACK,
            "Source: <{}|A &amp; B &lt;C&gt;>.".format(LINK.replace("&", "&amp;")),
            "*Oslo Clinic*",
        ),
    ],
)
def test_source_status_and_name_are_kept(markup: Markup, source: str, name: str) -> None:
    form = Capabilities(markup, 1000, 1000, 3)
    (message,) = messages(entry("An answer.", sources=(SOURCE,), status="Checked by *nobody*."), form, None)
    assert message.text == f"An answer.\n\n{source} {markup.text('Checked by *nobody*.')}"
    (message,) = messages(entry("An answer.", sources=(SOURCE,)), form, None)
    assert message.text == f"An answer.\n\n{source}"
    (card,) = messages(entry("Oslo Clinic\nPhone: 1", card={"name": "Oslo Clinic"}), form, None)
    assert card.text == f"{name}\nPhone: 1"


@pytest.mark.parametrize(
    ("form", "buttons", "written"),
    [
        (Capabilities(PLAIN, 100, 100, 3), ["One", "Two", "Three"], "4. Four\n5. A title that is long"),
        (Capabilities(PLAIN, 100, 100, 0), [], "1. One\n2. Two\n3. Three\n4. Four\n5. A title that is long"),
        (Capabilities(PLAIN, 100, 100, 9), ["One", "Two", "Three", "Four", "A title that is long"], ""),
        (
            Capabilities(PLAIN, 100, 100, 9, title=14),
            ["1. One", "2. Two", "3. Three", "4. Four", "5. A title…"],
            "1. One\n2. Two\n3. Three\n4. Four\n5. A title that is long",
        ),
    ],
)
def test_choices_that_find_no_room_are_numbered(form: Capabilities, buttons: list[str], written: str) -> None:
    offered = entry("Which?", choices=choices("One", "Two", "Three", "Four", "A title that is long"))
    (message,) = messages(offered, form, None)
    assert [choice.title for choice in message.buttons] == buttons
    assert message.text == "\n\n".join(filter(None, ("Which?", written)))


@pytest.mark.parametrize(
    ("titles", "kind"),
    [
        (("Bergen, Norway", "Bergen, Netherlands"), "button"),
        (("One", "Two", "Three", "Four"), "list"),
        (("What does randomised mean?",), "list"),
        (("A title that is far too long for a row, and for what stands below it, because it never ends",), "list"),
    ],
)
def test_whatsapp_has_buttons_where_they_fit_and_else_a_list(titles: tuple[str, ...], kind: str) -> None:
    made = content(RenderedMessage("Which?", choices(*titles)), "Choose")
    jsonschema.validate({"messaging_product": "whatsapp", "recipient_type": "individual", "to": "46700000001", **made}, SCHEMA)
    assert made["interactive"]["type"] == kind


def test_numbers_go_on_within_a_turn() -> None:
    (message,) = messages(entry("Which?", choices=choices("One", "Two")), Capabilities(PLAIN, 100, 100, 0), None, first=4)
    assert message.text == "Which?\n\n4. One\n5. Two"


def test_a_picture_is_sent_where_it_can_be_fetched() -> None:
    pictured = entry("An answer.", picture=Picture("phases.svg", "Four phases."))
    form = Capabilities(PLAIN, 1000, 1000, 3)
    first, second = messages(pictured, form, ADDRESS)
    assert (first.picture, first.text, second.text) == (f"{ADDRESS}/chat/pictures/phases.png", "Four phases.", "An answer.")
    (alone,) = messages(pictured, form, None)
    assert alone.text == "An answer.\n\nFour phases."


def test_every_picture_lies_ready_as_png() -> None:
    drawn = sorted((ROOT / "web" / "pictures").glob("*.svg"))
    assert drawn
    for file in drawn:
        png = file.with_suffix(".png").read_bytes()
        width, height = struct.unpack(">II", png[16:24])
        assert png[:8] == b"\x89PNG\r\n\x1a\n"
        # What Teams takes, which is the least.
        assert width <= 1024 >= height
        assert len(png) < 1_000_000


def test_splits_lie_at_ends_of_sentences() -> None:
    text = "One is short. Two is a little longer. Three ends here.\n\nFour is a paragraph."
    assert [message.text for message in messages(entry(text), Capabilities(PLAIN, 40, 40, 0), None)] == [
        "One is short. Two is a little longer.",
        "Three ends here.\n\nFour is a paragraph.",
    ]


@given(text=st.text(min_size=1, max_size=400), limit=st.integers(20, 80), name=st.sampled_from(sorted(MARKUPS)))
def test_nothing_is_lost_and_nothing_too_long(text: str, limit: int, name: str) -> None:
    markup = MARKUPS[name]
    made = messages(entry(text), Capabilities(markup, limit, limit, 0), None)
    plain = [re.sub(r"\s+", "", message.text) for message in made]
    if name in ("plain", "whatsapp"):
        assert "".join(plain) == re.sub(r"\s+", "", markup.text(text))
    for message in made:
        # One letter can take six in HTML.
        assert utf16_length(message.text) <= limit


def answers() -> list[Entry]:
    found = []
    for file in sorted((ROOT / "data" / "faq").glob("*.yml")):
        for response in load_yaml(file)["responses"].values():
            metadata = response[0]["metadata"]
            found.append(entry(response[0]["text"], sources=tuple(metadata["sources"]), status=STATUS))
    return found


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_answer_fits_into_one_message(channel: Any) -> None:
    """With its source and status; the limits of the vendors are held by their fakes."""
    everything = answers()
    assert len(everything) > 70
    for answer in everything:
        made = messages(answer, channel.capabilities, None)
        assert len(made) == 1
        assert all(
            source["link"].replace("&", "&amp;") in made[0].text.replace("&amp;", "&").replace("&", "&amp;")
            for source in answer.sources
        )
        assert STATUS in made[0].text


def test_answers_by_sms_cost_the_lower_price() -> None:
    sent = [message.text for answer in answers() for message in messages(answer, Sms.capabilities, None)]
    dear = [text for text in sent if not GSM.issuperset(text)]
    assert len(dear) <= 0.05 * len(sent), [sorted(set(text) - GSM) for text in dear]
