"""The PyTorch twin of a Keras base: the same answers, both ways."""

from typing import Any

import keras
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.models.backbones import BACKBONE_BY_KEY, BACKBONES, Backbone, scale_pixels
from core.models.engine.keras import build_base
from train.networks.torch_base import TorchBase

SIZE = 77  # no multiple of two: padding differs before and behind
# Keras reads its variables through an interface that numpy calls outdated.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def _images(backbone: Backbone) -> NDArray[np.float32]:
    random = np.random.default_rng(1)
    return scale_pixels(random.random((2, SIZE, SIZE)).astype(np.float32), backbone.scale)


def _asked(base: TorchBase, images: NDArray[np.float32]) -> NDArray[np.float32]:
    with torch.no_grad():
        return base.eval()(torch.from_numpy(images).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()


def _stirred(backbone: Backbone) -> Any:
    """A fresh base whose normalisations do something."""
    base, random = build_base(backbone, SIZE), np.random.default_rng(2)
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([random.uniform(0.5, 1.5, each.shape) for each in layer.weights])
    return base


@pytest.mark.parametrize("backbone", BACKBONES, ids=BACKBONE_BY_KEY)
def test_the_twin_answers_like_the_base_and_gives_its_weights_back(backbone: Backbone) -> None:
    base, images = _stirred(backbone), _images(backbone)
    twin = TorchBase(base)
    expected = keras.ops.convert_to_numpy(base(images, training=False))
    found = _asked(twin, images)
    assert found.shape == expected.shape and expected.std() > 0
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
    assert twin.channels == expected.shape[-1]
    fresh = build_base(backbone, SIZE)
    twin.write_back(fresh)
    for got, held in zip(fresh.get_weights(), base.get_weights(), strict=True):
        np.testing.assert_array_equal(got, held)


def test_added_normalisations_change_nothing_at_first_and_are_folded_in() -> None:
    backbone = BACKBONE_BY_KEY["vgg16"]
    base, images = build_base(backbone, SIZE), _images(backbone)
    twin = TorchBase(base, normalised=True)
    twin.begin_normalised(torch.from_numpy(images).permute(0, 3, 1, 2))
    expected = keras.ops.convert_to_numpy(base(images, training=False))
    np.testing.assert_allclose(_asked(twin, images), expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
    assert len(twin.normalisations) == 13
    with torch.no_grad():
        for norm in twin.normalisations:
            norm.weight.mul_(1.25)
            norm.bias.add_(0.1)
    changed = _asked(twin, images)
    assert np.abs(changed - expected).max() > 0.1 * np.abs(expected).max()
    twin.write_back(base)
    folded = keras.ops.convert_to_numpy(base(images, training=False))
    np.testing.assert_allclose(folded, changed, rtol=1e-3, atol=1e-4 * np.abs(changed).max())


def test_another_kind_of_layer_is_refused() -> None:
    network = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.UpSampling2D()])
    with pytest.raises(ValueError, match="expected a layer that backbones are made of"):
        TorchBase(network)
