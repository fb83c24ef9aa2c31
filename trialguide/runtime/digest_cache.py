"""What was found for the texts that came up lately."""

from collections import OrderedDict
from hashlib import blake2b
from typing import Generic, TypeVar

Found = TypeVar("Found")


class DigestCache(Generic[Found]):
    """Remembers a bounded number of findings, those used last, by a digest of the text: no text stays in memory."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: OrderedDict[bytes, Found] = OrderedDict()

    def __len__(self) -> int:
        return len(self._found)

    def get(self, text: str) -> Found | None:
        """What was found for a text, if that is remembered."""
        digest = _digest(text)
        if digest not in self._found:
            return None
        self._found.move_to_end(digest)
        return self._found[digest]

    def put(self, text: str, found: Found) -> Found:
        """Remembers what was found for a text, and gives it back."""
        self._found[_digest(text)] = found
        if len(self._found) > self._most:
            self._found.popitem(last=False)
        return found


def _digest(text: str) -> bytes:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
