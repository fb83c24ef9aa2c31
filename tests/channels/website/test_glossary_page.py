"""The page of words: each term with its source, by its first letter."""

import re
from html import unescape

from trialguide.channels.website.glossary_page import glossary_letters
from trialguide.channels.website.pages import Site
from trialguide.content.catalogue import load_catalogue
from trialguide.content.glossary import Term, load_glossary


def test_every_term_stands_there_with_its_meaning_source_and_topic() -> None:
    page = unescape(Site()._files["glossary"].body.decode())
    articles = dict(re.findall(r'<article id="(\w+)">(.*?)</article>', page, re.S))
    assert articles.keys() == load_glossary().keys()
    for term in load_glossary().values():
        article = articles[term.id]
        assert f"<h3>{term.name}</h3>" in article
        assert term.meaning in article
        assert f'href="{term.link}"' in article
        assert not term.topic or f'href="/chat/faq#{term.topic}">{load_catalogue().titles[term.topic]}<' in article
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(set(ids)) == len(ids)


def test_terms_stand_under_their_first_letter_without_plurals() -> None:
    def term(name: str, *forms: str) -> Term:
        return Term(name, name, forms, "...", "Somebody", "https://a.example")

    letters = glossary_letters([term("éclair"), term("eb"), term("5-HIAA"), term("arm", "arms", "trial arm"), term("Aa")])
    shown = [(letter.id, letter.title, [(entry.term.name, entry.forms) for entry in letter.entries]) for letter in letters]
    assert shown == [
        ("figures", "", [("5-HIAA", [])]),
        ("a", "A", [("Aa", []), ("arm", ["trial arm"])]),
        ("e", "E", [("eb", []), ("éclair", [])]),
    ]
