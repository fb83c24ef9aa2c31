"""Lock files of `make lock`: versions, hashes and what asks for each package."""

import re
from dataclasses import dataclass
from pathlib import Path

_PIN = re.compile(r"([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)")
_VIA = re.compile(r"^via( |$)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class LockedPackage:
    """A package of a lock file. `hashes` are SHA-256, one for each of its distribution files."""

    name: str
    version: str
    hashes: tuple[str, ...]
    # The packages that depend on it; empty for one that only a requirements file asks for.
    dependants: tuple[str, ...]
    # Whether a requirements file asks for it.
    direct: bool

    @property
    def purl(self) -> str:
        """The package URL."""
        return f"pkg:pypi/{self.name}@{self.version}"


def read_lock_file(file: Path) -> list[LockedPackage]:
    """The packages of a lock file, in its order. Raises ValueError for a line that is none of uv's."""
    blocks: list[tuple[re.Match[str], list[str]]] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith(" "):
            blocks[-1][1].append(line.strip())
        elif pin := _PIN.match(line):
            blocks.append((pin, []))
        else:
            raise ValueError(f"{file}: “{line}” is no pinned package.")
    return [_package(pin, lines) for pin, lines in blocks]


def _package(pin: re.Match[str], lines: list[str]) -> LockedPackage:
    hashes = tuple(_HASH.findall("\n".join(lines)))
    comments = [line.removeprefix("#").strip() for line in lines if line.startswith("#")]
    sources = [source for source in (_VIA.sub("", comment) for comment in comments) if source]
    # "-c" names the file that constrains the version, "-r" the one that asks for the package.
    dependants = tuple(source for source in sources if not source.startswith("-"))
    return LockedPackage(pin[1], pin[2], hashes, dependants, any(source.startswith("-r") for source in sources))
