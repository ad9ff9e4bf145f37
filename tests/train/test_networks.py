"""Batches: balanced, and the same again after an interruption."""

import numpy as np
import pytest

from core.backbones import BACKBONES
from train.config import PretrainConfig
from train.networks import Batches, balanced_shares, log_priors


@pytest.fixture
def batches() -> Batches:
    squares = np.random.default_rng(0).integers(0, 255, (40, 32, 32), np.uint8)
    labels = np.array([0] * 30 + [1] * 10)
    return Batches(
        squares, labels, ["a"] * 20 + ["b"] * 20, BACKBONES[0], 32, 24, PretrainConfig(batch=10, seed=3)
    )


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
    for ((pixels, _), labels), ((same, _), truth) in zip(first, again, strict=True):
        assert (pixels == same).all() and (labels == truth).all()


def test_epochs_differ(batches: Batches) -> None:
    batches.start(0)
    first = batches[0][0][0]
    batches.start(1)
    assert (batches[0][0][0] != first).any()
    assert first.shape == (10, 32, 32, 3)


def test_a_source_can_weigh_more() -> None:
    labels = np.array([0, 0, 1, 1])
    sources = ["site", "phantom", "phantom", "phantom"]
    shares = balanced_shares(labels, sources, {"phantom": 3.0})
    np.testing.assert_allclose(shares, [1 / 8, 3 / 8, 1 / 4, 1 / 4])


def test_priors_are_what_a_source_says_of_the_class() -> None:
    labels = np.array([0, 1, 2, 0, 2])
    sources = ["all", "all", "all", "normal", "covid"]
    shares = np.array([0.1, 0.2, 0.1, 0.3, 0.3])
    priors = log_priors(labels, sources, shares, 0.02)
    assert priors.shape == (5, 3) and priors.dtype == np.float32
    np.testing.assert_allclose(np.exp(priors).sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(np.exp(priors[1]) * 1.06, [0.27, 0.52, 0.27], rtol=1e-5)
    np.testing.assert_allclose(np.exp(priors[3]) * 1.06, [1.02, 0.02, 0.02], rtol=1e-5)
    assert priors[4].argmax() == 2


def test_priors_come_with_their_images() -> None:
    """Images of three greys, a source each: the grey tells which prior belongs to it."""
    greys = np.repeat([30, 120, 210], 10)
    squares = np.repeat(greys, 32 * 32).reshape(30, 32, 32).astype(np.uint8)
    labels = greys // 90
    config = PretrainConfig(batch=30, mixed=0.0)
    batches = Batches(squares, labels, [str(grey) for grey in greys], BACKBONES[0], 32, 30, config)
    (_, priors), drawn = batches[0]
    assert (priors.argmax(axis=1) == drawn).all() and len(set(drawn.tolist())) == 3


def test_a_network_that_is_told_the_source_learns_what_is_seen() -> None:
    """Two sources of one class each and one of both: only there does the second of two marks tell the class.

    Without priors the first mark, which tells the source, is the easiest thing to learn.
    """
    import keras

    from train.pretrain import three_classes

    random = np.random.default_rng(0)
    source = random.choice(3, 600)
    sick = np.where(source == 2, random.random(600) < 0.5, source == 1)
    marks = np.stack([(source == 1) - 1.0 * (source == 0), np.where(source == 2, 2.0 * sick - 1, 0)], axis=1)
    labels = 2 * sick.astype(np.int64)
    names, shares = [str(each) for each in source], np.full(600, 1 / 600)
    weights = []
    for smoothing in (0.02, 1e6):  # so much makes all priors the same: none
        keras.utils.set_random_seed(1)
        image = keras.Input((1, 1, 2))
        base = keras.Model(image, keras.layers.Identity()(image))
        network = three_classes(base, 0.0)
        network.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy")
        images = (marks + 0.3 * random.standard_normal((600, 2)))[:, None, None, :].astype(np.float32)
        network.fit((images, log_priors(labels, names, shares, smoothing)), labels, 200, 60, verbose=0)
        kernel = network.get_weights()[0]
        weights.append(kernel[:, 2] - kernel[:, 0])
    told, untold = weights
    assert told[1] > told[0] > 0  # the visible mark above the source's
    assert untold[0] > untold[1]
    added = np.log([[1.0, 1, 1], [1, 5, 1]]).astype(np.float32)
    plain, shifted = (network.predict((images[:1], each[None]), verbose=0) for each in added)
    odds = (shifted / plain)[0]
    assert odds[1] / odds[0] == pytest.approx(5, rel=1e-3)
