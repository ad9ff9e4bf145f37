"""From trained networks to a bundle that the app takes: the same steps as `python -m train all`."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

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
from core.models.bundle.manifest import DataSource, Initialisation
from core.project import PROJECT, SHIPPED
from core.vocabulary import CLASSES, FINDINGS, TASK
from train import steps
from train.bundle import remeasure as remeasure_module
from train.bundle.heads import join_heads
from train.bundle.predictions import evaluation_records
from train.bundle.remeasure import Anew, compare_on_validation, recorded, remeasure
from train.bundle.verify import stratified, verify
from train.config import TINY
from train.data.records import draw_phantoms
from train.fitting import findings
from train.run import Run, bundled_findings
from train.trials.kept import LEFT_OUT, keep_left_out


def trained(random_bundle: Path, folder: Path, init: Initialisation = "scratch") -> Run:
    """A run whose networks are trained already: the random ones."""
    folder.mkdir()
    manifest = read_manifest(random_bundle)
    join_heads(random_bundle, manifest, folder)
    for entry in (manifest.findings, manifest.lungs):
        shutil.copy(random_bundle / entry.file, folder)
    for backbone in BACKBONES:
        note = {"epochs": 1, "initialisation": init, "pretraining": []}
        (folder / f"{backbone.key}.json").write_text(json.dumps(note))
    (folder / "findings.json").write_text(
        json.dumps({"operating_points": [0.4] * len(FINDINGS), "phantom_auc": {"Mass": 0.75}})
    )
    lungs = {"phantom_dice": 0.9, "dice": None, "images": 0}
    (folder / "lungs.json").write_text(json.dumps(lungs))
    return Run(folder, TINY, None, init, None, lambda title: lambda done, total: None, print)


@pytest.fixture
def run(random_bundle: Path, tmp_path: Path) -> Run:
    """On phantoms alone."""
    return trained(random_bundle, tmp_path / "run")


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

    before = (target / "bundle.json").read_bytes()
    with pytest.raises(DataError, match="use the one that the bundle was evaluated on"):
        remeasure(target, tmp_path / "work", Anew(run.records[:9], None, None, cut_margins=True))
    assert (target / "bundle.json").read_bytes() == before

    tampered = written.scores.copy()
    tampered[0, -2] = abs(tampered[0, -2] - 0.25)
    write_predictions(target / "predictions.csv", replace(written, scores=tampered))
    *untouched, touched, _ = verify(target, run.records, None).largest.values()
    assert touched > 0.2 and max(untouched) < 1e-5


SOURCES = {"a": "covid", "b": "covid", "x": "normal", "y": "normal"}


@pytest.fixture(scope="module")
def drawn_data(random_bundle_module: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of drawings from two sources of either class, and severity scores of some of them."""
    folder = tmp_path_factory.mktemp("drawn")
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


LEFT_OUT_ROW = LeftOutSources(
    model=BACKBONES[0].key,
    base="frozen",
    covid_source="a",
    normal_source="x",
    measured=MeasuredAuc(images=9, positives=4, roc_auc=0.625, low=None, high=None),
)


@pytest.fixture(scope="module")
def own(
    random_bundle_files: Path, drawn_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Run, Path]:
    """A run on these drawings, its bases from ImageNet, which cuts margins; and its bundle."""
    folder = tmp_path_factory.mktemp("own")
    cut = TINY.preprocessing.model_copy(update={"cut_margins": True})
    config = replace(TINY, phantoms=12, preprocessing=cut)
    scores = drawn_data / "scores.csv"
    run = trained(random_bundle_files, folder / "run", "imagenet")
    run = replace(run, data=drawn_data, config=config, severity_scores=scores)
    vars(run)["audit"] = []  # all drawings look alike
    keep_left_out(run.folder / LEFT_OUT / "kept.json", (LEFT_OUT_ROW,))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THORAXLENS_CACHE", str(random_bundle_files.parents[1] / "openvino"))
        patch.setenv("HOME", str(folder))
        steps.bundle_run(run, folder / "own")
    return run, folder / "own"


