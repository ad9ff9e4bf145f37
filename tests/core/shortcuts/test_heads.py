"""Heads learn, are of the form that bundles have, and explain themselves as those do."""

from __future__ import annotations

import numpy as np
import pytest

from core.evaluation.metrics import roc_auc
from core.models.engine.keras import HIDDEN_UNITS
from core.models.head import head_input
from core.shortcuts.heads import Learnt, Schooling, learn

RANDOM = np.random.default_rng(3)
LABELS = np.arange(80) % 2
FEATURES = (RANDOM.normal(5, 2, (80, 30)) + 5 * LABELS[:, None] * (np.arange(30) < 3)).astype(np.float32)


def taught(**settings: int) -> Learnt:
    (*_, head) = learn(FEATURES[:40], LABELS[:40], Schooling(**{"epochs": 150} | settings))
    return head


def test_a_head_learns_what_there_is_to_learn_and_learns_it_again() -> None:
    head = taught()
    assert roc_auc(LABELS[40:], head.probabilities(FEATURES[40:])) > 0.85
    assert head.hidden_kernel.shape == (30, HIDDEN_UNITS) and head.hidden_kernel.dtype == np.float32
    assert np.array_equal(head.output_kernel, taught().output_kernel)
    assert not np.array_equal(head.output_kernel, taught(seed=8).output_kernel)


def test_it_hands_itself_over_after_each_epoch_and_later_ones_leave_it_alone() -> None:
    heads = list(learn(FEATURES, LABELS, Schooling(epochs=3)))
    assert len(heads) == 3
    again = next(learn(FEATURES, LABELS, Schooling(epochs=3)))
    assert np.array_equal(heads[0].probabilities(FEATURES), again.probabilities(FEATURES))


def test_gradients_are_those_of_the_loss() -> None:
    """Without decay, a tiny step lowers the loss as the gradient says: against finite differences."""
    from core.shortcuts import heads

    random = np.random.default_rng(0)
    weights = [each.astype(np.float64) for each in heads._first_weights(4, random)]
    features, truth = random.normal(size=(10, 4)), (np.arange(10) % 2).astype(np.float64)

    def loss() -> float:
        kernel, bias, output, output_bias = weights
        said = np.maximum(features @ kernel + bias, 0) @ output + output_bias
        return float(np.mean(np.logaddexp(0, said) - truth * said))

    found = heads._gradients(features, truth, weights)  # type: ignore[arg-type]
    for weight, gradient in zip(weights, found, strict=True):
        place = tuple(0 for _ in weight.shape)
        before = weight[place]
        weight[place] = before + 1e-6
        above = loss()
        weight[place] = before - 1e-6
        below = loss()
        weight[place] = before
        assert gradient[place] == pytest.approx((above - below) / 2e-6, abs=1e-6)


def test_it_is_a_head_as_explanations_take_it() -> None:
    head, features = taught(), RANDOM.normal(5, 2, (2, 2, 30)).astype(np.float32)
    whole = head.head(1)
    pooled = head_input(features, whole)
    hidden = np.maximum(pooled @ whole.hidden_kernel + whole.hidden_bias, 0)
    said = 1 / (1 + np.exp(-(hidden @ whole.output_kernel + head.output_bias)))
    assert head.probabilities(pooled[np.newaxis])[0] == pytest.approx(said, abs=1e-5)
