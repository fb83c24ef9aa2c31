"""What the report on usage says, section by section."""

from collections import Counter
from collections.abc import Iterable, Mapping
from statistics import mean

from trialguide.commands.reporting.charts import bar_chart, column_chart
from trialguide.commands.reporting.documents import Part, Picture, Section, Table
from trialguide.commands.reporting.inbox_section import UNANSWERED, inbox_section
from trialguide.commands.reporting.usage import FEWEST, UNDER, Usage, rounded, share, shown
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
HEAD = ["country", "sought", "came to", "look-ups"]


def usage_sections(usage: Usage) -> list[Section]:
    """The sections of the report."""
    asked = sum(usage.by("message").values())
    if not asked:
        return [Section("Nothing was asked", [f"From {usage.period} no message was counted."]), _ratings(usage), _stale(usage)]
    return [
        _messages(usage, asked),
        _topics(usage),
        _not_understood(usage, asked),
        inbox_section(usage.inbox, usage.titles),
        _ratings(usage),
        _look_ups(usage),
        _safety(usage),
        _languages(usage),
        _times(usage, asked),
        _stale(usage),
    ]


def _drawn(numbers: Iterable[int]) -> list[int]:
    return [number if number >= FEWEST else 0 for number in numbers]


def _messages(usage: Usage, asked: int) -> Section:
    channels = [channel for channel, _ in usage.by("message", lambda count: count.channel).most_common()]
    numbers = usage.by("message", lambda count: f"{count.day} {count.channel}")
    series = {channel: _drawn(numbers[f"{day} {channel}"] for day in usage.period.days) for channel in channels}
    by_day = usage.by("message", lambda count: count.day)
    table = [[day, *(shown(numbers[f"{day} {channel}"]) for channel in channels)] for day in usage.period.days if by_day[day]]
    picture = Picture(
        "messages",
        "Messages a day",
        "Columns of the numbers in the table.",
        column_chart(usage.period.days, series, "messages"),
    )
    about = f"From {usage.period}, {rounded(asked)} messages came in, to the nearest ten. Days are counted by UTC."
    quiet = "Days without a message are left out of the table."
    small = (
        f"Numbers under {FEWEST} are hidden here and below, and left out of the pictures, as they might be about one person."
    )
    return Section(
        "Messages", [about, small, quiet], [picture, Table("Messages by day and channel", ["day", *channels], table)]
    )


def _topics(usage: Usage) -> Section:
    asked = usage.by("topic")
    table = [[usage.titles.get(topic, topic), topic, shown(number)] for topic, number in asked.most_common()]
    never = sorted(set(usage.titles) - set(asked) - {name.partition("/")[0] for name in usage.by("look_up")})
    parts: list[Part] = [
        *_bars("topics", f"The topics that were answered most often, at most {MOST_DRAWN}", asked, usage.titles, "answers"),
        Table("Topics that were answered", ["topic", "id", "answers"], table),
    ]
    notes = [f"Never answered or looked up: {', '.join(f'`{topic}`' for topic in never)}."] if never else []
    return Section("Topics", notes, parts if table else [])


def _bars(name: str, caption: str, numbers: Counter[str], names: Mapping[str, str], what: str) -> list[Picture]:
    drawn = [(names.get(key, key), number) for key, number in numbers.most_common(MOST_DRAWN) if number >= FEWEST]
    if not drawn:
        return []
    labels, values = zip(*drawn, strict=True)
    return [Picture(name, caption, "Bars of the numbers in the table.", bar_chart(labels, {what: values}, what))]


def _not_understood(usage: Usage, asked: int) -> Section:
    numbers, chosen = usage.by("unanswered"), usage.by("chosen")
    table = [[UNANSWERED.get(why, why), shown(number), share(number, asked)] for why, number in numbers.most_common()]
    offered = usage.by("offered")[""]
    taken = sum(number for topic, number in chosen.items() if topic != NONE)
    outcomes = Counter({"took one of the topics": taken, "said none of these": chosen[NONE]})
    outcomes["asked something else or left"] = max(0, offered - taken - chosen[NONE])
    choices = [[words, shown(number)] for words, number in outcomes.items()]
    topics = [[usage.titles.get(topic, topic), shown(number)] for topic, number in chosen.most_common() if topic != NONE]
    about = f"Of all messages, {share(sum(numbers.values()), asked)} were not answered: that is the fallback rate."
    return Section(
        "Not understood",
        [about],
        [
            *_bars("unanswered", "Messages that were not answered, by what was said instead", numbers, UNANSWERED, "messages"),
            Table("Messages that were not answered", ["what was said instead", "messages", "share of all"], table),
            *_bars("choices", "What people did when topics were offered", outcomes, {}, "offers"),
            Table("What people did when topics were offered (“did you mean”)", ["", "offers"], choices),
            *([Table("Topics that were taken from an offer", ["topic", "times"], topics)] if topics else []),
        ],
    )


