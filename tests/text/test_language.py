"""Messages are counted under their language, as far as small words and scripts tell."""

import pytest

from trialguide.text.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("what is a placebo", "en"),
        ("Is there a clinic in Berlin?", "en"),
        ("Was ist eine klinische Studie und wer kann mitmachen", "de"),
        ("qu'est-ce que c'est une étude pour les patients", "fr"),
        ("¿qué es un ensayo clínico?", "es"),
        ("che cosa è uno studio clinico", "it"),
        ("co to jest badanie kliniczne", "pl"),
        ("wat is een studie en hoe kan ik meedoen", "nl"),
        ("o que é um ensaio", "pt"),
        ("vad är en klinisk prövning", "sv"),
        ("что такое плацебо", "cyrillic"),
        ("ما هي التجربة السريرية", "arabic"),
        ("临床试验", "cjk"),
        ("placebo", "unclear"),
        ("120 mg", "unclear"),
        ("👍", "unclear"),
        ("", "unclear"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert language_of(text) == language
