"""Tests of maps: one that is right beats maps that know nothing, and one that is wrong does not."""

from __future__ import annotations

import numpy as np
import pytest

from core.analysis.witnesses import backbone_witness
from core.display import belief as words
from core.explain.belief import (
    REFERENCES,
    STEPS,
    BeliefStep,
    Curves,
    Witness,
    area,
    put_to_the_test,
    rank_correlation,
    reference_maps,
)
from core.explain.heat_in_lungs import HeatInLungs
from tests.core.explain.test_explainers import SIDE, subject

CORNER = np.array([[1, 0], [0, 0]], np.float32)  # where the drawn network looks


@pytest.fixture(scope="module")
def step() -> BeliefStep:
    """Of a right map, which is said to come from a closed form, and of a wrong one."""
    bright = np.full((SIDE, SIDE), 0.9, np.float32)
    bright[: SIDE // 2, : SIDE // 2] = np.linspace(0.7, 1, (SIDE // 2) ** 2).reshape(SIDE // 2, -1)
    maps = {"gradcam": CORNER, "rise": 1 - CORNER}
    *_, last = put_to_the_test(backbone_witness(subject(bright)), maps)
    return last


def test_all_is_asked_that_was_said(step: BeliefStep) -> None:
    assert step.done == step.total == 2 * (STEPS + 1) * 6 + 4
    assert {*step.curves} == {"gradcam", "rise", *REFERENCES}
    assert all(each.whole for each in step.curves.values())
    for curves in step.curves.values():  # every map begins and ends with the same two pictures
        first = step.curves["gradcam"]
        assert curves.deletion[0] == first.deletion[0] == pytest.approx(curves.insertion[-1])
        assert curves.deletion[-1] == first.deletion[-1]


def test_a_right_map_beats_those_that_know_nothing_and_a_wrong_one_does_not(step: BeliefStep) -> None:
    results = words.tested(step, {}, {"gradcam": {"rise": -1.0}, "rise": {"gradcam": -1.0}})
    right, wrong = results["gradcam"], results["rise"]
    for each in REFERENCES:
        assert right.deletion < results[each].deletion < wrong.deletion
    assert step.stability["gradcam"] > words.STABLE and wrong.stability is None
    assert "Against it: a map that knows nothing" in words.verdict("rise", results)
    assert "passes" in words.verdict("gradcam", results)
    rows = {row["Map"]: row for row in words.belief_table(results)}
    assert [*rows] == ["Grad-CAM", "RISE", "Random maps (mean of 3)", "Blob in the middle"]
    assert rows["Grad-CAM"]["Agreement with other methods"] == "−1.00"
    assert " to " in rows["Random maps (mean of 3)"]["Deletion (low is good)"]


def test_what_is_ahead_by_less_than_random_maps_differ_is_too_close_to_call() -> None:
    random = {f"random {at}": words.Tested(0.3 + 0.05 * at, 0.5, None, None, None) for at in (1, 2, 3)}
    known = {**random, "centre": words.Tested(0.5, 0.5, None, None, None)}
    for deletion, said in ((0.2, "passes 2 of 2"), (0.3, "Too close to call: taking"), (0.4, "Against it")):
        mine = words.Tested(deletion, 0.6, None, None, None)
        assert said in words.verdict("gradcam", {**known, "gradcam": mine})


def test_no_picture_is_asked_about_twice() -> None:
    asked: list[bytes] = []

    def probability(grey: np.ndarray) -> float:
        asked.append(grey.tobytes())
        return float(grey.mean())

    seen = np.random.default_rng(1).random((SIDE, SIDE), dtype=np.float32)
    *_, last = put_to_the_test(
        Witness(seen, probability, lambda grey: {}), {"gradcam": CORNER, "hirescam": CORNER}
    )
    assert len(asked) == len({*asked}) and last.curves["gradcam"] == last.curves["hirescam"]


def test_what_was_stopped_says_what_is_whole(step: BeliefStep) -> None:
    curves = {**step.curves, "rise": Curves((0.5, 0.4))}
    results = words.tested(BeliefStep(9, 100, curves), {"gradcam": HeatInLungs(0.9, 0.3)}, {})
    assert "rise" not in results and results["gradcam"].stability is None
    assert not words.tested(BeliefStep(1, 100, {"random 1": Curves((0.5,))}), {}, {})
    figure = words.curves_figure(BeliefStep(9, 100, curves), "deletion", "COVID-19")
    assert [len(trace.x) for trace in figure.data if trace.name == "RISE"] == [2]
    assert max(figure.data[0].x) == 100


def test_areas_and_rank_correlations() -> None:
    assert area((1.0, 0.0)) == 0.5 and area((1.0, 1.0, 1.0)) == 1 and area((1.0, 0.0, 0.0)) == 0.25
    heat = reference_maps()["random 1"]
    assert rank_correlation(heat, 7 * heat**3) == pytest.approx(1, abs=0.02)
    assert rank_correlation(heat, -heat) == pytest.approx(-1)
    assert rank_correlation(heat, np.zeros((3, 3), np.float32)) == 0
    assert abs(rank_correlation(heat, reference_maps()["random 2"])) < 0.6


def test_agreement_names_the_two_that_agree_least() -> None:
    values = {("gradcam", "rise"): 0.2, ("gradcam", "layercam"): 0.9, ("layercam", "rise"): 0.7}
    agreements: dict[str, dict[str, float]] = {"gradcam": {}, "layercam": {}, "rise": {}}
    for (first, second), value in values.items():
        agreements[first][second] = agreements[second][first] = value
    said = words.agreement_words(agreements)
    assert "Of 3 pairs of methods, 2 show much the same" in said
    assert "Grad-CAM and RISE agree least (+0.20)" in said
    assert words.agreement_words({}) == ""
