"""What the operator reads when a messaging service is set up in half."""

from pathlib import Path

import pytest
from conftest import free_port

from trialguide.commands.stack import CannotStart, Stack
from trialguide.runtime.messaging_settings import VARIABLES, check_vendor_settings, vendor_settings

PUBLIC = {"PUBLIC_ADDRESS": "https://bot.example.org"}


@pytest.mark.parametrize("channel", VARIABLES)
def test_a_channel_is_off_half_set_or_on(channel: str) -> None:
    needed, optional = VARIABLES[channel]
    assert vendor_settings(channel, PUBLIC | dict.fromkeys(optional, "x")) is None
    assert vendor_settings(channel, PUBLIC | dict.fromkeys(needed, "")) is None
    assert vendor_settings(channel, PUBLIC | dict.fromkeys(needed, "x")) == dict.fromkeys(needed, "x")
    for missing in needed:
        with pytest.raises(ValueError, match=f"The channel {channel} also needs {missing}. Set what is missing"):
            check_vendor_settings(PUBLIC | {name: "x" for name in needed if name != missing})


@pytest.mark.parametrize("channel", ["telegram", "sms"])
@pytest.mark.parametrize("address", [{}, {"PUBLIC_ADDRESS": "http://127.0.0.1:5005"}])
def test_a_channel_that_must_know_its_address_says_so(channel: str, address: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=f"The channel {channel} also needs PUBLIC_ADDRESS"):
        vendor_settings(channel, address | dict.fromkeys(VARIABLES[channel][0], "x"))


def test_a_start_in_half_is_stopped_with_a_sentence(model: Path, tmp_path: Path) -> None:
    stack = Stack(model, free_port(), free_port(), tmp_path / "c.db", settings={"SLACK_TOKEN": "x"})
    with pytest.raises(CannotStart, match="The channel slack also needs SLACK_SIGNING_SECRET"), stack:
        pass
