"""Check of the locked packages against the advisories of OSV: `python -m tools advisories`."""

import argparse
import asyncio
import sys
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import Any

import aiohttp

from tools.supply_chain.lock_file import read_lock_file
from trialguide.content.files import ROOT

REQUIREMENTS = ROOT / "requirements"
# https://google.github.io/osv.dev/post-v1-querybatch/
ADDRESS = "https://api.osv.dev"
# The most that one request may hold.
BATCH = 1000
TIMEOUT_SECONDS = 60
NO_ANSWER = (aiohttp.ClientError, asyncio.TimeoutError, OSError)
# Of reading JSON that has another form than the documented one.
MALFORMED = (ValueError, LookupError, TypeError, AttributeError)

Pin = tuple[str, str]
Advisories = dict[Pin, set[str]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The lock files and the database."""
    parser.add_argument("files", type=Path, nargs="*", help="lock files; without any, all of those in requirements/")
    parser.add_argument("--address", default=ADDRESS, help="address of the database")


def main(arguments: argparse.Namespace) -> int:
    """0 without advisories, 1 with some, 2 when the database gives no answer: nothing is known then."""
    files = arguments.files or [*sorted(REQUIREMENTS.glob("*-3.*.txt")), REQUIREMENTS / "uv.txt"]
    pins = {(package.name, package.version) for file in files for package in read_lock_file(file)}
    try:
        found = asyncio.run(known_advisories(pins, arguments.address))
    except (*NO_ANSWER, *MALFORMED) as error:
        print(f"Not checked: {arguments.address} gave no answer ({type(error).__name__}).", file=sys.stderr)
        return 2
    for (name, version), ids in sorted(found.items()):
        print(f"{name} {version}: {', '.join(sorted(ids))}")
    print(f"{len(pins)} packages were checked; {len(found)} have advisories.")
    return int(bool(found))


async def known_advisories(pins: Collection[Pin], address: str) -> Advisories:
    """The ids of the advisories of each package that has some.

    Raises one of NO_ANSWER, or of MALFORMED for an answer of another form.
    """
    found: Advisories = defaultdict(set)
    queries = [_query(pin) for pin in sorted(pins)]
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=True, raise_for_status=True) as session:
        while queries:
            batch, queries = queries[:BATCH], queries[BATCH:]
            async with session.post(f"{address}/v1/querybatch", json={"queries": batch}) as response:
                results = (await response.json())["results"]
            for query, result in zip(batch, results, strict=True):
                ids = {advisory["id"] for advisory in result.get("vulns", [])}
                if ids:
                    found[query["package"]["name"], query["version"]] |= ids
                if result.get("next_page_token"):
                    queries.append(query | {"page_token": result["next_page_token"]})
    return dict(found)


def _query(pin: Pin) -> dict[str, Any]:
    name, version = pin
    return {"package": {"name": name, "ecosystem": "PyPI"}, "version": version}
