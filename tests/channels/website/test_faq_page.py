"""The page of answers: statuses, answers that are kept back, the operator, and data for search engines."""

import json
import re
from html import unescape
from typing import Any

import pytest
from conftest import ROOT

from trialguide.channels.website import faq_page
from trialguide.channels.website.faq_page import FaqGroup, faq_groups
from trialguide.channels.website.pages import Site
from trialguide.channels.website.structured_data import structured_data
from trialguide.content.catalogue import Catalogue
from trialguide.content.files import load_yaml
from trialguide.content.operator_details import Operator
from trialguide.content.reviews import NOTHING, Record, Reviewed, text_sha256
from trialguide.storage.ratings import MIN_RATINGS

DATA = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.S)
HARMFUL = "</script><script>alert(1)</script> & “it's”"


@pytest.fixture(scope="module")
def responses(catalogue: Catalogue) -> dict[str, Any]:
    files = (load_yaml(ROOT / "data" / "faq" / f"{topic}.yml") for topic in catalogue.topics)
    return {name: variants for file in files for name, variants in file["responses"].items()}


def groups_with(
    responses: dict[str, Any], reviewed: dict[str, str], monkeypatch: pytest.MonkeyPatch, serve: str = "all"
) -> list[FaqGroup]:
    """The page's groups, where these topics were reviewed by an organisation."""

    def record_of(_: str, topic: str) -> Record:
        if topic not in reviewed:
            return NOTHING
        sha256 = text_sha256(responses[f"utter_faq/{topic}"])
        return Record(reviewed=Reviewed("nurse", reviewed[topic], "2026-11-22", "2999-11-22", "none", "nobody", sha256))

    monkeypatch.setattr(faq_page, "record_of", record_of)
    return faq_groups(responses, [], serve)


def page_of(groups: list[FaqGroup], operator: Operator) -> str:
    data = structured_data(groups, "Questions", "en", operator)
    return Site()._page("faq.html", groups=groups, fewest=MIN_RATINGS, data=data, operator=operator).body.decode()


@pytest.mark.parametrize(
    ("reviewed", "parts", "of_page"),
    [
        ({}, [], None),
        ({"placebo": "A", "costs": "B"}, ["#costs", "#placebo"], None),
        ("all", None, "2026-11-22"),
    ],
)
def test_a_review_is_in_the_data_only_where_it_is_on_record(
    reviewed: Any,
    parts: list[str] | None,
    of_page: str | None,
    responses: dict[str, Any],
    catalogue: Catalogue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = dict.fromkeys(catalogue.topics, "A") if reviewed == "all" else reviewed
    data = structured_data(groups_with(responses, given, monkeypatch), "Questions", "en", Operator())
    assert data["@type"] == ["FAQPage", "MedicalWebPage"]
    assert {question["name"] for question in data["mainEntity"]} == {topic.title for topic in catalogue.topics.values()}
    wanted = [f"#{topic}" for topic in catalogue.topics] if parts is None else parts
    assert sorted(part["url"] for part in data.get("hasPart", [])) == sorted(wanted)
    assert all(part["lastReviewed"] == "2026-11-22" and part["reviewedBy"] for part in data.get("hasPart", []))
    assert data.get("lastReviewed") == of_page
    assert ("reviewedBy" in data) == (of_page is not None)
    assert "publisher" not in data


def test_the_data_are_whole_and_break_out_of_nothing(responses: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    groups = groups_with(responses, {"placebo": HARMFUL}, monkeypatch)
    page = page_of(groups, Operator(HARMFUL, HARMFUL, HARMFUL))
    (block,) = DATA.findall(page)
    assert "<" not in block
    data = json.loads(block)
    assert data["publisher"]["name"] == HARMFUL
    assert data["hasPart"][0]["reviewedBy"]["affiliation"]["name"] == HARMFUL
    assert "<script>alert" not in page
    assert unescape(page).count(HARMFUL) == 4


@pytest.mark.parametrize("serve", ["all", "checked", "reviewed"])
def test_what_is_kept_back_stands_there_with_its_title_and_links(
    serve: str, responses: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = page_of(groups_with(responses, {"placebo": "A"}, monkeypatch, serve), Operator())
    (costs,) = re.findall(r'<article id="costs">.*?</article>', page, re.S)
    metadata = responses["utter_faq/costs"][0]["metadata"]
    words = unescape(re.sub(r"<[^>]*>", "", costs))
    assert all(f'href="{source["link"]}"' in unescape(costs) for source in metadata["sources"])
    assert "Draft, not yet checked against its sources." in words
    assert (responses["utter_faq/costs"][0]["text"].split("\n\n")[0] in words) == (serve == "all")
    assert ("This answer is not shown here yet." in words) == (serve != "all")
    assert responses["utter_faq/placebo"][0]["text"].split("\n\n")[0] in unescape(page)
    (block,) = DATA.findall(page)
    assert ("#costs" in block) == (serve == "all")


@pytest.mark.parametrize(("operator", "words"), [(Operator(), "Run by: not stated"), (Operator("A & B"), "Run by: A &amp; B")])
@pytest.mark.parametrize("name", ["faq.html", "privacy.html"])
def test_the_foot_says_who_runs_it(name: str, operator: Operator, words: str) -> None:
    values = {"content": "", "groups": [], "fewest": MIN_RATINGS, "data": {}}
    assert words in Site()._page(name, operator=operator, **values).body.decode()


def test_the_page_on_privacy_names_the_controller_once_it_is_filled_in() -> None:
    operator = Operator(
        legal_name="A & B gGmbH", legal_basis="Article 6(1)(f)", supervisory_authority="https://authority.example"
    )
    page = Site()._page("privacy.html", operator=operator, content="").body.decode()
    assert "Controller: A &amp; B gGmbH" in page
    assert "Legal basis: Article 6(1)(f)" in page
    assert 'href="https://authority.example"' in page
    assert "Data protection officer" not in page
    assert "Controller" not in Site()._page("privacy.html", operator=Operator(), content="").body.decode()
