"""The steps of training themselves, on a few squares of noise: what is stored is what was trained."""

import importlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import DataError
from core.evaluation.metrics import roc_auc
from core.models.backbones import BACKBONE_BY_KEY, scale_pixels
from core.models.engine.keras import read_tensors
from core.preprocessing import Preprocessing
from core.project import PROJECT
from core.vocabulary import CLASSES, FINDINGS, PHANTOM
from train import steps
from train.bundle.roles import choose_images
from train.config import TINY, FindingsConfig, PretrainConfig, Stage, TransferConfig
from train.data.images import Images
from train.data.records import MANY, Record, draw_phantoms
from train.fitting import findings
from train.fitting.features import Extractor, PretrainedBase
from train.fitting.findings import (
    FindingsData,
    LabelledSquares,
    draw_crowd,
    known_labels,
    labelled_squares,
    load_phantoms,
    train_findings,
)
from train.run import ALONE, Run
from train.tools.progress import Report, Reporter, Tally

SIZE = 32
RECIPE = Preprocessing(size_px=SIZE, border_share=0, equalise=False)  # squares are seen as they are
# Keras reads its variables through an interface that numpy calls outdated.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def squares() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (24, SIZE, SIZE), np.uint8)


@pytest.fixture
def records() -> list[Record]:
    """Two thirds to learn from, one third to be held out; every label in both."""
    splits = ("train", "train", "val")
    return [
        Record(f"{i}.png", CLASSES[i % 3], splits[i // 3 % 3], "clinic", f"g{i}", None, "") for i in range(24)
    ]


@pytest.fixture
def images(squares: np.ndarray, records: list[Record]) -> Images:
    return Images(squares, records, RECIPE)


def quiet(done: int, total: int) -> None:
    assert 0 <= done <= total


def told(report: Report, tally: Tally = quiet) -> Reporter:
    return Reporter(lambda title: tally, report)


def test_folded_normalisation_answers_like_the_one_that_was_trained() -> None:
    import keras

    from core.models.engine.keras import build_base
    from train.networks.learning import NORMALIZATION, build_trainable_base, plain_base

    vgg16 = BACKBONE_BY_KEY["vgg16"]
    trained = build_trainable_base(vgg16, SIZE)
    random = np.random.default_rng(1)
    for layer in trained.layers:
        if layer.name.endswith(NORMALIZATION):
            shape = layer.gamma.shape
            drawn = [random.uniform(0.5, 1.5, shape), random.normal(0, 0.3, shape)]
            layer.set_weights([*drawn, random.normal(0, 0.3, shape), random.uniform(0.5, 1.5, shape)])
    base = plain_base(vgg16, trained)
    names = [layer.name for layer in build_base(vgg16, SIZE).layers[1:]]
    assert [layer.name for layer in base.layers[1:]] == names
    images = scale_pixels(random.random((2, SIZE, SIZE)).astype(np.float32), vgg16.scale)
    expected = keras.ops.convert_to_numpy(trained(images, training=False))
    found = keras.ops.convert_to_numpy(base(images, training=False))
    assert expected.std() > 0
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


def test_settled_normalisation_holds_the_mean_of_its_batches() -> None:
    import keras

    from train.networks.learning import settle_batch_normalization

    network = keras.Sequential([keras.Input((3,)), keras.layers.BatchNormalization()])
    batches = [(np.full((4, 3), value, np.float32), None) for value in (1.0, 2.0, 6.0)]
    settle_batch_normalization(network, batches)
    np.testing.assert_allclose(network.layers[0].moving_mean.numpy(), 3, rtol=1e-5)
    assert network.layers[0].momentum == 0.99


def pretraining(module: str) -> Callable[..., Path]:
    """In Keras, or in PyTorch as on a GPU."""
    found: Callable[..., Path] = getattr(importlib.import_module(f"train.fitting.{module}"), WAYS[module])
    return found


WAYS = {"pretrain": "pretrain", "pretrain_torch": "pretrain_on_torch"}


# One with normalisation of its own, one that is given it: both have to come back with what they counted.
@pytest.mark.parametrize(("key", "way"), [("vgg16", "pretrain"), ("resnet50", "pretrain_torch")])
def test_pretraining_goes_on_where_it_was_interrupted(
    images: Images, tmp_path: Path, key: str, way: str
) -> None:
    """Two stages; of what stands on disk in the second epoch of the second comes the same, byte for byte."""
    pretrain = pretraining(way)
    said: list[str] = []
    config = PretrainConfig(stages=(Stage(SIZE, 1, 4, 1e-3), Stage(SIZE, 2, 8, 1e-3)), batch=4)
    backbone, broken = BACKBONE_BY_KEY[key], tmp_path / "broken"

    def keep(done: int, total: int) -> None:
        if (done, total) == (3, 4):
            shutil.copytree(tmp_path / "unbroken", broken)

    unbroken = pretrain(backbone, images, config, tmp_path / "unbroken", told(said.append, keep))
    assert [line.partition(":")[0] for line in said] == [
        f"{SIZE} px, epoch {epoch}" for epoch in ("1 of 1", "1 of 2", "2 of 2")
    ]
    assert not (broken / unbroken.name).exists()
    said.clear()
    resumed = pretrain(backbone, images, config, broken, told(said.append))
    assert len(said) == 1 and "epoch 2 of 2" in said[0]
    assert resumed.read_bytes() == unbroken.read_bytes()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("key", ["resnet50", "vgg16"])  # with normalisation of its own, and without
def test_a_base_learns_on_from_where_it_was(images: Images, tmp_path: Path, key: str, way: str) -> None:
    """With next to no learning rate its weights stay; with one they do not."""
    import keras

    from core.models.engine.keras import build_base, read_tensors, save_weights

    pretrain = pretraining(way)
    backbone, start = BACKBONE_BY_KEY[key], tmp_path / "start.safetensors"
    keras.utils.set_random_seed(0)
    save_weights(build_base(backbone, SIZE), start)
    distances = []
    for rate in (1e-12, 1e-2):
        config = PretrainConfig(stages=(), further=(Stage(SIZE, 1, 8, rate),), unnormalised=1.0, batch=4)
        folder = tmp_path / str(rate)
        base = pretrain(backbone, images, config, folder, told(lambda text: None), start)
        learnt = read_tensors(base)
        kernels = {name: value for name, value in read_tensors(start).items() if value.ndim == 4}
        distances.append(max(float(np.abs(learnt[name] - value).max()) for name, value in kernels.items()))
    assert distances[0] < 0.01 < distances[1]


def test_a_base_without_normalisation_learns_on_gently() -> None:
    from train.fitting.pretrain import _gentler

    config = PretrainConfig(unnormalised=0.25)
    assert _gentler(Stage(SIZE, 1, 8, 0.04), config) == Stage(SIZE, 1, 8, 0.01)


def test_a_transferred_network_answers_as_its_base_and_head_did(images: Images, tmp_path: Path) -> None:
    import keras

    from core.models.engine.keras import build_base, build_network, load_weights, save_weights
    from train.fitting.transfer import HeadTraining, transfer

    backbone = BACKBONE_BY_KEY["densenet121"]
    keras.utils.set_random_seed(0)
    save_weights(build_base(backbone, SIZE), tmp_path / "base.safetensors")
    target = tmp_path / "densenet121.safetensors"
    base = PretrainedBase(backbone, tmp_path / "base.safetensors")
    config = TransferConfig(epochs=3, patience=2, copies=1)
    head = transfer(base, images, HeadTraining("average", config, tmp_path / "cache"), target, quiet)
    assert 1 <= head.epochs <= 3 and 0 <= head.validation_auc <= 1
    network = build_network(backbone, SIZE, "average")
    load_weights(network, target)
    batch = scale_pixels(images.squares[:4].astype(np.float32) / 255, backbone.scale)
    features, probability = network.predict(batch, verbose=0)
    hidden = np.maximum(features.mean(axis=(1, 2)) @ head.weights[0] + head.weights[1], 0)
    expected = 1 / (1 + np.exp(-(hidden @ head.weights[2] + head.weights[3])))
    np.testing.assert_allclose(probability, expected, atol=0.02)  # kernels are stored in 8 bits


class MeanGrey:
    """In place of a base: one feature. `asked` holds how many images there were each time."""

    input_shape = (None, SIZE, SIZE, 3)
    output_shape = (None, 1)

    def __init__(self) -> None:
        self.asked: list[int] = []

    def predict_on_batch(self, batch: np.ndarray) -> np.ndarray:
        self.asked.append(len(batch))
        return batch.mean(axis=(1, 2, 3), dtype=np.float32)[:, None]


def test_features_of_an_image_are_computed_once(
    images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from train.fitting import features as module

    network, vgg16 = MeanGrey(), BACKBONE_BY_KEY["vgg16"]
    for name in ("base", "other"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(module, "BATCH", 1)

    def features(rows: range, weights: str, copies: int = 0) -> np.ndarray:
        extractor = Extractor(PretrainedBase(vgg16, tmp_path / weights), network)
        network.asked.clear()
        config = TransferConfig(copies=copies)
        return module.all_features(extractor, images.take(rows), config, tmp_path / "cache")

    first = features(range(4), "base")
    assert first.shape == (1, 4, 1) and len(network.asked) == 4
    more = features(range(2, 7), "base")
    assert len(network.asked) == 3 and (more[0, :2] == first[0, 2:]).all()
    assert (np.diff(more[0, :, 0]) * np.diff(images.squares[2:7].mean(axis=(1, 2))) > 0).all()
    features(range(4), "other")
    assert len(network.asked) == 4
    copied = features(range(4), "base", copies=2)
    assert copied.shape == (3, 4, 1) and len(network.asked) == 12
    assert (copied[0] == first[0]).all() and (copied[1] != copied[2]).any()
    assert (features(range(2, 4), "base", copies=2) == copied[:, 2:]).all() and not network.asked


def test_only_what_is_learnt_from_is_copied(images: Images) -> None:
    from train.fitting.features import compute_features

    extractor = Extractor(PretrainedBase(BACKBONE_BY_KEY["vgg16"], None), MeanGrey())
    found = compute_features(extractor, images, TransferConfig(copies=1))
    assert np.isfinite(found[0]).all()
    copied = np.isfinite(found[1, :, 0])
    assert copied.any() and copied.tolist() == [each.split == "train" for each in images.records]


def test_each_copy_is_framed_as_its_number_says(images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    from train.fitting import features as module
    from train.networks.framing import CUT_ALONE, Framing

    asked: list[Framing] = []

    def reframe(square: np.ndarray, random: np.random.Generator, framing: Framing) -> np.ndarray:
        asked.append(framing)
        return square

    monkeypatch.setattr(module, "reframe", reframe)
    extractor = Extractor(PretrainedBase(BACKBONE_BY_KEY["vgg16"], None), MeanGrey())
    module.compute_features(extractor, images, TransferConfig(copies=2))
    learnt = sum(each.split == "train" for each in images.records)
    assert asked == [Framing()] * learnt + [CUT_ALONE] * learnt


@pytest.mark.parametrize("copies", [1, 3])
def test_progress_counts_every_copy(images: Images, copies: int) -> None:
    from train.fitting.features import compute_features

    said: list[tuple[int, int]] = []
    extractor = Extractor(PretrainedBase(BACKBONE_BY_KEY["vgg16"], None), MeanGrey())
    compute_features(extractor, images, TransferConfig(copies=copies), lambda *tally: said.append(tally))
    learnt = sum(each.split == "train" for each in images.records)
    assert said == [(24 + learnt * copy, 24 + learnt * copies) for copy in range(copies + 1)]


def test_findings_training_resumes_and_sets_operating_points(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    labels = (random.random((12, len(FINDINGS))) < 0.5).astype(np.float32)
    labels[0], labels[1] = 0, 1
    data = LabelledSquares(random.integers(0, 255, (12, 64, 64), np.uint8), labels, np.ones(12))
    nobody = LabelledSquares(data.squares[:0], data.labels[:0], data.weights[:0])
    config = FindingsConfig(stages=(Stage(64, 1, 8, 1e-3),), batch=4)
    said: list[str] = []
    lessons = FindingsData(data, data, nobody)
    fit = train_findings(lessons, config, tmp_path, told(said.append))
    assert len(said) == 1 and fit.labelled_auc == {}
    assert set(fit.phantom_auc) == set(FINDINGS)
    assert all(0 < point < 1 for point in fit.operating_points)
    fit.file.unlink()
    again = train_findings(lessons, config, tmp_path, told(said.append))
    assert len(said) == 1 and again.phantom_auc == fit.phantom_auc


def test_a_findings_network_that_learns_on_begins_where_it_was(tmp_path: Path) -> None:
    labels = np.tile(np.arange(4) % 2, (len(FINDINGS), 1)).T.astype(np.float32)
    squares = np.random.default_rng(3).integers(0, 255, (4, 64, 64), np.uint8)
    data = LabelledSquares(squares, labels, np.ones(4))
    nobody = LabelledSquares(data.squares[:0], data.labels[:0], data.weights[:0])
    lessons = FindingsData(data, data, nobody)
    config = FindingsConfig(stages=(), further=(Stage(64, 1, 4, 1e-3),), batch=4)
    first, learnt, nothing = (tmp_path / name for name in ("first", "learnt", "nothing"))
    start = train_findings(lessons, replace(config, seed=config.seed + 1), first, told(print)).file
    said: list[str] = []
    on = train_findings(lessons, config, learnt, told(said.append), start).file
    assert len(said) == 1 and on.read_bytes() != start.read_bytes()
    same = train_findings(lessons, replace(config, further=()), nothing, told(said.append), start).file
    assert len(said) == 1
    for name, value in read_tensors(start).items():
        np.testing.assert_array_equal(value, read_tensors(same)[name])


def test_operating_points_are_chosen_on_radiographs_where_enough_are_labelled() -> None:
    """Else phantoms, on which a network may answer otherwise, have a say."""
    labels = np.repeat(np.float32([1, 0]), findings.MIN_LABELLED)[:, None].repeat(len(FINDINGS), 1)
    labels[0, 1] = np.nan  # of the second finding there is one too few
    radiographs = labels, np.where(labels == 0, -1, 1).astype(np.float32)
    phantoms = (
        np.tile(labels[1:-1], (9, 1)),
        np.tile(np.where(labels == 1, 4, 3)[1:-1], (9, 1)).astype(np.float32),
    )
    first, second, *_ = findings._operating_points(radiographs, phantoms)
    assert first < 0.74 < 0.95 < second


def test_crowded_phantoms_show_hard_findings_more_often(tmp_path: Path) -> None:
    crowds = [draw_crowd(seed) for seed in range(400)]
    assert crowds[7] == draw_crowd(7) and {len(each) for each in crowds} == set(range(6))
    drawn = Counter(name for each in crowds for name, _ in each)
    assert drawn["Nodule"] > 1.5 * drawn["Hernia"] > 0
    assert all(0.25 <= severity <= 1 for each in crowds for _, severity in each)
    crowded = load_phantoms(range(4), Preprocessing(size_px=64), tmp_path, crowded=True)
    for labels, named in zip(crowded.labels, crowds[:4], strict=True):
        assert {name for name, _ in named} <= {FINDINGS[i] for i in np.flatnonzero(labels)}


def record(label: str, findings: frozenset[str] | None = None, source: str = "x") -> Record:
    return Record("a.png", label, "train", source, "g", findings)


def test_what_a_record_says_is_known_but_of_a_phantom() -> None:
    labels = known_labels(record("normal", frozenset({"normal (reader)"})))
    assert labels is not None and labels[FINDINGS.index("Pneumonia")] == 0
    assert known_labels(record("normal", None, PHANTOM)) is None


def test_radiographs_of_which_something_is_known_are_taken(squares: np.ndarray) -> None:
    listed = [record("pneumonia", frozenset({"Mass"})), *map(record, ("normal", "pneumonia", "covid"))]
    images = Images(squares[:4], listed, RECIPE)
    found = labelled_squares(images, "train")
    assert len(found.squares) == len(found.labels) == 3
    np.testing.assert_array_equal(found.weights, [2, 4, 2])
    assert not len(labelled_squares(images, "val").squares)


def test_nobody_is_known_to_be_ill_by_the_hospital() -> None:
    """Of one hospital three in four are ill, of another few; of a third all, and of many nobody knows."""

    def taken(label: str, place: str, count: int) -> list[Record]:
        return [replace(record(label), hospital=place)] * count

    records = [
        *taken("pneumonia", "first", 300),
        *taken("normal", "first", 100),
        *taken("pneumonia", "second", 10),
        *taken("normal", "second", 90),
        *taken("pneumonia", "third", 20),
        *taken("normal", MANY, 5),
        *taken("pneumonia", MANY, 5),
    ]
    weights = findings.draw_weights(records)
    totals = Counter[tuple[str, str]]()
    for each, weight in zip(records, weights, strict=True):
        totals[each.hospital, each.label] += weight
    assert totals["first", "pneumonia"] == pytest.approx(totals["first", "normal"]) == pytest.approx(400)
    assert totals["second", "pneumonia"] == pytest.approx(totals["second", "normal"]) == pytest.approx(40)
    assert totals["third", "pneumonia"] == totals[MANY, "normal"] == 0
    assert max(weights) == findings.MOST_TIMES
    large = findings.draw_weights(taken("normal", "x", 9000) + taken("covid", "x", 3000))
    assert large.sum() == pytest.approx(2 * findings.CLASS_DRAWS)


def test_what_weighs_nothing_is_not_drawn_and_hidden_lungs_show_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Squares carry their label as their grey; half of the draws are covered."""
    lessons: list[tuple[np.ndarray, np.ndarray]] = []

    def step(learner: object, grey: np.ndarray, labels: np.ndarray) -> float:
        lessons.append((grey, labels))
        return 0.0

    monkeypatch.setattr(findings, "COVERED", 0.5)
    monkeypatch.setattr(findings._Learner, "step", step)
    monkeypatch.setattr(findings, "augment", lambda square, *_: (square / 255).astype(np.float32))
    greys = np.array([200, 100], np.uint8)
    labels = np.float32([[1] * len(FINDINGS), [0] * len(FINDINGS)])
    labels[0, 3] = np.nan
    data = LabelledSquares(np.repeat(greys, 64 * 64).reshape(2, 64, 64), labels, np.array([1.0, 0.0]))
    config = FindingsConfig(stages=(Stage(64, 1, 40, 1e-3),), batch=8)
    train_findings(FindingsData(data, data, data), config, tmp_path, told(print))
    grey, taught = (np.concatenate(each) for each in zip(*lessons, strict=True))
    corners, hidden = (
        grey[:, 0, 0],
        np.abs(grey[:, 16:44, 16:48] - np.float32(200 / 255)).max(axis=(1, 2)) > 1e-6,
    )
    np.testing.assert_allclose(corners, 200 / 255, atol=1e-6)
    assert 8 < hidden.sum() < 32
    assert np.isnan(taught[:, 3]).all()
    np.testing.assert_array_equal(np.delete(taught, 3, 1), np.where(hidden, 0.0, 1.0)[:, None].repeat(17, 1))


def test_without_severity_scores_phantoms_are_rendered_for_them(
    records: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    from train.bundle import roles as module

    monkeypatch.setattr(module, "SEVERITY_PHANTOMS", 24)
    roles = choose_images(records, None)
    severity = [roles.records[index] for index in roles.severity]
    assert len(severity) == 24
    assert {each.source for each in severity} == {PHANTOM}
    assert not {each.path for each in severity} & {roles.records[index].path for index in roles.evaluated}
    assert np.isnan(roles.scores[roles.evaluated]).all()
    extent, opacity = roles.scores[roles.severity].T
    assert extent.max() > 3 and opacity.max() > 1 and extent.min() == 0


def test_severity_scores_go_with_the_image_that_they_were_given_for(
    records: list[Record], tmp_path: Path
) -> None:
    table = tmp_path / "scores.csv"
    table.write_text("filename,geographic_mean,opacity_mean\nseen.png,3.7,2.0\nlearnt.png,1,0.5\n")
    originals = {"8.png": "seen.png", "2.png": "learnt.png"}  # a held-out image and one to learn from
    named = [replace(each, original=originals.get(each.path, "")) for each in records]
    roles = choose_images(named, table)
    scored = {roles.records[index].path: roles.scores[index].tolist() for index in roles.severity}
    assert scored == {"8.png": [3.7, 2.0], "2.png": [1.0, 0.5]}
    evaluated = {roles.records[index].path: roles.scores[index] for index in roles.evaluated}
    assert "2.png" not in evaluated and evaluated.pop("8.png").tolist() == [3.7, 2.0]
    assert evaluated and all(np.isnan(scores).all() for scores in evaluated.values())


@pytest.mark.parametrize(
    ("name", "labels", "said"),
    [
        ("my bundle", CLASSES, "cannot be called 'my bundle'"),
        ("own", ("normal", "pneumonia"), "train has 0 groups labelled covid"),
    ],
)
def test_what_would_stop_a_training_at_its_end_is_said_at_its_start(
    tmp_path: Path, name: str, labels: tuple[str, ...], said: str
) -> None:
    run = Run(tmp_path, TINY, None, "scratch", None, lambda title: quiet, print)
    vars(run)["records"] = [each for each in draw_phantoms(range(96), ALONE) if each.label in labels]
    with pytest.raises(DataError, match=said):
        steps.check(run, name)


HEAD_PROGRAM = """
import json
import numpy as np
from train.config import TransferConfig
from train.fitting.transfer import train_head

random = np.random.default_rng(0)
features, labels = random.normal(size=(64, 8)).astype(np.float32), np.arange(64) % 2
features[:, 0] += 3 * labels
weights = np.ones(64, np.float32)
copies = np.stack([features, features + random.normal(0, 0.1, features.shape).astype(np.float32)])
head = train_head((copies, labels, weights), (features, labels), TransferConfig(epochs=40))
print(json.dumps(head.validation_auc))
"""


def test_features_of_little_spread_do_not_come_to_count_more_than_others() -> None:
    from train.fitting.transfer import LEAST_SPREAD, standard

    random = np.random.default_rng(3)
    features = random.normal([5.0, -2.0, 0.0], [4.0, 4.0, 1e-6], (1, 4000, 3)).astype(np.float32)
    found = standard(features)
    np.testing.assert_allclose(found.mean, features[0].mean(axis=0), atol=1e-3)
    typical = 4.0 * np.sqrt(2 / 3)
    spread = np.sqrt(np.array([16.0, 16.0, 0.0]) + (LEAST_SPREAD * typical) ** 2)
    np.testing.assert_allclose(np.diag(found.scaling) / found.scaling[0, 0], spread[0] / spread, rtol=0.05)
    np.testing.assert_allclose(found.scaling, np.diag(np.diag(found.scaling)), atol=1e-6)
    assert np.sqrt(np.mean(np.square(found(features)))) == pytest.approx(1, rel=1e-3)
    assert np.isfinite(standard(np.zeros((2, 4, 2), np.float32)).scaling).all()


def test_what_copies_differ_by_counts_for_little() -> None:
    """Two directions, alike at first sight; along the second, a picture's copies lie anywhere."""
    from train.fitting.transfer import LEAST_WITHIN, standard

    random = np.random.default_rng(5)
    turn = np.array([[0.8, 0.6], [-0.6, 0.8]])
    kept, moved = random.normal(size=(1, 6000)), random.normal(size=(3, 6000))
    features = np.stack([np.repeat(kept, 3, axis=0), moved], axis=-1) @ turn
    found = standard(features.astype(np.float32))
    sizes = np.linalg.norm(turn @ found.scaling.astype(np.float64), axis=1)
    # Two draws of variance 1 differ by a variance of 2, in units of features of spread 1.04 (`LEAST_SPREAD`).
    least = LEAST_WITHIN / 1.09
    assert sizes[0] / sizes[1] == pytest.approx(np.sqrt((2 / 1.09 + least) / least), rel=0.05)


def test_a_head_that_pays_for_it_says_of_copies_what_it_says_of_the_picture() -> None:
    """The second feature tells the class, too, but of copies it says what it likes."""
    from train.fitting.transfer import train_head
    from train.trials.left_out import decision_values

    random = np.random.default_rng(6)
    labels = np.arange(600) % 2
    features = random.normal(size=(3, 600, 2)).astype(np.float32)
    features[:, :, 0] = features[0, :, 0] + labels
    features[0, :, 1] += 2 * labels
    train, apart = (features, labels, np.ones(600, np.float32)), []
    for consistency in (0.0, 20.0):
        config = TransferConfig(epochs=20, standardised=False, consistency=consistency)
        head = train_head(train, (features[0], labels), config)
        said = [1 / (1 + np.exp(-decision_values(head, each))) for each in features]
        apart.append(np.mean(np.square(np.array(said[1:]) - said[0])))
        assert head.validation_auc > 0.7
    assert apart[1] < 0.5 * apart[0]


def test_a_head_that_learnt_on_standard_features_answers_for_plain_ones() -> None:
    """Copies differ along a slant between features of unlike size, so that the scaling is not symmetric."""
    from train.fitting.transfer import standard, train_head
    from train.trials.left_out import decision_values

    random = np.random.default_rng(4)
    labels = np.arange(400) % 2
    features = random.normal([300.0, 0.01], [60.0, 0.002], (400, 2)).astype(np.float32)
    features[:, 0] += 90 * labels
    copies = [
        features + np.outer(random.normal(size=400), [40.0, 0.001]).astype(np.float32) for _ in range(2)
    ]
    scaling = standard(np.stack([features, *copies])).scaling
    assert not np.allclose(scaling, scaling.T, rtol=0.1)
    train = (np.stack([features, *copies]), labels, np.ones(400, np.float32))
    for standardised in (True, False):
        config = TransferConfig(epochs=12, batch=96, learning_rate=0.01, standardised=standardised)
        head = train_head(train, (features, labels), config)
        scores = decision_values(head, features)
        assert roc_auc(labels, scores) == pytest.approx(head.validation_auc, abs=1e-3)
        if standardised:
            assert head.validation_auc > 0.8 and np.mean((scores > 0) == labels) > 0.7


def test_a_head_trains_on_torch_too() -> None:
    environment = os.environ | {"KERAS_BACKEND": "torch"}
    command = [sys.executable, "-c", HEAD_PROGRAM]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) > 0.9
