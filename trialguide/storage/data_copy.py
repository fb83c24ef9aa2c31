"""Copy of personal data: every row that is stored of a person, for themselves (GDPR 15 and 20)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from trialguide.storage.group_commit import row_id
from trialguide.storage.retention import PERSONAL

# Columns that hold JSON.
JSON_COLUMNS = frozenset({"data", "nearest"})
# Encrypted: only the channel can read it, and it would address the person for whoever finds the copy.
ENCRYPTED = "reply_address"
NOT_SHOWN = "encrypted"

Row = dict[str, Any]


@dataclass(frozen=True)
class DataCopy:
    """The rows of a person by table, oldest first, for each table that an erasure empties."""

    sender_id: str
    rows: Mapping[str, Sequence[Row]]

    @property
    def is_empty(self) -> bool:
        return not any(self.rows.values())

    def as_json(self) -> dict[str, Any]:
        """The copy as an object for a file of JSON."""
        return {"conversation": self.sender_id, "kept": {table: list(rows) for table, rows in self.rows.items()}}


def copy_of(connection: Connection, sender_id: str) -> DataCopy:
    """The copy of all that is stored of a person, over the same tables as `erase`."""
    return DataCopy(sender_id, {table.name: _rows(connection, table, row_id(sender_id)) for table in PERSONAL})


def _rows(connection: Connection, table: sa.Table, sender: str) -> list[Row]:
    columns = [column for column in table.c if column.name not in ("id", "sender_id")]
    own = sa.select(*columns).where(table.c.sender_id == sender).order_by(table.c.id)
    return [_without_address(_parsed(row)) for row in connection.execute(own).mappings()]


def _parsed(row: Mapping[str, Any]) -> Row:
    return {name: json.loads(value) if name in JSON_COLUMNS and value else value for name, value in row.items()}


def _without_address(row: Row) -> Row:
    data = row.get("data")
    shown = row | ({"data": _without_address(data)} if isinstance(data, dict) else {})
    return shown | ({ENCRYPTED: NOT_SHOWN} if shown.get(ENCRYPTED) else {})
