"""Cards: every section stands, figures are the bundle's own, and no text from outside becomes markup."""

import re
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.display.markdown import harmless
from core.display.wording import DISCLAIMER
from core.errors import DataError
from core.evaluation.evidence import collect_evidence
from core.evaluation.predictions import read_predictions, write_predictions
from core.evaluation.trials import (
    CoveredLungs,
    FramedAnswers,
    LeftOutSources,
    MeasuredAuc,
    MoveInterval,
    PeopleResult,
    SeverityCheck,
    SourceClassifier,
    Trials,
    write_trials,
)
from core.models.backbones import BACKBONES
from core.models.bundle.files import file_sha256, read_manifest, verify_files, write_manifest
from core.models.bundle.manifest import BundleFile, BundleManifest, DataSource
from train.cards.aims import AIMS
from train.cards.facts import TRIED, model_name, read_tried
from train.cards.write import add_cards

HOSTILE = "<b>x</b> | [l](http://x.example) $a$"
MODEL = BACKBONES[2]
TRIED_ROWS = """
[[tried]]
idea = "Letters | painted on"
measured = "left-out sources, mean ROC AUC"
figures = "0.61 to 0.66"
kept = true
"""


def auc(value: float | None) -> MeasuredAuc:
    return MeasuredAuc(images=123, positives=45, roc_auc=value, low=value, high=value)


def trials() -> Trials:
    strict = LeftOutSources(
        model=MODEL.key, base="frozen", covid_source=HOSTILE, normal_source="y", measured=auc(0.411)
    )
    return Trials(
        left_out=(strict, strict.model_copy(update={"normal_source": None, "measured": auc(0.922)})),
        source_classifier=(
            SourceClassifier(
                model=MODEL.key,
                label="covid",
                sources=("a", "b"),
                fitted=67,
                measured=auc(0.983),
                shuffled=0.51,
                shuffled_low=0.3,
                shuffled_high=0.7,
            ),
        ),
        people=(
            PeopleResult(
                model="ensemble",
                label="covid",
                stratum="women",
                images=9,
                groups=7,
                right=0.78,
                low=0.5,
                high=1.0,
            ),
        ),
        severity_checks=(
            SeverityCheck(
                score="extent", against="Brixia", images=41, groups=30, correlation=0.61, low=0.4, high=0.77
            ),
        ),
        covered_lungs=(
            CoveredLungs(model="ensemble", split="external", visible=auc(0.733), covered=auc(None)),
        ),
    )


def prepared(random_bundle: Path, folder: Path, recorded: Trials | None) -> BundleManifest:
    """A copy of a bundle, with a hostile source, and trials if any; its manifest."""
    shutil.copytree(random_bundle, folder)
    source = DataSource(
        name=HOSTILE,
        citation="A et al. 2020",
        licence="CC BY 4.0",
        counts={"train": 7, "test": 5},
        classes={"train": {"covid": 7}, "test": {"covid": 5}},
        views={"PA": 12},
        population="children",
    )
    training = {
        "figures": {"audit": {"pairs": 4, "dropped_images": 9, "policy": "drop"}},
        "configuration": {"transfer": {"copies": 4, "consistency": 6.0}},
        "git_revision": "abc",
        "measured_anew": {"date": "2026-11-28", "git_revision": "def"},
    }
    changes = {"sources": [source], "training": training, "title": HOSTILE}
    if recorded:
        write_trials(folder / "trials.json", recorded)
        sha256 = file_sha256(folder / "trials.json")
        changes["trials"] = BundleFile(file="trials.json", sha256=sha256)
    return read_manifest(folder).model_copy(update=changes)


def cards(folder: Path) -> tuple[str, str]:
    return (folder / "model_card.md").read_text("utf-8"), (folder / "data_card.md").read_text("utf-8")


def section(card: str, heading: str) -> str:
    return card.split(f"## {heading}\n")[1].split("\n## ")[0]


@pytest.fixture
def tried(tmp_path: Path) -> Path:
    file = tmp_path / "tried.toml"
    file.write_text(TRIED_ROWS)
    return file


