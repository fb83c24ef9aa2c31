"""Link check of the content and the directory: the form of each link, and with `--request` the response of its site."""

import argparse
import asyncio
import csv
import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urljoin, urlsplit

import aiohttp

from trialguide.content.files import ROOT
from trialguide.places.directory_files import file_names

LINK = re.compile(r"https?:/{0,2}[^\s\"'<>“”/.,](?:[^\s\"'<>“”]*[^\s\"'<>“”.,;:!?)\]])?")
HOST = re.compile(r"(?:[\w-]{1,63}\.)+[a-z]{2,}|(?:\d{1,3}\.){3}\d{1,3}|localhost", re.IGNORECASE)
SECONDS = 15.0
AT_ONCE, AT_ONCE_OF_HOST = 20, 2
# Many sites answer programs so and let people in.
BLOCKED = {401, 403, 405, 429}
FIRST_FAILURE = 400


class LeadsInside(aiohttp.ClientError):
    """A site of the internet redirects to an address of the own network, which it must not make this program ask."""


@dataclass(frozen=True, order=True)
class Link:
    """A link with its file and line."""

    file: str
    line: int
    address: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--request` also asks the sites."""
    parser.add_argument("--request", action="store_true", help="ask every site as well; takes some minutes and the internet")


def main(arguments: argparse.Namespace) -> int:
    """Prints the broken links; 1 when there is one."""
    links = links_in(ROOT / "data")
    problems = {link: problem for link in links if (problem := form_problem(link.address))}
    if arguments.request:
        # Addresses that are filled in for each look-up exist only then.
        whole = [link for link in links if link not in problems and "{" not in link.address]
        problems |= asyncio.run(response_problems(whole))
    for link, problem in sorted(problems.items()):
        print(f"{link.file}:{link.line}: {problem} {link.address}")
    print(f"{len(links)} links, {len(problems)} to look at." + ("" if arguments.request else " Only their form was looked at."))
    return 1 if problems else 0


def links_in(data: Path) -> list[Link]:
    """Every link in the files of a data folder; those in the records of reviews are those of the texts."""
    files = (file for file in sorted(data.rglob("*.yml")) if data / "reviews" not in file.parents)
    texts = ((file, _lines(file)) for file in files)
    rows = ((data / "directory" / name, _rows(data / "directory" / name)) for name in file_names())
    return sorted(
        Link(file.relative_to(data.parent).as_posix(), line, address)
        for file, lines in (*texts, *rows)
        for line, text in lines
        for address in LINK.findall(text)
    )


def form_problem(address: str) -> str | None:
    """The problem with the form of a link, or None."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return "This is no address:"
    if not address.startswith(("https://", "http://")) or not HOST.fullmatch(host):
        return "This is no address:"
    return "An address with a name or password in it:" if parts.username else None


async def response_problems(links: Iterable[Link], seconds: float = SECONDS) -> dict[Link, str]:
    """The links whose sites do not return the page, with the problem; asks for each address once, few at a time per host."""
    by_address: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        by_address[link.address.partition("#")[0]].append(link)
    all_at_once = asyncio.Semaphore(AT_ONCE)
    of_host: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE_OF_HOST))

    async def ask(session: aiohttp.ClientSession, address: str) -> str | None:
        async with AsyncExitStack() as stack:
            for limit in (of_host[urlsplit(address).netloc], all_at_once):
                await stack.enter_async_context(limit)
            return await _response_problem(session, address)

    headers = {"User-Agent": "Mozilla/5.0 (TrialGuide, a check of links)"}
    redirects = aiohttp.TraceConfig()
    redirects.on_request_redirect.append(_refuse_own_network)  # type: ignore[arg-type]
    timeout = aiohttp.ClientTimeout(total=seconds)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout, trace_configs=[redirects]) as session:
        responses = await asyncio.gather(*(ask(session, address) for address in by_address))
    answered = zip(by_address.values(), responses, strict=True)
    return {link: problem for links_to_it, problem in answered if problem for link in links_to_it}


async def _refuse_own_network(
    _: aiohttp.ClientSession, __: SimpleNamespace, redirect: aiohttp.TraceRequestRedirectParams
) -> None:
    target = urlsplit(urljoin(str(redirect.url), redirect.response.headers.get("Location", "")))
    if target.hostname and target.netloc != redirect.url.authority:
        found = await asyncio.get_running_loop().getaddrinfo(target.hostname, None)
        if not all(ipaddress.ip_address(str(address[0]).partition("%")[0]).is_global for *_, address in found):
            raise LeadsInside


async def _response_problem(session: aiohttp.ClientSession, address: str) -> str | None:
    try:
        async with session.get(address) as answer:
            status = answer.status
    except asyncio.TimeoutError:
        return "No answer in time:"
    except LeadsInside:
        return "Leads into the own network:"
    except (aiohttp.ClientError, ValueError, OSError) as problem:
        return f"Not reached ({type(problem).__name__}):"
    if status in BLOCKED:
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
