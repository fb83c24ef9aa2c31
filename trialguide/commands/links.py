"""Looks at every link in the content and the directory: its form, and with `--request` whether it still leads anywhere."""

import argparse
import asyncio
import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from trialguide.content.files import ROOT
from trialguide.places.directory_files import file_names

LINK = re.compile(r"https?:/{0,2}[^\s\"'<>“”/.,](?:[^\s\"'<>“”]*[^\s\"'<>“”.,;:!?)\]])?")
HOST = re.compile(r"(?:[\w-]{1,63}\.)+[a-z]{2,}|(?:\d{1,3}\.){3}\d{1,3}|localhost", re.IGNORECASE)
SECONDS = 15.0
AT_ONCE, AT_ONCE_OF_HOST = 20, 2
# Many sites answer so to programs and let people in.
SHUT = {401, 403, 405, 429}
FIRST_FAILURE = 400


@dataclass(frozen=True, order=True)
class Link:
    """A link, and where it stands."""

    file: str
    line: int
    address: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whether to ask the sites."""
    parser.add_argument("--request", action="store_true", help="ask every site as well; takes some minutes and the internet")


def main(arguments: argparse.Namespace) -> int:
    """Prints the links that cannot be right; 1 when there is one."""
    links = links_in(ROOT / "data")
    found = {link: problem for link in links if (problem := problem_of_form(link.address))}
    if arguments.request:
        # Addresses that are filled in for each look-up exist only then.
        whole = [link for link in links if link not in found and "{" not in link.address]
        found |= asyncio.run(problems_of_answer(whole))
    for link, problem in sorted(found.items()):
        print(f"{link.file}:{link.line}: {problem} {link.address}")
    print(f"{len(links)} links, {len(found)} to look at." + ("" if arguments.request else " Only their form was looked at."))
    return 1 if found else 0


def links_in(data: Path) -> list[Link]:
    """Every link in the files of a data folder."""
    texts = ((file, _lines(file)) for file in sorted(data.rglob("*.yml")))
    rows = ((data / "directory" / name, _rows(data / "directory" / name)) for name in file_names())
    return sorted(
        Link(file.relative_to(data.parent).as_posix(), line, address)
        for file, lines in (*texts, *rows)
        for line, text in lines
        for address in LINK.findall(text)
    )


def problem_of_form(address: str) -> str | None:
    """What is wrong with a link as it is written, or None."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return "This is no address:"
    if not address.startswith(("https://", "http://")) or not HOST.fullmatch(host):
        return "This is no address:"
    return "An address with a name or password in it:" if parts.username else None


async def problems_of_answer(links: Iterable[Link], seconds: float = SECONDS) -> dict[Link, str]:
    """The links whose sites do not give the page, with what they said; each address is asked once, few at a time of a host."""
    places: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        places[link.address.partition("#")[0]].append(link)
    all_at_once = asyncio.Semaphore(AT_ONCE)
    of_host: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE_OF_HOST))

    async def ask(session: aiohttp.ClientSession, address: str) -> str | None:
        async with AsyncExitStack() as stack:
            for limit in (of_host[urlsplit(address).netloc], all_at_once):
                await stack.enter_async_context(limit)
            return await _problem_of_answer(session, address)

    headers = {"User-Agent": "Mozilla/5.0 (TrialGuide, a check of links)"}
    async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=seconds)) as session:
        problems = await asyncio.gather(*(ask(session, address) for address in places))
    answered = zip(places.values(), problems, strict=True)
    return {link: problem for same, problem in answered if problem for link in same}


async def _problem_of_answer(session: aiohttp.ClientSession, address: str) -> str | None:
    try:
        async with session.get(address) as answer:
            status = answer.status
    except asyncio.TimeoutError:
        return "No answer in time:"
    except (aiohttp.ClientError, ValueError, OSError) as problem:
        return f"Not reached ({type(problem).__name__}):"
    if status in SHUT:
        return f"Shut to programs ({status}), please look yourself:"
    return f"The site says {status}:" if status >= FIRST_FAILURE else None


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    yield from enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)


def _rows(file: Path) -> Iterator[tuple[int, str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines)
        for row in reader:
            # A search address may hold anything.
            yield from ((reader.line_num, cell.replace('"', "")) for cell in row)
