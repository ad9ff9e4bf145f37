"""A planted mark raises the internal figure and lowers it where it changes sides; without a mark nothing "
"happens."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace

import numpy as np
import pytest

from core.display import shortcuts as words
from core.evaluation.metrics import Interval
from core.shortcuts.experiment import Material, Outcome, Planting, carriers, conclude, gather, school
from core.shortcuts.features import Source
from core.shortcuts.heads import Schooling
from core.shortcuts.lab import Lab
from core.shortcuts.maps import heat_inside, map_heads

PATIENTS = 48  # of the small lab
SCHOOLING = Schooling(epochs=30)
ALL = Planting("border", 100, 0)


def drawn(plain_too: bool = False) -> Material:
    """Features in which the disease is weak and the mark is strong, also to who never saw one if asked."""
    random = np.random.default_rng(1)
    labels, numbers = np.arange(160) % 2, np.arange(40)
    plain = random.normal(0, 1, (160, 40)) + 0.9 * labels[:, None] * (numbers < 4)
    marked = plain + 4 * ((numbers < 4) if plain_too else (numbers > 36))
    return Material(
        plain.astype(np.float32), marked.astype(np.float32), labels, np.arange(160) < 80, np.arange(160)
    )


def experiment(material: Material, planting: Planting) -> Outcome:
    (*_, (without, _)) = school(material, planting.under("none"), SCHOOLING)
    steps = list(school(material, planting, SCHOOLING))
    return conclude(material, planting, (steps[-1][0], without), [point for _, point in steps])


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return experiment(drawn(), ALL)


@pytest.fixture(scope="module")
def source(small_lab: Lab, random_models) -> Source:
    """Whose features a network with random weights has computed, without the mark and with it."""
    source = Source("random", "densenet121", "border", small_lab.home.key)
    for each in (source, replace(source, plant="")):
        for _ in small_lab.features.fill(each, small_lab.home, random_models.networks, range(PATIENTS)):
            pass
    return source


def test_shares_are_exact_in_both_halves_and_change_sides() -> None:
    labels, learns = np.arange(80) % 2, np.arange(80) < 40
    planting = Planting("letters", 70, 10)
    carries = carriers(labels, learns, planting)
    for part in (learns, ~learns):
        assert carries[part & (labels == 1)].sum() == 14 and carries[part & (labels == 0)].sum() == 2
    assert planting.under("flipped") == Planting("letters", 10, 70)
    assert not carriers(labels, learns, planting.under("none")).any()
    more = carriers(labels, learns, replace(planting, ill=80))
    assert (more | ~carries).all(), "who carries it still does where more carry it"


def test_a_planted_shortcut_raises_the_internal_figure_and_falls_when_flipped(outcome: Outcome) -> None:
    planted, without = outcome.figures, outcome.figures_without
    assert planted["as_learnt"].roc_auc > without["none"].roc_auc + 0.1
    assert planted["as_learnt"].roc_auc > 0.95 and planted["flipped"].roc_auc < 0.3
    assert without["flipped"].roc_auc > planted["flipped"].roc_auc + 0.3
    assert len(outcome.curve) == SCHOOLING.epochs
    assert outcome.curve[-1].roc_auc["as_learnt"] == pytest.approx(planted["as_learnt"].roc_auc)
    assert planted["as_learnt"].images == 80 and planted["as_learnt"].positives == 40


def test_so_it_does_on_rendered_patients_that_a_network_has_seen(small_lab: Lab, source: Source) -> None:
    planted = experiment(gather(small_lab.features, source, small_lab.home), ALL).figures
    assert planted["as_learnt"].roc_auc > 0.9 and planted["flipped"].roc_auc < 0.3


def test_a_mark_on_as_many_healthy_as_ill_teaches_nothing() -> None:
    outcome = experiment(drawn(), Planting("border", 50, 50))
    assert outcome.figures["as_learnt"].roc_auc == outcome.figures["flipped"].roc_auc
    assert "tells nothing" in words.verdict(outcome)


def test_words_say_what_the_figures_do(outcome: Outcome) -> None:
    said = words.headline(outcome, "densenet121")
    assert "the border on 100 % of the ill" in said and "rises from" in said and "DenseNet121" in said
    assert "reads the mark before the disease" in words.verdict(outcome)
    kind = replace(outcome, figures=outcome.figures_without)
    assert "leaves the mark alone" in words.verdict(kind)
    assert "the network itself" in words.verdict(experiment(drawn(plain_too=True), ALL))
    middling = replace(outcome.figures["flipped"], roc_auc=0.7, roc_auc_interval=Interval(0.6, 0.8))
    even = {"as_learnt": middling, "none": middling, "flipped": middling}
    leaning = replace(outcome, figures=outcome.figures | {"flipped": middling}, figures_without=even)
    assert "leans on the mark" in words.verdict(leaning)
    html = words.area_bars(outcome)
    assert html.count("<tr title") == 6 and words.NAMES["flipped"] in html
    assert len(words.area_table(outcome)) == 3
    assert "curves part" in words.curve_words(outcome.curve)
    together = [replace(each, roc_auc=dict.fromkeys(each.roc_auc, 0.6)) for each in outcome.curve]
    assert "stay together" in words.curve_words(together)
    assert len(words.curve_table(outcome.curve)) == SCHOOLING.epochs
    figure = words.curve_figure(outcome.curve, SCHOOLING.epochs)
    assert {each.name for each in figure.data} == set(words.NAMES.values())
    rows = list(csv.DictReader(io.StringIO(words.to_csv(outcome, "densenet121"))))
    assert len(rows) == 6 and {row["measured"] for row in rows} == set(words.NAMES)
    sure = replace(outcome.figures["none"], roc_auc=1.0, roc_auc_interval=Interval(math.nan, math.nan))
    assert words.area_text(sure) == "1.00"
    unknown = replace(outcome, figures=outcome.figures | {"as_learnt": sure})
    assert "nan" not in words.to_csv(unknown, "vgg16") and "nan" not in words.area_bars(unknown)


def test_maps_say_how_much_heat_lies_on_the_mark(small_lab: Lab, source: Source, random_models) -> None:
    outcome = experiment(gather(small_lab.features, source, small_lab.home), ALL)
    maps = map_heads(small_lab.home, random_models.networks, source, (outcome.without, outcome.head))
    assert maps.patients == 12 and 0.1 < maps.area < 0.3 and 0 < maps.moved < 1
    assert maps.after.probability > 0.5 and maps.after.heat.max() <= 1
    assert words.drawn_map(maps.shown, maps.after).shape == (*maps.shown.shape, 3)
    said = words.map_words(maps, ALL)
    assert "12 ill patients" in said or "no map" in said
    assert words.closed_words(maps, ALL).endswith("on average.")
    closed = replace(maps, moved=0.001, area=0.9)
    assert "shortcut is closed" in words.closed_words(closed, ALL)


def test_heat_inside_is_a_share() -> None:
    mask = np.zeros((20, 20), dtype=np.bool_)
    mask[:10] = True
    assert heat_inside(np.ones((5, 5), np.float32), mask) == pytest.approx(0.5)
    assert np.isnan(heat_inside(np.zeros((5, 5), np.float32), mask))


def test_what_was_not_computed_is_not_taken_and_what_was_is_not_computed_again(
    small_lab: Lab, source: Source, random_models
) -> None:
    home, features, networks = small_lab.home, small_lab.features, random_models.networks
    rows = range(PATIENTS)
    assert features.missing(source, home, rows) == 0
    assert not list(features.fill(source, home, networks, rows))
    other = replace(source, version="of nobody else", plant="tube")
    with pytest.raises(KeyError):
        features.take(other, home, rows)
    assert next(features.fill(other, home, networks, rows)) == 8
    assert features.missing(other, home, rows) == PATIENTS - 8
