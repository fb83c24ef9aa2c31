"""The state of senders: bounded, and never evicted while work is in progress."""

import pytest

from trialguide.channels.messaging.senders import LOOP_SECONDS, RecentTexts, SenderRegistry
from trialguide.storage.inbox import Message


def test_the_sender_who_wrote_longest_ago_is_evicted_unless_busy() -> None:
    senders = SenderRegistry(3)
    message = Message("busy", "1", {})
    senders.get("busy").in_progress["1"] = message
    for name in ("first", "second", "first", "third"):
        senders.get(name).notified.add(name)
    assert len(senders) == 3
    assert senders.in_progress() == [message]
    assert senders.get("first").notified == {"first"}
    assert senders.get("third").notified == {"third"}
    assert senders.get("second").notified == set()


def test_choices_of_one_turn_are_numbered_on_and_those_of_the_next_begin_anew() -> None:
    sender = SenderRegistry(1).get("a")
    sender.offer(["One", "Two"])
    sender.offer(["Three"])
    assert sender.choices_offered == 3
    assert all(sender.was_offered(title) for title in ("one", "Two!", "three"))
    sender.end_turn()
    sender.offer([])
    assert sender.was_offered("One")
    sender.offer(["Four"])
    assert sender.choices_offered == 1
    assert not sender.was_offered("One")


@pytest.mark.parametrize(("pause", "loop"), [(1.0, True), (LOOP_SECONDS, False)])
def test_a_loop_is_quick(pause: float, loop: bool) -> None:
    texts = RecentTexts()
    assert [texts.add("we have got your letter", number * pause) for number in range(3)] == [False, False, loop]
