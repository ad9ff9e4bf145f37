"""A whole analysis with random weights: complete, repeatable, and refused when anything was tampered with."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.analysis.load import Models, load_models, run_self_test
from core.analysis.results import Analysis
from core.analysis.run import analyse, explain_anew, look, provenance
from core.errors import BundleError, SelfTestError
from core.explain.explainers import EXPLAINERS
from core.export.json_csv import to_json
from core.gate.way import Way, lay_radiograph
from core.models.backbones import BACKBONES
from core.models.bundle.files import MANIFEST_FILE
from core.models.inference import ensemble_features, raw_outputs
from core.models.official import OFFICIAL, official_path
from core.models.outline import MEASURES, NO_OUTLINE, OutlineLimits
from core.phantom import draw_spec, render
from core.phantom.seeds import take_seeds
from core.reading.radiograph import Radiograph
from core.reading.warning import ReadingWarning
from core.vocabulary import FINDINGS
from tests.precision_records import record_bfloat16

Draw = Callable[[int], Radiograph]


@pytest.fixture
def copy(random_bundle: Path, tmp_path: Path) -> Path:
    """A bundle that a test may damage: the same files under other directory entries."""
    folder = tmp_path / "random"
    shutil.copytree(random_bundle, folder, copy_function=os.link)
    return folder


def rewrite(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def test_where_the_outline_is_nonsense_nothing_is_said_of_lungs(
    random_models: Models, drawn_radiograph: Draw
) -> None:
    entry, limits = random_models.manifest.lungs, {"masks": 2, "silence": {}, "distance": 1e-6}
    places = len(MEASURES)
    nowhere = OutlineLimits(
        mean=[0.0] * places, spread=[1.0] * places, precision=np.eye(places).tolist(), **limits
    )
    assert entry and entry.outlines is None
    for outlines, known in ((nowhere, False), (nowhere.model_copy(update={"distance": 1e6}), True)):
        lungs = entry.model_copy(update={"outlines": outlines})
        models = replace(random_models, manifest=random_models.manifest.model_copy(update={"lungs": lungs}))
        found = analyse(drawn_radiograph(0), models)
        assert (found.lungs is not None) == known and bool(found.severity) == known
        assert (NO_OUTLINE in found.warnings) == (not known)
        assert any(each.heat_in_lungs for each in found.readings) == known


def test_analysis_is_complete(random_models: Models, drawn_radiograph: Draw) -> None:
    analysis = analyse(drawn_radiograph(0), random_models)
    assert [reading.backbone for reading in analysis.readings] == list(BACKBONES)
    assert [finding.name for finding in analysis.findings] == list(FINDINGS)
    assert {(score.name, score.maximum) for score in analysis.severity} == {("extent", 8), ("opacity", 6)}
    for reading in analysis.readings:
        assert 0 < reading.probability < 1
        assert reading.heatmap.ndim == 2 and reading.heatmap.min() >= 0 and reading.heatmap.max() == 1
        assert reading.heat_peak > 0
    assert all(0 <= finding.score <= 1 for finding in analysis.findings)
    parts = sum(part.contribution for part in analysis.decision.contributions)
    assert parts + analysis.decision.intercept == pytest.approx(analysis.decision.decision_value)
    assert (analysis.width_px, analysis.height_px, analysis.box) == (256, 256, (15, 15, 241, 241))
    assert analysis.provenance.findings_source == "stand-in" and analysis.provenance.precision == "f32"
    assert "not installed" in analysis.provenance.findings_note
    assert json.loads(to_json(analysis))["name"] == "drawn-0.png"


def test_another_method_explains_without_asking_the_networks_again(
    random_models: Models, drawn_radiograph: Draw
) -> None:
    analysis = analyse(drawn_radiograph(0), random_models)
    again = replace(EXPLAINERS[0], key="again", name="The same again")
    other = explain_anew(analysis, again)
    assert other.explainer == again and analysis.explainer == EXPLAINERS[0]
    for before, after in zip(analysis.readings, other.readings, strict=True):
        assert after.heatmap == pytest.approx(before.heatmap, abs=0.01)  # from features in half precision
        assert after.heat_peak == pytest.approx(before.heat_peak, rel=0.01)
        assert (after.heat_in_lungs is None) == (before.heat_in_lungs is None)
        assert after.probability == before.probability
    assert explain_anew(analysis, EXPLAINERS[0]) is analysis


def test_reading_warnings_come_first_and_implausible_pictures_add_theirs(
    random_models: Models, drawn_radiograph: Draw
) -> None:
    flat = (0.5 + 0.02 * drawn_radiograph(0).pixels).astype(np.float32)
    warned = replace(drawn_radiograph(0), pixels=flat, warnings=(ReadingWarning("mirrored", "Look."),))
    codes = [warning.code for warning in analyse(warned, random_models).warnings]
    assert codes[0] == "mirrored" and "low_contrast" in codes


def test_nothing_is_said_of_lungs_where_the_gate_refuses(
    random_models: Models, drawn_radiograph: Draw
) -> None:
    knee = replace(drawn_radiograph(0), warnings=(ReadingWarning("body_part", "It is a knee."),))
    verdict = look(knee, random_models)
    assert "header" in verdict.reasons and verdict.header == ("body_part",) and verdict.remedy is None
    asked, way = analyse(knee, random_models, verdict=verdict, way=Way(mirrored=True)), Way(mirrored=True)
    assert asked.refused and asked.lungs is None and asked.severity == () and asked.way == way
    assert all(reading.heat_in_lungs is None for reading in asked.readings)
    assert json.loads(to_json(asked))["gate"]["refused"] is True
    plain = analyse(knee, random_models)
    assert plain.lungs is not None and plain.severity and not plain.refused
    assert [reading.probability for reading in asked.readings] == [
        reading.probability for reading in plain.readings
    ]


@pytest.mark.parametrize("seed", range(3))
def test_phantoms_pass_and_turned_ones_are_set_upright_by_one_click(
    random_models: Models, drawn_radiograph: Draw, seed: int
) -> None:
    (number,) = take_seeds("gate_held_out", 3)[seed : seed + 1]
    upright = replace(drawn_radiograph(0), pixels=render(draw_spec(number)).pixels)
    assert not look(upright, random_models).refused
    for way in (Way(quarters=1), Way(quarters=2), Way(quarters=3), Way(inverted=True)):
        laid = lay_radiograph(upright, way)
        verdict = look(laid, random_models)
        assert verdict.refused and verdict.remedy is not None
        assert np.allclose(lay_radiograph(laid, verdict.remedy).pixels, upright.pixels, atol=1e-6)


@pytest.mark.parametrize("picture", ["noise", "page", "bright"])
def test_what_is_no_chest_is_refused(random_models: Models, drawn_radiograph: Draw, picture: str) -> None:
    random = np.random.default_rng(0)
    pixels = {
        "noise": random.random((300, 200), dtype=np.float32),
        "page": (np.arange(300)[:, None] % 12 > 3) | (random.random((300, 200)) > 0.4),
        "bright": np.tile(np.linspace(0, 1, 300, dtype=np.float32), (200, 1)),
    }[picture]
    verdict = look(replace(drawn_radiograph(0), pixels=pixels.astype(np.float32)), random_models)
    assert verdict.refused and verdict.reasons[0] in ("kind", "unlike") and verdict.frontal < 0.9


def test_threads_get_the_answers_of_one(random_models: Models, drawn_radiograph: Draw) -> None:
    def numbers(analysis: Analysis) -> list[float]:
        return [*(reading.probability for reading in analysis.readings), analysis.decision.probability]

    alone = [numbers(analyse(drawn_radiograph(seed), random_models)) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        together = pool.map(lambda seed: numbers(analyse(drawn_radiograph(seed), random_models)), range(4))
        np.testing.assert_allclose(list(together), alone, atol=1e-6)


def test_evaluation_and_serving_agree(
    random_bundle: Path, random_models: Models, drawn_radiograph: Draw
) -> None:
    with (random_bundle / "predictions.csv").open(encoding="utf-8") as file:
        recorded = list(csv.DictReader(file))[5]
    analysis = analyse(drawn_radiograph(5), random_models)
    for reading in analysis.readings:
        assert reading.probability == pytest.approx(float(recorded[reading.backbone.key]), abs=1e-4)
    for finding in analysis.findings:
        assert finding.logit == pytest.approx(float(recorded[f"finding:{finding.name}"]), abs=1e-4)
    assert analysis.decision.probability == pytest.approx(float(recorded["ensemble"]), abs=1e-3)


def test_ensemble_sees_the_stand_ins_scores_in_its_order(
    random_models: Models, drawn_radiograph: Draw
) -> None:
    raw = raw_outputs(drawn_radiograph(1).pixels, random_models.networks)
    points = random_models.manifest.findings.operating_points
    features = ensemble_features(raw.probabilities, raw.logits, points)
    analysis = analyse(drawn_radiograph(1), random_models)
    expected = [reading.probability for reading in analysis.readings]
    expected += [finding.score for finding in analysis.findings]
    np.testing.assert_allclose(features, expected, atol=1e-6)


def test_damaged_weights_are_refused_before_they_are_parsed(copy: Path) -> None:
    content = bytearray((copy / "xception.safetensors").read_bytes())
    content[-1] ^= 1
    rewrite(copy / "xception.safetensors", bytes(content))
    with pytest.raises(BundleError, match=r"xception\.safetensors in the bundle 'random' is damaged"):
        load_models(copy)


def test_answers_that_differ_from_the_recorded_ones_are_refused(copy: Path) -> None:
    manifest = json.loads((copy / MANIFEST_FILE).read_text(encoding="utf-8"))
    manifest["backbones"]["resnet50"]["reference_probability"] += 0.01
    manifest["findings"]["reference_logits"][3] -= 0.1
    rewrite(copy / MANIFEST_FILE, json.dumps(manifest).encode())
    with pytest.raises(SelfTestError, match="'random' fails its self-test: resnet50, the findings network"):
        load_models(copy)


def test_networks_that_answer_with_no_number_are_refused(random_bundle: Path, random_models: Models) -> None:
    def broken(batch: np.ndarray) -> tuple[np.ndarray, ...]:
        return np.zeros((1, 3, 3, 512), np.float32), np.full((1, 1), np.nan, np.float32)

    backbones = {**random_models.networks.backbones, "vgg16": broken}
    networks = replace(random_models.networks, backbones=backbones)
    with pytest.raises(SelfTestError, match="VGG16 answers with values that are not numbers"):
        run_self_test(random_bundle, replace(random_models, networks=networks))


@pytest.mark.parametrize(("offset", "precision"), [(0.0, "bf16+f32"), (0.4, "f32")])
def test_networks_that_answer_otherwise_in_what_was_verified_run_in_float32(
    offset: float,
    precision: str,
    copy: Path,
    random_models: Models,
    drawn_radiograph: Draw,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.analysis.arithmetic.processor_precisions", lambda: frozenset({"f32", "bf16"}))
    monkeypatch.delenv("THORAXLENS_PRECISION", raising=False)
    record_bfloat16(copy, random_models.manifest.backbones["vgg16"].reference_probability - offset)
    models = load_models(copy)
    said = provenance(models)
    assert said.precision == precision
    assert ("self-test: vgg16" in said.precision_note) == bool(offset)
    assert (models.networks.precisions["vgg16"] == "bf16") == (not offset)
    answers = [analyse(drawn_radiograph(3), each).readings[0].probability for each in (models, random_models)]
    assert answers[0] == pytest.approx(answers[1], abs=0.05)
    assert json.loads(to_json(analyse(drawn_radiograph(0), models)))["provenance"]["precision"] == precision


def test_cached_networks_are_not_derived_again(random_bundle: Path) -> None:
    messages: list[str] = []
    models = load_models(random_bundle, progress=lambda message, done: messages.append(message))
    assert models.manifest.name == "random" and not messages


def test_official_weights_with_another_hash_are_mentioned_and_not_used(
    random_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    official_path().parent.mkdir(parents=True)
    official_path().write_bytes(b"something else")
    monkeypatch.setattr("core.analysis.load.OFFICIAL", replace(OFFICIAL, sha256="0" * 64))
    models = load_models(random_bundle)
    assert models.official is None and "not the published one" in models.findings_note
