"""Facts for the papers, read from the settings, the schema, the content and the model, so that none is written twice."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from trialguide.commands.checking.content import Content
from trialguide.commands.checking.reviews import record_on, texts_of
from trialguide.commands.setup import ENCODER, model_file
from trialguide.content.files import WORDS, load_yaml
from trialguide.content.operator_details import Operator
from trialguide.content.reviews import ANSWERS, REPLIES, STATUSES, text_sha256
from trialguide.content.wording import fill, load_words
from trialguide.runtime.settings import Settings
from trialguide.storage.retention import FEEDBACK_DAYS, FOLLOW_DAYS

WEBSITE = "website"
MEGABYTE = 1_000_000

Facts = dict[str, Any]


def facts_of(settings: Settings, content: Content, operator: Operator, today: date) -> Facts:
    """The fields of the papers' templates, but for the operator's own lines."""
    words = load_words()
    days = fill(words["one_day" if settings.conversation_days == 1 else "days"]["text"], {"number": settings.conversation_days})
    address = operator.public_address or settings.public_address
    privacy = f"{address}/chat/privacy" if address else words["privacy_page"]["text"]
    return {
        "today": today.isoformat(),
        "days": days,
        "feedback_days": FEEDBACK_DAYS,
        "follow_days": FOLLOW_DAYS,
        "channels": (WEBSITE, *settings.services),
        "database": "PostgreSQL" if settings.database_url else "SQLite",
        "redis": settings.redis is not None,
        "passes_events": bool(settings.rabbitmq and settings.rabbitmq_queue),
        "serve": settings.serve,
        "notice": _quoted(fill(words["notice"]["text"], {"days": days, "privacy": privacy})),
        "subtitle": load_yaml(WORDS / "widget.yml")["labels"]["subtitle"],
        "answers": _statuses(content, ANSWERS),
        "replies": _statuses(content, REPLIES),
        "encoder_size": _size(ENCODER),
        "model_size": _size(model_file()),
    }


def _statuses(content: Content, kind: str) -> Mapping[str, int]:
    """The number of texts of a kind by status, and in `total`."""
    texts = [text for text in texts_of(content) if text.kind == kind]
    counts = Counter(record_on(content, text).status(text_sha256(text.variants)) for text in texts)
    return {status: counts[status] for status in STATUSES} | {"total": len(texts)}


def _size(file: Any) -> str:
    return f"{file.stat().st_size / MEGABYTE:.0f} MB" if file.exists() else "not built yet"


def _quoted(text: str) -> str:
    """The text as a quotation in Markdown."""
    return "\n".join(f"> {line}" for line in text.splitlines())
