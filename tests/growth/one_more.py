"""Adds a row to each of the three tables and a finding, then walks through the app and training.

`one_more.py FOLDER OLDER` is a process of its own, because the rows have to be there before anything reads
the tables. FOLDER is where bundles go, OLDER a bundle that knows nothing of the new backbone.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests")]

from core import vocabulary

NINETEENTH = "A stand-in finding"
KNOWN_FINDINGS = vocabulary.FINDINGS
vocabulary.FINDINGS = (*vocabulary.FINDINGS, NINETEENTH)

from core.evaluation import formulas, measures
from core.explain import explainers
from core.models import backbones
from core.phantom.lesions import PAINTERS

KNOWN = backbones.BACKBONES
SIXTH = backbones.Backbone(
    key="stand_in",
    name="A stand-in",
    builder="keras.applications:MobileNetV2",
    feature_layer="out_relu",
    pool=1,
    channels=1280,
    scale="tf",
    parameters=2_257_984,
    paper="Sandler et al. 2018",
    url="https://arxiv.org/abs/1801.04381",
    colour="#F0E442",
    dash="4px 8px",
    pattern="+",
    symbol="triangle-left",
)
MEAN_MAP = explainers.Explainer(
    key="mean",
    name="Mean of the features",
    heat=lambda features, head: np.maximum(features.mean(axis=-1), 0),
    meaning="Where the network found anything at all, whatever it speaks for.",
    misleads="It knows nothing of the class.",
    paper="nobody",
    url="https://example.org",
)
YOUDEN = measures.Measure(
    "youden_stand_in",
    "A stand-in",
    lambda counts: formulas.sensitivity(counts) + formulas.specificity(counts) - 1,
    "decision",
)

PAINTERS[NINETEENTH] = PAINTERS["Nodule"]
backbones.BACKBONES = (*backbones.BACKBONES, SIXTH)
backbones.BACKBONE_BY_KEY[SIXTH.key] = SIXTH
explainers.EXPLAINERS = (*explainers.EXPLAINERS, MEAN_MAP)
explainers.EXPLAINER_BY_KEY[MEAN_MAP.key] = explainers.METHOD_BY_KEY[MEAN_MAP.key] = MEAN_MAP
measures.MEASURES = (*measures.MEASURES, YOUDEN)
measures.MEASURE_BY_KEY[YOUDEN.key] = YOUDEN

import random_bundle
from streamlit.testing.v1 import AppTest

from core.analysis.load import load_models
from core.analysis.run import analyse, explain_anew
from core.batch.columns import columns
from core.display import figures, tables, wording
from core.display.bars import surface
from core.display.picture import Picture
from core.display.scene import build_scene
from core.display.wavelet import pack
from core.evaluation.comparison import Question, ask
from core.evaluation.record import read_record, shortcut_points
from core.evaluation.study import SINGLE, SVMS
from core.export.comparison import measures_csv
from core.export.json_csv import csv_row, to_json
from core.models.bundle.files import list_bundles, read_manifest
from core.phantom import render, spec_for_finding
from core.phantom.samples import list_samples
from core.reading.radiograph import read_radiograph
from train import config, schedule, steps
from train.run import Run


def read_sample():
    path = list_samples()[0].path
    return read_radiograph(path.read_bytes(), path.name)


def walk_analysis(folder: Path, older: Path) -> None:
    models = load_models(folder)
    analysis = analyse(read_sample(), models)
    assert [each.backbone.key for each in analysis.readings] == list(backbones.BACKBONE_BY_KEY)
    assert [each.name for each in analysis.findings] == list(vocabulary.FINDINGS)
    split = replace(analysis, readings=tuple(replace(each, threshold=0.0) for each in analysis.readings))
    assert f"all {wording.count_word(len(KNOWN) + 1)} backbones" in wording.headline(split)
    bars = figures.probabilities(analysis)
    assert bars.index(SIXTH.name) < bars.index("Ensemble") and surface(SIXTH.colour, SIXTH.pattern) in bars
    picture = Picture(pack(np.zeros((8, 8), np.uint8), 8, 10_000), own=True)
    panes = build_scene(picture, analysis, "viewer", lambda *given: "")["panes"]
    assert [each["name"] for each in panes[-2:]] == [KNOWN[-1].name, SIXTH.name]
    assert f"{SIXTH.key}_probability" in csv_row(analysis)
    table = {each.name for each in columns(models.manifest)}
    assert {f"{SIXTH.key}_positive", f"finding:{NINETEENTH}"} <= table
    assert SIXTH.key in {part.input for part in analysis.decision.contributions}
    other = explain_anew(analysis, MEAN_MAP)
    assert json.loads(to_json(other))["explainer"] == MEAN_MAP.key
    assert any(np.any(a.heatmap != b.heatmap) for a, b in zip(analysis.readings, other.readings, strict=True))

    before = analyse(read_sample(), load_models(older))
    assert [each.backbone.key for each in before.readings] == [each.key for each in KNOWN]
    assert wording.count_word(len(KNOWN)) in wording.headline(before)
    assert [each.problem for each in list_bundles(older.parent)] == [None]
    assert [each.name for each in before.findings] == list(KNOWN_FINDINGS)


def walk_comparison(folder: Path) -> None:
    record = read_record(folder, read_manifest(folder))
    keys = [each.key for each in record.entrants]
    assert keys[len(KNOWN) : len(KNOWN) + 2] == [SIXTH.key, "ensemble"]
    answers = ask(Question("test"), record.predictions, record.entrants)
    draws = measures.draw(answers.groups, 20)
    found = measures.decisions(answers.labels, answers.called, draws)
    found |= measures.rankings(answers.labels, answers.scores, draws)
    table = tables.measures_table(answers, found, record.sizes, {})
    assert {SIXTH.name, *(each.name for each in backbones.BACKBONES)} <= {*table["Model"]}
    assert YOUDEN.name in table and f"{SIXTH.name},{YOUDEN.name}," in measures_csv(answers, found)
    assert len(tables.with_study(table)) == len(table) + len(SINGLE) + len(SVMS)
    assert SIXTH.key not in {each.key for each in SINGLE}  # the study knows nothing of it
    assert (SIXTH.key, "Known sources") in {point[:2] for point in shortcut_points(record)}


def walk_pages(bundles: Path) -> None:
    os.environ["THORAXLENS_BUNDLES"] = str(bundles)
    page = open_page("analyse.py")
    text = " ".join(str(each.value) for each in page.markdown)
    assert SIXTH.name in text
    (picker,) = [each for each in page.get("button_group") if each.label == "Method"]
    picker.set_value(MEAN_MAP.key).run()
    assert not page.exception and any(MEAN_MAP.meaning in each.value for each in page.caption)
    page = open_page("compare.py")
    shown = next(each.value for each in page.dataframe if YOUDEN.name in each.value.columns)
    assert SIXTH.name in {*shown["Model"]}
    for name in ("cards.py", "about.py"):
        open_page(name)


def open_page(name: str) -> AppTest:
    page = AppTest.from_file(PROJECT / "pages" / name, default_timeout=120)
    page.session_state["entered"] = True
    page.run()
    assert not page.exception and not page.error, (page.exception, page.error)
    return page


def walk_training(folder: Path) -> None:
    assert SIXTH.key in schedule.NETWORKS
    shown = [render(spec_for_finding(NINETEENTH, seed, size_px=96)).findings for seed in range(2)]
    assert all(NINETEENTH in each for each in shown)
    tiny = replace(config.TINY, phantoms=48)
    run = Run(folder, tiny, None, "scratch", None, lambda title: lambda done, total: None, print)
    steps.pretrain_backbones(run, (SIXTH,))
    steps.transfer_backbones(run, (SIXTH,))
    note = json.loads((folder / f"{SIXTH.key}.json").read_text("utf-8"))
    assert 0 <= note["learning_validation_auc"] <= 1 and note["epochs"] > 0


def main(folder: Path, older: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the frameworks, about their own deprecations
        bundle = folder / "bundles" / "grown"
        random_bundle.write_bundle(bundle)
        walk_analysis(bundle, older)
        walk_comparison(bundle)
        walk_training(folder / "run")
        walk_pages(bundle.parent)  # last: it leaves a page as `__main__`, which spawned processes would run


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
