"""Every method of the table: a map of the features' size, scaled by its peak, from the same few things."""

import numpy as np
import pytest

from core.explain.explainers import EXPLAINER_BY_KEY, EXPLAINERS, Explainer, explain
from core.models.head import Head

RANDOM = np.random.default_rng(0)
FEATURES = RANDOM.random((5, 4, 6), dtype=np.float32)


def head(pooling: str) -> Head:
    inputs = 6 if pooling == "average" else FEATURES.size
    kernel, output = RANDOM.normal(size=(inputs, 3)), RANDOM.normal(size=3)
    return Head(kernel.astype(np.float32), np.ones(3, np.float32), output.astype(np.float32), pooling)


@pytest.mark.parametrize("pooling", ["average", "flatten"])
@pytest.mark.parametrize("explainer", EXPLAINERS, ids=EXPLAINER_BY_KEY)
def test_a_method_gives_a_map_between_0_and_its_peak(explainer: Explainer, pooling: str) -> None:
    sign = 1
    for _ in range(2):  # of a head and its opposite, at least one finds heat
        kernel = head(pooling)
        opposed = Head(kernel.hidden_kernel, kernel.hidden_bias, sign * kernel.output_kernel, pooling)
        heatmap, peak = explain(FEATURES, opposed, explainer)
        assert heatmap.shape == FEATURES.shape[:2] and heatmap.dtype == np.float32
        assert heatmap.min() >= 0 and heatmap.max() == (1 if peak > 0 else 0)
        half, _ = explain(FEATURES.astype(np.float16), opposed, explainer)
        assert half == pytest.approx(heatmap, abs=0.01)
        sign = -sign


def test_a_peak_scales_and_no_heat_stays_cold() -> None:
    def heat(features: np.ndarray, head: Head) -> np.ndarray:
        return features[..., 0]

    given = Explainer("given", "Given", heat, "What was given.", "nobody", "")
    heatmap, peak = explain(np.array([[[0], [2]], [[1], [4]]], np.float32), head("average"), given)
    assert peak == 4 and heatmap.max() == 1 and heatmap[1, 0] == 0.25
    cold, peak = explain(np.zeros((3, 3, 1), np.float32), head("average"), given)
    assert peak == 0 and not cold.any()


def test_methods_have_keys_of_their_own_and_say_what_heat_means() -> None:
    assert len(EXPLAINER_BY_KEY) == len(EXPLAINERS)
    assert all(each.meaning.endswith(".") and each.url.startswith("https://") for each in EXPLAINERS)