def test_a_bundle_says_where_its_radiographs_and_its_bases_come_from(own: tuple[Run, Path]) -> None:
    _, target = own
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
    assert trials is not None and trials.left_out == (LEFT_OUT_ROW,)
    assert {(each.label, each.sources, each.fitted) for each in trials.source_classifier} == {
        ("covid", ("a", "b"), 12),
        ("normal", ("x", "y"), 12),
    }
    card = (target / "model_card.md").read_text("utf-8")
    assert "0.625" in card and "| moderate | 3 (3) |" in card
    assert {entry.initialisation for entry in manifest.backbones.values()} == {"imagenet"}
    names = ", ".join(backbone.name for backbone in BACKBONES)
    assert f"Bases of {names}: ImageNet's, as they were published." in card
    assert f"{len(BACKBONES)} from ImageNet" in manifest.description
    assert "Only COVID-19: a, b" in (target / "data_card.md").read_text("utf-8")


def test_a_bundle_is_measured_anew_with_its_own_weights(
    own: tuple[Run, Path], random_bundle: Path, tmp_path: Path
) -> None:
    """Margins around all images change nothing where they are cut."""
    run, built = own
    target, work, padded = tmp_path / built.name, tmp_path / "work", tmp_path / "padded"
    shutil.copytree(built, target)
    assert run.data is not None
    shutil.copytree(run.data, padded)
    before, measured = read_manifest(target), recorded(target)
    predictions = (target / "predictions.csv").read_bytes()
    weights = {path.name: path.read_bytes() for path in target.glob("*.safetensors")}
    for path in padded.glob("*.png"):
        grey = np.pad(np.asarray(Image.open(path)), ((20, 0), (12, 30)), constant_values=255)
        Image.fromarray(grey).save(path)

    remeasure(target, work, Anew(run.records, padded, run.severity_scores, cut_margins=True))
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
    again = verify(target, run.records, padded)
    assert max(again.largest.values()) < 1e-5


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


def test_a_bundles_findings_network_learns_on(
    run: Run, random_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Path | None] = []

    def learn(*given: Any) -> findings.FindingsFit:
        begun.append(given[-1])
        return findings.FindingsFit(given[2] / "findings.safetensors", (), {"Mass": 0.75}, {})

    monkeypatch.setattr(findings, "train_findings", learn)
    notes = []
    for init in ("scratch", "bundled"):
        trained = replace(run, init=init, bundled=random_bundle, folder=run.folder / init)
        steps.train_findings_network(trained)
        notes.append(json.loads((trained.folder / "findings.json").read_text())["pretraining"][-1])
    assert begun == [None, random_bundle / "findings.safetensors"]
    assert [each["from"] for each in notes] == [None, read_manifest(random_bundle).name]
    assert [len(each["stages"]) for each in notes] == [len(TINY.findings.stages), len(TINY.findings.further)]
    with pytest.raises(DataError, match="no bundle to start from; train with --init scratch"):
        bundled_findings(replace(run, bundled=None))
    monkeypatch.setattr("train.run.FINDINGS", (*FINDINGS, "Cough"))
    with pytest.raises(
        DataError, match=f"knows {len(FINDINGS)} findings of {len(FINDINGS) + 1}; train it with"
    ):
        bundled_findings(replace(run, init="bundled", bundled=random_bundle))


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


def test_what_an_older_bundle_knew_nothing_of_it_is_taken_to_have_done_without() -> None:
    manifest = read_manifest(PROJECT / "assets" / "bundles" / SHIPPED)
    recorded = json.loads(json.dumps(manifest.training))
    for section, name in (("transfer", "consistency"), ("pretrain", "reframed")):
        recorded["configuration"][section].pop(name, None)
    older = remeasure_module._configuration(manifest.model_copy(update={"training": recorded}))
    assert older.transfer.consistency == 0 and older.pretrain.reframed == 0
    assert older.transfer.copies == recorded["configuration"]["transfer"]["copies"]
