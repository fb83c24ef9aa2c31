"""Everybody can use the widget: with a keyboard, with a screen reader, magnified, in the dark, from right to left."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect
from widget_client import Chat, Host

from trialguide.commands.stack import Stack

Contexts = Callable[..., BrowserContext]

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
DARK = DESKTOP | {"color_scheme": "dark"}
# What a window of 1280 by 1024 holds at 400 %.
MAGNIFIED = {"viewport": {"width": 320, "height": 256}}
CONTRAST = DESKTOP | {"forced_colors": "active"}
RIGHT_TO_LEFT = 'data-direction="rtl"'
# Announced beside the answers where these take long.
WAITING = "is looking for an answer"


def closed(chat: Chat) -> None:
    pass


def opened(chat: Chat) -> None:
    chat.open()


def answer(chat: Chat) -> None:
    chat.open().ask("what are the phases")


def clinics(chat: Chat) -> None:
    chat.open().ask("I need a NET clinic").ask("Oslo")
    expect(chat.page.locator(".entry.clinic").first).to_be_attached()


def groups(chat: Chat) -> None:
    chat.open().ask("is there a support group").ask("Germany")
    expect(chat.page.locator(".entry.group").first).to_be_attached()


def urgent(chat: Chat) -> None:
    chat.open().ask("i cant breathe")
    expect(chat.page.locator(".entry.urgent")).to_be_visible()


def menu(chat: Chat) -> None:
    chat.open()
    chat.page.get_by_role("button", name="More").click()


def asked_to_start_again(chat: Chat) -> None:
    menu(chat)
    chat.page.get_by_role("button", name="Start again").click()


def too_long(chat: Chat) -> None:
    chat.open()
    chat.field.fill("a" * 1001)


def offline(chat: Chat) -> None:
    chat.open()
    chat.page.context.set_offline(True)
    chat.field.fill("what is a placebo")
    chat.field.press("Enter")
    expect(chat.page.locator(".status")).to_be_visible()


def commenting(chat: Chat) -> None:
    chat.open().ask("what is a placebo")
    chat.page.get_by_role("radio", name="2 of 5 stars").click()
    chat.page.get_by_role("textbox", name="Your comment").fill("Too long for me")


def rated(chat: Chat) -> None:
    commenting(chat)
    chat.page.get_by_role("button", name="Send rating").click()
    expect(chat.said).to_have_count(2)
    chat.page.get_by_role("button", name="Follow this topic").click()
    expect(chat.said).to_have_count(3)


def explained(chat: Chat) -> None:
    chat.open().ask("what is prrt")
    chat.page.locator(".term").first.click()
    expect(chat.page.locator(".meaning")).to_be_visible()


def enlarged_picture(chat: Chat) -> None:
    answer(chat)
    chat.page.get_by_role("button", name="Enlarge the picture").click()


STATES = [
    closed,
    opened,
    answer,
    commenting,
    rated,
    clinics,
    groups,
    urgent,
    menu,
    asked_to_start_again,
    too_long,
    offline,
    explained,
    enlarged_picture,
]
VIEWS: dict[str, tuple[dict[str, Any], str]] = {
    "desktop": (DESKTOP, ""),
    "phone": (PHONE, ""),
    "dark": (DARK, 'data-scheme="dark"'),
    "right to left": (DESKTOP, RIGHT_TO_LEFT),
    "400 %": (MAGNIFIED, ""),
    "forced colours": (CONTRAST, ""),
}


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
@pytest.mark.parametrize("view", VIEWS)
def test_no_violation(view: str, state: Callable[[Chat], None], context_of: Contexts, host: Host) -> None:
    settings, options = VIEWS[view]
    # Motion would let colours be measured while they fade in.
    chat = Chat(context_of(**settings, reduced_motion="reduce").new_page()).visit(host.page(options=options))
    state(chat)
    assert chat.violations() == []
    assert chat.problems == []


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_lies_outside_the_window(view: str, context_of: Contexts, host: Host) -> None:
    settings, options = VIEWS[view]
    chat = Chat(context_of(**settings).new_page()).visit(host.page(options=options))
    clinics(chat)
    width = settings["viewport"]["width"]
    for part in (".panel", ".composer", ".submit", ".scroller"):
        box = chat.page.locator(part).bounding_box()
        assert box, part
        assert box["x"] >= 0, part
        assert box["x"] + box["width"] <= width, part
        assert box["y"] + box["height"] <= settings["viewport"]["height"], part
    assert chat.page.evaluate("document.documentElement.scrollWidth") <= width
    assert chat.page.locator(".scroller").evaluate("node => node.scrollWidth <= node.clientWidth")
    # At 400 % there must still be room to read.
    assert chat.page.locator(".scroller").evaluate("node => node.clientHeight") >= 90


def test_targets_are_large_enough(context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of(**PHONE).new_page()).visit(host.page()).open()
    chat.ask("what are the phases").ask("I need a NET clinic").ask("Oslo")
    chat.page.get_by_role("button", name="More").click()
    chat.page.get_by_role("radio", name="4 of 5 stars").first.click()
    for target in chat.page.locator("button:visible, .contacts > a:visible, .menu a:visible, textarea, form input").all():
        box = target.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 44, target.inner_text()
    # Five stars stand in one row beside a button on a phone; WCAG 2.2 asks for 24.
    for star in chat.page.get_by_role("radio").all():
        box = star.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 32


def test_talk_by_keyboard_alone(context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of(**DESKTOP).new_page()).visit(host.page())
    keyboard = chat.page.keyboard
    keyboard.press("Tab")
    expect(chat.page.get_by_role("link", name="link")).to_be_focused()
    keyboard.press("Tab")
    expect(chat.launcher).to_be_focused()
    assert chat.launcher.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    keyboard.press("Enter")
    expect(chat.field).to_be_focused()
    keyboard.type("what is a")
    keyboard.press("Shift+Enter")
    keyboard.type("placebo")
    expect(chat.field).to_have_value("what is a\nplacebo")
    keyboard.press("Enter")
    expect(chat.answers.last).to_be_visible()
    expect(chat.field).to_have_value("")
    # Back to the related questions, and one of them chosen.
    related = chat.page.get_by_role("button", name="What is a blind trial?")
    for _ in range(20):
        keyboard.press("Shift+Tab")
        if related.evaluate("node => node.matches(':focus')"):
            break
    assert related.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    keyboard.press("Enter")
    expect(chat.said).to_have_count(2)
    expect(chat.said.last).to_contain_text("What is a blind trial?")
    # Escape closes one thing at a time, and the focus goes back to where it came from.
    more = chat.page.get_by_role("button", name="More")
    more.focus()
    keyboard.press("Enter")
    expect(chat.page.get_by_role("button", name="Save as a text file")).to_be_focused()
    keyboard.press("Escape")
    expect(more).to_be_focused()
    expect(chat.panel).to_be_visible()
    keyboard.press("Escape")
    expect(chat.panel).to_be_hidden()
    expect(chat.launcher).to_be_focused()


def test_focus_goes_back_to_what_opened_it(context_of: Contexts, host: Host) -> None:
    body = f"<button id=own>Questions?</button>{host.script()}"
    chat = Chat(context_of(**DESKTOP).new_page()).visit(host.page(body))
    chat.page.evaluate("own.addEventListener('click', () => document.querySelector('trialguide-chat').open())")
    chat.page.locator("#own").click()
    expect(chat.field).to_be_focused()
    chat.page.get_by_role("button", name="Close").click()
    expect(chat.page.locator("#own")).to_be_focused()


def test_on_a_phone_focus_stays_in_the_panel_and_no_keyboard_opens(context_of: Contexts, host: Host) -> None:
    settings = PHONE | {"is_mobile": True}
    chat = Chat(context_of(**settings).new_page()).visit(host.page()).open()
    assert chat.panel.evaluate("node => node.matches(':modal') && node.matches(':focus')")
    for _ in range(12):
        chat.page.keyboard.press("Tab")
        assert chat.page.evaluate("document.activeElement.localName") in ("trialguide-chat", "body")
    # Once it has slid in.
    chat.panel.evaluate("node => Promise.all(node.getAnimations().map(one => one.finished))")
    assert chat.panel.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}


def test_each_answer_is_announced_once_and_history_never(context_of: Contexts, stack: Stack) -> None:
    chat = Chat(context_of(**DESKTOP).new_page())
    chat.page.add_init_script(
        """
        window.announced = [];
        customElements.whenDefined('trialguide-chat').then(() => {
            for (const live of document.querySelector('trialguide-chat').shadowRoot.querySelectorAll('[role=status], [aria-live=polite]'))
                new MutationObserver(all => all.forEach(one => one.addedNodes.forEach(node => announced.push(node.textContent))))
                    .observe(live, {childList: true, subtree: true, characterData: true});
        });
        """
    )
    chat.visit(f"{stack.address}/chat/").open()
    assert chat.page.evaluate("announced") == []
    chat.ask("what is a placebo")
    # On a busy machine the answer comes a while after the notice before it.
    chat.page.wait_for_function("announced.some(text => text.startsWith('What is a placebo?'))")
    announced = [text for text in chat.page.evaluate("announced") if WAITING not in text]
    assert len([text for text in announced if text.startswith("What is a placebo?")]) == 1
    assert len(announced) == chat.answers.count()
    assert not any(text.startswith("what is a placebo") for text in announced)
    assert "Choices: " in announced[-1]
    log = chat.page.get_by_role("log")
    assert log.get_attribute("aria-label") == "Conversation"

    chat.page.reload()
    expect(chat.answers.last).to_be_visible()
    chat.page.wait_for_timeout(500)
    assert chat.page.evaluate("announced") == []


@pytest.mark.parametrize("settings", [DESKTOP, PHONE, MAGNIFIED])
def test_answers_are_announced_where_a_screen_reader_hears_them(
    settings: dict[str, Any], context_of: Contexts, host: Host
) -> None:
    chat = Chat(context_of(**settings).new_page()).visit(host.page())
    assert chat.page.locator("trialguide-chat").get_by_role("status").count() == 1
    chat.open()
    said = announcements(chat)
    chat.ask("what is a placebo")
    chat.ask("i cant breathe")
    heard = said()
    # A modal dialog makes all outside of it inert, and what is inert is silent.
    assert all(inside for _, _, inside in heard)
    assert [role for role, text, _ in heard if text.startswith("What is a placebo? A placebo")] == ["status"]
    assert [role for role, text, _ in heard if text.startswith("Urgent.")] == ["alert"]
    chat.ask("sorry, false alarm, I am fine")
    # Beside a picture that covers the conversation, too.
    chat.ask("what are the phases")
    chat.page.get_by_role("button", name="Enlarge the picture").click()
    chat.page.evaluate("document.querySelector('trialguide-chat').send('what is a blind trial')")
    expect(chat.page.get_by_role("dialog", name="Picture").get_by_role("status")).to_contain_text("What is a blind trial?")
    expect(chat.said).to_have_count(5)
    chat.page.keyboard.press("Escape")
    chat.ask("what is phase 1")
    assert all(inside for _, _, inside in said())


def announcements(chat: Chat) -> Callable[[], list[tuple[str, str, bool]]]:
    """What is put into live regions from now on: role, text, and whether a screen reader takes notice of it there."""
    chat.page.evaluate(
        """() => {
            window.heard = [];
            const root = document.querySelector('trialguide-chat').shadowRoot;
            new MutationObserver(all => all.forEach(({target, addedNodes}) => addedNodes.forEach(node => {
                const role = target.getAttribute('role');
                if (role !== 'status' && role !== 'alert') return;
                const modal = [...root.querySelectorAll('dialog:modal')].pop();
                heard.push([role, node.textContent, !modal || modal.contains(target)]);
            }))).observe(root, {childList: true, subtree: true});
        }"""
    )
    return lambda: [(role, text, inside) for role, text, inside in chat.page.evaluate("heard")]


def test_one_banner_only(context_of: Contexts, host: Host) -> None:
    body = f"<header>Head</header><main><h1>A page</h1></main>{host.script()}"
    chat = Chat(context_of(**DESKTOP).new_page()).visit(host.page(body)).open()
    assert chat.page.get_by_role("banner").count() == 1
    assert chat.violations() == []


@pytest.mark.parametrize("composing", ["isComposing: true", "keyCode: 229"])
def test_enter_that_ends_a_composition_sends_nothing(composing: str, context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of(**DESKTOP).new_page()).visit(host.page()).open()
    chat.field.fill("nihon")
    for key in ("Enter", "Escape"):
        chat.field.evaluate(
            f"node => node.dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', {composing}, bubbles: true, cancelable: true}}))"
        )
    chat.page.wait_for_timeout(300)
    expect(chat.field).to_have_value("nihon")
    expect(chat.panel).to_be_visible()
    expect(chat.page.locator(".entry.patient")).to_have_count(0)


def test_text_has_its_own_direction(context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of(**DESKTOP).new_page()).visit(host.page(options=RIGHT_TO_LEFT)).open().ask("what is a placebo")
    assert chat.page.locator(".root").evaluate("node => getComputedStyle(node).direction") == "rtl"
    paragraph = chat.answers.last.locator("p").first
    assert paragraph.evaluate("node => getComputedStyle(node).direction") == "ltr"
    assert chat.page.locator(".root").get_attribute("lang") == "en"
    panel, launcher_side = chat.panel.bounding_box(), 20
    assert panel
    assert panel["x"] == launcher_side


@pytest.mark.parametrize(("motion", "animation"), [("reduce", "none"), ("no-preference", "appear")])
def test_motion_as_the_reader_wishes(motion: str, animation: str, context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of(**DESKTOP, reduced_motion=motion).new_page()).visit(host.page()).open()
    assert chat.panel.evaluate("node => getComputedStyle(node).animationName") == animation
