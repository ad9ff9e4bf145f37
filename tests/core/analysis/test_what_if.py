"""Changes of a radiograph: each does what its name says, and all models are asked about the changed one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from core.analysis.load import Models
from core.analysis.run import analyse
from core.analysis.what_if import CHANGE_BY_KEY, CHANGES, Change, Scene, ask_what_if
from core.display.what_if import change_bars, change_words, png
from core.models.inference import raw_outputs
from core.reading.radiograph import Radiograph
from core.vocabulary import ENSEMBLE

HEIGHT, WIDTH = 120, 100
PIXELS = np.random.default_rng(0).random((HEIGHT, WIDTH), dtype=np.float32)
LUNGS = np.zeros((12, 10), np.float32)
LUNGS[3:9, 1:4] = LUNGS[3:9, 6:9] = 1
MARKED = np.zeros(PIXELS.shape, np.bool_)
MARKED[30:60, 20:50] = True
SCENE = Scene(PIXELS, LUNGS, MARKED)


def made(key: str, scene: Scene = SCENE) -> np.ndarray:
    return CHANGE_BY_KEY[key].make(scene)


@pytest.mark.parametrize("change", CHANGES, ids=CHANGE_BY_KEY)
def test_a_change_is_a_radiograph_again_and_leaves_the_given_one_alone(change: Change) -> None:
    before = PIXELS.copy()
    changed = change.make(SCENE)
    np.testing.assert_array_equal(PIXELS, before)
    assert changed.dtype == np.float32 and 0 <= changed.min() <= changed.max() <= 1
    assert changed.shape == (PIXELS.shape if change.key != "cut" else (96, 80))
    assert change.honest.endswith(".") and (change.key == "cut" or np.any(changed != PIXELS))


def test_lungs_and_all_but_lungs_are_covered() -> None:
    assert not made("covered")[35:85, 15:85].any() and np.array_equal(made("covered")[:20], PIXELS[:20])
    only = made("lungs")
    assert np.array_equal(only[45:75, 15:35], PIXELS[45:75, 15:35]) and not only[:20].any()
    unknown = Scene(PIXELS, None, MARKED)
    assert all(made(key, unknown) is PIXELS for key in ("covered", "lungs"))


def test_what_is_marked_changes_and_nothing_else() -> None:
    for key in ("erased", "whitened"):
        assert np.array_equal(made(key)[~MARKED], PIXELS[~MARKED])
    assert np.ptp(made("erased")[MARKED]) == 0 and (made("whitened")[MARKED] >= 0.5).all()
    assert np.array_equal(made("kept")[MARKED], PIXELS[MARKED]) and not made("kept")[~MARKED].any()
    nothing = Scene(PIXELS, LUNGS, np.zeros_like(MARKED))
    assert np.array_equal(made("erased", nothing), PIXELS)


def test_letters_are_white_and_lie_where_the_networks_see_them() -> None:
    rows, columns = np.nonzero(made("letters") != PIXELS)
    assert rows.size > 20 and rows.min() > 0.06 * HEIGHT and columns.max() < 0.94 * WIDTH
    written = made("letters")[rows, columns]
    assert (
        written.max() > 0.95 and (written > PIXELS[rows, columns]).all()
    )  # thin strokes blend with what they cover


def test_mirroring_and_exposure() -> None:
    np.testing.assert_array_equal(made("mirrored")[:, ::-1], PIXELS)
    assert (made("brighter") >= PIXELS).all() and (made("darker") <= PIXELS).all()


def test_all_models_are_asked_about_the_changed_picture(
    random_models: Models, drawn_radiograph: Callable[[int], Radiograph]
) -> None:
    radiograph = drawn_radiograph(3)
    analysis = analyse(radiograph, random_models)
    nothing = np.zeros(radiograph.pixels.shape, np.bool_)
    change = CHANGE_BY_KEY["mirrored"]
    found = ask_what_if(radiograph, random_models, analysis, change, nothing)
    raw = raw_outputs(np.ascontiguousarray(radiograph.pixels[:, ::-1]), random_models.networks)
    assert found.probabilities == raw.probabilities | {ENSEMBLE: random_models.decide(raw).probability}
    np.testing.assert_array_equal(found.after[:, ::-1], found.before)
    assert png(found.after).startswith(b"\x89PNG")
    said = change_words(analysis, found.probabilities, change)
    assert said.startswith("**Mirror: ") and "moves most" in said and change.honest in said
    bars = change_bars(analysis, found.probabilities)
    assert f"{analysis.decision.probability:.2f} → {found.probabilities[ENSEMBLE]:.2f}" in bars


def test_who_decides_otherwise_is_named(analysis) -> None:
    same = {each.backbone.key: each.probability for each in analysis.readings}
    same |= {ENSEMBLE: analysis.decision.probability}
    change = CHANGE_BY_KEY["blurred"]
    said = change_words(analysis, same, change)
    assert "no model decides otherwise" in said and "6 models of 6 move by less than 0.1" in said
    other = dict.fromkeys(same, 0.95)
    said = change_words(analysis, other, change)
    assert "decide otherwise" in said and "the ensemble" in said.partition("decide")[0]
    bars = change_bars(analysis, other)
    assert ", flips" in bars and bars.count("<s ") == len(other)
