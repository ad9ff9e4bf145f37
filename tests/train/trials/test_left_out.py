"""Leave one source out: nothing of the source is learnt from, and a shortcut is worth nothing without it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.evaluation.trials import LeftOutSources, MeasuredAuc
from core.models.backbones import BACKBONES
from core.preprocessing import Preprocessing
from train.config import STUDY, TINY
from train.data.images import Images
from train.data.records import Record, draw_phantoms
from train.fitting.features import PretrainedBase
from train.fitting.transfer import HeadTraining
from train.run import Run
from train.trials import left_out
from train.trials.kept import read_left_out
from train.trials.left_out import SourceTrial, draw_trials, learnt_rows, measured_rows

BACKBONE = BACKBONES[1]
SPLITS = ("train", "train", "val", "test")
SOURCES = {"a": "covid", "b": "covid", "x": "normal", "y": "normal"}
# Keras reads its variables through an interface that numpy calls outdated.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def records_of(each: int = 8) -> list[Record]:
    """Two sources of either class, one of which brings another pneumonia, and a clinic of its own."""
    records = [
        Record(f"{source}/{i}.png", label, SPLITS[i % 4], source, f"{source}{i}")
        for source, label in SOURCES.items()
        for i in range(each)
    ]
    records += [Record(f"y/p{i}.png", "pneumonia", SPLITS[i % 4], "y", f"yp{i}") for i in range(each)]
    return [*records, Record("far.png", "covid", "external", "far", "far")]


def pool_of(records: list[Record]) -> Images:
    return Images(np.zeros((len(records), 8, 8), np.uint8), records, Preprocessing())


def test_pairs_come_first_and_then_single_sources() -> None:
    trials = draw_trials(records_of())
    assert [(each.covid, each.normal) for each in trials] == [
        ("a", "x"),
        ("a", "y"),
        ("b", "x"),
        ("b", "y"),
        ("a", None),
        ("b", None),
        (None, "x"),
        (None, "y"),
    ]
    assert len({each.name for each in trials}) == len(trials)


def test_a_class_of_one_source_gives_no_trial() -> None:
    records = records_of()
    assert draw_trials([each for each in records if each.source != "b"]) == []
    assert draw_trials(draw_phantoms(range(96))) == []
    assert draw_trials([*(each for each in records if each.source != "b"), *draw_phantoms(range(96))]) == []


def test_a_source_of_few_images_is_not_left_out() -> None:
    few = [Record(f"c{index}.png", "covid", "train", "c", f"c{index}") for index in range(3)]
    assert "c" in {each.covid for each in draw_trials([*records_of(), *few])}
    assert "c" not in {each.covid for each in draw_trials([*records_of(), *few], least=4)}


def test_a_trial_that_would_leave_a_class_without_validation_images_is_dropped() -> None:
    records = [each for each in records_of() if (each.source, each.split) != ("b", "val")]
    assert "a" not in {each.covid for each in draw_trials(records)}
    assert {each.covid for each in draw_trials(records)} == {"b", None}


@pytest.mark.parametrize("trial", [SourceTrial("a", "y"), SourceTrial("b", None), SourceTrial(None, "y")])
def test_no_image_of_a_left_out_source_is_learnt_from(trial: SourceTrial) -> None:
    records = [*records_of(), *draw_phantoms(range(48))]
    learnt = [records[row] for row in learnt_rows(records, trial)]
    assert not {each.source for each in learnt} & trial.sources
    assert {each.split for each in learnt} == {"train", "val"}
    assert {"phantom"} < {each.source for each in learnt}


def test_a_patient_whom_two_sources_show_is_not_learnt_from_and_measured() -> None:
    records, trial = records_of(), SourceTrial("a", "x")
    twice = Record("b/again.png", "covid", "train", "b", "a3")  # whom source a shows, too, as a test image
    assert records[3].group == twice.group and 3 in measured_rows(records, trial)
    learnt = learnt_rows([*records, twice], trial)
    assert learnt.tolist() == learnt_rows(records, trial).tolist()


def test_a_strict_trial_is_measured_on_unknown_sources_alone() -> None:
    records = [*records_of(), *draw_phantoms(range(48))]
    measured = [records[row] for row in measured_rows(records, SourceTrial("a", "y"))]
    assert len(measured) == 16
    assert {(each.source, each.label) for each in measured} == {("a", "covid"), ("y", "normal")}
    assert {each.split for each in measured} == {"train", "val", "test"}


def test_an_easier_trial_is_measured_against_held_out_images_of_known_sources() -> None:
    records = [*records_of(), *draw_phantoms(range(48))]
    measured = [records[row] for row in measured_rows(records, SourceTrial("a", None))]
    assert sum(each.label == "covid" for each in measured) == 8
    normal = [each for each in measured if each.label == "normal"]
    assert {each.source for each in normal} == {"x", "y"} and {each.split for each in normal} == {"test"}


def test_a_source_of_both_classes_never_tests_as_known_what_it_was_left_out_for() -> None:
    records = [*records_of(), Record("a/n.png", "normal", "test", "a", "an")]
    measured = {records[row].path for row in measured_rows(records, SourceTrial("a", None))}
    assert "a/n.png" not in measured


def test_a_head_that_reads_the_source_fails_where_the_source_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Features say nothing but the source, and an unknown source resembles a known one of the other class."""
    records = records_of(40)
    random = np.random.default_rng(0)
    names = [*SOURCES, "far"]
    features = random.normal(0, 0.3, (len(records), 8)).astype(np.float32)
    for row, record in enumerate(records):
        features[row, names.index(record.source)] += 6
    a, x = ([row for row, each in enumerate(records) if each.source == name] for name in "ax")
    features[a, names.index("y")] += 3
    features[x, names.index("b")] += 3
    monkeypatch.setattr(left_out, "frozen_base", lambda *arguments: None)
    monkeypatch.setattr(left_out, "build_extractor", lambda *arguments: None)
    task = [row for row, each in enumerate(records) if each.label != "pneumonia"]
    monkeypatch.setattr(left_out, "all_features", lambda *arguments: features[task][np.newaxis])
    pool = pool_of(records)
    config = replace(STUDY.transfer, epochs=30, patience=30, batch=32, learning_rate=5e-3)
    trials, training = (
        [SourceTrial("a", "x"), SourceTrial("a", None)],
        HeadTraining("average", config, tmp_path),
    )
    base = PretrainedBase(BACKBONE, None)
    strict, easier = left_out.measure_heads(base, "frozen", pool, trials, training)
    assert strict.strict and not easier.strict
    assert strict.measured.images == 80 and strict.measured.positives == 40
    assert strict.measured.roc_auc is not None and strict.measured.roc_auc < 0.2
    assert easier.measured.roc_auc is not None and easier.measured.roc_auc > strict.measured.roc_auc
    assert strict.base == "frozen" and strict.model == BACKBONE.key


