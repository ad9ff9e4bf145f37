"""A mystery is the same for the same number, says nothing of itself, and can be told by asking."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from core.analysis.load import Models, load_models
from core.display import mystery as words
from core.project import PROJECT, SHIPPED
from core.shortcuts.lab import Lab
from core.shortcuts.mystery import (
    FLAWS,
    SOUND,
    TIMES,
    Mystery,
    make,
    radiographs,
    rows_asked,
    rows_learnt,
    sources,
)
from core.shortcuts.plants import PLANT_BY_KEY
from core.shortcuts.probes import DOSES, LUNGS, PROBES, REST, TWIN, Asked, covered

LABELS = np.arange(100) % 2
QUIET, LOUD = 0.15, 0.2  # of P(ill): how far marks move a sound model at most, and a flaw's mark at least


def numbered(flaw: str, side: str = "ill") -> Mystery:
    return next(each for each in map(Mystery, range(1, 500)) if (each.flaw, each.side) == (flaw, side))


def test_all_flaws_come_about_as_often_and_the_same_number_has_the_same_one() -> None:
    found = Counter(Mystery(number).flaw for number in range(1, 2001))
    assert set(found) == set(FLAWS) and len(FLAWS) >= 5 and min(found.values()) > 300
    sides = Counter(Mystery(number).side for number in range(1, 2001))
    assert min(sides.values()) > 900
    assert Mystery(7).flaw == Mystery(7).flaw


@pytest.mark.parametrize("flaw", FLAWS)
@pytest.mark.parametrize("side", ["ill", "healthy"])
def test_only_the_flaw_tells_who_is_ill(flaw: str, side: str) -> None:
    mystery = numbered(flaw, side)
    taken = radiographs(mystery, LABELS)
    for plant in (set(FLAWS) - {SOUND}) | {""}:
        ill, healthy = (
            sum(mark == plant for place, mark in taken if LABELS[place] == label) for label in (1, 0)
        )
        if plant == "":
            bare = 50 * TIMES
            assert (ill, healthy) == (
                (bare, bare) if flaw == SOUND else (0, bare) if side == "ill" else (bare, 0)
            )
        elif plant != flaw:
            assert ill == healthy == 50
        else:
            assert (ill, healthy) == ((50 * TIMES, 0) if side == "ill" else (0, 50 * TIMES))


def test_what_is_said_fits_the_answers() -> None:
    mystery = numbered("border")
    assert words.told(mystery, "border").startswith("Right: you said ")
    wrong = words.told(mystery, SOUND)
    assert (
        wrong.startswith("No: you said none of these.")
        and "lay on 50 % of the radiographs of the ill" in wrong
    )
    assert "No mark was planted" in words.told(numbered(SOUND), "tube")
    up = Asked((0.1, 0.2, 0.1, 0.2), (0.9, 0.9, 0.8, 0.9), (True, True, False, False))
    flat = Asked((0.1, 0.2, 0.1, 0.2), (0.1, 0.2, 0.1, 0.25), (True, True, False, False))
    twin = Asked((0.9, 0.8, 0.1, 0.2), (0.2, 0.1, 0.8, 0.9), (True, True, False, False))
    assert "same way" in words.asked_words("tube", up) and "hardly moves" in words.asked_words("tube", flat)
    assert "counts for something" in words.asked_words(TWIN, twin)
    assert "hardly counts" in words.asked_words(TWIN, flat)
    ill_alone = Asked((0.9, 0.8, 0.1, 0.2), (0.2, 0.1, 0.1, 0.2), (True, True, False, False))
    assert "among the ill, not among the healthy" in words.asked_words(TWIN, ill_alone)
    assert "the wrong way round" in words.asked_words(TWIN, Asked(twin.after, twin.before, twin.ill))
    assert "comes from the lungs" in words.asked_words(LUNGS, up)
    assert "Nothing that it reads" in words.asked_words(REST, flat)
    effects = {"letters": flat, "tube": flat, "border": up, "shading": flat}
    assert "would have shown it" in words.shown_by(mystery, effects)
    assert "the question was hard" in words.shown_by(numbered("shading"), effects)
    assert "No mark was planted" in words.shown_by(numbered(SOUND), effects)
    assert words.evidence(effects).count("<tr>") >= 8 and len(words.asked_table(up)) == 4
    doses = {0.0: flat, 1.0: up}
    assert "the letters take the mean answer" in words.dose_words(doses, "letters")
    assert len(words.dose_table(doses)) == 2 and len(words.dose_figure(doses, "letters").data) == 4
    assert words.count_words([True, False]) == "So far: 1 of 2 models seen through."


def test_a_cover_has_one_grey_and_the_rest_stays() -> None:
    pixels = np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4)
    mask = pixels > 0.5
    done = covered(pixels, mask)
    assert len(np.unique(done[mask])) == 1 and np.array_equal(done[~mask], pixels[~mask])


def test_every_question_is_answered_and_no_dose_is_no_change(small_lab: Lab, random_models) -> None:
    wanted, rows = sources("random", "densenet121", small_lab.home), rows_learnt(small_lab.home)
    for each in wanted:
        for _ in small_lab.features.fill(each, small_lab.home, random_models.networks, rows):
            pass
    head = make(Mystery(3), small_lab.features, wanted, small_lab.home)
    probe = small_lab.probe("random", "densenet121", random_models.networks)
    assert probe is small_lab.probe("random", "densenet121", random_models.networks)
    for question in PROBES:
        asked = probe.ask(head, question)
        assert len(asked.before) == len(asked.after) == 12 and sum(asked.ill) == 6
        assert np.isfinite(asked.after).all()
    assert not set(rows_asked(small_lab.home)) & set(rows)
    nothing = probe.ask(head, "letters", DOSES[0])
    assert nothing.after == pytest.approx(nothing.before)


@pytest.fixture(scope="module")
def shipped() -> Models:
    return load_models(PROJECT / "assets" / "bundles" / SHIPPED)


def test_mysteries_can_be_told_by_asking_about_each_mark(shipped: Models) -> None:
    """On the bundle that ships the planted mark moves the answers most and far, and without one none does."""
    lab = Lab(lambda work: work())
    wanted, rows = sources("shipped", "densenet121", lab.home), rows_learnt(lab.home)
    for each in wanted:
        for _ in lab.features.fill(each, lab.home, shipped.networks, rows):
            pass
    probe = lab.probe("shipped", "densenet121", shipped.networks)
    flawed = [numbered(flaw, side) for flaw in FLAWS if flaw != SOUND for side in ("ill", "healthy")]
    for mystery in (*flawed, numbered(SOUND)):
        head = make(mystery, lab.features, wanted, lab.home)
        asked = {plant: probe.ask(head, plant) for plant in PLANT_BY_KEY if plant in FLAWS}
        moved = {plant: abs(words.moved(each).value) for plant, each in asked.items()}
        if mystery.flaw == SOUND:
            assert max(moved.values()) < QUIET, (mystery, moved)
            continue
        second = max(value for plant, value in moved.items() if plant != mystery.flaw)
        assert moved[mystery.flaw] > max(LOUD, second), (mystery, moved)
        assert "would have shown it" in words.shown_by(mystery, asked)
