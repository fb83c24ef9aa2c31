"""Messaging services that are set up in part, whole or not at all."""

from pathlib import Path

import pytest
from conftest import free_port

from trialguide.commands.stack import CannotStart, Stack
from trialguide.runtime.messaging_settings import VARIABLES
from trialguide.runtime.settings import InvalidSettings, read_settings

PUBLIC = {"PUBLIC_ADDRESS": "https://bot.example.org"}


def given(*names: str) -> dict[str, str]:
    """A value that is allowed for each variable."""
    special = {"TWILIO_NUMBERS": "+15017122661, whatsapp:+15017122661"}
    return {name: special.get(name, "http://127.0.0.1:9000" if name.endswith("_API") else "x") for name in names}


@pytest.mark.parametrize("channel", VARIABLES)
def test_a_channel_is_off_half_set_or_on(channel: str) -> None:
    needed, optional = VARIABLES[channel]
    assert read_settings(PUBLIC | given(*optional)).services == {}
    assert read_settings(PUBLIC | dict.fromkeys(needed, "")).services == {}
    assert read_settings(PUBLIC | given(*needed)).services == {channel: given(*needed)}
    assert read_settings(PUBLIC | given(*needed, *optional)).services == {channel: given(*needed, *optional)}
    for missing in needed:
        with pytest.raises(InvalidSettings, match=f"^The channel {channel} also needs {missing}. Set what is missing"):
            read_settings(PUBLIC | given(*(name for name in needed if name != missing)))


@pytest.mark.parametrize("channel", ["telegram", "sms"])
@pytest.mark.parametrize("address", [{}, {"PUBLIC_ADDRESS": "http://127.0.0.1:5005"}])
def test_a_channel_that_must_know_its_address_says_so(channel: str, address: dict[str, str]) -> None:
    with pytest.raises(InvalidSettings, match=f"^The channel {channel} also needs PUBLIC_ADDRESS"):
        read_settings(address | given(*VARIABLES[channel][0]))


def test_a_start_in_half_is_stopped_with_a_sentence(model: Path, tmp_path: Path) -> None:
    stack = Stack(model, free_port(), free_port(), tmp_path / "c.db", settings={"SLACK_TOKEN": "x"})
    with pytest.raises(CannotStart, match=r"^The channel slack also needs SLACK_SIGNING_SECRET\."), stack:
        pass
