"""The observer is Hotelling's on white noise, and a dose is detected where the truth says that it is."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from scipy.stats import norm

from core.display.detection import detection_figure, detection_table, detection_words
from core.evaluation.metrics import Interval, roc_auc
from core.phantom.recipe import Recipe
from core.preprocessing import Preprocessing
from core.studio.detection import (
    DETECTED,
    DOSES,
    LEARNING,
    OBSERVER,
    Detection,
    Viewed,
    detect,
    patient_of,
    to_csv,
    view,
)
from core.studio.observer import Site, channels, seen_through, sites, template

SIDE, NOISE = 48, 0.7
PLACE = Site(22.0, 25.0, 15.0)


def signal(height: float) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    squared = (y - PLACE.row) ** 2 + (x - PLACE.column) ** 2
    return np.asarray(height * np.exp(-np.pi * squared / PLACE.width**2))


def detectability(difference: np.ndarray, covariance: np.ndarray) -> float:
    """Hotelling's d': the distance of the two means in standard deviations of the observer's answer."""
    return float(np.sqrt(difference @ np.linalg.lstsq(covariance, difference, rcond=None)[0]))


def test_channels_lose_nothing_of_a_gaussian_in_white_noise() -> None:
    """There the ideal observer is the matched filter, whose d' is known: the root of the signal's energy."""
    known, through = signal(0.2), channels([PLACE], SIDE)
    ideal = np.sqrt((known**2).sum()) / NOISE
    covariance = NOISE**2 * through.T @ through
    assert detectability(seen_through(known, through), covariance) == pytest.approx(ideal, rel=1e-6)
    other = channels([Site(10, 10, 6)], SIDE)
    assert detectability(seen_through(known, other), NOISE**2 * other.T @ other) < 0.5 * ideal


def test_an_observer_that_learns_from_samples_reaches_the_analytic_auc() -> None:
    random, known, through = np.random.default_rng(3), signal(0.2), channels([PLACE], SIDE)

    def drawn(count: int, add: np.ndarray) -> np.ndarray:
        pictures = random.normal(0, NOISE, (count, SIDE, SIDE)) + add
        return np.array([seen_through(each, through) for each in pictures])

    weights = template(drawn(400, known), drawn(400, np.zeros_like(known)))
    ill, well = drawn(1500, known) @ weights, drawn(1500, np.zeros_like(known)) @ weights
    reached = roc_auc([1] * len(ill) + [0] * len(well), [*ill, *well])
    d_prime = np.sqrt((known**2).sum()) / NOISE
    assert reached == pytest.approx(float(norm.cdf(d_prime / np.sqrt(2))), abs=0.02)


def test_a_lesion_is_looked_at_piece_by_piece() -> None:
    mask = np.zeros((40, 40), bool)
    mask[4:10, 4:10] = mask[20:32, 20:32] = True
    mask[0, 39] = True
    first, second = sites(mask)
    assert (first.row, first.column, first.width) == pytest.approx((6.5, 6.5, 6))
    assert (second.row, second.column, second.width) == pytest.approx((25.5, 25.5, 12))


def patients(count: int, seed: int) -> list[Viewed]:
    """Whose first channel grows with the dose; vgg16 sees the dose, resnet50 nothing."""
    random, doses = np.random.default_rng(seed), np.array(DOSES["extent"])
    found = []
    for number in range(count):
        well = random.normal(size=(len(doses), 6))
        ill = random.normal(size=(len(doses), 6)) + np.outer(doses / 10, [1, 0, 0, 0, 0, 0])
        asked = {
            "vgg16": np.concatenate([[0.2], 0.2 + doses / 100]) + random.normal(0, 0.05),
            "resnet50": random.random(1 + len(doses)),
        }
        found.append(Viewed(number, ill, well, asked))
    return found


def test_thresholds_lie_where_the_dose_is_as_large_as_the_noise_and_nowhere_for_who_sees_nothing() -> None:
    found = {each.who: each for each in detect(patients(60, 1), patients(80, 2), "extent")}
    watcher = found[OBSERVER]
    expected = norm.cdf(np.array(DOSES["extent"]) / 10 / np.sqrt(2))
    assert watcher.auc == pytest.approx(expected, abs=0.12)
    assert watcher.threshold is not None and 4 < watcher.threshold < 17
    assert watcher.threshold_interval.low <= watcher.threshold <= watcher.threshold_interval.high
    assert watcher.detectability[3] == pytest.approx(1, abs=0.45)
    blind = found["resnet50"]
    assert blind.threshold is None and blind.threshold_interval.low == inf
    assert found["vgg16"].threshold is not None and max(found["vgg16"].auc) == 1
    said = detection_words(tuple(found.values()), "extent")
    assert "ResNet50" in said and "at no dose" in said
    rows = detection_table(tuple(found.values()), "extent")
    assert len(rows) == 3 and rows[0]["Who"].startswith("Observer")
    assert len(detection_figure(tuple(found.values()), "extent").data) >= 3
    assert len(to_csv(tuple(found.values()), "extent").splitlines()) == 1 + 3 * len(DOSES["extent"])


@pytest.mark.parametrize(
    ("high", "said"), [(3, "VGG16 surely does with less"), (7, "VGG16 does with less than")]
)
def test_less_than_the_observer_is_sure_where_intervals_lie_apart(high: float, said: str) -> None:
    areas = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.0)
    intervals = (Interval(0.4, 1.0),) * 7
    observer = Detection(OBSERVER, areas, intervals, 8.0, Interval(5, 20))
    network = Detection("vgg16", areas, intervals, 2.5, Interval(1, high))
    words = detection_words((observer, network), "extent")
    assert said in words and ("their intervals overlap" in words) == (high > 5)
    assert "from 8 (5 to 20) % of the lungs on" in words


def test_nobody_is_asked_about_whom_the_observer_learns_from() -> None:
    recipe = Recipe(3)
    seeds = [patient_of(recipe, number).seed for number in range(LEARNING + 200)]
    assert len(set(seeds)) == len(seeds) and seeds[LEARNING] == 3
    assert 0.5 < DETECTED < 1


def test_a_patient_is_seen_at_each_dose_in_both_twins() -> None:
    seen = view(Recipe(4), "density", 96, Preprocessing(size_px=96))
    assert seen.ill.shape == seen.well.shape == (len(DOSES["density"]), 6) and not seen.asked
    brighter = np.abs(seen.ill - seen.well)[:, 0]
    assert brighter[-1] > brighter[0] > 0
