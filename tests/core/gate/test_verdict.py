"""The gate's verdict: from raw outputs to reasons, the click that helps, and what a file's header adds."""

from itertools import product

import numpy as np
import pytest
from pydantic import ValidationError

from core.gate.kinds import FLAGS, KINDS, OUTPUTS, TURNS
from core.gate.verdict import (
    GateLimits,
    feature_distances,
    gate_shares,
    hold_against,
    judge,
    seen_both_ways,
)
from core.gate.way import AS_IT_IS, Way

LIMITS = GateLimits(
    not_frontal=0.3,
    turned=0.1,
    inverted=0.5,
    distance=2.0,
    mirrored=0.6,
    missing=0.7,
    feature_mean=[1.0, 1.0],
    feature_precision=[[1.0, 0.0], [0.0, 1.0]],
)
NEAR = np.array([1.5, 1.0], np.float32)


def outputs(kind: str = "frontal", quarters: int = 0, flags: tuple[str, ...] = (), sure: float = 9.0):
    """Raw outputs of a gate that is so sure."""
    raw = np.zeros(OUTPUTS, np.float32)
    raw[[each.key for each in KINDS].index(kind)] = sure
    raw[len(KINDS) + quarters] = 9
    raw[len(KINDS) + len(TURNS) :] = [9 if flag in flags else -9 for flag in FLAGS]
    return raw


def test_an_upright_chest_passes() -> None:
    verdict = judge(outputs(), NEAR, LIMITS)
    assert not verdict.refused and verdict.remedy is None and verdict.hints == ()
    assert verdict.frontal > 0.99 and verdict.distance == pytest.approx(0.25 / np.sqrt(2), rel=1e-6)


@pytest.mark.parametrize("kind", [each.key for each in KINDS[1:]])
def test_every_other_kind_is_refused_by_name(kind: str) -> None:
    verdict = judge(outputs(kind), NEAR, LIMITS)
    assert verdict.reasons == ("kind",) and verdict.kind.key == kind and verdict.remedy is None


def test_a_chest_that_is_hardly_one_is_refused() -> None:
    verdict = judge(outputs(sure=2.0), NEAR, LIMITS)
    assert verdict.kind.key == "frontal" and verdict.frontal < 0.7 and verdict.reasons == ("kind",)


@pytest.mark.parametrize(("quarters", "inverted"), list(product(range(4), (False, True))))
def test_what_lies_otherwise_is_set_right_by_one_click(quarters: int, inverted: bool) -> None:
    raw = outputs(quarters=quarters, flags=("inverted",) if inverted else ())
    verdict = judge(raw, NEAR + 9, LIMITS)
    if not quarters and not inverted:
        assert verdict.reasons == ("unlike",) and verdict.remedy is None
        return
    assert verdict.reasons == ("turned",) * bool(quarters) + ("inverted",) * inverted
    laid = Way(quarters=quarters, inverted=inverted)
    assert verdict.remedy is not None and laid.then(verdict.remedy) == AS_IT_IS


def test_hints_refuse_nothing() -> None:
    verdict = judge(outputs(flags=("mirrored", "base_missing")), NEAR, LIMITS)
    assert verdict.hints == ("mirrored", "base_missing") and not verdict.refused


def test_a_header_that_says_otherwise_counts_against_the_picture() -> None:
    verdict = judge(outputs(), NEAR, LIMITS)
    assert hold_against(verdict, ["low_contrast", "mirrored_header"]) is verdict
    held = hold_against(verdict, ["body_part", "low_contrast", "body_part"])
    assert held.reasons == ("header",) and held.header == ("body_part",) and held.remedy is None
    turned = hold_against(judge(outputs(quarters=2), NEAR, LIMITS), ["not_frontal"])
    assert turned.reasons == ("turned", "header") and turned.remedy is None


@pytest.mark.parametrize(("quarters", "in_a_mirror"), [(0, 0), (1, 3), (2, 2), (3, 1)])
@pytest.mark.parametrize("flag", FLAGS)
def test_a_mirror_image_bears_witness_in_the_pictures_own_terms(
    quarters: int, in_a_mirror: int, flag: str
) -> None:
    """A gate that is right of both says of both together what it says of the picture alone."""
    plain = outputs("hand", quarters, (flag,))
    flags = tuple({flag} ^ {"mirrored"})
    found, features = seen_both_ways(
        (plain[np.newaxis], NEAR[np.newaxis]),
        (outputs("hand", in_a_mirror, flags)[np.newaxis], 3 * NEAR[np.newaxis]),
    )
    assert found[0].tolist() == plain.tolist() and features[0].tolist() == (2 * NEAR).tolist()
    assert found.dtype == features.dtype == np.float32


def test_what_picture_and_mirror_image_disagree_upon_is_halved() -> None:
    said = [
        (outputs(*each)[np.newaxis], NEAR[np.newaxis]) for each in (("hand",), ("knee", 0, ("mirrored",)))
    ]
    both = seen_both_ways(*said)[0][0]
    kinds = dict(zip([each.key for each in KINDS], both[: len(KINDS)].tolist(), strict=True))
    assert kinds["hand"] == kinds["knee"] == 4.5 and kinds["frontal"] == 0


def test_shares_sum_to_one() -> None:
    raw = np.random.default_rng(0).normal(0, 5, (7, OUTPUTS)).astype(np.float32)
    kinds, turns, flags = gate_shares(raw)
    assert np.allclose(kinds.sum(axis=1), 1) and np.allclose(turns.sum(axis=1), 1)
    assert kinds.shape == (7, len(KINDS)) and flags.shape == (7, len(FLAGS))
    assert flags.min() >= 0 and flags.max() <= 1


def test_distances_are_mahalanobis() -> None:
    skewed = LIMITS.model_copy(update={"feature_precision": [[4.0, 0.0], [0.0, 1.0]]})
    found = feature_distances(np.array([[2.0, 1.0], [1.0, 2.0]], np.float32), skewed)
    assert found == pytest.approx([2 / np.sqrt(2), 1 / np.sqrt(2)])


def test_limits_of_other_sizes_are_refused() -> None:
    with pytest.raises(ValidationError, match="differ in size"):
        GateLimits(**LIMITS.model_dump() | {"feature_mean": [1.0]})


WAYS = [Way(*way) for way in product((False, True), range(4), (False, True))]


@pytest.mark.parametrize("way", WAYS)
def test_ways_compose_as_pictures_do(way: Way) -> None:
    picture = np.arange(12, dtype=np.uint8).reshape(3, 4)
    for other in WAYS:
        assert np.array_equal(other.lay(way.lay(picture)), way.then(other).lay(picture))
    assert sum(way.then(back) == AS_IT_IS for back in WAYS) == 1


def test_a_way_keeps_greys_in_their_range() -> None:
    floats = np.array([[0.0, 0.25], [0.5, 1.0]], np.float32)
    inverted = Way(inverted=True).lay(floats)
    assert inverted.dtype == np.float32 and np.array_equal(inverted, 1 - floats)
