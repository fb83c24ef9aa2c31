"""The servers that the tests of the channels talk to."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import free_port
from vendor_fakes.all import VENDORS
from vendor_fakes.vendor import PUBLIC_ADDRESS, Vendor, serving

from trialguide.commands.stack import Stack


@pytest.fixture(scope="session")
def website(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The assistant as the public meets it: no token, the usual settings, but one address may send as much as it likes."""
    folder = tmp_path_factory.mktemp("website")
    settings = {"ADDRESS_RATE": "1000000 per 10 seconds"}
    running = Stack(model, free_port(), free_port(), folder / "conversations.db", log=folder / "log", settings=settings)
    with running:
        yield running


@dataclass(frozen=True)
class Messaging:
    """The assistant with all messaging services, and the vendors that it talks with."""

    stack: Stack
    vendors: dict[str, Vendor]


@pytest.fixture(scope="session")
def messaging(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Messaging]:
    folder = tmp_path_factory.mktemp("messaging")
    vendors = {vendor.name: vendor for vendor in (kind() for kind in VENDORS)}
    with serving(list(vendors.values())):
        settings = {"PUBLIC_ADDRESS": PUBLIC_ADDRESS, "SENDER_RATE": "1000 per second"}
        for vendor in vendors.values():
            settings |= vendor.settings()
        running = Stack(model, free_port(), free_port(), folder / "conversations.db", log=folder / "log", settings=settings)
        with running:
            yield Messaging(running, vendors)
