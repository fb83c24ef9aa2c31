"""Clusters of similar messages among those that were not understood."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import AgglomerativeClustering

from trialguide.nlu.sentence_encoder import ALL_CORES, SentenceEncoder
from trialguide.storage.turn_summary import NONE
from trialguide.storage.unanswered import NEAREST, Unanswered
from trialguide.text.normalisation import normalised

# One minus the cosine of two messages; up to it, on average, they stand together.
FARTHEST = 0.45
# The newest of more different messages: the memory grows with their square.
MOST_COMPARED = 2000
PUBLISHED = 384
# A topic that is less likely is not near.
FEWEST_LIKELY = 0.05


@dataclass(frozen=True)
class Group:
    """A cluster of similar messages, the most typical first, with the topics that they may be about."""

    messages: Sequence[Unanswered]
    nearest: tuple[tuple[str, float], ...]
    chosen: Counter[str]

    @property
    def typical(self) -> str:
        return self.messages[0].text

    @property
    def likeliest(self) -> str | None:
        """The topic chosen most often afterwards, or else the nearest one; None where none is near."""
        taken = [topic for topic, _ in self.chosen.most_common() if topic != NONE]
        near = [topic for topic, value in self.nearest if value >= FEWEST_LIKELY]
        return next(iter(taken + near), None)


def groups_of(unanswered: Sequence[Unanswered]) -> list[Group]:
    """Clusters messages, the largest group first. Raises EncoderMissing when there are messages and no encoder."""
    same: dict[str, list[Unanswered]] = defaultdict(list)
    for message in reversed(unanswered):
        same[normalised(message.text)].append(message)
    alike = [messages for _, messages in zip(range(MOST_COMPARED), same.values(), strict=False)]
    if not alike:
        return []
    texts = [messages[0].text for messages in alike]
    vectors = SentenceEncoder(cores=ALL_CORES).encode(texts)[:, -PUBLISHED:]
    groups = [_group([alike[place] for place in places], vectors[places]) for places in _clusters(vectors)]
    return sorted(groups, key=lambda group: -len(group.messages))


def _clusters(vectors: np.ndarray) -> list[list[int]]:
    """The positions of the vectors in each cluster."""
    if len(vectors) == 1:
        return [[0]]
    clusters = AgglomerativeClustering(n_clusters=None, affinity="cosine", linkage="average", distance_threshold=FARTHEST)
    places = defaultdict(list)
    for place, cluster in enumerate(clusters.fit_predict(vectors)):
        places[cluster].append(place)
    return list(places.values())


def _group(alike: Sequence[Sequence[Unanswered]], vectors: np.ndarray) -> Group:
    order = np.argsort(-vectors @ vectors.mean(axis=0), kind="stable")
    messages = [message for place in order for message in alike[place]]
    likely: Counter[str] = Counter()
    for message in messages:
        for topic, value in message.nearest:
            likely[topic] += value / len(messages)
    return Group(
        messages, tuple(likely.most_common(NEAREST)), Counter(message.chosen for message in messages if message.chosen)
    )
