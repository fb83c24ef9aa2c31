"""Figures of the usage report: rows and charts, section by section; the words are in `templates/usage.html`."""

from collections import Counter
from collections.abc import Iterable, Mapping
from statistics import mean
from typing import Any

from trialguide.commands.reporting.charts import bar_chart, column_chart
from trialguide.commands.reporting.inbox import UNANSWERED
from trialguide.commands.reporting.usage import FEWEST, UNDER, Usage, share, shown
from trialguide.places.countries import country_name
from trialguide.storage.turn_summary import NONE
from trialguide.storage.usage_counts import LONGER, SECONDS

MOST_DRAWN = 20
FOUND = {"found": "found", "abroad": "none in the country", "nothing": "nothing", "not_addressed": "country not addressed"}
SAFETY = {
    "emergency": "emergency",
    "self_harm": "self-harm",
    "medical_advice": "personal medical advice",
    "report_side_effect": "side effects",
}
WORDED = {True: "as now", False: "earlier"}

Figures = dict[str, Any]


def figures_of(usage: Usage, asked: int) -> dict[str, Figures]:
    """The figures by section, of days on which so many messages came in."""
    return {
        "messages": _messages(usage),
        "topics": _topics(usage),
        "unanswered": _unanswered(usage, asked),
        "look_ups": _look_ups(usage),
        "safety": _safety(usage),
        "languages": _languages(usage),
        "times": _times(usage, asked),
    }


def _drawn(numbers: Iterable[int]) -> list[int]:
    return [number if number >= FEWEST else 0 for number in numbers]


def _bars(numbers: Counter[str], names: Mapping[str, str], what: str) -> str | None:
    drawn = [(names.get(key, key), number) for key, number in numbers.most_common(MOST_DRAWN) if number >= FEWEST]
    if not drawn:
        return None
    labels, values = zip(*drawn, strict=True)
    return bar_chart(labels, {what: values}, what)


def _messages(usage: Usage) -> Figures:
    channels = [channel for channel, _ in usage.by("message", lambda count: count.channel).most_common()]
    numbers = usage.by("message", lambda count: f"{count.day} {count.channel}")
    series = {channel: _drawn(numbers[f"{day} {channel}"] for day in usage.period.days) for channel in channels}
    by_day = usage.by("message", lambda count: count.day)
    rows = [[day, *(shown(numbers[f"{day} {channel}"]) for channel in channels)] for day in usage.period.days if by_day[day]]
    return {"chart": column_chart(usage.period.days, series, "messages"), "head": ["day", *channels], "rows": rows}


def _topics(usage: Usage) -> Figures:
    asked = usage.by("topic")
    return {
        "rows": [[usage.titles.get(topic, topic), topic, shown(number)] for topic, number in asked.most_common()],
        "never": sorted(set(usage.titles) - set(asked) - {name.partition("/")[0] for name in usage.by("look_up")}),
        "chart": _bars(asked, usage.titles, "answers"),
    }


def _unanswered(usage: Usage, asked: int) -> Figures:
    numbers, chosen = usage.by("unanswered"), usage.by("chosen")
    offered = usage.by("offered")[""]
    accepted = sum(number for topic, number in chosen.items() if topic != NONE)
    outcomes = Counter({"took one of the topics": accepted, "said none of these": chosen[NONE]})
    outcomes["asked something else or left"] = max(0, offered - accepted - chosen[NONE])
    return {
        "share": share(sum(numbers.values()), asked),
        "rows": [[UNANSWERED.get(why, why), shown(number), share(number, asked)] for why, number in numbers.most_common()],
        "chart": _bars(numbers, UNANSWERED, "messages"),
        "choices": [[words, shown(number)] for words, number in outcomes.items()],
        "choices_chart": _bars(outcomes, {}, "offers"),
        "topics": [[usage.titles.get(topic, topic), shown(number)] for topic, number in chosen.most_common() if topic != NONE],
    }


def ratings_of(usage: Usage) -> Figures:
    """Rows, chart and comments of the ratings."""
    stars: dict[str, list[int]] = {}
    worded: dict[tuple[str, bool], list[int]] = {}
    for rating in (rating for rating in usage.ratings if rating.counts):
        stars.setdefault(rating.topic, []).append(rating.stars)
        worded.setdefault((rating.topic, rating.is_current), []).append(rating.stars)
    rows = [
        [
            usage.titles.get(topic, topic),
            WORDED[now],
            f"{mean(given):.1f}" if len(given) >= FEWEST else UNDER,
            shown(len(given)),
        ]
        for (topic, now), given in sorted(worded.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
    comments = [
        [usage.titles.get(rating.topic, rating.topic), WORDED[rating.is_current], rating.comment]
        for rating in usage.ratings
        if rating.comment
    ]
    rated = {topic: given for topic, given in stars.items() if len(given) >= FEWEST}
    series = {f"{number} of 5": _drawn(given.count(number) for given in rated.values()) for number in range(1, 6)}
    chart = bar_chart([usage.titles.get(topic, topic) for topic in rated], series, "ratings") if rated else None
    return {"rows": rows, "comments": comments, "chart": chart}


def _look_ups(usage: Usage) -> Figures:
    places: Counter[str] = Counter()
    outcomes: Counter[tuple[str, str]] = Counter()
    rows = []
    for name, number in usage.by("look_up").most_common():
        lookup, country, found = name.split("/")
        places[country] += number
        outcomes[country, found] += number
        rows.append([country_name(country), usage.titles.get(lookup, lookup), FOUND.get(found, found), shown(number)])
    drawn = [
        country for country, _ in places.most_common(MOST_DRAWN) if any(_drawn(outcomes[country, found] for found in FOUND))
    ]
    series = {words: _drawn(outcomes[country, found] for country in drawn) for found, words in FOUND.items()}
    chart = bar_chart([country_name(country) for country in drawn], series, "look-ups") if drawn else None
    return {"rows": rows, "without": [row for row in rows if row[2] != FOUND["found"]], "chart": chart}


def _safety(usage: Usage) -> Figures:
    numbers = usage.by("safety")
    rows = [[words, shown(numbers[name])] for name, words in SAFETY.items()]
    return {"rows": rows, "chart": _bars(numbers, SAFETY, "messages")}


def _languages(usage: Usage) -> Figures:
    numbers = usage.by("language")
    rows = [[name, shown(number)] for name, number in numbers.most_common()]
    return {"rows": rows, "chart": _bars(numbers, {}, "messages")}


def _times(usage: Usage, asked: int) -> Figures:
    numbers = usage.by("seconds")
    bounds = [*map(str, SECONDS), LONGER]
    labels = [f"up to {bound} s" if bound != LONGER else "longer" for bound in bounds]
    rows = [
        [label, shown(numbers[bound]), share(numbers[bound], asked) if numbers[bound] else "0 %"]
        for label, bound in zip(labels, bounds, strict=True)
    ]
    ticks = [bound if bound != LONGER else "more" for bound in bounds]
    return {"rows": rows, "chart": column_chart(ticks, {"messages": _drawn(numbers[bound] for bound in bounds)}, "messages")}
