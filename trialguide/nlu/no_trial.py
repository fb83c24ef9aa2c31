"""Topics about trials after somebody has said that they do not ask about one."""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from trialguide.content.catalogue import Catalogue
from trialguide.content.files import VOCABULARY, load_yaml
from trialguide.nlu.message import Probabilities
from trialguide.text.normalisation import printable

NO_TRIAL = VOCABULARY / "no_trial.yml"
# What remains of the probability of a topic about trials.
REMAINS = 0.1


class NoTrial:
    """The expressions of `data/vocabulary/no_trial.yml`."""

    def __init__(self, rows: Mapping[str, Sequence[str]]) -> None:
        """Compiles the expressions. Raises re.error if one of them is broken."""
        self._says_so, self._names_a_trial = (
            re.compile("|".join(f"(?:{expression})".replace(" ", r"\s+") for expression in rows[kind]), re.IGNORECASE)
            for kind in ("says_so", "names_a_trial")
        )
        self._groups = frozenset(rows["groups"])

    def after(self, text: str, before: bool) -> bool:
        """Whether no trial is meant in a message and after it; `before` is what was known before it."""
        plain = printable(text).replace("’", "'")
        return True if self._says_so.search(plain) else before and not self._names_a_trial.search(plain)

    def without_trials(self, probabilities: Probabilities, catalogue: Catalogue) -> Probabilities:
        """The probabilities with those of topics about trials made small, together as much as before."""
        weighed = {
            label: value * (REMAINS if label in catalogue.topics and catalogue.topics[label].group in self._groups else 1)
            for label, value in probabilities.items()
        }
        scale = sum(probabilities.values()) / (sum(weighed.values()) or 1.0)
        return {label: value * scale for label, value in weighed.items()}


@cache
def load_no_trial() -> NoTrial:
    """The expressions, read once. Raises re.error if one of them is broken."""
    return NoTrial(load_yaml(NO_TRIAL))
