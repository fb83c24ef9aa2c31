"""Reads the directory's files and validates each row against `data/directory/schema.yml`."""

import csv
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from trialguide.content.files import DIRECTORY, load_yaml
from trialguide.places.countries import is_country

SCHEMA = DIRECTORY / "schema.yml"
INTERNATIONAL = "INT"
EUROPEAN = "EU"
LINK = re.compile(r"https?://[^\s]+\.[^\s]+")
# Fields that a search address may have.
FILLED_IN = frozenset({"condition", "terms", "country"})

Row = dict[str, str]


@dataclass(frozen=True)
class RowError:
    """A problem in a line of a file with its remedy. A warning does not reject the file."""

    line: int
    problem: str
    remedy: str
    warning: bool = False


@dataclass(frozen=True)
class CheckedRow:
    """A row with its errors; empty where it cannot be read."""

    row: Row
    faults: tuple[RowError, ...]

    @property
    def shown(self) -> bool:
        """Whether patients may see it: verified, with a date."""
        return self.row.get("verified") == "true" and bool(self.row.get("checked_on"))


def file_names() -> tuple[str, ...]:
    """The files that belong to the directory."""
    return tuple(_schemas())


def verified_rows(file: Path) -> list[Row]:
    """The rows that patients may see. Raises OSError, and ValueError with file, line and remedy for an invalid row."""
    shown = [checked for checked in validated_rows(file) if checked.shown or not checked.row]
    for fault in (fault for checked in shown for fault in checked.faults if not fault.warning):
        raise ValueError(f"{file.name}:{fault.line}: {fault.problem} {fault.remedy}")
    return [checked.row for checked in shown]


def validated_rows(file: Path) -> Iterator[CheckedRow]:
    """All rows of a file. Raises OSError and UnicodeDecodeError."""
    schema = _schemas()[file.name]
    with io.StringIO(file.read_text(encoding="utf-8-sig"), newline="") as lines:
        reader = csv.DictReader(lines)
        columns = reader.fieldnames or ()
        missing = [column for column in schema["properties"] if column not in columns]
        if missing:
            problem = f"Column {', '.join(missing)} is missing."
            yield CheckedRow({}, (RowError(1, problem, "Bring the heading back, in small letters and without spaces."),))
            return
        validator = Draft202012Validator(schema, format_checker=FORMATS)
        for row in reader:
            if None in row or None in row.values():
                problem = f"The row has not {len(columns)} cells."
                remedy = "Put text that holds a comma into double quotes."
                yield CheckedRow({}, (RowError(reader.line_num, problem, remedy),))
            else:
                yield CheckedRow(row, tuple(_faults(row, reader.line_num, schema, validator)))


def repeated_rows(file: Path) -> Iterator[RowError]:
    """The rows that name an entry of an earlier line. Raises OSError and UnicodeDecodeError."""
    unique = _schemas()[file.name]["unique"]
    first: dict[tuple[str, ...], int] = {}
    with io.StringIO(file.read_text(encoding="utf-8-sig"), newline="") as lines:
        reader = csv.DictReader(lines)
        for row in reader:
            key = tuple((row.get(column) or "").strip().casefold() for column in unique)
            if first.setdefault(key, reader.line_num) != reader.line_num:
                yield RowError(reader.line_num, f"The row repeats line {first[key]}.", "Keep one of them.")


def _faults(row: Row, line: int, schema: dict[str, Any], validator: Draft202012Validator) -> Iterator[RowError]:
    properties = schema["properties"]
    cells = {column: _value(cell, properties.get(column, {})) for column, cell in row.items() if cell}
    for column in dict.fromkeys(_column(error) for error in validator.iter_errors(cells)):
        problem = f"Column {column} of “{row.get('name') or row.get('country')}” holds “{row[column]}”."
        yield RowError(line, problem, properties[column]["remedy"])
    for column, rules in properties.items():
        days = rules.get("stale_after_days")
        if days and _is_past_day(row[column]) and (date.today() - date.fromisoformat(row[column])).days > days:
            problem = f"Column {column} of “{row.get('name') or row.get('country')}” holds “{row[column]}”, long ago."
            yield RowError(line, problem, "Check the entry again and write today's date.", warning=True)


def _column(error: ValidationError) -> str:
    """The column of an error: jsonschema names a missing one only in its message."""
    if error.validator == "required":
        return next(column for column in error.validator_value if column not in error.instance)
    return str(error.path[0])


def _value(cell: str, rules: dict[str, Any]) -> str | float:
    if rules.get("type") != "number":
        return cell
    try:
        number = float(cell)
    except ValueError:
        return cell
    return number if math.isfinite(number) else cell


@cache
def _schemas() -> dict[str, dict[str, Any]]:
    schemas: dict[str, dict[str, Any]] = load_yaml(SCHEMA)["files"]
    return schemas


FORMATS = FormatChecker(())


@FORMATS.checks("country")
def _is_country(cell: object) -> bool:
    return is_country(str(cell))


@FORMATS.checks("area")
def _is_area(cell: object) -> bool:
    return cell in (INTERNATIONAL, EUROPEAN) or is_country(str(cell))


@FORMATS.checks("link")
def _is_link(cell: object) -> bool:
    return bool(LINK.fullmatch(str(cell)))


@FORMATS.checks("link pattern")
def _is_link_pattern(cell: object) -> bool:
    return str(cell).startswith("https://") and set(re.findall(r"\{(\w+)\}", str(cell))) <= FILLED_IN


@FORMATS.checks("past day")
def _is_past_day(cell: object) -> bool:
    try:
        return date.fromisoformat(str(cell)) <= date.today()
    except ValueError:
        return False
