"""The order of the stages: which one decides about a message that several could decide about."""

import re
from dataclasses import replace

import pytest
from stored_interpreter import THRESHOLDS as STORED_THRESHOLDS
from stored_interpreter import stored_interpreter

from trialguide.content.catalogue import load_catalogue
from trialguide.nlu import interpreter
from trialguide.nlu.parse_data import parse_data
from trialguide.nlu.stages import EXPLAIN_WORD, SEVERAL_TOPICS

THRESHOLDS = replace(STORED_THRESHOLDS, danger=0.19, check_in=0.1, danger_as_written=0.5)
EXAMPLES = {"what is a placebo": "placebo", "i cant breathe": "placebo", "oslo": "greet", "follow my topic": "follow_topic"}
PLACEBO = {"placebo": 0.9, "costs": 0.1}
COSTS = {"costs": 0.9, "placebo": 0.1}
DANGER = {"emergency": 0.2, "placebo": 0.8}
PERSONAL = {"medical_advice": 0.35, "placebo": 0.65}
LOOK_UP = {"find_clinic": 0.4, "placebo": 0.35, "costs": 0.25}
OUTSIDE = {"out_of_scope": 0.55, "placebo": 0.25, "costs": 0.2}
DOUBT = {"placebo": 0.5, "costs": 0.4, "greet": 0.1}
GREETING = {"greet": 0.7, "placebo": 0.3}
TWO = "what are the qqq? who are the www?"
ALIKE, BEHIND = "what are the qqq? how many?", "what is a placebo? how many?"
PARTS = {"Qqq www.": COSTS, "What is a placebo?": COSTS, "Www.": COSTS}
OUT = "out_of_scope"
AGAIN = "what is a placebo? who are the www?"


@pytest.mark.parametrize(
    ("text", "rows", "label"),
    [
        # Without the classifier.
        ("what is a placebo", {}, "placebo"),
        ("i cant breathe", {}, "emergency"),
        ("oslo", {}, "inform_place"),
        ("", {}, "unreadable/empty"),
        ("★★★", {}, "rate_answer"),
        ("東京", {}, "inform_place"),
        # Danger and personal matters before everything else.
        ("the qqq", {"the qqq": DANGER}, "emergency"),
        ("the qqq", {"the qqq": PERSONAL}, "medical_advice"),
        ("2 stars, the qqq", {"2 stars, the qqq": DANGER}, "emergency"),
        ("the qqq in Oslo", {"the qqq in Oslo": LOOK_UP | {"emergency": 0.3}}, "emergency"),
        ("2 stars, the qqq", {"2 stars, the qqq": PLACEBO}, "rate_answer"),
        ("follow qqq", {"follow qqq": COSTS, "qqq": PLACEBO}, "follow_topic"),
        ("follow qqq", {"follow qqq": COSTS, "qqq": DOUBT}, "costs"),
        ("the qqq in Oslo", {"the qqq in Oslo": LOOK_UP}, "find_clinic"),
        ("the qqq", {"the qqq": LOOK_UP}, "nlu_fallback"),
        ("the qqq", {"the qqq": OUTSIDE}, "out_of_scope"),
        ("the qqq", {"the qqq": DOUBT}, "nlu_fallback"),
        # A word whose meaning is asked, unless a topic that has it in its title is surely meant.
        ("what does RFA mean", {"what does RFA mean": COSTS}, EXPLAIN_WORD),
        ("RFA?", {"RFA?": DOUBT}, EXPLAIN_WORD),
        ("RFA", {"RFA": DOUBT}, "nlu_fallback"),
        ("what are placebos", {"what are placebos": PLACEBO}, "placebo"),
        ("what are placebos", {"what are placebos": DOUBT}, EXPLAIN_WORD),
        ("what are qqq", {"what are qqq": DOUBT}, "nlu_fallback"),
        ("what is RFA", {"what is RFA": DANGER}, "emergency"),
        ("what is RFA", {"what is RFA": PERSONAL}, "medical_advice"),
        (
            "It is in my letter. What is RFA?",
            {"It is in my letter. What is RFA?": DOUBT, "It is in my letter.": DOUBT, "What is RFA?": DOUBT},
            EXPLAIN_WORD,
        ),
        # Courtesies that may be all that is meant, and the few words beside them.
        ("hello, the qqq of www", {"hello, the qqq of www": GREETING, "the qqq of www": DOUBT}, "greet"),
        ("hello, the qqq of www", {"hello, the qqq of www": GREETING, "the qqq of www": PLACEBO}, "placebo"),
        ("hello qqq", {"hello qqq": DOUBT, "qqq": PLACEBO}, "placebo"),
        ("hello qqq", {"hello qqq": DOUBT, "qqq": DOUBT}, "nlu_fallback"),
        ("hello, what is a placebo", {}, "placebo"),
        # A title among other words, and the only question where it is clearer than the whole.
        ("Qqq www. What is a placebo? Www.", {"Qqq www. What is a placebo? Www.": COSTS} | PARTS, "placebo"),
        (
            "Qqq www. Who are the www?",
            {"Qqq www. Who are the www?": DOUBT, "Qqq www.": GREETING, "Who are the www?": COSTS},
            "costs",
        ),
        (
            "Qqq www. Who are the www?",
            {"Qqq www. Who are the www?": OUTSIDE, "Qqq www.": GREETING, "Who are the www?": COSTS},
            OUT,
        ),
        # Two questions, unless the whole is about something that comes first.
        (TWO, {TWO: DOUBT, "what are the qqq?": PLACEBO, "who are the www?": COSTS}, SEVERAL_TOPICS),
        (TWO, {TWO: DOUBT, "what are the qqq?": PLACEBO, "who are the www?": DOUBT, AGAIN: DOUBT}, SEVERAL_TOPICS),
        (TWO, {TWO: COSTS, "what are the qqq?": PLACEBO, "who are the www?": DOUBT, AGAIN: DOUBT}, "costs"),
        (TWO, {TWO: DOUBT, "what are the qqq?": DOUBT, "who are the www?": DOUBT, AGAIN: DOUBT}, "nlu_fallback"),
        # The second one stands behind the topic of the first.
        (ALIKE, {ALIKE: DOUBT, "what are the qqq?": PLACEBO, "how many?": DOUBT, BEHIND: COSTS}, SEVERAL_TOPICS),
        (TWO, {TWO: OUTSIDE, "what are the qqq?": PLACEBO, "who are the www?": COSTS}, "out_of_scope"),
        (TWO, {TWO: PERSONAL, "what are the qqq?": PLACEBO, "who are the www?": COSTS}, "medical_advice"),
        (TWO, {TWO: DOUBT, "what are the qqq?": PLACEBO, "who are the www?": {"emergency": 0.95}}, "emergency"),
    ],
)
def test_the_first_stage_that_decides(text: str, rows: dict[str, dict[str, float]], label: str) -> None:
    assert stored_interpreter(rows, THRESHOLDS, EXAMPLES).interpret(text).decision.label == label


