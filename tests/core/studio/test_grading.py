"""Maps graded against causes: with the truth known, a map that tells it gets 1, its reverse -1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.display.grading import grade_strips, grade_table, grade_words, pick_words
from core.evaluation.metrics import Interval
from core.explain.belief import CENTRE, RANDOM
from core.phantom.chests import Chests
from core.phantom.recipe import Recipe
from core.studio.grading import (
    EVEN,
    MIN_AREA,
    MIN_PATIENTS,
    PLACES,
    RANDOM_MAP,
    Graded,
    choose,
    heat_on,
    regions,
    summarise,
    to_csv,
)
from core.vocabulary import ENSEMBLE

RANDOM_NUMBERS = np.random.default_rng(5)
ILL = Recipe(5, extent=40)


def patient(seed: int, effects: np.ndarray) -> Graded:
    """One whose method gradcam has the effects as heat, and whose method occlusion has their reverse."""
    count = len(effects)
    noise = {key: RANDOM_NUMBERS.random(count) for key in (*RANDOM, CENTRE)}
    heats = {"gradcam": 3 * effects, "occlusion": effects.max() - effects, EVEN: np.ones(count)} | noise
    return Graded(
        seed=seed,
        regions=tuple(f"lesion {number}" for number in range(count)),
        areas=np.ones(count),
        outside=0.5,
        effects={"vgg16": effects, ENSEMBLE: effects},
        heats={"vgg16": heats, ENSEMBLE: heats},
    )


PATIENTS = [patient(seed, RANDOM_NUMBERS.random(3 + seed % 4)) for seed in range(24)]


@pytest.mark.parametrize("by", ["sum", "mean"])
def test_a_map_of_the_true_effects_gets_one_and_its_reverse_minus_one(by) -> None:
    found = {(each.model, each.method): each for each in summarise(PATIENTS, by)}
    true, reverse = found["vgg16", "gradcam"], found["vgg16", "occlusion"]
    assert true.mean == pytest.approx(1) and reverse.mean == pytest.approx(-1)
    assert true.interval.low == pytest.approx(1) == true.interval.high
    chance, even = found["vgg16", RANDOM_MAP], found["vgg16", EVEN]
    assert abs(chance.mean) < 0.3 and chance.interval.low < 0 < chance.interval.high
    assert even.mean == 0


def test_a_method_is_chosen_on_one_half_and_measured_on_the_other() -> None:
    (pick, _) = choose(PATIENTS)
    assert (pick.choosing, pick.measuring) == (12, 12) and pick.method == "gradcam"
    assert pick.means[0] == pytest.approx(1) and pick.ahead.low > 0.5
    assert pick.firsts[0] == 1 and 0.1 < pick.firsts[1] < 0.6
    assert not choose(PATIENTS[: MIN_PATIENTS - 1])
    swapped = [
        replace(each, effects={key: -effects for key, effects in each.effects.items()}) if at % 2 else each
        for at, each in enumerate(PATIENTS)
    ]
    (pick, _) = choose(swapped)
    assert pick.method == "gradcam" and pick.means[0] == pytest.approx(-1), "what chose has no say"


def test_a_map_that_is_another_in_another_scale_is_said_to_be_the_same() -> None:
    double = [
        replace(
            each,
            heats={key: {**heats, "hirescam": 2 * heats["gradcam"]} for key, heats in each.heats.items()},
        )
        for each in PATIENTS
    ]
    grades = summarise(double)
    assert {each.method for each in grades if each.same_as == "gradcam"} == {"hirescam"}
    rows = {row["Method"]: row["VGG16"] for row in grade_table(grades)}
    assert rows["HiResCAM"] == "as Grad-CAM" and rows["Occlusion"].startswith("−1.00")
    assert "Grad-CAM and HiResCAM" in grade_strips(grades, "vgg16")


def test_only_per_area_is_the_size_of_a_lesion_left_out() -> None:
    """Even heat ranks lesions whose effect is their size, and says nothing per area."""
    sizes = np.array([10.0, 40.0, 20.0, 30.0])
    sized = [
        replace(
            each,
            areas=sizes,
            effects={"vgg16": sizes},
            heats={"vgg16": dict.fromkeys(("gradcam", *RANDOM, CENTRE, EVEN), sizes)},
        )
        for each in (patient(seed, RANDOM_NUMBERS.random(4)) for seed in range(3))
    ]
    summed = {each.method: each.mean for each in summarise(sized, "sum")}
    per_area = {each.method: each.mean for each in summarise(sized, "mean")}
    assert summed[EVEN] == pytest.approx(1) and per_area[EVEN] == 0


def test_lesions_are_disjoint_make_up_the_disease_and_can_be_taken_away_alone() -> None:
    recipe = replace(ILL, findings=(("Nodule", 80.0),))
    whole, found = regions(recipe, 128)
    assert [each.name for each in found][-1] == "Nodule" and len(found) >= 4
    disease = whole.masks["Pneumonia"]
    thirds = [each.mask for each in found if each.name != "Nodule"]
    assert np.sum(thirds, axis=0).max() == 1 and (np.any(thirds, axis=0) & ~disease).sum() == 0
    for each in found:
        assert each.mask.sum() >= MIN_AREA * whole.lungs.sum()
        change = np.abs(whole.pixels - each.without.pixels)
        near = change[each.mask].mean()
        assert near > 0.01 and near > 5 * change[disease & ~each.mask].mean()


def test_all_thirds_taken_away_leave_the_healthy_twin_pixel_for_pixel() -> None:
    chests = Chests(most=1)
    spared = ILL.render(128, chests, PLACES)
    assert np.array_equal(spared.pixels, ILL.without_disease().render(128, chests).pixels)
    assert not spared.masks and spared.extent == 0
    one = ILL.render(128, chests, (("right", "lower"),))
    assert 0 < one.extent < ILL.render(128, chests).extent


def test_heat_is_summed_on_each_lesion() -> None:
    masks = [np.zeros((64, 64), bool) for _ in range(2)]
    masks[0][:32, :32] = masks[1][32:, 32:] = True
    heat = np.array([[1, 0], [0, 0]], np.float32)
    on = heat_on(masks, heat)
    assert on[0] > 500 and on[1] < 0.05 * on[0]


def test_words_and_numbers_say_who_ranks_and_who_does_not() -> None:
    grades, picks = summarise(PATIENTS), choose(PATIENTS)
    said = grade_words(picks, 24, 0.5)
    assert "surely ahead of the best that knows nothing of the network for VGG16 (Grad-CAM)" in said
    assert "chosen on 12 patients" in said and "50\u00a0%" in said
    assert "surely ahead of it" in pick_words(picks[0])
    rows = grade_table(grades)
    assert rows[0]["Method"] == "Grad-CAM" and rows[0]["VGG16"] == "1.00 (1.00 to 1.00)"
    assert rows[1]["Ensemble"].startswith("−1.00") and len(rows) == 5
    assert grade_strips(grades, ENSEMBLE).count("<tr>") >= 5
    lost = [replace(each, ahead=Interval(-2, -1)) for each in picks]
    assert "For no model" in grade_words(lost, 24, 0.5) and "surely behind it" in pick_words(lost[0])
    assert "none is named the best" in grade_words((), 4, 0.5)
    rows = to_csv(PATIENTS).splitlines()
    assert rows[0].startswith("patient,model,lesion,area_px,effect,heat_gradcam")
    assert len(rows) == 1 + 2 * sum(len(each.regions) for each in PATIENTS)
