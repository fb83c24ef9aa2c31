"""Which web pages may talk to the assistant."""

from collections.abc import Collection
from urllib.parse import urlsplit

OWN_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


def is_allowed(origin: str | None, host: str | None, origins: Collection[str] | None) -> bool:
    """Whether a page of this origin may talk to a server that was asked for under this host.

    A request without an origin comes from no page of another site. The server's own pages may always; beside them those that
    the operator lists, or, as long as there is no list, those on the same machine.
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
