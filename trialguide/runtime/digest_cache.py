"""LRU cache keyed by a digest, so that no text stays in memory."""

from collections import OrderedDict
from hashlib import blake2b
from typing import Generic, TypeVar

Value = TypeVar("Value")


class DigestCache(Generic[Value]):
    """A bounded mapping from texts to values; the least recently used entry is evicted."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[bytes, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, text: str) -> Value | None:
        """The value of a text, or None."""
        digest = _digest(text)
        if digest not in self._values:
            return None
        self._values.move_to_end(digest)
        return self._values[digest]

    def put(self, text: str, value: Value) -> Value:
        """Stores and returns the value of a text."""
        self._values[_digest(text)] = value
        if len(self._values) > self._most:
            self._values.popitem(last=False)
        return value


def _digest(text: str) -> bytes:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