def test_cards_join_the_files_that_the_manifest_vouches_for(random_bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    manifest = add_cards(folder, prepared(random_bundle, folder, None))
    write_manifest(folder, manifest)
    verify_files(folder, read_manifest(folder))
    assert {"model_card.md", "data_card.md"} <= {each.file for each in manifest.files()}
    (folder / "data_card.md").write_text("changed")
    with pytest.raises(Exception, match=r"data_card\.md"):
        verify_files(folder, read_manifest(folder))


def test_the_model_card_says_what_the_bundle_measured(
    random_bundle: Path, tmp_path: Path, tried: Path
) -> None:
    folder = tmp_path / "own"
    manifest = add_cards(folder, prepared(random_bundle, folder, trials()), tried)
    card, _ = cards(folder)
    assert DISCLAIMER in card
    for each in collect_evidence(folder, manifest):
        row = rf"\| known sources \| {MODEL.name} \|.*{each.wrong} of {each.figures.images}"
        assert each.model != MODEL.key or re.search(row, section(card, "Internal beside external"))
    left_out = section(card, "Sources left out")
    assert "0.411" in left_out and "0.922" in left_out and "known sources" in left_out
    assert "Mean of strict trials, base has learnt from them: **0.411**" in left_out
    told = section(card, "Do the features tell the source?")
    assert "| covid | a / b | 67 | 123 | 0.983 (0.98–0.98) | 0.51 (0.30–0.70) |" in told
    covered = section(card, "Do the models need the lungs?")
    assert "| clinics never seen (123) | Ensemble | 0.733 (0.73–0.73) | – |" in covered
    assert "| covid | women | 9 (7) | 0.78 (0.50–1.00) |" in section(card, "By sex and age")
    checked = "Extent against the Brixia score of 41 images of 30 patients to whom it was not fitted"
    assert f"{checked}: rank correlation 0.61 (0.40 to 0.77)." in section(
        card, "Findings, extent and opacity"
    )
    assert "| Letters \\| painted on |" in section(card, "What was tried")


def test_the_largest_moves_are_held_to_their_aims(random_bundle: Path, tmp_path: Path) -> None:
    def moved(model: str, change: str, mean: float, called: float) -> FramedAnswers:
        before = {"images": 40, "mean_before": 0.15, "called_before": 0.2}
        after = {"mean_after": 0.15 + mean, "called_after": 0.2 + called}
        interval = MoveInterval(low=-0.01, high=0.06) if model == "vgg16" else None
        return FramedAnswers(
            model=model, label="normal", change=change, **before, **after, mean_move_interval=interval
        )

    framing = [moved("vgg16", "20 % cut off", 0.05, 0.15), moved("xception", "20 % cut off", 0.02, -0.04)]
    wider = moved("vgg16", "30 % cut off", 0.5, 0.5)  # further than what was aimed at
    folder = tmp_path / "own"
    add_cards(folder, prepared(random_bundle, folder, Trials(framing=(*framing, wider))))
    said = section(cards(folder)[0], "Do the models read framing and sharpness?")
    aim = "Aim: at most 0.05 either way, which"
    found = re.findall(
        r"- (.+), normal images: moves most by (.+), (.+), (.+)\. (.+) of 2 models reach", said
    )
    assert found == [
        ("Mean probability of COVID-19", "+0.05 (−0.01 to +0.06)", "VGG16", "20 % cut off", f"{aim} 2"),
        ("Share read as COVID-19", "+0.15", "VGG16", "20 % cut off", f"{aim} 1"),
    ]
    means, votes = said.split("**Mean probability of COVID-19**")[1].split("**Share read as COVID-19**")
    assert "| none | normal (40) | 0.15 | 0.15 |" in means
    assert "| 20 % cut off | normal (40) | +0.05 (−0.01 to +0.06) | +0.02 |" in means
    assert "| none | normal (40) | 0.20 | 0.20 |" in votes
    assert "| 20 % cut off | normal (40) | +0.15 | −0.04 |" in votes


def test_the_card_says_how_heads_learnt_and_what_came_later(random_bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    add_cards(folder, prepared(random_bundle, folder, None))
    card, _ = cards(folder)
    learnt = section(card, "What it learnt from")
    assert "each training image and four copies of it" in learnt and "a head pays 6 times" in learnt
    assert "git revision abc" in card and re.search(r"anew on 2026.+28: git revision def", card)


def test_the_model_card_sets_each_aim_beside_what_was_measured(
    random_bundle: Path, tmp_path: Path, tried: Path
) -> None:
    folder = tmp_path / "own"
    manifest = add_cards(folder, prepared(random_bundle, folder, None), tried)
    aims = section(cards(folder)[0], "Aims, reached and missed")
    least = tomllib.loads(AIMS.read_text("utf-8"))["at_least"]["test"]["roc_auc"]
    measured = {each.model: each for each in collect_evidence(folder, manifest) if each.split == "test"}
    assert set(measured) == set(least) and len(least) == len(BACKBONES) + 1
    for model, aim in least.items():
        value = measured[model].figures.roc_auc
        row = f"ROC AUC: {model_name(model)} | {aim:.3f} | {value:.4f} | {'yes' if value >= aim else 'no'} |"
        assert row in aims
    error = manifest.severity["extent"].mean_absolute_error
    assert f"extent, at most | 1.600 | {error:.4f} | {'yes' if error <= 1.6 else 'no'} |" in aims
    assert f"**Reached: {aims.count('| yes |')} of {aims.count('| yes |') + aims.count('| no |')}.**" in aims


def test_adults_are_held_to_an_aim_of_their_own(random_bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    manifest = prepared(random_bundle, folder, None)
    table = read_predictions(folder, manifest)
    grown = replace(table, source=np.where(table.label == "normal", "rsna", table.source))
    write_predictions(folder / "predictions.csv", grown)
    entry = BundleFile(file="predictions.csv", sha256=file_sha256(folder / "predictions.csv"))
    add_cards(folder, manifest.model_copy(update={"predictions": entry}))
    aims = section(cards(folder)[0], "Aims, reached and missed")
    own = grown.take(np.flatnonzero((grown.split == "test") & (grown.label == "normal")))
    right = 1 - own.called[:, -1].mean()
    assert f"specificity on {own.path.size} normal images of adults: Ensemble | 0.920 | {right:.4f} |" in aims
    assert "COVID-19 images: Ensemble | 0.900 |" in aims
    ill = np.sort(grown.scores[(grown.split == "test") & (grown.label == "covid"), -1])[::-1]
    least = ill[int(np.ceil(0.9 * len(ill))) - 1]  # the highest threshold that calls nine in ten
    there = (own.scores[:, -1] < least).mean()
    assert f"on these adults where the sensitivity is 0.90: Ensemble | 0.920 | {there:.4f} |" in aims


def test_a_collection_with_a_flaw_says_so(random_bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    manifest = prepared(random_bundle, folder, None)
    cohen = manifest.sources[0].model_copy(update={"name": "cohen"})
    add_cards(folder, manifest.model_copy(update={"sources": [cohen]}))
    assert "13 of them lay in two or three splits" in section(cards(folder)[1], "Collections")


def test_without_trials_the_card_says_why_there_are_no_figures(random_bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    add_cards(folder, prepared(random_bundle, folder, None).model_copy(update={"lungs": None}))
    card, _ = cards(folder)
    assert section(card, "Sources left out").startswith("\nNot measured: that takes")
    assert section(card, "Do the features tell the source?").startswith("\nNot measured: that takes")
    assert section(card, "Do the models need the lungs?").startswith("\nNot measured: that takes")
    assert section(card, "By severity").startswith("\nNot known")


def test_the_data_card_counts_by_class_and_names_the_confounding(random_bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    add_cards(folder, prepared(random_bundle, folder, None))
    _, card = cards(folder)
    assert "| train | 7 | covid 7 |" in card and "children" in card and "PA 12" in card
    confounding = section(card, "Class and source are nearly one thing")
    assert re.search(r"Only COVID-19: \\<b", confounding)
    assert "Only normal: no source" in confounding and "Both classes: no source" in confounding
    assert "4 pairs" in section(card, "Patients and copies")


def test_no_text_of_a_manifest_becomes_markup(random_bundle: Path, tmp_path: Path, tried: Path) -> None:
    folder = tmp_path / "own"
    add_cards(folder, prepared(random_bundle, folder, trials()), tried)
    for card in cards(folder):
        assert harmless(card) == card  # nothing is left to take away
        live = re.sub(r"\\.", "", card)
        assert not set("<>[]$`") & set(live)
        widths = {}
        for block in re.findall(r"(?:^\|.*\|\n)+", live, re.MULTILINE):
            widths[block] = {line.count("|") for line in block.splitlines()}
        assert widths and all(len(each) == 1 for each in widths.values())


def test_the_table_of_what_was_tried_can_be_read() -> None:
    assert all(each.idea and each.measured and each.figures for each in read_tried(TRIED))


@pytest.mark.parametrize("text", ["[[tried]]\nidea = 'x'\n", "[[tried", TRIED_ROWS + "more = 1\n", None])
def test_a_damaged_table_of_what_was_tried_is_named(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "tried.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(DataError, match=r"tried\.toml cannot be read"):
        read_tried(file)
