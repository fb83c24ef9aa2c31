"""The widget on pages of others: strict, hostile, double, and as the web editor wants it."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from conftest import ROOT
from playwright.sync_api import BrowserContext, Page, Route, expect
from widget_client import LAUNCHER, Chat, Host

from trialguide.commands.stack import Stack

Contexts = Callable[..., BrowserContext]

PROBES = [
    "<img src=x onerror=\"window.harmed = 'image'\">",
    "<script>window.harmed = 'script'</script>",
    "<svg onload=\"window.harmed = 'svg'\"></svg>",
    "<a href=\"javascript:window.harmed = 'link'\">a link</a>",
    "javascript:window.harmed='address'//http://a.example",
    "[a link](javascript:window.harmed='markdown')",
    '"><iframe srcdoc="<script>parent.harmed = 1</script>"></iframe>',
    "{{constructor.constructor('window.harmed = 1')()}} ${window.harmed = 1}",
]
BAD_LINKS = [
    "javascript:window.harmed='link'",
    " JaVaScRiPt:window.harmed='link'",
    "java\nscript:window.harmed='link'",
    "data:text/html,<script>parent.harmed=1</script>",
    "vbscript:harm",
    "file:///etc/passwd",
    "blob:http://a.example/x",
]
# What a page can do to the element itself; a page that hides or turns its whole body means it.
HOSTILE = """
body * { all: unset !important; font: 40px/3 cursive !important; color: red !important; background: lime !important;
    letter-spacing: 9px !important; transform: rotate(3deg) !important; opacity: 0.2 !important; position: static !important;
    pointer-events: none !important; visibility: hidden !important; }
