"""Structured data of the FAQ page (schema.org), which names a review only where one is in force."""

from collections.abc import Sequence
from typing import Any

from trialguide.channels.website.faq_page import FaqEntry, FaqGroup
from trialguide.content.operator_details import Operator
from trialguide.content.reviews import Reviewed

Node = dict[str, Any]


def structured_data(groups: Sequence[FaqGroup], title: str, language: str, operator: Operator) -> Node:
    """The page as `FAQPage` and `MedicalWebPage`, with the answers that it shows.

    A review belongs to a page in schema.org, so each reviewed answer is a part of this one, at its own address; the whole has
    a review if all answers have one, and the date of the oldest.
    """
    served = [entry for group in groups for entry in group.questions if entry.served]
    page: Node = {
        "@context": "https://schema.org",
        "@type": ["FAQPage", "MedicalWebPage"],
        "name": title,
        "inLanguage": language,
        "audience": {"@type": "MedicalAudience", "audienceType": "Patient"},
        "mainEntity": [_question(entry) for entry in served],
    }
    if operator.name:
        page["publisher"] = {"@type": "Organization", "name": operator.name}
    reviews = [(entry, entry.review) for entry in served if entry.review]
    if reviews:
        page["hasPart"] = [_part(entry, review) for entry, review in reviews]
    if reviews and len(reviews) == len(served):
        reviewers = {(review.role, review.organisation): _reviewer(review) for _, review in reviews}
        page |= {"lastReviewed": min(review.on for _, review in reviews), "reviewedBy": list(reviewers.values())}
    return page


def _question(entry: FaqEntry) -> Node:
    text = "\n\n".join(filter(None, (entry.text, entry.more)))
    citations = [{"@type": "WebPage", "name": source["organisation"], "url": source["link"]} for source in entry.sources]
    answer = {"@type": "Answer", "text": text, "citation": citations}
    return {"@type": "Question", "@id": f"#{entry.id}", "name": entry.title, "acceptedAnswer": answer}


def _part(entry: FaqEntry, review: Reviewed) -> Node:
    return {
        "@type": "MedicalWebPage",
        "url": f"#{entry.id}",
        "name": entry.title,
        "lastReviewed": review.on,
        "reviewedBy": _reviewer(review),
    }


def _reviewer(review: Reviewed) -> Node:
    """The reviewer by role and organisation: no names are on record."""
    organisation = {"@type": "Organization", "name": review.organisation}
    return {"@type": "Person", "jobTitle": review.role, "affiliation": organisation}
