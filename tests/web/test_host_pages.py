"""Pages that exchange, transform or script what the widget stands on."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, ViewportSize, expect
from widget_client import LAUNCHER, Chat, Host, shut_out

Contexts = Callable[..., BrowserContext]

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
MAGNIFIED: ViewportSize = {"width": 320, "height": 256}
NEW_BODY = "Object.assign(document.createElement('body'), {innerHTML: '<main><h1>Two</h1></main>'})"
EXCHANGES = {
    "htmx": "document.body.innerHTML = '<main><h1>Two</h1></main>'",
    "Turbo": f"document.body.replaceWith({NEW_BODY})",
    "React": "document.body.replaceChildren(document.createElement('main'))",
    "whole document": "document.documentElement.innerHTML = '<head></head><body><main><h1>Two</h1></main></body>'",
    "root element": f"""(() => {{
        const root = document.createElement('html');
        root.append(document.createElement('head'), {NEW_BODY});
        document.replaceChild(root, document.documentElement);
    }})()""",
    "again and again": "[1, 2, 3].forEach(() => { document.documentElement.innerHTML = '<body></body>' })",
}
TRANSFORMS = [
    "transform: translateY(40px)",
    "filter: grayscale(0)",
    "will-change: transform",
    "perspective: 9cm",
    "contain: paint",
]
# Shortcuts of one key, as documentation themes and players have them.
SHORTCUTS = """
for (const type of ['keydown', 'keypress', 'keyup'])
    document.addEventListener(type, event => {
        if (['input', 'textarea'].includes(event.target.localName)) return;
        if ('s/k '.includes(event.key)) event.preventDefault();
    });
