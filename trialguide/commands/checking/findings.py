"""The findings of the content check."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """A mistake in the content: its place, the problem, and the remedy. A warning does not stop anything."""

    file: str
    line: int
    problem: str
    remedy: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {'Please look: ' if self.warning else ''}{self.problem} {self.remedy}"


# Line, problem and remedy of a mistake in a single file.
Mistake = tuple[int, str, str]
