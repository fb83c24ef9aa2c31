"""Origin check: which web pages may use the assistant."""

from collections.abc import Collection
from urllib.parse import urlsplit

OWN_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


def is_allowed(origin: str | None, host: str | None, origins: Collection[str] | None) -> bool:
    """Whether a page of an origin may use the server, which the request addressed as `host`.

    Requests without an origin do not come from a page of another site. The server's own pages are always allowed, and beside
    them the configured origins or, if `origins` is None, those on the same machine.
    """
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https"):
        return False
    if host and parts.netloc == host:
        return True
    return origin in origins if origins is not None else parts.hostname in OWN_MACHINE
