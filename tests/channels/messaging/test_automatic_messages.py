"""Reactions sent as text, automatic notices and loops get silence; danger, choices and people's own sentences do not."""

import pytest

from trialguide.channels.messaging.automatic_messages import AutomaticFilter, load_automatic_messages
from trialguide.channels.messaging.senders import Sender
from trialguide.channels.messaging.webhook_events import VendorMessage

REACTIONS = [
    "Liked “Hello. I answer questions about clinical trials.”",
    'Loved "Hello"',
    "Liked 'I'm fine'",
    "Laughed at “A placebo looks like the treatment…”",
    "Emphasized “If you can't breathe, call 112.”",
    "Emphasised “Hello”",
    "Questioned “Which “arm” is it?\nChecked November 2026”",
    "Disliked an image",
    "Loved a contact",
    "Reacted 🙏 to “Hello”",
    "Reacted 👍🏽 to an image",
    "Reacted with a sticker to “Hello”",
    "👍 to “Hello”",
    " \u200a\u200b❤️\u200b to “\u200aHello\u200a” ",
    "Removed a heart from “Hello”",
    "Removed 😂 from “Hello”",
    "Le gustó “Hola”",
    "Reaccionó con 😂 a “Hola”",
    "Le encantó una imagen",
    "A adoré « Bonjour »",
    "N’a pas aimé « Bonjour »",
    "a attribué la mention « Adore » à « Bonjour »",
    "A réagi avec 😂 à « Bonjour »",
    "Gefällt „Hallo“",
    "Ha aggiunto un cuoricino a “Ciao”",
    "Adorou “Olá”",
    "vond “Hallo” niet leuk",
    "Понравилось «Привет»",
    "喜欢“你好”",
]
NOTICES = [
    "I am out of the office until Monday 5 January.",
    "Hi, I'm currently out of office with limited access to e-mail. For urgent matters contact my colleague.",
    "I am out of the office. If this is an emergency, call 911.",
    "Automatic reply: I am on leave until Friday",
    "Auto-reply: Driving, will respond later",
    "This is an automated message. Do not reply.",
    "Out of office",
    "I’m driving with Do Not Disturb While Driving turned on. I’ll see your message when I get where I’m going.",
    "(I’m not receiving notifications. If this is urgent, reply “urgent” to send a notification through with your original message.)",
    "I'm driving right now, I'll get back to you later.",
    "Sorry, I can't talk right now.",
    "I am away this week and will answer your message when I am back.",
    "Thank you for your message. We're unavailable right now, but will respond as soon as possible.",
    "Thank you for contacting us! We are currently closed. In an emergency call 112 or go to the emergency room.",
    "This number is not monitored.",
    "Automatische Antwort: Ich bin bis Montag nicht im Büro.",
    "Réponse automatique : je suis absente",
    "Respuesta automática: estoy fuera",
    "Risposta automatica: sono in ferie",
    "Odpowiedź automatyczna: urlop",
    "Автоответ: в отпуске",
]
PERSONS = [
    "Liked it a lot",
    "I loved the movie",
    'Reacted well to "your plan"',
    "Liked “Hello” but what is a placebo",
    "questioned",
    "what is meant by “placebo”",
    "J'ai adoré « le film »",
    "My doctor is out of the office until Monday",
    "I am on holiday next week, can I still take part?",
    "I'm on holiday and will ask my doctor when I am back",
    "I'm driving to the clinic tomorrow",
    "I'm away from home for a trial",
    "thank you for your message",
    "thank you, I will get back to you",
    "who will respond when I have left the trial",
    "are you out of office",
    "do you send automatic replies",
]
IN_DANGER = [
    "Automatic reply: I can't breathe",
    "I am out of the office and I want to kill myself",
    "I'm driving right now and I have crushing chest pain",
    "Thank you for your message. I am away and nobody will reply, I want to end my life",
]


@pytest.mark.parametrize("text", REACTIONS)
def test_reactions(text: str) -> None:
    assert load_automatic_messages().is_reaction(text)


@pytest.mark.parametrize("text", NOTICES)
def test_notices(text: str) -> None:
    assert load_automatic_messages().is_notice(text)


@pytest.mark.parametrize("text", [*PERSONS, *IN_DANGER, "", "!" * 2000, "I am out of office " + "away " * 50_000])
def test_what_is_neither(text: str) -> None:
    automatic = load_automatic_messages()
    assert not automatic.is_reaction(text)
    assert not automatic.is_notice(text)


A, B, MORE = "We have got your letter today", "Your ticket is in our list", "more"
TOKEN = VendorMessage("a", "1", None, token="t.placebo")


@pytest.mark.parametrize(
    ("texts", "silent"),
    [
        ([A, A, A, A], [3, 4]),
        ([A, A.upper() + "!", "  " + A], [3]),
        # Two texts that alternate.
        ([A, B, A, B, A, B], [5, 6]),
        ([A, B, "what is a placebo", A, B, A], []),
        # A choice is made by a person, whether by a button, its number or its title.
        ([A, A, TOKEN, A, A, "2", A, A, "the second one please", A, A, "Show more of these clinics", A, A], []),
        (["Show more of these clinics"] * 8, []),
        # Short words are often repeated.
        ([MORE] * 6, [6]),
        (["yes", MORE, "yes", MORE, "yes", MORE], []),
        # Danger is always answered.
        (["please help me i cant breathe"] * 8, []),
        (["I want to kill myself now"] * 8, []),
    ],
)
def test_loops(texts: list[str | VendorMessage], silent: list[int]) -> None:
    automatic, sender = AutomaticFilter(numbers_choices=True), Sender()
    sender.offer(["Show more of these clinics"])
    events = [VendorMessage("a", "1", None, text) if isinstance(text, str) else text for text in texts]
    assert [number for number, event in enumerate(events, 1) if automatic.is_automatic(event, sender)] == silent
