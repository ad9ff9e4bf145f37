"""Every method of the tables: a finite map of the right shape, from the same few things."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.analysis.load import Models
from core.errors import EngineError
from core.explain.explainers import (
    EXPLAINER_BY_KEY,
    EXPLAINERS,
    METHOD_BY_KEY,
    QUESTIONER_BY_KEY,
    QUESTIONERS,
    explain,
)
from core.explain.method import Explainer, Method, Questioner
from core.explain.occlusion import CELLS
from core.explain.rise import MAP_PX as RISE_PX
from core.explain.saliency import MAP_PX, smoothgrad
from core.explain.subject import Subject
from core.models.backbones import BACKBONES, Backbone
from core.models.head import Head, logit

RANDOM = np.random.default_rng(0)
FEATURES = RANDOM.random((5, 4, 6), dtype=np.float32)
SIDE = 28
STEPS = 6  # of a questioner, on each backbone


def head(pooling: str) -> Head:
    inputs = 6 if pooling == "average" else FEATURES.size
    kernel, output = RANDOM.normal(size=(inputs, 3)), RANDOM.normal(size=3)
    return Head(kernel.astype(np.float32), np.ones(3, np.float32), output.astype(np.float32), pooling)


def bright_corner(image: np.ndarray) -> tuple[np.ndarray, ...]:
    """A network that finds one thing, the brightness of the upper left quarter, and hardly another."""
    grey = image[0, ..., 0]
    quarters = grey.reshape(2, SIDE // 2, 2, SIDE // 2).mean(axis=(1, 3))
    return (np.stack([quarters * [[1, 0], [0, 0]], 0.01 * quarters], axis=-1)[np.newaxis].astype(np.float32),)


def subject(seen: np.ndarray, output: float = 10.0) -> Subject:
    kernel = np.array([[1.0], [0.0]], np.float32)
    plain = Head(kernel, np.zeros(1, np.float32), np.array([output], np.float32), "average")
    pushes = np.zeros_like(seen)
    pushes[: SIDE // 2, : SIDE // 2] = output / 4 / (SIDE // 2) ** 2
    return Subject(seen, lambda image: bright_corner((image + 1) / 2), plain, "tf", lambda grey: pushes)


@pytest.mark.parametrize("pooling", ["average", "flatten"])
@pytest.mark.parametrize("explainer", EXPLAINERS, ids=EXPLAINER_BY_KEY)
def test_a_method_gives_a_map_between_0_and_its_peak(explainer: Explainer, pooling: str) -> None:
    for asked in ((kernel := head(pooling)), kernel.opposed()):  # of the two, at least one finds heat
        heatmap, peak = explain(FEATURES, asked, explainer)
        assert heatmap.shape == FEATURES.shape[:2] and heatmap.dtype == np.float32
        assert heatmap.min() >= 0 and heatmap.max() == (1 if peak > 0 else 0)
        half, _ = explain(FEATURES.astype(np.float16), asked, explainer)
        assert half == pytest.approx(heatmap, abs=0.01)


@pytest.mark.parametrize("method", METHOD_BY_KEY.values(), ids=METHOD_BY_KEY)
@pytest.mark.parametrize("backbone", BACKBONES, ids=lambda backbone: backbone.key)
def test_every_method_gives_a_finite_map_on_every_backbone(
    backbone: Backbone, method: Method, random_models: Models
) -> None:
    networks = random_models.networks
    seen = RANDOM.random((96, 96), dtype=np.float32)
    network, head = networks.backbones[backbone.key], networks.heads[backbone.key]
    asked = Subject(seen, network, head, backbone.scale, lambda grey: -grey)
    if isinstance(method, Questioner):
        steps = [step for step, _ in zip(method.look(asked), range(STEPS), strict=False)]
        assert [step.done for step in steps] == list(range(1, STEPS + 1))
        heat = steps[-1].heat
        expected = {"occlusion": (CELLS, CELLS), "rise": (RISE_PX, RISE_PX), "smoothgrad": (MAP_PX, MAP_PX)}
        shape = expected.get(method.key, asked.own_features.shape[:2])
    else:
        heat, shape = method.heat(asked.own_features, asked.head), asked.own_features.shape[:2]
    assert heat.shape == shape and heat.dtype == np.float32
    assert np.isfinite(heat).all() and heat.min() >= 0


@pytest.mark.parametrize("questioner", QUESTIONERS, ids=QUESTIONER_BY_KEY)
def test_a_questioner_finds_the_one_place_that_counts_and_asks_alike_each_time(
    questioner: Questioner,
) -> None:
    bright = subject(np.full((SIDE, SIDE), 0.9, np.float32))
    *_, last = questioner.look(bright)
    *_, again = questioner.look(bright)
    assert last.done == last.total
    np.testing.assert_array_equal(last.heat, again.heat)
    rows, columns = (count // 2 for count in last.heat.shape)
    far = np.s_[-max(1, rows // 2) :, -max(1, columns // 2) :]
    hot, cold = last.heat[:rows, :columns].mean(), last.heat[far].mean()
    assert hot > 0 and hot > 5 * cold
    if questioner.key in ("occlusion", "rise"):  # the other two weigh what is there, whatever it speaks for
        *_, against = questioner.look(subject(bright.seen, output=-10.0))
        assert against.heat[:rows, :columns].mean() < hot / 5


def test_what_is_stopped_early_has_seen_all_regions() -> None:
    looking = QUESTIONER_BY_KEY["occlusion"].look(subject(np.full((SIDE, SIDE), 0.9, np.float32)))
    first = [step for step, _ in zip(looking, range((CELLS // 2) ** 2), strict=False)]
    assert first[-1].heat[:6, :6].min() > 0 and first[-1].total > 3 * first[-1].done


def test_where_nothing_computes_gradients_that_is_said() -> None:
    plain = subject(np.zeros((SIDE, SIDE), np.float32))
    with pytest.raises(EngineError, match="needs TensorFlow"):
        next(smoothgrad(replace(plain, gradient=None)))


def test_a_subject_scores_by_the_logit() -> None:
    asked = subject(np.full((SIDE, SIDE), 0.9, np.float32))
    assert asked.own_score == pytest.approx(10 * 0.9 / 4, abs=1e-3)
    assert asked.own_score == logit(asked.own_features, asked.head)


def test_behind_an_average_hirescam_is_gradcam_and_layercam_leaves_out_what_lowers() -> None:
    asked = head("average")
    maps = {key: each.heat(FEATURES, asked) for key, each in EXPLAINER_BY_KEY.items()}
    np.testing.assert_allclose(maps["hirescam"], maps["gradcam"], rtol=1e-4, atol=1e-6)
    assert (maps["layercam"] >= maps["gradcam"] - 1e-6).all()


def test_a_peak_scales_and_no_heat_stays_cold() -> None:
    def heat(features: np.ndarray, head: Head) -> np.ndarray:
        return features[..., 0]

    given = Explainer(
        key="given", name="Given", heat=heat, meaning="It.", misleads="It.", paper="nobody", url=""
    )
    heatmap, peak = explain(np.array([[[0], [2]], [[1], [4]]], np.float32), head("average"), given)
    assert peak == 4 and heatmap.max() == 1 and heatmap[1, 0] == 0.25
    cold, peak = explain(np.zeros((3, 3, 1), np.float32), head("average"), given)
    assert peak == 0 and not cold.any()


def test_methods_have_keys_of_their_own_and_say_what_heat_means_and_how_it_misleads() -> None:
    assert len(METHOD_BY_KEY) == len(EXPLAINERS) + len(QUESTIONERS)
    for each in METHOD_BY_KEY.values():
        assert each.meaning.endswith(".") and each.misleads.endswith(".") and each.url.startswith("https://")