def _ratings(usage: Usage) -> Section:
    if not usage.ratings:
        return Section("Ratings", ["No answer was rated on these days."])
    stars: dict[str, list[int]] = {}
    worded: dict[tuple[str, bool], list[int]] = {}
    for rating in usage.ratings:
        stars.setdefault(rating.topic, []).append(rating.stars)
        worded.setdefault((rating.topic, rating.is_current), []).append(rating.stars)
    table = [
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
    parts: list[Part] = [Table("Ratings by topic", ["topic", "wording", "mean of 5", "ratings"], table)]
    rated = {topic: given for topic, given in stars.items() if len(given) >= FEWEST}
    if rated:
        series = {f"{number} of 5": _drawn(given.count(number) for given in rated.values()) for number in range(1, 6)}
        drawn = bar_chart([usage.titles.get(topic, topic) for topic in rated], series, "ratings")
        parts.insert(0, Picture("ratings", "Ratings by topic and stars", "Bars of how many gave so many stars.", drawn))
    if comments:
        parts.append(Table("Comments, masked", ["topic", "wording", "comment"], comments))
    hidden = f"The mean of the stars is hidden for wordings that fewer than {FEWEST} people rated."
    return Section("Ratings", [f"Ratings of an answer's earlier words stand in a line of their own. {hidden}"], parts)


def _mean_shown(stars: list[int]) -> str:
    return f"{mean(stars):.1f}" if len(stars) >= FEWEST else UNDER


def _look_ups(usage: Usage) -> Section:
    numbers = usage.by("look_up")
    if not numbers:
        return Section("Look-ups", ["Nothing was looked up."])
    places: Counter[str] = Counter()
    outcomes: Counter[tuple[str, str]] = Counter()
    table = []
    for name, number in numbers.most_common():
        lookup, country, found = name.split("/")
        places[country] += number
        outcomes[country, found] += number
        table.append([country_name(country), usage.titles.get(lookup, lookup), FOUND.get(found, found), shown(number)])
    drawn = [
        country for country, _ in places.most_common(MOST_DRAWN) if any(_drawn(outcomes[country, found] for found in FOUND))
    ]
    series = {words: _drawn(outcomes[country, found] for country in drawn) for found, words in FOUND.items()}
    parts: list[Part] = []
    if drawn:
        picture = bar_chart([country_name(country) for country in drawn], series, "look-ups")
        parts.append(Picture("look_ups", "Look-ups by country and what they came to", "Bars of the table.", picture))
    parts.append(Table("Look-ups", HEAD, table))
    without = [row for row in table if row[2] != FOUND["found"]]
    if without:
        parts.append(Table("Look-ups without a result in the country", HEAD, without))
    return Section("Look-ups", [], parts)


def _safety(usage: Usage) -> Section:
    numbers = usage.by("safety")
    table = [[words, shown(numbers[name])] for name, words in SAFETY.items()]
    about = "Only these numbers are kept of such messages for this report, never their words."
    bars = _bars("safety", "Messages about safety", numbers, SAFETY, "messages")
    return Section("Safety", [about], [*bars, Table("Messages that were taken for", ["", "messages"], table)])


def _languages(usage: Usage) -> Section:
    numbers = usage.by("language")
    table = [[name, shown(number)] for name, number in numbers.most_common()]
    about = "By a few small words, or by the script; short messages are often unclear."
    bars = _bars("languages", "Messages by language", numbers, {}, "messages")
    return Section("Languages", [about], [*bars, Table("Messages by language or script", ["", "messages"], table)])


def _times(usage: Usage, asked: int) -> Section:
    numbers = usage.by("seconds")
    bounds = [*map(str, SECONDS), LONGER]
    labels = [f"up to {bound} s" if bound != LONGER else "longer" for bound in bounds]
    table = [
        [label, shown(numbers[bound]), share(numbers[bound], asked) if numbers[bound] else "0 %"]
        for label, bound in zip(labels, bounds, strict=True)
    ]
    picture = column_chart(
        [bound if bound != LONGER else "more" for bound in bounds],
        {"messages": _drawn(numbers[bound] for bound in bounds)},
        "messages",
    )
    return Section(
        "Time to an answer",
        ["From the beginning of a turn until it is saved, without the network."],
        [
            Picture("times", "Messages by seconds to an answer, up to", "Columns of the table.", picture),
            Table("Time to an answer", ["time", "messages", "share"], table),
        ],
    )


def _stale(usage: Usage) -> Section:
    if not usage.stale:
        return Section("Content to look at again", ["No answer and no line of the directory is past its date."])
    table = [[f"{finding.file}:{finding.line}", finding.problem, finding.remedy] for finding in usage.stale]
    return Section("Content to look at again", [], [Table("Past their date", ["where", "what", "to do"], table)])
