"""Deep links: an address on a leaflet or a page that begins a conversation at a topic of the catalogue."""

from trialguide.channels.front_door.tokens import topic_token
from trialguide.content.catalogue import load_catalogue

# The message that stands for a link without a topic; it is answered with the greeting.
GREETING = "hello"


def token_of_link(payload: object) -> str | None:
    """The token of the topic or look-up that a link's payload names, or None when it names none."""
    return topic_token(payload) if isinstance(payload, str) and payload in load_catalogue().titles else None
