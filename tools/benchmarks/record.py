"""Keeps what the parts of `make bench` measured: the figures in bench.json, the tables in docs/benchmark.md."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict

from tools.benchmarks.report import Target, bars_table
from trialguide.content.files import ROOT

FIGURES = ROOT / "bench.json"
DOCUMENT = ROOT / "docs" / "benchmark.md"


def record(name: str, heading: str, bars: Sequence[Target], warning: str, method: str) -> None:
    """Prints the figures of a part and writes them in place of those of an earlier run."""
    recorded = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    figures = {"bars": [asdict(bar) for bar in bars], "warning": warning}
    FIGURES.write_text(json.dumps(recorded | {name: figures}, indent=2) + "\n", encoding="utf-8")
    text = f"{bars_table(bars)}\n\n{warning}\n\n{method}"
    DOCUMENT.write_text(with_section(DOCUMENT.read_text(encoding="utf-8"), heading, text), encoding="utf-8")
    print(f"{bars_table(bars)}\n\n{warning}\nWritten to {FIGURES.name} and {DOCUMENT.name}.")


def with_section(document: str, heading: str, text: str) -> str:
    """The document with a section in place of the one of that heading, or else at its end."""
    section = f"## {heading}\n\n{text.strip()}\n"
    found = re.search(rf"^## {re.escape(heading)}\n.*?(?=^## |\Z)", document, re.DOTALL | re.MULTILINE)
    if found is None:
        return f"{document.rstrip()}\n\n{section}"
    rest = document[found.end() :]
    return document[: found.start()] + section + (f"\n{rest}" if rest else "")
