"""A phantom's truth to take along restores the patient, and says where each piece of a lesion lies."""

from __future__ import annotations

import json

import numpy as np

from core.export.phantom import FILES, save_truth
from core.phantom.recipe import Recipe, read_recipe
from core.reading.radiograph import read_radiograph

RECIPE = Recipe(seed=5, extent=20, density=60, side="left", exposure=1.0, findings=(("Nodule", 80),))


def test_the_truth_restores_the_patient_and_holds_all_that_was_set() -> None:
    told = json.loads(save_truth(RECIPE.render(128), RECIPE))
    assert read_recipe(told["recipe"]) == RECIPE
    assert (told["set"]["density"], told["set"]["side"], told["set"]["exposure"]) == (60, "left", 1.0)
    assert told["label"] == "covid" and "Nodule" in told["findings"]


def test_pieces_lie_on_what_they_are_pieces_of_and_cover_it() -> None:
    phantom = RECIPE.render(128)
    told = json.loads(save_truth(phantom, RECIPE))
    assert set(told["pieces"]) == set(told["boxes"]) - {"Lungs"}
    for name, boxes in told["pieces"].items():
        mask, covered = phantom.masks[name], np.zeros_like(phantom.masks[name])
        for left, top, right, bottom in boxes:
            assert mask[top:bottom, left:right].any()
            covered[top:bottom, left:right] = True
        assert (mask & covered).sum() > 0.95 * mask.sum(), name


def test_each_file_is_of_the_size_that_was_rendered() -> None:
    phantom = RECIPE.render(128)
    files = {suffix: save(phantom, RECIPE) for _, suffix, _, save in FILES}
    told = json.loads(files.pop("json"))
    for suffix, data in files.items():
        assert isinstance(data, bytes)
        assert read_radiograph(data, f"phantom.{suffix}").pixels.shape == (
            told["height_px"],
            told["width_px"],
        )
