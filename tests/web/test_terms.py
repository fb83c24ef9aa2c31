"""Words of an answer that are explained below their paragraph, and the page of all words."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect
from widget_client import Chat, Host

Contexts = Callable[..., BrowserContext]

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
MAGNIFIED: dict[str, Any] = {"viewport": {"width": 320, "height": 256}}
LUTETIUM = "lutetium"


def prrt(context_of: Contexts, host: Host, **settings: Any) -> Chat:
    return Chat(context_of(**settings).new_page()).visit(host.page()).open().ask("what is prrt")


def test_a_word_is_explained_below_its_paragraph(context_of: Contexts, host: Host) -> None:
    chat = prrt(context_of, host, **DESKTOP)
    body = chat.page.locator(".entry.answer .body")
    before = body.inner_text()
    words = chat.page.locator(".term").all_inner_texts()
    assert LUTETIUM in words
    assert len(set(words)) == len(words)
    word, meaning = body.get_by_role("button", name=LUTETIUM), body.locator(".meaning")
    expect(word).to_have_attribute("aria-expanded", "false")
    word.click()
    expect(word).to_have_attribute("aria-expanded", "true")
    expect(meaning).to_contain_text("lutetium: ")
    # Another word takes its place.
    body.get_by_role("button", name="bone marrow").click()
    expect(meaning).to_have_count(1)
    expect(meaning).to_contain_text("bone marrow: ")
    expect(word).to_have_attribute("aria-expanded", "false")
    body.get_by_role("button", name="bone marrow").click()
    expect(meaning).to_have_count(0)
    assert body.inner_text() == before
    assert chat.problems == []


@pytest.mark.parametrize("key", ["Enter", " "])
def test_a_word_is_explained_by_the_keyboard(key: str, context_of: Contexts, host: Host) -> None:
    chat = prrt(context_of, host, **DESKTOP)
    word = chat.page.get_by_role("button", name=LUTETIUM)
    word.focus()
    word.press(key)
    expect(chat.page.locator(".meaning")).to_be_visible()
    expect(word).to_be_focused()
    word.press("Escape")
    expect(chat.page.locator(".meaning")).to_have_count(0)
    expect(chat.panel).to_be_visible()
    expect(word).to_be_focused()
    word.press("Escape")
    expect(chat.panel).to_be_hidden()


def test_a_meaning_can_be_read_when_magnified(context_of: Contexts, host: Host) -> None:
    chat = prrt(context_of, host, **MAGNIFIED)
    chat.page.get_by_role("button", name=LUTETIUM).click()
    expect(chat.page.locator(".meaning")).to_be_in_viewport(ratio=0.5)
    scroller = chat.page.locator(".scroller")
    assert scroller.evaluate("node => node.scrollWidth <= node.clientWidth")


def test_notices_and_alarms_have_no_marked_words(context_of: Contexts, host: Host) -> None:
    chat = prrt(context_of, host, **DESKTOP).ask("i cant breathe")
    expect(chat.page.locator(".entry.urgent")).to_be_visible()
    assert chat.page.locator(".entry:not(.answer) .term").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("settings", [DESKTOP, MAGNIFIED], ids=["desktop", "400 %"])
def test_the_page_of_words_is_open_to_everybody(scheme: str, settings: Any, context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of(**settings, color_scheme=scheme).new_page())
    chat.page.goto(f"{host.bot}/chat/glossary#lutetium")
    expect(chat.page.locator("#lutetium")).to_be_in_viewport()
    assert chat.violations() == []
    assert chat.refused() == []
    assert chat.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    chat.page.locator("#lutetium").get_by_role("link", name="What is PRRT?").click()
    expect(chat.page.locator("#prrt")).to_be_in_viewport()
