"""Below an answer: stars with a comment, and following its topic. And what is left of it all once a person had it erased."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Route, expect
from widget_client import Chat

from trialguide.commands.stack import Stack

Contexts = Callable[..., BrowserContext]
ERASED = {
    "id": "e-9999999999999999",
    "from": "assistant",
    "time": "2026-11-25T21:40:00Z",
    "kind": "erased",
    "text": "All is erased.",
}


@pytest.fixture
def chat(context_of: Contexts, stack: Stack) -> Chat:
    """Somebody who has been told what a placebo is."""
    return Chat(context_of().new_page()).visit(f"{stack.address}/chat/").open().ask("what is a placebo")


def stars(chat: Chat, number: int) -> None:
    chat.page.get_by_role("radiogroup", name="Rate this answer").get_by_role("radio", name=f"{number} of 5 stars").click()


def expect_stars(chat: Chat, number: int) -> None:
    """So many are shown as chosen, by their shape and to a screen reader."""
    expect(chat.page.locator(".stars .on")).to_have_count(number)
    checked = chat.page.get_by_role("radio", checked=True)
    expect(checked).to_have_count(1 if number else 0)
    if number:
        expect(checked).to_have_accessible_name(f"{number} of 5 stars")


def test_stars_go_out_with_the_button_below_them_and_last(chat: Chat) -> None:
    expect(chat.page.get_by_role("textbox", name="Your comment")).to_be_hidden()
    stars(chat, 2)
    stars(chat, 4)
    expect_stars(chat, 4)
    chat.page.wait_for_timeout(300)
    expect(chat.said).to_have_count(1)
    chat.page.get_by_role("button", name="Send rating").click()
    expect(chat.said.last.locator(".body")).to_have_text("4 of 5 stars: What is a placebo?")
    expect(chat.page.get_by_role("button", name="Send rating")).to_be_hidden()
    chat.page.reload()
    expect(chat.said).to_have_count(2)
    expect_stars(chat, 4)


def test_a_comment_goes_with_the_stars(chat: Chat) -> None:
    stars(chat, 5)
    comment = chat.page.get_by_role("textbox", name="Your comment")
    expect(comment).to_have_accessible_description(re.compile("leave out names"))
    comment.fill("a" * 400)
    expect(comment).to_have_value("a" * 300)
    comment.fill("Clear, and short enough")
    comment.press("Enter")
    expect(chat.said.last.locator(".body")).to_have_text("5 of 5 stars: What is a placebo?\nClear, and short enough")
    expect(chat.page.get_by_role("radio", name="5 of 5 stars")).to_be_focused()
    chat.page.reload()
    expect(chat.said).to_have_count(2)
    expect_stars(chat, 5)
    # Another rating takes its place; the same one again is there to say why.
    stars(chat, 5)
    expect(comment).to_be_visible()
    stars(chat, 1)
    chat.page.get_by_role("button", name="Send rating").click()
    expect(chat.said).to_have_count(3)
    expect_stars(chat, 1)


def test_stars_by_keyboard(chat: Chat) -> None:
    keyboard = chat.page.keyboard
    chat.page.get_by_role("radio", name="1 of 5 stars").focus()
    keyboard.press("Space")
    keyboard.press("ArrowRight")
    keyboard.press("ArrowRight")
    expect_stars(chat, 3)
    focused = chat.page.get_by_role("radio", name="3 of 5 stars")
    expect(focused).to_be_focused()
    assert focused.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    keyboard.press("Tab")
    expect(chat.page.get_by_role("button", name="Follow this topic")).to_be_focused()
    keyboard.press("Tab")
    expect(chat.page.get_by_role("textbox", name="Your comment")).to_be_focused()
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.press("Enter")
    # Closed without sending: as it was.
    expect_stars(chat, 0)
    expect(focused).to_be_focused()
    expect(chat.page.get_by_role("button", name="Send rating")).to_be_hidden()
    expect(chat.said).to_have_count(1)


def test_following_shows(chat: Chat) -> None:
    follow = chat.page.get_by_role("button", name="Follow this topic").first
    expect(follow).to_have_attribute("aria-pressed", "false")
    follow.click()
    expect(follow).to_have_attribute("aria-pressed", "true")
    expect(follow.locator(".icon-check")).to_be_visible()
    expect(chat.said.last.locator(".body")).to_have_text("Follow “What is a placebo?”")
    chat.page.reload()
    expect(chat.said).to_have_count(2)
    expect(follow).to_have_attribute("aria-pressed", "true")


def test_following_ends_with_a_second_press(chat: Chat) -> None:
    follow = chat.page.get_by_role("button", name="Follow this topic").first
    for pressed in ("true", "false"):
        follow.click()
        expect(follow).to_have_attribute("aria-pressed", pressed)
        expect(follow).to_be_focused()
    expect(chat.said.last.locator(".body")).to_have_text("Stop following “What is a placebo?”")
    expect(chat.answers.last).to_contain_text("no longer follow")


def test_feedback_in_words_shows_below_the_answer(chat: Chat) -> None:
    follow = chat.page.get_by_role("button", name="Follow this topic").first
    chat.ask("follow this")
    expect(follow).to_have_attribute("aria-pressed", "true")
    chat.ask("stop following")
    expect(follow).to_have_attribute("aria-pressed", "false")
    chat.ask("4 stars")
    expect_stars(chat, 4)
    chat.page.reload()
    expect(chat.said).to_have_count(4)
    expect_stars(chat, 4)
    expect(follow).to_have_attribute("aria-pressed", "false")


def test_a_rated_answer_is_not_much_taller(chat: Chat) -> None:
    body = chat.page.locator(".entry.answer .body")
    row = chat.page.locator(".feedback")
    heights = [node.bounding_box() for node in (body, row)]
    assert heights[0]
    assert heights[1]
    assert heights[1]["height"] <= 0.15 * heights[0]["height"]


def test_what_a_person_had_erased_is_gone_here_too(context_of: Contexts, stack: Stack) -> None:
    page = context_of().new_page()
    page.route_web_socket(re.compile("socket.io"), lambda socket: socket.close())
    chat = Chat(page).visit(f"{stack.address}/chat/").open().ask("what is a placebo")

    def erase(route: Route) -> None:
        route.fulfill(json={"accepted": True, "entries": [ERASED]})

    page.route("**/chat/api/say", erase)
    chat.field.fill("half a quest")
    page.evaluate("document.querySelector('trialguide-chat').send('delete my data')")
    expect(page.locator(".entry.erased")).to_be_visible()
    assert chat.texts() == ["All is erased."]
    expect(page.locator("[data-unsent]")).to_have_count(0)
    expect(chat.field).to_have_value("")
    kept: dict[str, str] = page.evaluate("({...sessionStorage, ...localStorage})")
    assert {name.rpartition(" ")[2] for name in kept} == {"conversation", "open"}
    assert not any("quest" in value or "placebo" in value for value in kept.values())
    # It was announced, and the talk goes on.
    expect(page.locator("[role=status]").last).to_contain_text("All is erased.")
    page.unroute("**/chat/api/say")
    page.wait_for_timeout(100)
    chat.ask("what is a blind trial")
    expect(page.get_by_role("heading", name="What is a blind trial?")).to_be_visible()