"""
# Old versions of prototype.js.
TO_JSON = "Array.prototype.toJSON = function () { return '[' + this.map(one => JSON.stringify(one)).join(', ') + ']'; };"


def console_of(page: Page) -> list[str]:
    """What the widget writes into the console, from now on."""
    lines: list[str] = []

    def keep(message: ConsoleMessage) -> None:
        if message.text.startswith("TrialGuide"):
            lines.append(message.text)

    page.on("console", keep)
    return lines


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_the_widget_outlives_an_exchange_of_the_page(exchange: str, context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of(viewport=DESKTOP).new_page()).visit(host.page()).open().ask("what is a placebo")
    chat.page.evaluate(EXCHANGES[exchange])
    expect(chat.page.locator("trialguide-chat")).to_have_count(1)
    expect(chat.panel).to_be_visible()
    expect(chat.said).to_have_count(1)
    chat.ask("what is a blind trial")
    chat.page.get_by_role("button", name="Close").click()
    expect(chat.launcher).to_be_visible()
    assert chat.problems == []


def test_a_script_tag_that_runs_again_makes_no_second_widget(context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of().new_page()).visit(host.page())
    tag = "document.body.append(Object.assign(document.createElement('script'), {src: SRC}))".replace(
        "SRC", f"'{host.bot}/chat/widget.js?again'"
    )
    chat.page.evaluate(f"document.body.replaceWith({NEW_BODY}); {tag}")
    chat.page.wait_for_timeout(300)
    assert chat.page.locator("trialguide-chat").count() == 1
    # A page that has removed it and loads it anew wants it back.
    chat.page.evaluate("document.querySelector('trialguide-chat').remove()")
    expect(chat.launcher).to_have_count(0)
    chat.page.evaluate(tag.replace("?again", "?anew"))
    expect(chat.launcher).to_have_count(1)


def test_a_module_script_finds_its_server(context_of: Contexts, host: Host) -> None:
    script = f'<script type="module" src="{host.bot}/chat/widget.js" data-label="Questions?"></script>'
    page = context_of().new_page()
    page.goto(host.page(f"<main><h1>A page</h1></main>{script}"))
    page.get_by_role("button", name="Questions?").click()
    Chat(page).ask("what is a placebo")


@pytest.mark.parametrize(("options", "launchers"), [("", 0), ("data-server={bot}", 1)])
def test_a_merged_script_needs_a_server_and_says_so(options: str, launchers: int, context_of: Contexts, host: Host) -> None:
    page = context_of().new_page()
    lines = console_of(page)
    body = page.request.get(f"{host.bot}/chat/widget.js").text()
    page.route("**/bundle.js", lambda route: route.fulfill(content_type="text/javascript", body=body))
    page.goto(host.page(f"<main><script src='/bundle.js' {options.format(bot=host.bot)}></script></main>"))
    expect(page.get_by_role("button", name=LAUNCHER)).to_have_count(launchers)
    page.wait_for_timeout(300)
    assert len(lines) == 1 - launchers
    assert all("data-server" in line for line in lines)


def test_a_page_that_is_not_let_in_is_told_once_in_the_console(context_of: Contexts, host: Host) -> None:
    page = context_of().new_page()
    lines = console_of(page)
    shut_out(page)
    chat = Chat(page).visit(host.page())
    chat.launcher.click()
    expect(page.locator(".status")).to_contain_text("There is no connection")
    page.wait_for_timeout(3000)
    assert len(lines) == 1
    assert host.address in lines[0]
    assert "ALLOWED_ORIGINS" in lines[0]


def test_a_wrong_server_is_told_once_in_the_console(context_of: Contexts, host: Host) -> None:
    page = context_of().new_page()
    lines = console_of(page)
    page.goto(host.page(options=f'data-server="{host.address}/nothing/"'))
    page.wait_for_timeout(3000)
    assert len(lines) == 1
    assert f"{host.address}/nothing/" in lines[0]


@pytest.mark.parametrize("style", TRANSFORMS)
def test_a_transformed_body_moves_nothing(style: str, context_of: Contexts, host: Host) -> None:
    head = f"<style>body {{ {style}; margin: 90px; height: 300vh }}</style>"
    chat = Chat(context_of(viewport=DESKTOP, reduced_motion="reduce").new_page()).visit(host.page(head=head)).open()
    chat.page.evaluate("scrollTo(0, 700)")
    box = chat.panel.bounding_box()
    assert box
    assert (box["x"] + box["width"], box["y"] + box["height"]) == (1260, 780)


def test_a_frame_on_a_page_of_another_site(context_of: Contexts, host: Host) -> None:
    page = context_of(viewport=DESKTOP).new_page()
    page.goto(host.page(f"<main><iframe title=Chat width=500 height=600 src='{host.bot}/chat/frame'></iframe></main>"))
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("button", name="Find a NET clinic")).to_be_visible(timeout=20_000)
    # A conversation in the place of its element leaves the focus to the page.
    assert page.evaluate("document.activeElement.localName") == "body"
    frame.get_by_role("textbox", name="Your question").fill("what is a placebo")
    frame.get_by_role("textbox", name="Your question").press("Enter")
    expect(frame.locator(".entry.answer")).to_be_visible(timeout=20_000)
    box = frame.get_by_role("dialog").bounding_box()
    assert box
    assert (box["width"], box["height"]) == (500, 600)


def test_shortcuts_of_the_page_take_no_letters(context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of().new_page())
    chat.page.add_init_script(SHORTCUTS)
    chat.visit(host.page()).open()
    chat.field.press_sequentially("what are side effects / risks")
    expect(chat.field).to_have_value("what are side effects / risks")


@pytest.mark.parametrize("capture", [False, True])
def test_the_conversation_scrolls_on_pages_that_take_the_wheel(capture: bool, context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of(viewport=DESKTOP).new_page())
    options = f"{{passive: false, capture: {str(capture).lower()}}}"
    chat.page.add_init_script(f"addEventListener('wheel', event => event.preventDefault(), {options})")
    chat.visit(host.page()).open().ask("I need a NET clinic").ask("Oslo")
    scroller = chat.page.locator(".scroller")
    before = scroller.evaluate("node => { node.scrollTop = 0; return node.scrollTop; }")
    scroller.hover()
    chat.page.mouse.wheel(0, 200)
    chat.page.wait_for_timeout(300)
    assert scroller.evaluate("node => node.scrollTop") >= before + 150


def test_old_libraries_that_change_how_arrays_are_written(context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of().new_page())
    chat.page.add_init_script(TO_JSON)
    chat.visit(host.page()).open().ask("what is a placebo")


# What the translation of a browser does to a page: text nodes are moved into elements, again and again, and the language changes.
TRANSLATE = """
const translate = root => {
    document.documentElement.lang = 'de';
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts.filter(text => text.data.trim() && text.parentNode.localName !== 'font')) {
        const font = document.createElement('font');
        text.replaceWith(font);
        font.append(text);
    }
};
setInterval(() => translate(document.querySelector('trialguide-chat').shadowRoot), 50);
"""


def test_a_page_that_the_browser_translates(context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of().new_page()).visit(host.page()).open()
    chat.page.evaluate(TRANSLATE)
    chat.ask("what is a placebo")
    expect(chat.page.locator(".entry.answer font").first).to_be_attached()
    chat.page.get_by_role("radio", name="4 of 5 stars").click()
    chat.page.get_by_role("button", name="Send rating").click()
    expect(chat.said).to_have_count(2)
    chat.ask("what is a blind trial")
    assert chat.problems == []


def test_no_field_is_so_small_that_a_phone_magnifies_it(context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of(viewport=PHONE, has_touch=True, is_mobile=True).new_page()).visit(host.page()).open()
    chat.ask("what is a placebo")
    chat.page.get_by_role("radio", name="4 of 5 stars").click()
    fields = chat.page.locator("trialguide-chat textarea, trialguide-chat input:not([type=radio])")
    sizes = fields.evaluate_all("all => all.map(field => parseFloat(getComputedStyle(field).fontSize))")
    assert len(sizes) == 2
    assert min(sizes) >= 16


def test_back_to_a_page_that_was_left(context_of: Contexts, host: Host) -> None:
    elsewhere = host.page("<main><h1>Elsewhere</h1></main>", path="/elsewhere")
    chat = Chat(context_of().new_page()).visit(host.page()).open().ask("what is a placebo")
    chat.page.goto(elsewhere)
    chat.page.go_back()
    expect(chat.panel).to_be_visible()
    expect(chat.said).to_have_count(1)
    chat.ask("what is a blind trial")
    assert chat.problems == []


def test_turning_the_screen_keeps_place_focus_and_words(context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of(viewport=DESKTOP).new_page()).visit(host.page()).open().ask("what is a placebo")
    chat.field.fill("half a quest")
    for size, modal in ((PHONE, True), (DESKTOP, False), (MAGNIFIED, True)):
        chat.page.set_viewport_size(size)
        expect(chat.panel).to_be_visible()
        chat.page.wait_for_timeout(200)
        assert chat.panel.evaluate("node => node.matches(':modal')") is modal
        expect(chat.field).to_be_focused()
        expect(chat.field).to_have_value("half a quest")
        box = chat.panel.bounding_box()
        assert box
        assert (box["width"] == size["width"]) is modal
    chat.page.keyboard.press("Escape")
    expect(chat.launcher).to_be_visible()


DARK_CSS = "<style>body { background: #10191d; color: #fff }</style>"
SCHEMES: dict[str, tuple[str, str, str, bool]] = {
    "light page, dark system": ("", "", "dark", False),
    "white body, dark system": ("<style>body { background: white }</style>", "", "dark", False),
    "dark body, light system": (DARK_CSS, "", "light", True),
    "dark root": ("<style>html { background: oklch(0.2 0.02 260) }</style>", "", "light", True),
    "dark canvas": ("<style>:root { color-scheme: dark }</style>", "", "light", True),
    "canvas by the system, dark": ("<style>:root { color-scheme: light dark }</style>", "", "dark", True),
    "canvas by the system, light": ("<style>:root { color-scheme: light dark }</style>", "", "light", False),
    "canvas by a meta tag": ("<meta name=color-scheme content='dark light'>", "", "dark", True),
    "option against the page": (DARK_CSS, 'data-scheme="light"', "light", False),
}


@pytest.mark.parametrize("name", SCHEMES)
def test_colour_scheme_of_the_page(name: str, context_of: Contexts, host: Host) -> None:
    head, options, system, dark = SCHEMES[name]
    chat = Chat(context_of(color_scheme=system).new_page()).visit(host.page(head=head, options=options))
    assert chat.page.locator(".root").evaluate("node => node.classList.contains('dark')") is dark


def test_colour_scheme_follows_a_switch_of_the_page(context_of: Contexts, host: Host) -> None:
    head = "<style>.night body { background: #111 }</style>"
    chat = Chat(context_of().new_page()).visit(host.page(head=head))
    chat.page.evaluate("document.documentElement.className = 'night'")
    expect(chat.page.locator(".root.dark")).to_have_count(1)
    chat.page.evaluate(f"document.body.replaceWith({NEW_BODY}); document.documentElement.className = ''")
    expect(chat.page.locator(".root.dark")).to_have_count(0)
    chat.page.evaluate("document.body.style.background = 'black'")
    expect(chat.page.locator(".root.dark")).to_have_count(1)


def test_name_and_logo_of_the_page(context_of: Contexts, host: Host) -> None:
    options = f'data-name="NET Helper" data-logo="{host.bot}/chat/pages/icon.svg"'
    chat = Chat(context_of().new_page()).visit(host.page(options=options)).open()
    expect(chat.page.get_by_role("heading", name="NET Helper")).to_be_visible()
    logo = chat.page.locator(".logo")
    assert logo.evaluate("node => node.naturalWidth") > 0
    assert logo.get_attribute("alt") == ""
    chat.ask("what is a placebo")
    assert "TrialGuide" not in chat.page.locator(".panel .head").inner_text()
    assert "NET Helper" in chat.answers.last.locator(".hidden").first.inner_text()


@pytest.mark.parametrize("logo", ["/no/such.png", "javascript:alert(1)", "data:text/html,x"])
def test_a_logo_that_cannot_be_shown_leaves_the_sign(logo: str, context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of().new_page()).visit(host.page(options=f'data-logo="{logo}"')).open()
    expect(chat.page.locator(".sign")).to_be_visible()
    expect(chat.page.locator(".logo")).to_have_count(0)


def test_an_own_label_stays_when_messages_are_new(context_of: Contexts, host: Host) -> None:
    address = host.page(options='data-storage="local" data-label="Questions?"')
    context = context_of()
    pages: list[Any] = [context.new_page(), context.new_page()]
    for page in pages:
        page.goto(address)
        page.get_by_role("button", name="Questions?").click()
    first, second = map(Chat, pages)
    first.ask("what is a placebo")
    expect(second.said).to_have_count(1)
    first.page.get_by_role("button", name="Close").click()
    second.ask("what is a blind trial")
    expect(first.page.get_by_role("button", name="Questions? There are new messages.")).to_be_visible()