def test_decision_values_are_what_keras_computes_before_its_sigmoid() -> None:
    import keras

    from train.fitting.transfer import TrainedHead, build_head

    keras.utils.set_random_seed(1)
    network = build_head(6)
    features = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
    values = left_out.decision_values(TrainedHead(tuple(network.get_weights()), 0.5, {}), features)
    expected = network.predict(features, verbose=0)[:, 0]
    np.testing.assert_allclose(1 / (1 + np.exp(-values)), expected, rtol=1e-4)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run on records that need no files."""
    config = replace(TINY, left_out_retrained=(BACKBONE.key,))
    run = Run(tmp_path, config, Path("data"), "scratch", None, lambda title: lambda d, t: None, print)
    records = records_of()
    pool = pool_of(records)
    vars(run)["records"] = records
    monkeypatch.setattr(left_out, "gather_pool", lambda run: pool)
    monkeypatch.setattr(left_out, "base_weights", lambda run, backbone: Path(f"{backbone.key}.base"))
    return run


def test_what_is_measured_stays_and_the_rest_follows(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str, str, int]] = []
    taught: list[set[str]] = []

    def measure(base, kind, pool, trials, training, progress):
        asked.append((base.backbone.key, kind, str(base.weights), len(trials)))
        if len(asked) == len(BACKBONES) + 3:
            raise KeyboardInterrupt
        measured = MeasuredAuc(images=2, positives=1, roc_auc=0.5, low=None, high=None)
        return tuple(
            LeftOutSources(
                model=base.backbone.key,
                base=kind,
                covid_source=each.covid,
                normal_source=each.normal,
                measured=measured,
            )
            for each in trials
        )

    def pretrain(backbone, images, config, folder, reporter):
        taught.append(set(images.sources))
        return folder / "base"

    monkeypatch.setattr(left_out, "measure_heads", measure)
    monkeypatch.setattr("train.fitting.pretrain.pretrain", pretrain)
    with pytest.raises(KeyboardInterrupt):
        left_out.leave_sources_out(run)
    assert len(read_left_out(run.folder)) == len(BACKBONES) * 8 + 2
    left_out.leave_sources_out(run)
    rows = read_left_out(run.folder)
    assert len(rows) == len(BACKBONES) * 8 + 8 and len(asked) == len(BACKBONES) + 8 + 1
    assert {row.base for row in rows if row.model != BACKBONE.key} == {"frozen"}
    assert sum(row.base == "retrained" for row in rows) == 8
    assert asked[0][2] == f"{BACKBONES[0].key}.base"
    assert taught[0] == {"b", "y"} and taught[-1] == {"a", "b", "x"}
    left_out.leave_sources_out(run)
    assert len(asked) == len(BACKBONES) + 8 + 1


def test_a_base_from_imagenet_has_seen_no_source(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    bases: list[str] = []
    monkeypatch.setattr(left_out, "measure_heads", lambda *arguments: bases.append(arguments[1]) or ())
    left_out.leave_sources_out(replace_run(run, init="imagenet", config=TINY))
    assert bases == ["imagenet"] * len(BACKBONES)


def replace_run(run: Run, **changes: object) -> Run:
    other = replace(run, **changes)
    vars(other)["records"] = run.records
    return other


def test_phantoms_alone_are_told_why_nothing_happens(tmp_path: Path) -> None:
    said: list[str] = []
    run = Run(tmp_path, TINY, None, "scratch", None, lambda title: lambda d, t: None, said.append)
    left_out.leave_sources_out(run)
    assert len(said) == 1 and "two sources of either class" in said[0]
    assert read_left_out(tmp_path) == ()
