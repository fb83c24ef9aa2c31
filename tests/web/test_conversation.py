"""A conversation survives reloads, lost connections, restarts, blocked sockets, other tabs and great length."""

import json
import re
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import free_port
from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect
from widget_client import LAUNCHER, Chat, Host

from trialguide.commands.stack import Stack

Contexts = Callable[..., BrowserContext]

TOO_LONG = "a" * 1001
# Each counts as one character with the server.
EMOJI = "\N{GRINNING FACE}" * 1000


@pytest.fixture
def chat(context_of: Contexts, stack: Stack) -> Chat:
    """The widget on the server's own page."""
    return Chat(context_of().new_page()).visit(f"{stack.address}/chat/")


@pytest.fixture
def own_stack(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """Servers of one test's own: to be restarted, and to be talked to faster than a person can."""
    monkeypatch.setenv("SENDER_RATE", "10000 per second")
    monkeypatch.setenv("ADDRESS_RATE", "10000 per second")
    with Stack(model, free_port(), free_port(), tmp_path / "conversations.db", log=tmp_path / "log") as running:
        yield running


def without_sockets(page: Page) -> None:
    """As behind a proxy that lets no web socket pass."""
    page.route_web_socket(re.compile("socket.io"), lambda socket: socket.close())


def test_reload_keeps_everything(chat: Chat) -> None:
    chat.open().ask("wats a placebo")
    chat.field.fill("half a quest")
    before = chat.texts()
    assert len(before) == 3
    chat.page.reload()
    expect(chat.panel).to_be_visible()
    expect(chat.answers).to_have_count(2)
    assert chat.texts() == before
    expect(chat.field).to_have_value("half a quest")
    chat.page.get_by_role("button", name="Close").click()
    chat.page.reload()
    expect(chat.launcher).to_be_visible()
    expect(chat.panel).to_be_hidden()


def test_nothing_is_fetched_before_the_panel_is_opened(chat: Chat, stack: Stack) -> None:
    chat.page.wait_for_timeout(500)
    paths = {request.url.removeprefix(stack.address).partition("?")[0] for request in chat.requests}
    assert paths == {"/chat/", "/chat/widget.js", "/chat/pages/pages.css", "/chat/pages/icon.svg"}


def test_panel_opens_without_the_network(chat: Chat) -> None:
    chat.page.context.set_offline(True)
    chat.launcher.click()
    expect(chat.page.get_by_text("Hello. I can answer questions")).to_be_visible()
    expect(chat.page.locator(".status")).to_contain_text("There is no connection")


def test_what_is_typed_without_connection_is_sent_later(chat: Chat) -> None:
    chat.open().ask("what is a placebo")
    answers = chat.answers.count()
    chat.page.context.set_offline(True)
    chat.field.fill("what is a blind trial")
    chat.field.press("Enter")
    expect(chat.page.locator("[data-unsent]")).to_contain_text("Waiting to be sent")
    expect(chat.page.locator(".status")).to_contain_text("There is no connection")
    chat.page.context.set_offline(False)
    expect(chat.answers).not_to_have_count(answers)
    expect(chat.page.locator(".status")).to_be_hidden()
    expect(chat.page.locator("[data-unsent]")).to_have_count(0)
    assert chat.texts().count("what is a blind trial") == 1


def test_what_was_not_sent_outlives_a_reload(chat: Chat) -> None:
    # The connection stands, but nothing comes through it any more.
    chat.page.route_web_socket(re.compile("socket.io"), _silent_after_hello)
    chat.page.reload()
    chat.open()
    chat.field.fill("what is a placebo")
    chat.field.press("Enter")
    expect(chat.page.locator("[data-unsent]")).to_be_visible()
    chat.page.unroute_all()
    page = chat.page.context.new_page()
    stored = chat.page.evaluate("JSON.stringify(sessionStorage)")
    page.add_init_script(f"Object.assign(sessionStorage, {stored})")
    again = Chat(page)
    page.goto(chat.page.url)
    expect(again.answers.first).to_be_visible()
    assert again.texts().count("what is a placebo") == 1


def _silent_after_hello(socket: WebSocketRoute) -> None:
    server = socket.connect_to_server()
    socket.on_message(lambda message: None if '"say"' in str(message) else server.send(message))


def test_server_restart(own_stack: Stack, context_of: Contexts) -> None:
    chat = Chat(context_of().new_page()).visit(f"{own_stack.address}/chat/").open().ask("what is a placebo")
    before = chat.texts()
    own_stack.stop()
    chat.field.fill("what is a blind trial")
    chat.field.press("Enter")
    expect(chat.page.locator(".status")).to_contain_text("There is no connection")
    expect(chat.page.locator("[data-unsent]")).to_contain_text("Waiting to be sent")
    with own_stack:
        expect(chat.page.locator("[data-unsent]")).to_have_count(0, timeout=60_000)
        expect(chat.page.locator(".status")).to_be_hidden()
        expect(chat.page.get_by_role("heading", name="What is a blind trial?")).to_be_visible()
        assert chat.texts()[: len(before)] == before
        assert chat.texts().count("what is a blind trial") == 1


def test_plain_requests_where_sockets_are_blocked(chat: Chat) -> None:
    without_sockets(chat.page)
    chat.page.reload()
    chat.open().ask("what is a placebo").ask("I need a NET clinic").ask("Oslo")
    expect(chat.page.locator(".entry.clinic").first).to_be_attached()
    expect(chat.page.locator(".status")).to_be_hidden()
    texts = chat.texts()
    chat.page.reload()
    expect(chat.answers.last).to_be_attached(timeout=10_000)
    assert chat.texts() == texts
    assert any(request.url.endswith("/chat/api/say") for request in chat.requests)


@pytest.mark.parametrize(("storage", "same"), [("local", True), ("session", False)])
def test_two_tabs(storage: str, same: bool, context_of: Contexts, host: Host) -> None:
    address = host.page(options=f'data-storage="{storage}"')
    context = context_of()
    first = Chat(context.new_page()).visit(address).open().ask("what is a placebo")
    second = Chat(context.new_page()).visit(address)
    second.launcher.click()
    expect(second.answers).to_have_count(first.answers.count() if same else 0)
    if not same:
        return
    second.ask("what is a blind trial")
    expect(first.answers).to_have_count(second.answers.count())
    assert first.texts() == second.texts()
    # One of them starts again: so does the other.
    first.page.get_by_role("button", name="More").click()
    first.page.get_by_role("button", name="Start again").click()
    first.page.get_by_role("button", name="Yes, start again").click()
    expect(second.answers).to_have_count(0)
    first.ask("what is a placebo")
    expect(second.answers).to_have_count(first.answers.count())


def test_starting_again_asks_once(chat: Chat) -> None:
    chat.open().ask("what is a placebo")
    kept = chat.texts()
    more = chat.page.get_by_role("button", name="More")
    more.click()
    chat.page.get_by_role("button", name="Start again").click()
    chat.page.get_by_role("button", name="No, go back").click()
    assert chat.texts() == kept
    expect(more).to_be_focused()
    more.click()
    chat.page.get_by_role("button", name="Start again").click()
    chat.page.get_by_role("button", name="Yes, start again").click()
    expect(chat.answers).to_have_count(0)
    expect(chat.page.get_by_role("button", name="What is a clinical trial?")).to_be_visible()
    chat.page.reload()
    expect(chat.page.get_by_role("button", name="What is a clinical trial?")).to_be_visible()
    assert chat.texts() == []


def test_a_conversation_that_is_no_longer_known(chat: Chat) -> None:
    chat.open().ask("what is a placebo")
    chat.page.evaluate(
        "Object.keys(sessionStorage).filter(key => key.endsWith(' conversation')).forEach(key => sessionStorage[key] = 'web:0.forged')"
    )
    chat.page.reload()
    expect(chat.page.get_by_role("log").get_by_text("Your earlier conversation is no longer stored")).to_be_visible()
    chat.ask("what is a placebo")


def test_long_conversation(own_stack: Stack, context_of: Contexts) -> None:
    page = context_of().new_page()
    chat = Chat(page).visit(f"{own_stack.address}/chat/").open()
    key = f"trialguide {own_stack.address.removeprefix('http://')}/chat/ conversation"
    conversation = page.evaluate("key => sessionStorage[key]", key)
    for number in range(150):
        body = {"conversation": conversation, "id": str(uuid.uuid4()), "text": f"what is phase {number % 4 + 1}"}
        assert post(own_stack, "say", body)["accepted"]
    shown = page.locator(".entry[data-id]")
    expect(chat.said).to_have_count(150)
    assert shown.count() >= 300
    # Writing is as quick as ever: an answer comes within the patience of a test.
    chat.ask("what is a placebo")

    page.reload()
    whole = [entry["id"] for entry in post(own_stack, "hello", {"conversation": conversation, "after": None})["entries"]]
    assert len(whole) > 120
    expect(shown).to_have_count(60)
    expect(shown.last).to_have_attribute("data-id", whole[-1])
    # The last question is where reading begins.
    assert chat.said.last.evaluate(_IN_VIEW)
    earlier = page.get_by_role("button", name="Show earlier messages")
    earlier.focus()
    page.keyboard.press("Enter")
    expect(shown).to_have_count(120)
    while earlier.is_visible():
        earlier.click()
    assert [node.get_attribute("data-id") for node in shown.all()] == whole


_IN_VIEW = """node => {
    const box = node.getBoundingClientRect(), view = node.closest('.scroller').getBoundingClientRect();
    return box.top >= view.top - 1 && box.bottom <= view.bottom + 1;
}"""


def test_a_long_answer_is_read_from_its_beginning(chat: Chat) -> None:
    chat.open().ask("I need a NET clinic").ask("Oslo")
    assert chat.said.last.evaluate(_IN_VIEW)
    latest = chat.page.locator(".latest")
    expect(latest).to_have_accessible_name("Go to the end")
    latest.click()
    expect(latest).to_be_hidden()
    assert chat.answers.last.evaluate(_IN_VIEW)


def test_news_is_marked_while_reading_further_up(context_of: Contexts, host: Host) -> None:
    address = host.page(options='data-storage="local"')
    context = context_of(viewport={"width": 390, "height": 500})
    first = Chat(context.new_page()).visit(address).open().ask("I need a NET clinic").ask("Oslo")
    second = Chat(context.new_page()).visit(address)
    second.launcher.click()
    expect(second.answers).to_have_count(first.answers.count())
    scroller = first.page.locator(".scroller")
    scroller.evaluate("node => { node.scrollTop = 40; }")
    first.page.wait_for_timeout(200)
    second.ask("what is a placebo")
    expect(first.page.get_by_role("button", name="New messages")).to_be_visible()
    assert scroller.evaluate("node => node.scrollTop") == 40
    first.page.get_by_role("button", name="New messages").click()
    expect(first.page.locator(".latest")).to_be_hidden()


def test_messages_that_arrive_while_closed_are_marked(context_of: Contexts, host: Host) -> None:
    address = host.page(options='data-storage="local"')
    context = context_of()
    first = Chat(context.new_page()).visit(address).open().ask("what is a placebo")
    second = Chat(context.new_page()).visit(address)
    second.launcher.click()
    expect(second.answers).to_have_count(first.answers.count())
    first.page.get_by_role("button", name="Close").click()
    second.ask("what is a blind trial")
    marked = first.page.get_by_role("button", name=f"{LAUNCHER}. There are new messages.")
    expect(marked).to_be_visible()
    marked.click()
    expect(first.panel).to_be_visible()
    first.page.get_by_role("button", name="Close").click()
    expect(first.page.get_by_role("button", name=LAUNCHER, exact=True)).to_be_visible()


def test_length_is_counted_and_limited(chat: Chat) -> None:
    chat.open()
    chat.field.fill("a" * 849)
    expect(chat.page.locator(".counter")).to_be_hidden()
    chat.field.fill("a" * 900)
    expect(chat.page.locator(".counter")).to_have_text("Characters left: 100")
    chat.field.fill(TOO_LONG)
    expect(chat.page.locator(".counter")).to_contain_text("Please shorten it by 1 characters")
    chat.field.press("Enter")
    expect(chat.field).to_have_value(TOO_LONG)
    expect(chat.page.locator(".entry.patient")).to_have_count(0)
    chat.field.fill("   \n ")
    chat.field.press("Enter")
    expect(chat.page.locator(".entry.patient")).to_have_count(0)
    chat.ask(EMOJI)
    expect(chat.page.locator(".refused")).to_have_count(0)


def test_too_fast_is_refused_and_can_be_sent_again(chat: Chat) -> None:
    chat.open()
    # At once, so that a slow machine is fast enough for it too.
    chat.page.evaluate(
        "for (let i = 1; i <= 14; i++) document.querySelector('trialguide-chat').send(`what is phase ${i % 4 + 1}`)"
    )
    refused = chat.page.locator(".refused")
    expect(chat.page.locator("[data-unsent]:not(.refused)")).to_have_count(0, timeout=20_000)
    # Ten in ten seconds are let through, and fewer while earlier ones wait for their answers.
    left = refused.count()
    assert 4 <= left < 14
    expect(refused.first).to_contain_text("Not sent.")
    chat.page.wait_for_timeout(10_000)
    refused.first.get_by_role("button", name="Try again").click()
    expect(refused).to_have_count(left - 1)


def test_a_slow_answer_shows_that_it_is_worked_on(chat: Chat) -> None:
    def slow(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(
            lambda message: None if "assistant" in str(message) or '"on":false' in str(message) else socket.send(message)
        )

    chat.page.route_web_socket(re.compile("socket.io"), slow)
    chat.page.reload()
    chat.open()
    chat.field.fill("what is a placebo")
    chat.field.press("Enter")
    expect(chat.page.get_by_text("TrialGuide is looking for an answer").first).to_be_visible()
    expect(chat.page.get_by_text("This takes longer than usual").first).to_be_visible(timeout=15_000)


def test_choices_are_pressed(chat: Chat) -> None:
    chat.open()
    chat.page.get_by_role("button", name="What is a clinical trial?").click()
    expect(chat.said).to_have_text(re.compile("What is a clinical trial"))
    expect(chat.answers.last).to_contain_text("clinician")
    source = chat.answers.last.locator(".source a").first
    expect(source).to_have_attribute("rel", "noopener noreferrer")
    expect(source).to_have_attribute("target", "_blank")


def test_urgent_answers_stand_out_and_can_be_called(chat: Chat) -> None:
    chat.open().ask("i cant breathe")
    urgent = chat.page.locator(".entry.urgent")
    expect(urgent.get_by_role("heading", name="Urgent")).to_be_visible()
    expect(urgent.get_by_role("link", name="112")).to_have_attribute("href", "tel:112")
    # What follows is no alarm, but names the number too.
    chat.ask("find a trial in Germany")
    expect(chat.page.locator(".entry.urgent")).to_have_count(1)
    expect(chat.answers.last.get_by_role("link", name="112")).to_have_attribute("href", "tel:112")


def test_clinic_cards(chat: Chat) -> None:
    chat.open().ask("I need a NET clinic").ask("Oslo")
    card = chat.page.locator(".entry.clinic").first
    expect(card.get_by_role("heading")).to_contain_text("Oslo University Hospital")
    expect(card).to_contain_text("About 4 km away")
    expect(card.locator("a[href^='tel:']")).to_have_attribute("href", "tel:+4723070000")
    expect(card.locator("a[href*='openstreetmap.org']")).to_be_attached()
    expect(card).to_contain_text(re.compile(r"Checked \d+ \w+ 20\d\d"))


def test_picture_has_words_and_can_be_enlarged(chat: Chat) -> None:
    chat.open().ask("what are the phases")
    picture = chat.answers.last.get_by_role("img")
    alternative = picture.get_attribute("alt") or ""
    assert "Phase 1: a small group" in " ".join(alternative.split())
    assert picture.evaluate("node => node.naturalWidth") > 0
    enlarge = chat.page.get_by_role("button", name="Enlarge the picture")
    enlarge.click()
    large = chat.page.get_by_role("dialog", name="Picture")
    expect(large).to_be_visible()
    chat.page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    expect(chat.panel).to_be_visible()
    expect(enlarge).to_be_focused()


def test_picture_that_cannot_be_loaded_is_told_in_words(chat: Chat) -> None:
    chat.page.route("**/pictures/**", lambda route: route.abort())
    chat.open().ask("what are the phases")
    expect(chat.answers.last.locator("figure")).to_contain_text("The four phases of a clinical trial")


@pytest.mark.parametrize(("format", "name"), [("text", "my-data.txt"), ("JSON", "my-data.json")])
def test_copy_of_what_is_kept_as_a_file(format: str, name: str, chat: Chat) -> None:
    chat.open().ask("what is a placebo").ask("give me my data")
    with chat.page.expect_download() as download:
        chat.page.get_by_role("button", name=f"Download as {format}").click()
    assert download.value.suggested_filename == name
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert "what is a placebo" in text
    assert "A placebo looks like" in text
    if format == "JSON":
        assert {"events", "ratings", "follows", "outbox"} <= json.loads(text)["kept"].keys()


def test_text_file(chat: Chat) -> None:
    chat.open().ask("what is a placebo").ask("I need a NET clinic").ask("Oslo")
    chat.page.get_by_role("button", name="More").click()
    with chat.page.expect_download() as download:
        chat.page.get_by_role("button", name="Save as a text file").click()
    assert download.value.suggested_filename == "conversation.txt"
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    for part in (
        "Conversation with TrialGuide",
        "what is a placebo",
        "What is a placebo?",
        "Cancer Council NSW (Australia) (http",
        "Oslo University Hospital",
        "Phone (switchboard of the hospital): +47 23 07 00 00",
        "About 4 km away",
    ):
        assert part in text
    assert "opens in a new tab" not in text


def test_print_view(chat: Chat) -> None:
    chat.open().ask("what are the phases").ask("I need a NET clinic").ask("Oslo")
    chat.page.get_by_role("button", name="More").click()
    with chat.page.context.expect_page() as opened:
        chat.page.get_by_role("button", name="Print", exact=True).click()
    view = opened.value
    expect(view.get_by_role("heading", name="Conversation with TrialGuide")).to_be_visible()
    expect(view.get_by_role("button", name="Print")).to_be_visible()
    text = view.inner_text("main")
    for part in ("what are the phases", "Phase 1: a small group", "The four phases of a clinical trial", "+47 23 07 00 00"):
        assert part in text
    assert view.evaluate("getComputedStyle(document.body).maxWidth") != "none"
    assert Chat(view).violations() == []
    view.emulate_media(media="print")
    expect(view.get_by_role("button", name="Print")).to_be_hidden()
    assert view.pdf()[:5] == b"%PDF-"


def test_without_scripts_there_is_the_page_of_answers(context_of: Contexts, stack: Stack) -> None:
    page = context_of(java_script_enabled=False).new_page()
    page.goto(f"{stack.address}/chat/")
    page.locator("noscript").get_by_role("link").click()
    expect(page.get_by_role("heading", name="What is a clinical trial?")).to_be_visible()


@pytest.mark.parametrize("path", ["", "faq", "privacy", "nothing-here"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_violation(path: str, scheme: Any, context_of: Contexts, stack: Stack) -> None:
    chat = Chat(context_of(color_scheme=scheme, viewport={"width": 320, "height": 600}).new_page())
    chat.page.goto(f"{stack.address}/chat/{path}")
    assert chat.violations() == []
    assert chat.page.evaluate("document.documentElement.scrollWidth") <= 320
    assert chat.refused() == []
    assert chat.hosts() == {stack.address}


def post(stack: Stack, what: str, body: dict[str, Any]) -> dict[str, Any]:
    """Asks the server as the widget does where sockets are blocked."""
    request = urllib.request.Request(
        f"{stack.address}/chat/api/{what}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        answer: dict[str, Any] = json.load(response)
    return answer
