"""Who types of danger while the server cannot be reached reads the emergency sentence at once."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect
from widget_client import Chat, Host, shut_out

Contexts = Callable[..., BrowserContext]
SENTENCE = "call your local emergency number now"


def say(chat: Chat, text: str) -> None:
    chat.field.fill(text)
    chat.field.press("Enter")


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        ("i cant breathe", True),
        ("I CAN’T BREATHE!!", True),
        ("Ｉ ｗａｎｔ ｔｏ ｋｉｌｌ ｍｙｓｅｌｆ", True),
        ("please, my wife\nis not breathing.", True),
        ("what is a placebo", False),
        ("is dancing allowed in a trial", False),
    ],
)
def test_shut_out(text: str, danger: bool, context_of: Contexts, host: Host) -> None:
    page = context_of().new_page()
    shut_out(page)
    chat = Chat(page).visit(host.page())
    chat.launcher.click()
    say(chat, text)
    expect(page.locator("[data-unsent]")).to_contain_text("Waiting to be sent")
    urgent = page.locator(".entry.urgent")
    expect(urgent).to_have_count(int(danger))
    if danger:
        expect(urgent).to_contain_text(SENTENCE)
        expect(urgent.get_by_role("link", name="112")).to_have_attribute("href", "tel:112")
        expect(page.get_by_role("alert")).to_contain_text(SENTENCE)


def test_offline_and_back(context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of().new_page()).visit(host.page()).open()
    chat.page.context.set_offline(True)
    say(chat, "i cant breathe")
    expect(chat.page.locator(".entry.urgent")).to_contain_text("There is no connection")
    chat.page.context.set_offline(False)
    # The server's own answer takes its place.
    expect(chat.page.locator(".entry.urgent[data-id]")).to_be_visible()
    expect(chat.page.locator(".entry.urgent")).to_have_count(1)
    chat.page.context.set_offline(True)
    say(chat, "what is a placebo")
    expect(chat.page.locator("[data-unsent]")).to_be_visible()
    expect(chat.page.locator(".entry.urgent")).to_have_count(1)


def test_online_the_server_answers(context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of().new_page()).visit(host.page()).open()
    chat.page.evaluate(
        "new MutationObserver(() => { window.most = Math.max(window.most ?? 0, "
        "document.querySelector('trialguide-chat').shadowRoot.querySelectorAll('.urgent').length) })"
        ".observe(document.querySelector('trialguide-chat').shadowRoot, {childList: true, subtree: true})"
    )
    chat.ask("i cant breathe")
    assert chat.page.evaluate("most") == 1
