"""Answers are read with little scrolling: short cards, a short notice, words for links, and nothing over the text."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, expect
from widget_client import LAUNCHER, Chat, Host

from trialguide.commands.stack import Stack

Contexts = Callable[..., BrowserContext]

VIEWPORTS = {"desktop": (1280, 800), "phone": (390, 844), "400 %": (320, 256)}


@pytest.fixture(params=VIEWPORTS)
def settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    width, height = VIEWPORTS[request.param]
    return {"viewport": {"width": width, "height": height}, "reduced_motion": "reduce"}


def box_of(part: Locator) -> dict[str, float]:
    box = part.bounding_box()
    assert box
    return {"y": box["y"], "width": box["width"], "height": box["height"]}


def test_clinics_start_short_and_open(context_of: Contexts, stack: Stack) -> None:
    chat = Chat(context_of().new_page()).visit(f"{stack.address}/chat/").open().ask("I need a NET clinic").ask("Oslo")
    card = chat.page.locator(".entry.clinic").first
    heading = card.get_by_role("heading")
    expect(heading).to_be_visible()
    expect(card).to_contain_text("Oslo, Norway")
    assert box_of(card)["height"] < 160
    phone = card.locator("a[href^='tel:']")
    expect(phone).to_be_hidden()
    card.locator("summary").focus()
    chat.page.keyboard.press("Enter")
    expect(phone).to_be_visible()
    expect(card.get_by_role("link", name="Show on the map")).to_be_visible()
    card.locator("summary").click()
    expect(phone).to_be_hidden()


def test_a_button_shows_the_next_clinics(context_of: Contexts, stack: Stack) -> None:
    chat = Chat(context_of().new_page()).visit(f"{stack.address}/chat/").open().ask("I need a NET clinic").ask("Oslo")
    shown = chat.page.locator(".entry.clinic").count()
    expect(chat.answers.last).not_to_contain_text("Type")
    chat.answers.last.get_by_role("button", name="Show the next ones").click()
    expect(chat.page.locator(".entry.clinic")).to_have_count(2 * shown)
    expect(chat.said.last).to_have_text(re.compile("Show the next ones"))
    # Typing does the same.
    chat.ask("more")
    expect(chat.page.locator(".entry.clinic")).to_have_count(3 * shown)


def test_the_notice_is_said_once_and_folded_up(context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of(viewport={"width": 390, "height": 844}).new_page()).visit(host.page()).open()
    chat.ask("what is a placebo")
    assert chat.panel.inner_text().count("computer program") == 1
    notice = chat.page.locator(".entry.notice")
    assert box_of(notice)["height"] < 110
    assert box_of(chat.page.locator(".entry.answer"))["y"] < 350
    notice.locator("summary").click()
    expect(notice.get_by_text("I am TrialGuide")).to_be_visible()
    privacy = notice.get_by_role("link", name="Privacy")
    expect(privacy).to_have_attribute("href", re.compile("/chat/privacy$"))
    expect(privacy).to_have_text(re.compile("^Privacy"))


def test_without_a_greeting_the_notice_is_open(context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of().new_page()).visit(host.page(options='data-greeting="off"'))
    chat.launcher.click()
    chat.ask("what is a placebo")
    expect(chat.page.locator(".entry.notice").get_by_text("I am TrialGuide")).to_be_visible()


def test_nothing_lies_over_the_text(settings: dict[str, Any], context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of(**settings).new_page()).visit(host.page()).open().ask("what are the phases")
    scroller = chat.page.locator(".scroller")
    for place in ("0", "node.scrollHeight / 2", "node.scrollHeight"):
        scroller.evaluate(f"node => {{ node.scrollTop = {place}; }}")
        chat.page.wait_for_timeout(100)
        # Whatever point of the conversation is touched, the conversation is there.
        covered = scroller.evaluate(
            """node => {
                const box = node.getBoundingClientRect(), covered = [];
                for (let x = box.left + 4; x < box.right - 4; x += 8)
                    for (let y = box.top + 4; y < box.bottom - 4; y += 8)
                        if (!node.contains(node.getRootNode().elementFromPoint(x, y))) covered.push([x, y]);
                return covered;
            }"""
        )
        assert covered == []


def test_an_emergency_is_what_is_seen(settings: dict[str, Any], context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of(**settings).new_page()).visit(host.page()).open().ask("what is a placebo").ask("i cant breathe")
    scroller, urgent = box_of(chat.page.locator(".scroller")), box_of(chat.page.locator(".entry.urgent"))
    below_top = urgent["y"] - scroller["y"]
    # Whole, or from its beginning where there is no room.
    assert 0 <= below_top < 20 or urgent["y"] + urgent["height"] <= scroller["y"] + scroller["height"]


def test_the_menu_and_its_question_can_be_reached_whole(settings: dict[str, Any], context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of(**settings).new_page()).visit(host.page()).open().ask("what is a placebo")
    chat.page.get_by_role("button", name="More", exact=True).click()
    for item in chat.page.locator(".menu :is(a, button)").all():
        item.scroll_into_view_if_needed()
        # Scrolling ends at whole pixels.
        expect(item).to_be_in_viewport(ratio=0.98)
    chat.page.get_by_role("button", name="Start again").click()
    for answer in ("Yes, start again", "No, go back"):
        expect(chat.page.get_by_role("button", name=answer)).to_be_in_viewport(ratio=1)
    question, scroller = box_of(chat.page.locator(".question")), box_of(chat.page.locator(".scroller"))
    assert question["y"] + question["height"] <= scroller["y"]
    # The field is whole, or away until the question is answered.
    composer = chat.page.locator(".composer")
    assert composer.is_hidden() or scroller["y"] + scroller["height"] <= box_of(composer)["y"]
    chat.page.get_by_role("button", name="No, go back").click()
    expect(composer).to_be_in_viewport(ratio=1)


def test_without_connection_the_number_to_call_is_seen(settings: dict[str, Any], context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of(**settings).new_page()).visit(host.page()).open()
    chat.page.context.set_offline(True)
    chat.field.fill("i cant breathe")
    chat.field.press("Enter")
    # After the line about the connection would have come.
    chat.page.wait_for_timeout(2000)
    expect(chat.page.locator(".entry.urgent").get_by_role("link", name="112")).to_be_in_viewport(ratio=1)


def test_the_way_down_has_words(context_of: Contexts, host: Host) -> None:
    chat = (
        Chat(context_of(viewport={"width": 390, "height": 844}).new_page()).visit(host.page()).open().ask("what are the phases")
    )
    expect(chat.page.get_by_role("button", name="Go to the end")).to_have_text("Go to the end")


@pytest.mark.parametrize("view", ["phone", "400 %"])
def test_a_small_launcher_on_small_screens(view: str, context_of: Contexts, host: Host) -> None:
    width, height = VIEWPORTS[view]
    chat = Chat(context_of(viewport={"width": width, "height": height}).new_page()).visit(host.page())
    box = box_of(chat.launcher)
    assert max(box["width"], box["height"]) <= 60
    assert min(box["width"], box["height"]) >= 44
    assert chat.launcher.inner_text().strip() == LAUNCHER


def test_a_large_launcher_with_its_words_elsewhere(context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of(viewport={"width": 1280, "height": 800}).new_page()).visit(host.page())
    assert box_of(chat.launcher)["width"] > 200
