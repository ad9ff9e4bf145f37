"""The changed radiograph: asked about as the trials ask, on the part that was read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from core.analysis.changed import CUT_SHARE, ask_changed
from core.analysis.load import Models
from core.analysis.run import analyse
from core.margins import crop
from core.models.inference import raw_outputs
from core.models.lungs import cover_lungs, find_lungs
from core.preprocessing import cut_border
from core.reading.radiograph import Radiograph
from core.vocabulary import ENSEMBLE
from train.trials.framing import CHANGES

Draw = Callable[[int], Radiograph]


def test_the_models_are_asked_what_the_trials_ask(random_models: Models, drawn_radiograph: Draw) -> None:
    radiograph = drawn_radiograph(0)
    analysis = analyse(radiograph, random_models)
    found = {each.change: each.probabilities for each in ask_changed(radiograph, random_models, analysis)}
    pixels, entry = crop(radiograph.pixels, analysis.inside), random_models.manifest.lungs
    assert entry and random_models.networks.lungs
    covered = cover_lungs(pixels, find_lungs(pixels, random_models.networks.lungs, entry.size_px))
    cut = CHANGES[f"{200 * CUT_SHARE:.0f} % cut off"](pixels)
    for change, picture in {"covered": covered, "cut": cut}.items():
        raw = raw_outputs(picture, random_models.networks)
        expected = raw.probabilities | {ENSEMBLE: random_models.decide(raw).probability}
        assert found[change] == pytest.approx(expected, abs=1e-6)
    assert list(found) == ["covered", "cut"]


def test_lungs_that_nobody_knows_are_not_covered(random_models: Models, drawn_radiograph: Draw) -> None:
    radiograph = drawn_radiograph(0)
    unknown = replace(analyse(radiograph, random_models), lungs=None)
    assert [each.change for each in ask_changed(radiograph, random_models, unknown)] == ["cut"]


def test_a_border_is_cut_off_each_side_and_the_picture_is_left_alone() -> None:
    pixels = np.arange(200, dtype=np.float32).reshape(10, 20)
    assert np.array_equal(cut_border(pixels, 0.1), pixels[1:9, 2:18])
    assert np.array_equal(cut_border(pixels, 0.0), pixels)