trialguide-chat, body > *, div, button, dialog { display: none !important; inline-size: 3px !important; zoom: 3 !important; }
trialguide-chat { filter: blur(9px) !important; clip-path: circle(0) !important; content-visibility: hidden !important; }
:root, body { font: 3px/9 cursive !important; letter-spacing: 9px; direction: rtl; text-align: end; color: red; cursor: none; }
"""


def strict(bot: str) -> str:
    """A content security policy that lets in what the widget needs, and nothing else."""
    sockets = bot.replace("http", "ws", 1)
    return (
        f"default-src 'none'; script-src {bot}; connect-src {bot} {sockets}; img-src {bot}; style-src 'none'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def test_strict_policy_and_no_third_party(context_of: Contexts, host: Host) -> None:
    context = context_of()
    chat = Chat(context.new_page()).visit(host.page(policy=strict(host.bot))).open()
    chat.ask("what are the phases").ask("I need a NET clinic").ask("Oslo").ask("i cant breathe")
    chat.page.get_by_role("button", name="Enlarge the picture").click()
    chat.page.keyboard.press("Escape")
    chat.page.get_by_role("button", name="More").click()
    with context.expect_page() as view:
        chat.page.get_by_role("button", name="Print", exact=True).click()
    # The style of the print view came through as well.
    assert view.value.evaluate("getComputedStyle(document.body).maxWidth") != "none"
    assert chat.refused() == []
    assert chat.problems == []
    assert chat.hosts() == {host.address, host.bot}
    assert context.cookies() == []
    sizes = chat.page.locator(".entry img").evaluate_all("all => all.map(image => image.naturalWidth)")
    assert sizes
    assert all(sizes)


def test_own_page_is_strict_too(context_of: Contexts, stack: Stack) -> None:
    context = context_of()
    chat = Chat(context.new_page()).visit(f"{stack.address}/chat/").open().ask("what are the phases")
    assert chat.refused() == []
    assert chat.hosts() == {stack.address}
    assert context.cookies() == []
    kept: dict[str, str] = chat.page.evaluate("({...sessionStorage, ...localStorage})")
    # The texts of a conversation stay with the server: the computer may be shared.
    assert {name.rpartition(" ")[2] for name in kept} == {"conversation", "open"}


def test_what_a_patient_types_does_no_harm(context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of().new_page()).visit(host.page()).open()
    for probe in PROBES:
        chat.ask(probe)
        assert chat.said.last.locator("p").inner_text() == probe
    assert_unharmed(chat)


def test_what_the_server_says_does_no_harm(context_of: Contexts, host: Host) -> None:
    """Answers can quote what a patient has typed, so they are trusted no more."""
    entries = [
        {
            "id": f"e-{number}",
            "from": "assistant",
            "time": "2026-11-25T21:40:00Z",
            "kind": kind,
            "text": f"{probe}\n\n{link}",
            "topic": {"id": "x", "title": probe},
            "sources": [{"organisation": probe, "link": link}],
            "status": probe,
            "picture": {"link": link, "alternative": probe},
            "choices": [{"title": probe, "token": probe}],
            "feedback": [
                {"title": probe, "token": probe, "shown": probe, "stars": 1},
                {"title": probe, "token": probe, "shown": probe},
            ],
        }
        | ({"card": card(probe, link)} if kind in ("clinic", "group", "registry") else {})
        for number, (kind, probe, link) in enumerate(
            (kind, probe, BAD_LINKS[number % len(BAD_LINKS)])
            for number, probe in enumerate(PROBES)
            for kind in ("text", "answer", "clinic", "group", "registry", "urgent", "trouble")
        )
    ]
    chat = chat_with(context_of().new_page(), host, entries)
    expect(chat.page.locator(".entry[data-id]")).to_have_count(len(entries))
    assert chat.page.locator(".choice").first.inner_text() == PROBES[0]
    chat.page.locator(".choice").first.click()
    chat.page.get_by_role("button", name="More").click()
    with chat.page.context.expect_page() as view:
        chat.page.get_by_role("button", name="Print", exact=True).click()
    assert view.value.evaluate("window.harmed ?? opener.harmed") is None
    assert_unharmed(chat)


def test_room_for_rating_shows_only_what_the_server_offers(context_of: Contexts, host: Host) -> None:
    plain = {"id": "e-1", "from": "assistant", "time": "2026-11-25T21:40:00Z", "kind": "answer", "text": "An answer."}
    offered = plain | {"id": "e-2", "feedback": [{"title": "This helped", "token": "c.1"}]}
    chat = chat_with(context_of().new_page(), host, [plain, offered])
    expect(chat.answers).to_have_count(2)
    expect(chat.page.get_by_role("group", name="About this answer")).to_have_count(1)
    sent: list[Any] = []

    def keep(route: Route) -> None:
        sent.append(route.request.post_data_json)
        route.abort()

    chat.page.route("**/chat/api/say", keep)
    chat.answers.last.get_by_role("button", name="This helped").click()
    chat.page.wait_for_timeout(500)
    assert sent[0]["token"] == "c.1"


def test_links_to_our_own_pages(context_of: Contexts, host: Host) -> None:
    text = "What is kept stands at /chat/privacy. Or ask here."
    entry = {"id": "e-1", "from": "assistant", "time": "2026-11-25T21:40:00Z", "kind": "notice", "text": text}
    chat = chat_with(context_of().new_page(), host, [entry])
    address = f"{host.bot}/chat/privacy"
    chat.answers.locator("summary").click()
    expect(chat.answers.get_by_role("link")).to_have_attribute("href", address)
    chat.page.get_by_role("button", name="More").click()
    privacy = chat.page.locator(".menu").get_by_role("link", name="Privacy")
    expect(privacy).to_have_attribute("href", address)
    expect(privacy).to_have_attribute("target", "_blank")


def test_a_pinned_script_fetches_its_labels(context_of: Contexts, host: Host) -> None:
    facts = json.loads((ROOT / "web" / "released" / "widget.json").read_text(encoding="utf-8"))
    source = f'src="{host.bot}/chat/{facts["file"]}" integrity="{facts["integrity"]}"'
    chat = Chat(context_of().new_page()).visit(host.page(f"<main><script {source} crossorigin async></script></main>"))
    assert any("/chat/words.json" in request.url for request in chat.requests)
    assert chat.problems == []


def test_page_with_hostile_styles(context_of: Contexts, host: Host) -> None:
    looks = []
    for path, head in (("/plain", ""), ("/hostile", f"<style>{HOSTILE}</style>")):
        chat = Chat(context_of(viewport={"width": 1280, "height": 800}).new_page())
        chat.visit(host.page(head=head, path=path))
        shown = [look(chat, ".launcher")]
        chat.open().ask("what is a placebo")
        looks.append(
            [
                *shown,
                *(look(chat, part) for part in (".panel", ".composer textarea", ".submit", "h2", ".answer .body", ".choice")),
            ]
        )
    assert looks[0] == looks[1]


def test_two_script_tags_make_one_widget(context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of().new_page()).visit(host.page(f"<main>{host.script()}{host.script()}</main>"))
    chat.page.wait_for_timeout(300)
    assert chat.page.locator("trialguide-chat").count() == 1
    assert chat.problems == []


def test_elements_of_ones_own_share_the_conversation(context_of: Contexts, host: Host) -> None:
    server = f'server="{host.bot}"'
    body = (
        f'<main style="height: 30em"><trialguide-chat id=in position="inline" {server}></trialguide-chat></main>'
        f"<trialguide-chat {server}></trialguide-chat>{host.script()}"
    )
    page = context_of(viewport={"width": 1280, "height": 1000}).new_page()
    page.goto(host.page(body))
    inline = page.locator("#in")
    expect(inline.get_by_role("dialog")).to_be_visible()
    expect(inline.get_by_role("button", name="Close")).to_have_count(0)
    expect(page.get_by_role("button", name=LAUNCHER)).to_have_count(1)
    assert page.locator("trialguide-chat").count() == 2
    inline.get_by_role("textbox").fill("what is a placebo")
    inline.get_by_role("textbox").press("Enter")
    expect(inline.locator(".entry.answer")).to_be_visible()
    page.get_by_role("button", name=LAUNCHER).click()
    expect(page.locator("trialguide-chat").last.locator(".entry.answer")).to_have_count(1)


OPTIONS: dict[str, tuple[str, str, Any]] = {
    "opened": ('data-opened="yes"', "chat.querySelector('.panel').open", True),
    "closed": ('data-opened="no"', "chat.querySelector('.panel').open", False),
    "title": ('data-title="Ask our team"', "chat.querySelector('h2').textContent", "Ask our team"),
    "label": ('data-label="Questions?"', "chat.querySelector('.launcher').textContent", "Questions?"),
    "no greeting": ('data-greeting="off"', "chat.querySelector('.greeting')", None),
    "start": ('data-position="start"', "chat.querySelector('.launcher').getBoundingClientRect().left", 20),
    "dark": ('data-scheme="dark"', "chat.querySelector('.root').className", "root dark"),
    "direction": ('data-direction="rtl"', "chat.querySelector('.root').dir", "rtl"),
    "language without words": ('data-language="xx"', "chat.querySelector('.root').lang", "en"),
    "no such position": ('data-position="middle"', "chat.querySelector('.root').dataset.position", "end"),
    "hostile title": ('data-title="<img src=x onerror=alert(1)>"', "chat.querySelector('h2').children.length", 0),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options(name: str, context_of: Contexts, host: Host) -> None:
    options, expression, wanted = OPTIONS[name]
    page = context_of(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(host.page(options=options))
    expect(page.locator(".panel")).to_be_attached()
    assert page.evaluate(f"(chat => {expression})(document.querySelector('trialguide-chat').shadowRoot)") == wanted


def test_opened_does_not_cover_a_phone(context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of(viewport={"width": 390, "height": 844}).new_page()).visit(host.page(options='data-opened="yes"'))
    expect(chat.panel).to_be_hidden()


def test_colours_of_the_page(context_of: Contexts, host: Host) -> None:
    head = "<style>trialguide-chat { --trialguide-accent: rgb(90, 30, 120); --trialguide-font: serif }</style>"
    chat = Chat(context_of().new_page()).visit(host.page(head=head))
    assert chat.launcher.evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(90, 30, 120)"
    assert chat.launcher.evaluate("node => getComputedStyle(node).fontFamily") == "serif"


def test_options_can_change_and_the_element_can_go(context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of().new_page()).visit(host.page()).open().ask("what is a placebo")
    chat.page.evaluate("document.querySelector('trialguide-chat').setAttribute('title', 'Another title')")
    expect(chat.page.get_by_role("heading", name="Another title")).to_be_visible()
    expect(chat.answers.last).to_be_visible()
    chat.page.evaluate("document.querySelector('trialguide-chat').remove()")
    expect(chat.launcher).to_have_count(0)
    assert chat.problems == []


def test_javascript_interface(context_of: Contexts, host: Host) -> None:
    chat = Chat(context_of().new_page()).visit(host.page())
    chat.page.evaluate(
        """() => {
            window.chat = document.querySelector('trialguide-chat');
            window.heard = [];
            window.ends = ['open', 'close', 'message'].map(name => chat.on(name, detail => heard.push([name, detail])));
            chat.open();
        }"""
    )
    expect(chat.panel).to_be_visible()
    chat.page.evaluate("chat.send('what is a placebo')")
    expect(chat.page.locator(".entry.answer")).to_be_visible()
    chat.page.evaluate("chat.close()")
    expect(chat.panel).to_be_hidden()
    heard = chat.page.evaluate("heard")
    assert [name for name, _ in heard] == ["open", "message", "message", "message", "close"]
    assert heard[-2][1] == {"from": "assistant", "kind": "answer", "topic": "placebo"}
    # No event carries what was said: pages have statistics.
    assert not any("text" in (detail or {}) for _, detail in heard)
    chat.page.evaluate("ends.forEach(end => end()); chat.open(); chat.send('  ')")
    chat.page.wait_for_timeout(300)
    assert len(chat.page.evaluate("heard")) == len(heard)
    expect(chat.said).to_have_count(1)


def look(chat: Chat, part: str) -> dict[str, Any]:
    """How a part looks: its place and what a page could have spoilt."""
    seen: dict[str, Any] = chat.page.locator(part).last.evaluate(
        """node => {
            const style = getComputedStyle(node), box = node.getBoundingClientRect();
            const names = ['color', 'backgroundColor', 'fontSize', 'fontFamily', 'lineHeight', 'letterSpacing', 'display', 'visibility',
                           'opacity', 'transform', 'filter', 'direction', 'pointerEvents', 'zoom'];
            return {box: [box.x, box.y, box.width, box.height], shown: node.checkVisibility({opacityProperty: true}),
                    ...Object.fromEntries(names.map(name => [name, style[name]]))};
        }"""
    )
    return seen


def card(text: str, link: str) -> dict[str, Any]:
    """A card all of whose parts are hostile."""
    names = ("name", "department", "address", "accreditation", "languages", "offers", "coverage", "warning", "checked_on")
    return dict.fromkeys(names, text) | dict.fromkeys(("website", "map", "link", "source", "email", "phone"), link)


def chat_with(page: Page, host: Host, entries: list[dict[str, Any]]) -> Chat:
    """A conversation into which the network has put these entries."""

    def history(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=json.dumps(answer.json() | {"entries": entries}))

    page.route_web_socket(re.compile("socket.io"), lambda socket: socket.close())
    page.route("**/chat/api/hello", history)
    chat = Chat(page).visit(host.page())
    chat.launcher.click()
    return chat


def assert_unharmed(chat: Chat) -> None:
    """Nothing ran, nothing was loaded, and every link is of an allowed kind."""
    chat.page.wait_for_timeout(300)
    assert chat.page.evaluate("window.harmed") is None
    assert chat.problems == []
    links = chat.page.locator("trialguide-chat a").evaluate_all(
        "all => all.map(link => [link.protocol, link.target, link.rel])"
    )
    for protocol, target, relation in links:
        assert protocol in ("http:", "https:", "mailto:", "tel:")
        assert target != "_blank" or "noopener" in relation
    for part in ("script", "iframe", "object", "style", "[onerror]", "[onload]", "[onclick]"):
        assert chat.page.locator(f"trialguide-chat {part}").count() == 0
