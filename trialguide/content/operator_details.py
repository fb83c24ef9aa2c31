"""Operator: who runs this assistant, and what their papers need, from `data/operator.yml`, empty until they fill it in."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

import yaml

from trialguide.content.files import OPERATOR, load_texts


@dataclass(frozen=True)
class Operator:
    """The operator: its name, how it can be reached, who pays, and what the papers say. Empty where it is not stated."""

    name: str = ""
    contact: str = ""
    funding: str = ""
    # For the papers alone.
    legal_name: str = ""
    address: str = ""
    privacy_contact: str = ""
    data_protection_officer: str = ""
    legal_basis: str = ""
    health_data_basis: str = ""
    supervisory_authority: str = ""
    public_address: str = ""
    hosting_country: str = ""
    processors: str = ""
    accessibility_contact: str = ""
    accessibility_status: str = ""
    enforcement_body: str = ""
    papers_date: str = ""

    def fields(self, not_stated: str) -> dict[str, str]:
        """The fields of texts about the operator: `operator_name` and so on, with words for what is not stated."""
        return {f"operator_{name}": value or not_stated for name, value in asdict(self).items()}


# What patients read of the operator, and what stands in the papers alone.
SHOWN = ("name", "contact", "funding")
FOR_PAPERS = tuple(field.name for field in fields(Operator) if field.name not in SHOWN)


@cache
def load_operator(file: Path = OPERATOR) -> Operator:
    """The operator, read once per process; nothing is stated in a file that cannot be read, which `trialguide check` names."""
    try:
        written = load_texts(file)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        written = None
    given = written if isinstance(written, Mapping) else {}
    return Operator(**{field.name: " ".join(str(given.get(field.name) or "").split()) for field in fields(Operator)})
