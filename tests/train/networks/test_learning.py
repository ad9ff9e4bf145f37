"""Batches: balanced, and the same again after an interruption."""

import numpy as np
import pytest

from core.models.backbones import BACKBONES
from core.preprocessing import Preprocessing
from train.config import PretrainConfig, Stage
from train.data.images import Images
from train.data.records import Record
from train.networks import learning as networks
from train.networks.learning import Batches, balanced_shares, fast_precision


@pytest.fixture
def batches() -> Batches:
    squares = np.random.default_rng(0).integers(0, 255, (40, 32, 32), np.uint8)
    cells = [("normal", "a")] * 20 + [("normal", "b")] * 10 + [("pneumonia", "b")] * 10
    records = [
        Record(f"{row}.png", label, "train", source, f"g{row}") for row, (label, source) in enumerate(cells)
    ]
    stage, config = Stage(32, epochs=1, images=24, learning_rate=1e-3), PretrainConfig(batch=10, seed=3)
    return Batches(Images(squares, records, Preprocessing(size_px=32)), BACKBONES[0], stage, config)


def test_classes_are_drawn_alike_and_sources_by_root_of_size() -> None:
    labels = np.array([0] * 90 + [1] * 10)
    shares = balanced_shares(labels, ["big"] * 81 + ["small"] * 9 + ["big"] * 10)
    assert shares.sum() == pytest.approx(1)
    assert shares[labels == 1].sum() == pytest.approx(0.5)
    assert shares[:81].sum() / shares[81:90].sum() == pytest.approx(
        3
    )  # nine times the images, three the share


def test_an_epoch_is_drawn_the_same_again(batches: Batches) -> None:
    batches.start(2)
    first = [batches[step] for step in range(len(batches))]
    batches.start(0)
    batches.start(2)
    again = [batches[step] for step in range(len(batches))]
    assert [len(labels) for _, labels in first] == [10, 10, 4]
    for (pixels, labels), (same, truth) in zip(first, again, strict=True):
        assert (pixels == same).all() and (labels == truth).all()


def test_epochs_differ(batches: Batches) -> None:
    batches.start(0)
    first, _ = batches[0]
    batches.start(1)
    assert (batches[0][0] != first).any()
    assert first.shape == (10, 32, 32, 3)


def test_networks_built_inside_are_fast_and_later_ones_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    monkeypatch.setattr(networks, "has_bfloat16", lambda: True)
    with fast_precision():
        inside = keras.layers.Dense(1)
    assert inside.compute_dtype == "bfloat16" and inside.variable_dtype == "float32"
    assert keras.layers.Dense(1).compute_dtype == "float32"
