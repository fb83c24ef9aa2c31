"""What the evaluation report says about thresholds: by sets of test questions, and by cross-validation over the examples."""

from collections.abc import Sequence

from tools.evaluation import cross_validation as cross
from tools.evaluation.charts import danger_picture, doubt_picture
from tools.evaluation.held_out import AS_GOOD, FEWEST_IN_DANGER, LEAST, MOST, ROOM_FOR_DANGER, Tried
from tools.evaluation.measures import DANGER_RECOGNISED, FALSE_ALARMS, TOP
from trialguide.commands.reporting.documents import Picture, Section, Table, percent
from trialguide.nlu.decision import Thresholds
from trialguide.nlu.topic_model import Settings


def held_out_section(tried: Sequence[Tried], chosen: Thresholds, thresholds: Thresholds) -> Section:
    """Which thresholds the sets of test questions choose, and what those achieve on the set that had no say."""
    names = [*LEAST, *MOST, DANGER_RECOGNISED, FALSE_ALARMS]
    shares = [{measure.name: percent(measure.share) for measure in one.measures} for one in tried]
    rows = [
        (one.left_out, *_three(one.thresholds), *(row[name] for name in names)) for one, row in zip(tried, shares, strict=True)
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
            "recognised: a false alarm costs a sentence. Messages are not taken apart into sentences here, and places are not "
            "looked at.",
        ],
        [
            Table(
                "Chosen without a set, and what becomes of that set",
                ("without", "answer", "danger", "personal", *names),
                [*rows, ("none", *_three(chosen), *nothing), ("config.yml", *_three(thresholds), *nothing)],
            )
        ],
    )


def cross_validation_section(
    found: cross.OutOfFold,
    temperature: float,
    doubt: cross.AnswerSweep,
    danger: cross.DangerSweep,
    settings: Settings,
    thresholds: Thresholds,
) -> Section:
    """What cross-validation over the training examples says of temperature and thresholds."""
    accuracy, in_top = (cross.among_likeliest(found.probabilities, found.truth, number) for number in (1, TOP))
    rows = [
        ("likeliest label right", percent(accuracy), ""),
        (f"among the {TOP} likeliest", percent(in_top), ""),
        ("temperature of the smallest log loss", f"{temperature:.2f}", f"{settings.temperature:.2f}"),
        (
            f"answer: smallest with at most {percent(cross.MOST_WRONG)} wrong",
            _threshold(doubt.smallest),
            f"{thresholds.answer:.2f}",
        ),
        (
            f"danger: largest with at least {percent(cross.FEWEST_IN_DANGER)} recognised",
            _threshold(danger.largest),
            f"{thresholds.danger:.2f}",
        ),
    ]
    every_tenth = slice(4, None, 5)
    shares = zip(doubt.threshold, doubt.right, doubt.offered, doubt.wrong, strict=True)
    alarms = zip(danger.threshold, danger.recognised, danger.false_alarms, strict=True)
    return Section(
        "Cross-validation and thresholds",
        [
            f"Each topic's examples are cut into {cross.FOLDS} stretches in the order of the files, and each is judged by a "
            "model that has learned from the others: whoever wrote a stretch wrote in one style, so stretches drawn "
            "at random would flatter. The temperature and the thresholds follow from these probabilities, together with the "
            "safety phrases. Messages are not taken apart into sentences here.",
        ],
        [
            Table("Found by cross-validation, beside config.yml", ("", "found", "config.yml"), rows),
            Picture(
                "answer-threshold",
                "What becomes of the examples at each threshold for answering.",
                "Lines of the shares right at once, offered and wrong at once over the threshold for answering; the next table "
                "has the figures.",
                doubt_picture(doubt, thresholds.answer),
            ),
            Table(
                "At each threshold for answering",
                ("threshold", "right at once", "offered", "wrong at once"),
                [(f"{step:.2f}", *map(percent, row)) for step, *row in list(shares)[every_tenth]],
            ),
            Picture(
                "danger-threshold",
                "What is missed and what is falsely taken for danger at each threshold.",
                "Lines of the shares of danger missed and of harmless examples taken for danger over the threshold; the next "
                "table has the figures.",
                danger_picture(danger, thresholds.danger),
            ),
            Table(
                "At each threshold for danger",
                ("threshold", "danger recognised", "harmless, taken for danger"),
                [(f"{step:.2f}", *map(percent, row)) for step, *row in list(alarms)[every_tenth]],
            ),
        ],
    )


def _three(thresholds: Thresholds) -> tuple[str, str, str]:
    return f"{thresholds.answer:.2f}", f"{thresholds.danger:.2f}", f"{thresholds.personal:.2f}"


def _threshold(found: float | None) -> str:
    return "none does" if found is None else f"{found:.2f}"
