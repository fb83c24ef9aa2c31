"""Checks of the phrases that decide about safety."""

import re
from collections.abc import Iterator

from trialguide.commands.checking.content import Content
from trialguide.commands.checking.findings import Finding


def check_phrases(content: Content) -> Iterator[Finding]:
    """Mistakes in `safety_phrases.yml`."""
    file = content.files.get(content.data / "vocabulary" / "safety_phrases.yml")
    if file is None:
        return
    labels = file.data if isinstance(file.data, dict) else {"safety_phrases": None}
    for label, rows in labels.items():
        lists = [rows.get(part) or [] for part in ("phrases", "unless")] if isinstance(rows, dict) else []
        if not lists or not lists[0] or not all(isinstance(one, list) for one in lists):
            yield content.at(file, (label,), f"“{label}” has no phrases.", "Bring its list back.")
            continue
        for part, phrases in zip(("phrases", "unless"), lists, strict=True):
            for position, phrase in enumerate(phrases):
                try:
                    re.compile(phrase)
                except (re.error, TypeError) as error:
                    problem = f"The phrase cannot be read ({error})."
                    yield content.at(file, (label, part, position), problem, "Mend its brackets or ask an engineer.")
