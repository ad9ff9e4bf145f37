"""From trained networks to a bundle that the app takes: the same steps as `python -m train all`."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from core.analysis.load import load_models
from core.errors import DataError
from core.evaluation.evidence import collect_evidence
from core.evaluation.metrics import youden_threshold
from core.evaluation.predictions import Predictions, write_predictions
from core.evaluation.trials import LeftOutSources, MeasuredAuc, read_trials
from core.models.backbones import BACKBONES
from core.models.bundle.files import read_manifest, write_manifest
from core.models.bundle.manifest import DataSource
from core.vocabulary import CLASSES, FINDINGS, TASK
from train import steps
from train.bundle.heads import join_heads
from train.bundle.predictions import evaluation_records
from train.bundle.remeasure import Anew, compare_on_validation, recorded, remeasure
from train.bundle.verify import stratified, verify
from train.config import TINY
from train.data.records import draw_phantoms
from train.run import Run
from train.trials.kept import LEFT_OUT, keep_left_out


@pytest.fixture
def run(random_bundle: Path, tmp_path: Path) -> Run:
    """A run whose networks are trained already: the random ones."""
    folder = tmp_path / "run"
    folder.mkdir()
    manifest = read_manifest(random_bundle)
    join_heads(random_bundle, manifest, folder)
    for entry in (manifest.findings, manifest.lungs):
        shutil.copy(random_bundle / entry.file, folder)
    for backbone in BACKBONES:
        note = {"epochs": 1, "initialisation": "scratch", "pretraining": []}
        (folder / f"{backbone.key}.json").write_text(json.dumps(note))
    (folder / "findings.json").write_text(
        json.dumps({"operating_points": [0.4] * len(FINDINGS), "phantom_auc": {"Mass": 0.75}})
    )
    lungs = {"phantom_dice": 0.9, "dice": None, "images": 0}
    (folder / "lungs.json").write_text(json.dumps(lungs))
    return Run(folder, TINY, None, "scratch", None, lambda title: lambda done, total: None, print)


def thresholds_of(folder: Path) -> dict[str, float]:
    """What the validation rows of the predictions say the thresholds should be."""
    table = recorded(folder)
    validation = table.take(np.flatnonzero((table.split == "val") & np.isin(table.label, TASK)))
    labels = (validation.label == "covid").astype(int)
    return {
        key: pytest.approx(youden_threshold(labels, scores), abs=1e-5)
        for key, scores in zip(validation.backbones, validation.scores.T, strict=False)
    }


def test_a_bundle_is_built_and_answers_as_it_recorded(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "bundles" / "tiny"
    fitted = steps.bundle_run(run, target)
    manifest = read_manifest(target)
    assert {file.file for file in manifest.files()} == {
        path.name for path in target.iterdir() if path.name != "bundle.json"
    }
    load_models(target)  # runs the self-test against the reference outputs
    assert {source.name for source in manifest.sources} == {"phantom"}
    assert manifest.findings.roc_auc == {"Mass": 0.75}
    assert {key: entry.threshold for key, entry in manifest.backbones.items()} == thresholds_of(target)
    assert manifest.training["configuration"]["pretrain"]["batch"] == TINY.pretrain.batch
    assert fitted.test is not None and fitted.test.images == 16
    with Image.open(target / "reference.png") as image:
        assert np.asarray(image).std() > 20
    written = recorded(target)
    held_out = set(written.path)
    learnt = {record.path for record in run.records if record.split == "train"}
    assert held_out and not held_out & learnt
    assert {each.split for each in collect_evidence(target, manifest)} == {"test"}
    assert np.isfinite([written.extent, written.opacity]).all()  # phantoms: the truth is known
    assert written.extent.max() > 3 and not written.extent[written.label == "normal"].any()
    assert set(written.label) == set(CLASSES)

    trials = read_trials(target, manifest)
    assert trials is not None
    assert trials.left_out == trials.source_classifier == ()  # phantoms are one source
    measured = {each.model: each for each in trials.covered_lungs}
    evidence = {each.model: each.figures for each in collect_evidence(target, manifest)}
    assert set(measured) == set(evidence)
    for model, each in measured.items():
        assert each.visible.images == each.covered.images == evidence[model].images
        assert each.visible.roc_auc == pytest.approx(evidence[model].roc_auc)
    assert any(each.covered.roc_auc != each.visible.roc_auc for each in trials.covered_lungs)

    again = verify(target, run.records, None, images=8)
    assert again.images >= 6 and max(again.largest.values()) < 1e-5

    tampered = written.scores.copy()
    tampered[0, -2] = abs(tampered[0, -2] - 0.25)
    write_predictions(target / "predictions.csv", replace(written, scores=tampered))
    *untouched, touched, _ = verify(target, run.records, None).largest.values()
    assert touched > 0.2 and max(untouched) < 1e-5


SOURCES = {"a": "covid", "b": "covid", "x": "normal", "y": "normal"}


@pytest.fixture
def drawn_data(random_bundle_module: ModuleType, tmp_path: Path) -> Path:
    """A data folder of drawings from two sources of either class, and severity scores of some of them."""
    folder = tmp_path / "data"
    folder.mkdir()
    rows, scores = ["path,label,split,source,group,view,original"], ["filename,geographic_mean,opacity_mean"]
    for number, (source, label) in enumerate(SOURCES.items()):
        for index in range(13):
            split = "train" if index == 12 else ("val", "test")[index % 2]
            name, view = f"{source}{index}.png", "PA" if source == "x" else ""
            grey = random_bundle_module.drawn_chest(100 * number + index, 128)
            Image.fromarray(np.round(grey * 255).astype(np.uint8)).save(folder / name)
            rows.append(f"{name},{label},{split},{source},{source}{index},{view},{name}")
            if source == "a":
                scores.append(f"{name},{index / 2},{index / 3:.2f}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    (folder / "scores.csv").write_text("\n".join(scores) + "\n")
    return folder


def test_a_bundle_says_where_its_radiographs_come_from(run: Run, drawn_data: Path, tmp_path: Path) -> None:
    scores = drawn_data / "scores.csv"
    run = replace(run, data=drawn_data, config=replace(TINY, phantoms=12), severity_scores=scores)
    vars(run)["audit"] = []  # all drawings look alike
    measured = MeasuredAuc(images=9, positives=4, roc_auc=0.625, low=None, high=None)
    row = LeftOutSources(
        model=BACKBONES[0].key, base="frozen", covid_source="a", normal_source="x", measured=measured
    )
    keep_left_out(run.folder / LEFT_OUT / "kept.json", (row,))
    target = tmp_path / "bundles" / "own"
    steps.bundle_run(run, target)
    manifest = read_manifest(target)
    found = {source.name: source for source in manifest.sources}
    assert set(found) == {*SOURCES, "phantom"}
    assert found["a"].classes == {"train": {"covid": 1}, "test": {"covid": 6}, "val": {"covid": 6}}
    assert found["a"].counts == {"train": 1, "test": 6, "val": 6}
    assert found["x"].views == {"PA": 13} and found["y"].views == {}
    assert manifest.training["figures"]["audit"] == {"pairs": 0, "dropped_images": 0, "policy": "stop"}
    written = recorded(target)
    scored = dict(zip(written.path, zip(written.extent, written.opacity, strict=True), strict=True))
    assert scored["a7.png"] == (3.5, 2.33)
    assert np.isnan(scored["b7.png"]).all() and "a12.png" not in scored
    trials = read_trials(target, manifest)
    assert trials is not None and trials.left_out == (row,)
    assert {(each.label, each.sources, each.fitted) for each in trials.source_classifier} == {
        ("covid", ("a", "b"), 12),
        ("normal", ("x", "y"), 12),
    }
    card = (target / "model_card.md").read_text("utf-8")
    assert "0.625" in card and "| moderate | 3 (3) |" in card
    assert "Only COVID-19: a, b" in (target / "data_card.md").read_text("utf-8")


def test_a_bundle_is_measured_anew_with_its_own_weights(run: Run, drawn_data: Path, tmp_path: Path) -> None:
    """Margins around all images change nothing where they are cut."""
    cut = TINY.preprocessing.model_copy(update={"cut_margins": True})
    run = replace(run, data=drawn_data, config=replace(TINY, phantoms=12, preprocessing=cut))
    vars(run)["audit"] = []
    target, work = tmp_path / "bundles" / "own", tmp_path / "work"
    steps.bundle_run(run, target)
    before, measured = read_manifest(target), recorded(target)
    predictions = (target / "predictions.csv").read_bytes()
    weights = {path.name: path.read_bytes() for path in target.glob("*.safetensors")}
    for path in drawn_data.glob("*.png"):
        grey = np.pad(np.asarray(Image.open(path)), ((20, 0), (12, 30)), constant_values=255)
        Image.fromarray(grey).save(path)

    remeasure(target, work, Anew(run.records, drawn_data, None, cut_margins=True))
    after = read_manifest(target)
    assert (target / "predictions.csv").read_bytes() == predictions
    assert after.preprocessing.cut_margins and after.findings.preprocessing.cut_margins
    assert {path.name: path.read_bytes() for path in target.glob("*.safetensors")} == weights
    assert after.description == before.description and after.sources == before.sources
    assert after.training["versions"] == before.training["versions"]
    assert set(after.training["measured_anew"]) == {"date", "versions", "git_revision"}
    assert {key: entry.threshold for key, entry in after.backbones.items()} == thresholds_of(target)
    load_models(target)
    assert compare_on_validation(measured, recorded(target)).row_count == len(BACKBONES) + 1
    again = verify(target, run.records, drawn_data)
    assert max(again.largest.values()) < 1e-5


def test_a_bundle_is_not_measured_anew_on_other_data(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "bundles" / "tiny"
    steps.bundle_run(run, target)
    held = target / "bundle.json"
    before = held.read_bytes()
    with pytest.raises(DataError, match="use the one that the bundle was evaluated on"):
        remeasure(target, tmp_path / "work", Anew(run.records[:9], None, None, cut_margins=True))
    assert held.read_bytes() == before


def test_images_that_are_not_there_are_named(random_bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"lacks drawn/0\.png and 11 more"):
        verify(random_bundle, draw_phantoms(range(12)), None)


def test_evaluation_leaves_training_images_alone() -> None:
    chosen = evaluation_records(draw_phantoms(range(240)), others_each=5)
    assert all(record.split != "train" for record in chosen)
    assert sum(record.label == "pneumonia" for record in chosen) == 5
    assert sum(record.label == "covid" for record in chosen) == 20


def test_a_stratified_share_keeps_every_stratum() -> None:
    split, label = (np.repeat(names, [90, 10]) for names in (("test", "external"), ("covid", "normal")))
    unknown, nothing = np.full(100, np.nan), np.zeros((100, 0))
    table = Predictions({}, split, split, split, split, label, label, nothing, unknown, unknown, nothing)
    chosen = table.take(stratified(table, 10))
    assert chosen.split.size == 10 and (chosen.split == "external").sum() == 1


def listed(folder: Path, rows: str) -> Path:
    folder.mkdir()
    (folder / "manifest.csv").write_text(f"path,label,split,source,group\n{rows}", encoding="utf-8")
    return folder


def test_a_run_goes_on_with_the_same_data_wherever_they_lie_and_with_no_others(
    run: Run, tmp_path: Path
) -> None:
    here = listed(tmp_path / "here", "a.png,covid,train,clinic,a\n")
    moved = listed(tmp_path / "there", "a.png,covid,train,clinic,a\n")
    changed = listed(tmp_path / "changed", "a.png,covid,val,clinic,a\n")
    replace(run, data=here).save_configuration()
    replace(run, data=moved).save_configuration()
    with pytest.raises(DataError, match=r"other settings \(data\); give the same again"):
        replace(run, data=changed).save_configuration()
    scores = tmp_path / "scores.csv"
    scores.write_text("filename,geographic_mean,opacity_mean\nx.jpg,1,1\n")
    with pytest.raises(DataError, match=r"other settings \(leaks, severity_scores\)"):
        replace(run, data=here, severity_scores=scores, leaks="drop").save_configuration()


def test_a_base_that_learns_on_remembers_all_that_it_has_learnt(
    run: Run, random_bundle: Path, tmp_path: Path
) -> None:
    assert steps._pretraining(replace(run, init="imagenet"), BACKBONES[0]) == []
    (scratch,) = steps._pretraining(run, BACKBONES[0])
    assert scratch["from"] is None and scratch["seed"] == TINY.pretrain.seed
    assert [each["size_px"] for each in scratch["stages"]] == [each.size_px for each in TINY.pretrain.stages]
    parent = tmp_path / "parent"
    shutil.copytree(random_bundle, parent)
    manifest = read_manifest(parent)
    figures = {BACKBONES[0].key: {"pretraining": [scratch]}}
    write_manifest(parent, manifest.model_copy(update={"training": {"figures": figures}}))
    again = replace(run, init="bundled", bundled=parent)
    before, then = steps._pretraining(again, BACKBONES[0])
    assert before == scratch and then["from"] == manifest.name
    assert len(then["stages"]) == len(TINY.pretrain.further)
    assert len(steps._pretraining(again, BACKBONES[1])) == 1


def test_bases_that_know_a_collection_are_said_to(run: Run, random_bundle: Path, tmp_path: Path) -> None:
    said: list[str] = []
    parent = tmp_path / "parent"
    shutil.copytree(random_bundle, parent)
    known = DataSource(name="clinic", citation="", licence="", counts={"train": 9})
    write_manifest(parent, read_manifest(parent).model_copy(update={"sources": [known]}))
    rows = "".join(
        f"{label}{number}.png,{label},{split},{source},{source}{label}{number}\n"
        for label in ("covid", "normal")
        for number, (split, source) in enumerate(
            [("train", "else"), *[("val", "else")] * 4, ("test", "clinic")]
        )
    )
    data = listed(tmp_path / "data", rows)
    again = replace(run, init="bundled", bundled=parent, data=data, report=said.append)
    vars(again)["audit"] = []  # the images do not exist
    steps.check(again, "own")
    assert len(said) == 1 and "have learnt from images of clinic already" in said[0]
