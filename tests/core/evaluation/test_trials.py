"""Trials: what the types refuse, figures that cannot be given, and how a bundle's file is read."""

import json
import shutil
from pathlib import Path

import pytest
from pydantic import ValidationError

from core.errors import BundleError
from core.evaluation.trials import (
    CoveredLungs,
    LeftOutSources,
    MeasuredAuc,
    SourceClassifier,
    Trials,
    mean_left_out,
    measure_auc,
    read_trials,
    write_trials,
)
from core.models.backbones import BACKBONES
from core.models.bundle.files import file_sha256, list_bundles, read_manifest, write_manifest
from core.models.bundle.manifest import BundleFile

MODEL = BACKBONES[1].key
AUC = MeasuredAuc(images=8, positives=4, roc_auc=0.75, low=0.5, high=0.9)


def left_out(auc: float | None, covid: str | None = "a", normal: str | None = "b") -> LeftOutSources:
    measured = AUC.model_copy(update={"roc_auc": auc})
    return LeftOutSources(
        model=MODEL, base="frozen", covid_source=covid, normal_source=normal, measured=measured
    )


@pytest.fixture
def trials() -> Trials:
    return Trials(
        left_out=(left_out(0.6), left_out(0.9, normal=None)),
        source_classifier=(
            SourceClassifier(
                model=MODEL,
                label="covid",
                sources=("a", "c"),
                fitted=9,
                measured=AUC,
                shuffled=0.5,
                shuffled_low=None,
                shuffled_high=None,
            ),
        ),
        covered_lungs=(CoveredLungs(model="ensemble", split="test", visible=AUC, covered=AUC),),
    )


@pytest.fixture
def bundle(random_bundle: Path, tmp_path: Path, trials: Trials) -> Path:
    """A bundle that records trials."""
    folder = tmp_path / "own"
    shutil.copytree(random_bundle, folder)
    write_trials(folder / "trials.json", trials)
    entry = BundleFile(file="trials.json", sha256=file_sha256(folder / "trials.json"))
    write_manifest(folder, read_manifest(folder).model_copy(update={"trials": entry}))
    return folder


def test_what_is_written_is_read(bundle: Path, trials: Trials) -> None:
    manifest = read_manifest(bundle)
    assert read_trials(bundle, manifest) == trials
    assert manifest.trials in list(manifest.files())


def test_a_bundle_without_trials_has_none(random_bundle: Path) -> None:
    manifest = read_manifest(random_bundle)
    assert read_trials(random_bundle, manifest.model_copy(update={"trials": None})) is None


def test_a_missing_file_of_trials_is_a_damaged_bundle(bundle: Path) -> None:
    (bundle / "trials.json").unlink()
    (listing,) = list_bundles(bundle.parent)
    assert listing.problem and "lacks trials.json" in listing.problem


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"roc_auc": 0.75', '"roc_auc": 1.75'),
        ('"roc_auc": 0.75', '"roc_auc": NaN'),
        ('"roc_auc": 0.75', '"roc_auc": "0.75"'),
        ('"images": 8', '"images": 3'),
        ('"low": 0.5', '"low": 0.95'),
        ('"images": 8', '"images": 8, "more": 1'),
        (f'"model": "{MODEL}"', '"model": "another"'),
        ('"base": "frozen"', '"base": "thawed"'),
        ('"covid_source": "a"', '"covid_source": null'),
        ("{", "["),
    ],
)
def test_a_damaged_file_of_trials_is_refused_by_name(bundle: Path, old: str, new: str) -> None:
    path = bundle / "trials.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(BundleError, match=r"trials\.json in the bundle 'own' is damaged"):
        read_trials(bundle, read_manifest(bundle))


def test_one_class_alone_has_no_roc_auc_and_says_so() -> None:
    found = measure_auc([1, 1, 1], [0.1, 0.2, 0.3], ["a", "b", "c"])
    assert found == MeasuredAuc(images=3, positives=3, roc_auc=None, low=None, high=None)
    assert str(found) == "–"
    assert json.loads(found.model_dump_json())["roc_auc"] is None


def test_a_figure_is_shown_with_its_interval() -> None:
    found = measure_auc([0, 1, 0, 1], [0.1, 0.9, 0.2, 0.8], ["a", "b", "c", "d"])
    assert found.images == 4 and found.positives == 2
    assert str(found) == "1.000"  # which four images without a mistake say nothing more of
    sure = found.model_copy(update={"roc_auc": 0.999, "low": 0.9982, "high": 1.0})
    assert str(sure) == "0.999 (0.998–1.000)"


def test_the_mean_keeps_strict_trials_apart_from_easier_ones(trials: Trials) -> None:
    rows = (*trials.left_out, left_out(0.8), left_out(None))
    assert mean_left_out(rows, "frozen") == pytest.approx(0.7)
    assert mean_left_out(rows, "frozen", strict=False) == pytest.approx(0.9)
    assert mean_left_out(rows, "retrained") is None


def test_a_trial_leaves_something_out() -> None:
    with pytest.raises(ValidationError, match="at least one source"):
        left_out(0.5, covid=None, normal=None)
