"""The section of the evaluation report about thresholds."""

from collections.abc import Sequence

from tools.evaluation.held_out import AS_GOOD, FEWEST_IN_DANGER, LEAST, MOST, ROOM_FOR_DANGER, HeldOutResult
from tools.evaluation.measures import DANGER_RECOGNISED, FALSE_ALARMS
from trialguide.commands.reporting.documents import Section, Table, percent
from trialguide.nlu.decision import Thresholds


def held_out_section(held_out: Sequence[HeldOutResult], chosen: Thresholds, thresholds: Thresholds) -> Section:
    """The thresholds that the sets of test questions choose, with the measures on the set that was left out."""
    names = [*LEAST, *MOST, DANGER_RECOGNISED, FALSE_ALARMS]
    shares = [{measure.name: percent(measure.share) for measure in one.measures} for one in held_out]
    rows = [
        (one.left_out, *_three(one.thresholds), *(row[name] for name in names))
        for one, row in zip(held_out, shares, strict=True)
    ]
    nothing = ("",) * len(names)
    bars = [f"at least {percent(least)} {name}" for name, least in LEAST.items()]
    bars += [f"at most {percent(most)} {name}" for name, most in MOST.items()]
    return Section(
        "Thresholds",
        [
            "The sets of test questions have other authors, so each is tried with thresholds that the others choose: those for "
            "answering and for personal matters that stay farthest from the nearest of the bars "
            f"({', '.join(bars)}) on the set where that is least; of those within {100 * AS_GOOD:.2f} % of the best, the ones "
            "that recognise most personal matters. "
            f"For danger {percent(ROOM_FOR_DANGER)} of the largest at which every set has {percent(FEWEST_IN_DANGER)} "
            "recognised: a false alarm costs a sentence. The decisions are the interpreter's own; thresholds that the table "
            "does not name stay as in config.yml.",
        ],
        [
            Table(
                "Chosen without a set, and what becomes of that set",
                ("without", "answer", "danger", "personal", *names),
                [*rows, ("none", *_three(chosen), *nothing), ("config.yml", *_three(thresholds), *nothing)],
            )
        ],
    )


def _three(thresholds: Thresholds) -> tuple[str, str, str]:
    return f"{thresholds.answer:.2f}", f"{thresholds.danger:.2f}", f"{thresholds.personal:.2f}"
