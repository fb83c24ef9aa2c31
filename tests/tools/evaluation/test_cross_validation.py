"""Each example is judged by a model that has not seen it, nor its neighbours of the same author."""

from dataclasses import replace

import numpy as np
import pytest

from tools.evaluation.cross_validation import contiguous_folds, cross_validate
from tools.evaluation.training_examples import CachingEncoder, Example, configured


@pytest.mark.parametrize("folds", [2, 5])
def test_folds_are_contiguous_and_hold_each_example_out_once(folds: int) -> None:
    labels = ["a", "b", "a", "c", "a", "b", "a", "a", "b", "a", "b", "b", "c", "a", "a", "a", "a"] * 3
    numbers = contiguous_folds(labels, folds)
    assert set(numbers) == set(range(folds))
    for label in "abc":
        own = [int(number) for number, other in zip(numbers, labels, strict=True) if other == label]
        assert own == sorted(own)
        sizes = [own.count(fold) for fold in range(folds)]
        assert sum(sizes) == labels.count(label)
        assert max(sizes) - min(sizes) <= 1


def test_an_example_is_judged_by_a_model_that_has_not_seen_it() -> None:
    # The second half of each label speaks of the other's subject: a model that had seen it would be right.
    texts = {
        "food": ["apple pie", "bread and butter", "tasty soup", "fresh cheese", "green engine oil", "car tyres", "fast motor", "truck brakes"],
        "cars": ["engine oil", "new car tyres", "a fast motor", "lorry brakes", "red apple pie", "warm bread", "hot soup", "old cheese"],
    }  # fmt: skip
    examples = [Example(text, label) for label, row in texts.items() for text in row]
    settings = replace(configured()[0], ngram_fewest=1)
    found = cross_validate(examples, settings, CachingEncoder(), folds=2)
    assert found.labels == ("cars", "food")
    assert np.allclose(found.probabilities.sum(axis=1), 1, atol=1e-5)
    assert (found.probabilities.argmax(axis=1) == found.truth).mean() < 0.5