@pytest.mark.parametrize(
    ("text", "rows", "topics", "everything"),
    [
        ("follow my topic", {"my topic": DOUBT, "my": DOUBT, "": DOUBT}, (), False),
        ("follow qqq", {"follow qqq": DOUBT, "qqq": PLACEBO}, ("placebo",), False),
        ("unfollow all", {"unfollow all": {"unfollow_topic": 1.0}, "all": DOUBT}, (), True),
        (TWO, {TWO: DOUBT, "what are the qqq?": PLACEBO, "who are the www?": COSTS}, ("placebo", "costs"), False),
        (
            "4 stars. what are the qqq?",
            {"4 stars. what are the qqq?": DOUBT, "4 stars.": DOUBT, "what are the qqq?": COSTS},
            ("costs",),
            False,
        ),
    ],
)
def test_the_topics_of_a_decision(
    text: str, rows: dict[str, dict[str, float]], topics: tuple[str, ...], everything: bool
) -> None:
    found = stored_interpreter(rows, THRESHOLDS, EXAMPLES).interpret(text)
    assert (found.topics, found.everything) == (topics, everything)


@pytest.mark.parametrize("text", ["the qqq in Oslo", "Oslo", "奥斯陆 Oslo", "★ Oslo"])
def test_places_stand_in_every_interpretation(text: str) -> None:
    found = stored_interpreter({text: LOOK_UP}, THRESHOLDS).interpret(text)
    assert [place["value"] for place in found.places] == ["NO/Oslo"]


def test_the_overview_lists_the_stages_in_their_order() -> None:
    listed = re.findall(r"^\d+\. `(\w+)`", interpreter.__doc__ or "", re.MULTILINE)
    stages = (*interpreter.ANALYSIS, *interpreter.DECISION)
    assert listed == [getattr(stage, "__name__", type(stage).__name__) for stage in stages]


@pytest.mark.parametrize(("general", "topics"), [(0.3, ("placebo",)), (0.05, ())])
def test_a_question_about_the_own_case_names_its_general_topic(general: float, topics: tuple[str, ...]) -> None:
    rows = {"the qqq": {"medical_advice": 0.9 - general, "placebo": general, "greet": 0.1}}
    found = stored_interpreter(rows, THRESHOLDS).interpret("the qqq")
    assert (found.decision.label, found.topics) == ("medical_advice", topics)


@pytest.mark.parametrize(
    ("text", "term", "name", "topics"),
    [("what is RFA", "ablation", "RFA", ("liver_treatments",)), ("what does acute mean", "acute", "acute", ())],
)
def test_a_word_is_explained_with_the_topic_that_says_more(text: str, term: str, name: str, topics: tuple[str, ...]) -> None:
    found = stored_interpreter({text: DOUBT}, THRESHOLDS).interpret(text)
    assert found.term is not None
    assert (found.term.term.id, found.term.name, found.topics) == (term, name, topics)
    parsed = parse_data(found, load_catalogue())
    assert (parsed["intent"]["name"], parsed["term"]) == (EXPLAIN_WORD, {"id": term, "name": name})
