"""The catalogue of topics, read from `data/topics.yml`."""

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from trialguide.content.files import DATA, load_yaml

CATALOGUE_FILE = DATA / "topics.yml"
FAQ = "faq"


@dataclass(frozen=True)
class Topic:
    """A topic that has an answer."""

    id: str
    title: str
    group: str
    source: str
    must: tuple[str, ...]
    related: tuple[str, ...]


@dataclass(frozen=True)
class Catalogue:
    """All that the assistant can answer or do."""

    topics: dict[str, Topic]
    groups: dict[str, str]
    lookups: dict[str, str]
    conversation: tuple[str, ...]
    safety: tuple[str, ...]

    @cached_property
    def titles(self) -> dict[str, str]:
        """The title of each topic and look-up, as on its button."""
        return {topic.id: topic.title for topic in self.topics.values()} | self.lookups

    def intent(self, id: str) -> str:
        """The full intent of a topic, look-up or any other id: topics are answered under one retrieval intent."""
        return f"{FAQ}/{id}" if id in self.topics else id


@cache
def load_catalogue(file: Path = CATALOGUE_FILE) -> Catalogue:
    """Reads the catalogue. Raises OSError, yaml.YAMLError, KeyError or TypeError; `trialguide check` explains these."""
    rows = load_yaml(file)
    topics = {
        id: Topic(id, row["title"], row["group"], row["source"], tuple(row["must"]), tuple(row["related"]))
        for id, row in rows["answers"].items()
    }
    return Catalogue(
        topics=topics,
        groups=rows["groups"],
        lookups={id: row["title"] for id, row in rows["lookups"].items()},
        conversation=tuple(rows["conversation"]),
        safety=tuple(rows["safety"]),
    )
