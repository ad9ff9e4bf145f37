"""Measuring faster arithmetic: what counts as a difference, what is chosen, and all of it on a bundle."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import openvino
import pytest
from sklearn.metrics import roc_auc_score

from core.analysis.load import load_models
from core.errors import DataError
from core.models.bundle.files import read_cards, read_manifest, verify_files
from core.models.bundle.manifest import BackboneFile, FindingsFile
from core.models.bundle.network_files import bundle_sources
from core.models.engine.int8 import Ranges, fingerprint
from core.vocabulary import FINDINGS
from train.bundle import faster
from train.bundle.calibrate import find_ranges
from train.bundle.faster import Answers, Measured, add_precisions, choose, difference
from train.cards.precisions import UNMEASURED, tabulate_precisions
from train.data.records import Record

HASH = {"file": "a", "sha256": "0" * 64}
IMAGES = 40
LABELS = np.array(["covid", "normal"] * (IMAGES // 2))
SPLITS = np.repeat(["val", "test"], IMAGES // 2)


def test_a_difference_counts_flips_and_holds_areas_and_heat_beside_float32() -> None:
    exact = np.array([0.1, 0.4, 0.6, 0.9, 0.2])
    other = np.array([0.2, 0.55, 0.58, 0.9, 0.9])
    labels = np.array(["normal", "covid", "normal", "covid", "pneumonia"])
    found = difference(exact, other, 0.5, labels, np.array([1.0, np.nan, 0.9, 0.8, 0.95]))
    assert (found.images, found.decisions, found.flips) == (5, 5, 2)
    assert found.largest_change == pytest.approx(0.7)
    ill = [0, 1, 0, 1]
    expected = roc_auc_score(ill, other[:4]) - roc_auc_score(ill, exact[:4])
    assert found.auc_change == pytest.approx(expected)
    assert found.heat_correlation == pytest.approx(0.925)
    assert found.lowest_heat_correlation == 0.8


def test_of_many_findings_each_is_a_decision() -> None:
    exact = np.full((4, 3), 0.4)
    found = difference(exact, exact + np.array([0.0, 0.05, 0.2]), 0.5)
    assert (found.images, found.decisions, found.flips) == (4, 12, 4)
    assert found.auc_change is None and found.heat_correlation is None


def answers(moved: dict[int, float], findings: float = 0.0) -> Answers:
    """Probabilities of three backbones that tell the classes apart, some of them moved."""
    random = np.random.default_rng(0)
    probabilities = np.where(LABELS == "covid", 0.7, 0.3)[:, None] + random.uniform(-0.1, 0.1, (IMAGES, 3))
    for column, by in moved.items():
        probabilities[:, column] += by
    scores = random.uniform(0.6, 0.9, (IMAGES, len(FINDINGS))) - findings
    return Answers(probabilities, scores, np.full((IMAGES, 3), 0.99))


class Mean:
    """Stands in for the SVM: the mean of the backbones, with a threshold that bears little."""

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        return np.asarray(features[:, :3].mean(axis=1), dtype=np.float64)

    def decide(self, features: np.ndarray) -> SimpleNamespace:
        return SimpleNamespace(probability=float(features[:3].mean()))


def measured(int8: Answers, threshold: float = 0.5) -> Measured:
    keys = ["vgg16", "resnet50", "xception"]
    backbones = {key: BackboneFile(**HASH, initialisation="scratch", threshold=0.5) for key in keys}
    findings = FindingsFile(**HASH, preprocessing={"size_px": 64})
    raw: Any = SimpleNamespace(probabilities=dict.fromkeys(keys, 0.5), logits=np.zeros(len(FINDINGS)))
    return Measured(
        manifest=SimpleNamespace(backbones=backbones, findings=findings),  # type: ignore[arg-type]
        svm=Mean(threshold),  # type: ignore[arg-type]
        split=SPLITS,
        label=LABELS,
        answers={"f32": answers({}), "bf16": answers({}), "int8": int8},
        reference={"f32": raw, "bf16": raw, "int8": raw},
        milliseconds={
            precision: dict.fromkeys((*keys, "findings"), taken)
            for precision, taken in {"f32": 8.0, "bf16": 4.0, "int8": 2.0}.items()
        },
    )


def test_what_flips_nothing_runs_in_the_fastest_and_the_rest_in_the_next() -> None:
    found = choose(measured(answers({1: 0.3}, findings=0.2)), ["bf16", "int8"])
    verified = {(each.network, each.precision) for each in found.trials if each.verified}
    assert ("resnet50", "int8") not in verified and ("findings", "int8") not in verified
    assert len(verified) == 6 and len(found.trials) == 8
    first, without_int8, without_bf16 = found.combinations
    assert first.precisions == {
        "vgg16": "int8", "resnet50": "bf16", "xception": "int8", "findings": "bf16"
    }  # fmt: skip
    assert set(without_int8.precisions.values()) == {"bf16"} and len(without_int8.precisions) == 4
    assert without_bf16.precisions == {"vgg16": "int8", "xception": "int8"}


def test_networks_stay_in_float32_where_the_ensemble_would_flip() -> None:
    exact = answers({})
    means = np.sort(exact.probabilities[SPLITS == "val"].mean(axis=1))
    threshold = float(means[len(means) // 2]) - 1e-4  # all but below an image's mean
    int8 = answers({0: -0.001, 1: -0.0001})
    found = choose(measured(int8, threshold), ["int8"])
    assert {each.network for each in found.trials if each.verified} == {
        "vgg16", "resnet50", "xception", "findings"
    }  # fmt: skip
    (combination,) = found.combinations
    assert set(combination.precisions) == {"resnet50", "xception", "findings"}


def no_ranges(model: openvino.Model, batches: list[np.ndarray]) -> Ranges:
    """Rounds nothing, in no time."""
    return Ranges(graph=fingerprint(model.get_ordered_ops()), roundings=[], kernels=[])


def test_a_bundle_is_measured_and_serves_what_was_verified(
    random_bundle: Path,
    random_bundle_module: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "random"
    shutil.copytree(random_bundle, folder, copy_function=os.link)
    (folder / "bundle.json").unlink()
    shutil.copyfile(random_bundle / "bundle.json", folder / "bundle.json")

    def drawn(record: Record, *_: object) -> np.ndarray:
        return np.asarray(random_bundle_module.drawn_chest(int(Path(record.path).stem)))

    def found(model: openvino.Model, batches: list[np.ndarray]) -> Ranges:
        """Real ranges of VGG16, the one network with thirteen convolutions; no others, for they take long."""
        plain = sum(each.get_type_name() == "Convolution" for each in model.get_ops()) == 13
        return (find_ranges if plain else no_ranges)(model, batches)

    def taken(networks: dict[str, object], inputs: dict[str, object]) -> dict[str, dict[str, float]]:
        return {each: dict.fromkeys(inputs, {"f32": 8.0}.get(each, 2.0)) for each in networks}

    monkeypatch.setattr(faster, "read_inside", drawn)
    monkeypatch.setattr(faster, "find_ranges", found)
    monkeypatch.setattr(faster, "processor_precisions", lambda: frozenset({"f32", "int8"}))
    monkeypatch.setattr("core.analysis.arithmetic.processor_precisions", lambda: frozenset({"f32", "int8"}))
    monkeypatch.setattr(faster, "_time", taken)
    manifest = read_manifest(folder)
    assert tabulate_precisions(manifest) == UNMEASURED
    records = [
        Record(f"drawn/{index}.png", "normal", "test", "drawn", f"g{index}") for index in range(12)
    ] + [Record(f"{index}.png", "normal", "train", "drawn", f"t{index}") for index in (30, 31)]
    with pytest.raises(DataError, match="no training images"):
        add_precisions(folder, records[:12], None)
    steps: list[tuple[int, int]] = []
    written = add_precisions(folder, records, None, lambda *step: steps.append(step), images=2)
    assert written == read_manifest(folder) and written.precisions
    assert steps[-1] == (12, 12)
    verify_files(folder, written)
    changed = {each.network: each.splits["val"].largest_change for each in written.precisions.trials}
    assert 0 < changed.pop("vgg16") < 0.1
    assert max(changed.values()) < 1e-5
    used = written.precisions.combinations[0].precisions
    assert {"resnet50", "findings"} <= set(used)
    ranges = {source.key for source in bundle_sources(folder) if source.ranges}
    assert ranges == set(used) == {path.name.split(".")[0] for path in folder.glob("*.ranges.json")}
    shown = tabulate_precisions(written)
    assert not isinstance(shown, str) and shown.row_count == len(written.precisions.trials) + 1
    assert "Faster arithmetic" in read_cards(folder, written)["Model card"]
    assert load_models(folder).networks.precisions["resnet50"] == "int8"
    assert (
        written.backbones["vgg16"].reference_probability == manifest.backbones["vgg16"].reference_probability
    )
