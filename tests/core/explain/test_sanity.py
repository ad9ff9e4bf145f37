"""The sanity check: similarities by depth, in words, curves and numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.display import sanity as words
from core.explain.gradient_process import GRADIENT
from core.explain.packed import pack, unpack
from core.explain.sanity import GROUPS, check, check_together

RANDOM = np.random.default_rng(5)
TRAINED = RANDOM.random((7, 7), dtype=np.float32)
EDGES = RANDOM.random((112, 112), dtype=np.float32)


def ask(question: dict[str, Any]) -> dict[str, Any]:
    """A network whose Grad-CAM depends on its weights, whose gradient does not, and which has no LayerCAM."""
    heat = TRAINED if question["groups"] == 0 else RANDOM.random((7, 7), dtype=np.float32)
    maps = {"gradcam": heat, GRADIENT: EDGES, "layercam": np.zeros((7, 7))}
    return {"maps": {key: pack(each) for key, each in maps.items()}, "logit": 1.0 - question["groups"]}


def test_a_map_that_depends_on_the_weights_changes_and_one_that_does_not_stays() -> None:
    *_, last = check(np.zeros((8, 8), np.float32), ask, "any", covid=True)
    assert last.done == last.total == GROUPS + 1 == len(last.depths)
    first, *others = last.depths
    assert first.similarity == {"gradcam": 1, GRADIENT: 1} or min(first.similarity.values()) > 0.999
    assert max(abs(each.similarity["gradcam"]) for each in others) < 0.6
    assert min(each.similarity[GRADIENT] for each in others) > 0.999
    said = words.sanity_words(last.depths)
    assert "these maps change: Grad-CAM" in said and "much the same: Gradient of the picture (+1.00)" in said
    rows = words.sanity_table(last.depths)
    assert rows[0]["Shuffled down to"] == "as trained" and rows[-1]["Shuffled down to"] == "base 6 of 6"
    assert rows[2]["Logit"] == "−1.00" and "LayerCAM" not in rows[0]
    figure = words.sanity_figure(last.depths)
    assert [trace.name for trace in figure.data] == ["Grad-CAM", "Gradient of the picture"]
    assert words.sanity_words(last.depths[:1]) == ""


def test_the_map_that_several_make_up_changes_with_those_that_have_a_weight() -> None:
    weights = {"vgg16": 1.0, "xception": 0.0}
    *_, before, last = check_together(np.zeros((8, 8), np.float32), ask, weights, covid=True)
    assert last.done == last.total == 2 * (GROUPS + 1) == before.done + 1 and not before.together
    assert [len(each) for each in last.networks.values()] == [GROUPS + 1] * 2 == [len(last.together)] * 2
    assert last.together[0].similarity["gradcam"] > 0.999 and last.together[0].logit is None
    for whole, alone in zip(last.together, last.networks["vgg16"], strict=True):
        assert abs(whole.similarity["gradcam"] - alone.similarity["gradcam"]) < 0.2
    figure = words.together_figure(last, "gradcam")
    assert [trace.name for trace in figure.data] == ["VGG16", "Xception", "Ensemble"]
    rows = words.together_table(last)
    assert [row["Map of"] for row in rows] == ["VGG16", "Xception", "Ensemble"]
    assert rows[-1]["Gradient of the picture"] == "+1.00" and "LayerCAM" not in rows[-1]
    assert [row["Map of"] for row in words.together_table(before)] == ["VGG16", "Xception"]


def test_an_empty_map_is_neither_changed_nor_the_same() -> None:
    def silenced(question: dict[str, Any]) -> dict[str, Any]:
        said = ask(question)
        if question["groups"] > 2:
            said["maps"]["gradcam"] = pack(np.zeros((7, 7)))
        return said

    *_, last = check(np.zeros((8, 8), np.float32), silenced, "any", covid=True)
    assert ["gradcam" in each.similarity for each in last.depths] == [True] * 3 + [False] * (GROUPS - 2)
    assert "At some depths the map of Grad-CAM is the same everywhere" in words.sanity_words(last.depths)
    assert words.sanity_table(last.depths)[-1]["Grad-CAM"] == "empty"
    assert words.sanity_figure(last.depths).data[0].y[-1] is None


def test_arrays_come_back_as_they_were() -> None:
    np.testing.assert_array_equal(unpack(pack(TRAINED)), TRAINED)
    assert unpack(pack(EDGES.astype(np.float64))).dtype == np.float32
