"""Training data of the detector of danger alone: messages without danger, whatever else they say."""

from trialguide.content.files import DATA, load_yaml

HARMLESS = DATA / "harmless.yml"


def harmless_messages() -> list[str]:
    """The messages of data/harmless.yml."""
    return [str(message) for message in load_yaml(HARMLESS)["harmless"]]
