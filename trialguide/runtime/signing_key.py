"""The key that signs ids of conversations."""

import os
import secrets
import stat
import tempfile
from pathlib import Path

from trialguide.runtime.setting_values import SHORTEST_KEY


def signing_key(given: str | None, conversations: Path) -> bytes:
    """The key given, or else the one in the file beside the conversations, which is made when it is missing.

    Raises ValueError, with a sentence for the operator: too short, readable for others, or not to be made.
    """
    if given:
        return given.encode()
    file = conversations.with_name(conversations.name + ".key")
    try:
        return _read(file)
    except OSError as problem:
        raise ValueError(f"The key in {file} cannot be read or made: {problem.strerror}. Or set FRONT_DOOR_KEY.") from None


def _read(file: Path) -> bytes:
    if not file.exists():
        _make(file)
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise ValueError(f"Others can read the key in {file}. Take that right away: chmod 600 {file}")
    key = file.read_bytes()
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"The key in {file} is too short. Remove the file and start again: a new one is made.")
    return key


def _make(file: Path) -> None:
    with tempfile.NamedTemporaryFile("w", dir=file.parent) as draft:
        draft.write(secrets.token_hex(SHORTEST_KEY))
        draft.flush()
        try:
            # A second server that starts at the same moment finds a whole key or none.
            os.link(draft.name, file)
        except FileExistsError:
            return
