"""What the page Phantoms says: each answer held against the truth, and what may be concluded."""

from __future__ import annotations

import re
from dataclasses import replace

from core.analysis.results import Analysis
from core.display import studio
from core.models.backbones import BACKBONES
from core.models.severity import SeverityScore
from core.phantom.recipe import Recipe
from core.phantom.samples import Sample, phantom_sample
from core.studio.many import Measured, summarise
from core.studio.twins import Outside
from core.vocabulary import ENSEMBLE

KEYS = [*(each.key for each in BACKBONES), ENSEMBLE]


def sample(recipe: Recipe) -> Sample:
    return phantom_sample(recipe, recipe.render(64))


def test_each_answer_is_marked_right_or_wrong(analysis: Analysis) -> None:
    ill, well = (studio.answer_bars(analysis, label) for label in ("covid", "normal"))
    right = ill.count(" right<")
    assert 0 < right + ill.count(" wrong<") == len(KEYS)
    assert well.count(" wrong<") == right


def test_findings_are_right_missed_or_false_alarms(analysis: Analysis) -> None:
    shown = sample(Recipe(1, "none", findings=(("Mass", 80),)))
    assert shown.label == "findings" and shown.title == "Mass"
    bars = studio.finding_bars(analysis, shown)
    said = re.findall(r"\d (right|missed|false alarm)<", bars)
    assert len(said) == len(analysis.findings)
    seen = {each.name for each in analysis.findings if each.score >= 0.5}
    assert said.count("false alarm") == len(seen - set(shown.findings))
    assert said.count("missed") == len(set(shown.findings) - seen)
    assert "no finding" in studio.findings_words(analysis, sample(Recipe(disease="none")))


def test_an_estimate_is_held_against_its_usual_error() -> None:
    shown = replace(sample(Recipe()), extent_score=4.0)
    near, far = (SeverityScore("extent", value, 8, 1.0, 2.0, 90) for value in (4.9, 2.0))
    assert "within" in studio.severity_words(near, shown) and "4.0" in studio.severity_words(near, shown)
    assert "beyond" in studio.severity_words(far, shown)
    assert studio.severity_words(near, shown).startswith("**Extent score**")


def test_the_caution_about_equalisation_has_its_numbers() -> None:
    said = studio.outside_words(Outside(0.123, 0.511), 20)
    assert "12\u00a0%" in said and "51\u00a0%" in said and "20 patients" in said


def test_a_rise_is_claimed_only_where_its_interval_lies_above_zero() -> None:
    found = summarise(
        [
            Measured(seed, 0.3, dict.fromkeys(KEYS, 0.3) | {ENSEMBLE: effect}, Outside(0.1, 0.5))
            for seed, effect in enumerate((-0.4, 0.5, 0.0, -0.1))
        ]
    )
    words = studio.many_words(found)
    assert "VGG16 by +0.30" in words and "no rise is certain for the ensemble" in words
    assert studio.strips(found).count("<em") == 4 * len(KEYS)
    assert studio.many_table(found)[-1]["Raised in"] == "1 of 4"
    assert "The ensemble goes the other way" in studio.effect_words(
        dict.fromkeys(KEYS, 0.2) | {ENSEMBLE: -0.1}
    )
