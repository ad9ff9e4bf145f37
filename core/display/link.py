"""What a link holds: the words in it, and how they are read. Nothing that stands in a link is trusted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import get_args
from urllib.parse import urlencode, urlsplit, urlunsplit

from core.analysis.what_if import CHANGE_BY_KEY
from core.display.wording import listed
from core.gate.way import AS_IT_IS, Way
from core.models.backbones import BACKBONE_BY_KEY, BACKBONES
from core.models.third_answer import ERROR_RATES, rate_key
from core.phantom.recipe import read_recipe
from core.shortcuts.mystery import LAST
from core.shortcuts.plants import PLANT_BY_KEY
from core.shortcuts.probes import PROBES
from core.studio.dose import SWEEPS
from core.studio.grading import By
from core.studio.many import MAX_PATIENTS, MIN_PATIENTS, STEP
from core.vocabulary import ENSEMBLE, FINDINGS

Words = Sequence[str]  # of one setting: a link can name it several times

SAMPLE, BUNDLE, MARGINS, LAID, INSIST, RATE = "sample", "models", "margins", "laid", "insist", "error_rate"
GUESS, LECTURE = "guess", "lecture"
PHANTOM, VIEW, TRUTH, PATIENTS, SWEEP = "phantom", "view", "truth", "patients", "sweep"
LAB, NETWORK, TOWARDS, CELL, FINDING = "lab", "network", "towards", "cell", "finding"
CHANGE, LAYER, METHOD = "change", "layer", "method"
ANSWER, HEAT_BY = "answer", "heat_by"
EXPERIMENT, BACKBONE, PLANT, ILL, HEALTHY = "experiment", "backbone", "mark", "ill", "healthy"
MYSTERY, QUESTION = "mystery", "question"
OWN_THRESHOLDS, THRESHOLD = "own_thresholds", "threshold"
IMAGES, SOURCES, AGAINST, ONE_POINT, POINT = "images", "sources", "against", "one_point", "point"
INTERVALS, STUDY, PHANTOM_SET = "intervals", "study", "phantoms"
SCORES, MISTAKES, FIRST, SECOND = "scores", "mistakes", "first", "second"
PAIRS, PREVALENCE, CHART = "pairs", "prevalence", "chart"
LESSON, STEP_NUMBER = "lesson", "step"

# What a person calls each setting, page by page; names that stand in no table are none of ours.
_LECTURE = {LECTURE: "lecture mode"}
_EVERYWHERE = {BUNDLE: "the models"} | _LECTURE
SETTINGS: dict[str, dict[str, str]] = {
    "about": _LECTURE,
    "cards": _EVERYWHERE,
    "lessons": _EVERYWHERE | {LESSON: "the lesson", STEP_NUMBER: "the step"},
    "analyse": _EVERYWHERE
    | {
        SAMPLE: "the sample",
        PHANTOM: "the phantom",
        GUESS: "guessing first",
        MARGINS: "the margins",
        LAID: "how the picture is laid",
        INSIST: "asking all the same",
        RATE: "the error rate",
        OWN_THRESHOLDS: "whose threshold",
        THRESHOLD: "the threshold",
    },
    "explain": _EVERYWHERE
    | {
        SAMPLE: "the sample",
        PHANTOM: "the phantom",
        GUESS: "guessing first",
        MARGINS: "the margins",
        LAID: "how the picture is laid",
        INSIST: "asking all the same",
        LAB: "the view",
        NETWORK: "the network",
        TOWARDS: "the class",
        CELL: "the place",
        FINDING: "the finding",
        CHANGE: "the change",
        LAYER: "the layer",
        METHOD: "the method",
    },
    "phantoms": _EVERYWHERE
    | {
        PHANTOM: "the phantom",
        VIEW: "the view",
        TRUTH: "the truth",
        PATIENTS: "how many patients",
        SWEEP: "what is changed",
        ANSWER: "whose answer",
        NETWORK: "the network",
        HEAT_BY: "how heat is counted",
    },
    "shortcuts": _EVERYWHERE
    | {
        EXPERIMENT: "the experiment",
        BACKBONE: "the backbone",
        PLANT: "the mark",
        ILL: "how many of the ill carry it",
        HEALTHY: "how many of the healthy carry it",
        MYSTERY: "the number of the mystery model",
        QUESTION: "the question",
    },
    "compare": _EVERYWHERE
    | {
        IMAGES: "the images",
        SOURCES: "the sources",
        AGAINST: "what COVID-19 is compared with",
        ONE_POINT: "whose threshold",
        POINT: "the threshold",
        INTERVALS: "the intervals",
        STUDY: "the study's figures",
        PHANTOM_SET: "the phantoms",
        SCORES: "whose scores",
        MISTAKES: "whose mistakes",
        FIRST: "the first of two models",
        SECOND: "the second of two models",
        PAIRS: "the models in pairs",
        PREVALENCE: "the prevalence",
        CHART: "the chart",
    },
}
# Sections of long pages at which a lesson's link may open, and the keys of their containers.
SECTIONS: dict[str, dict[str, str]] = {
    "analyse": {"maps": "looked"}
    | {each: f"fold-{each}" for each in ("thresholds", "third", "findings", "trust")},
    "compare": {each: f"fold-{each}" for each in ("measures", "curves", "tests", "mistakes", "study")},
}
# Where on a page a setting is seen: the key of a container, of the first setting here that a link says.
SHOWN_AT: dict[str, dict[str, str]] = {
    "explain": {LAB: "explain-head"},
    "phantoms": {VIEW: "phantom-head"},
    "shortcuts": {EXPERIMENT: "shortcuts-head"},
    "compare": {
        CHART: "fold-curves",
        SCORES: "fold-curves",
        PREVALENCE: "fold-curves",
        MISTAKES: "fold-mistakes",
        FIRST: "fold-curves",
        SECOND: "fold-curves",
        PAIRS: "fold-tests",
    },
}
CUT, LEFT = "cut", "left"  # margins
LABS = {
    "maps": "Methods side by side",
    "cell": "One place, in numbers",
    "findings": "Findings",
    "belief": "How far to believe it",
    "whatif": "What if",
    "similar": "Similar cases",
    "layer": "Any layer",
    "sanity": "Sanity check",
}
NETWORKS = {each.key: each.name for each in BACKBONES} | {ENSEMBLE: "Ensemble"}
CLASSES = {"covid": "COVID-19", "normal": "normal"}
VIEWS = {
    "one": "One patient",
    "twins": "Twins",
    "many": "Many patients",
    "dose": "Dose and response",
    "causes": "Causes",
    "maps": "Maps graded",
}
EXPERIMENTS = {"plant": "Plant one", "take": "Take one out", "mystery": "Mystery model"}
RATES = {rate_key(rate): rate for rate in ERROR_RATES}
SHARES_PERCENT = tuple(str(share) for share in range(0, 101, 10))
CHOICES: dict[str, tuple[str, ...]] = {
    MARGINS: (CUT, LEFT),
    RATE: tuple(RATES),
    GUESS: ("0", "1"),
    LECTURE: ("0", "1"),
    VIEW: tuple(VIEWS),
    TRUTH: ("0", "1"),
    SWEEP: tuple(SWEEPS),
    HEAT_BY: get_args(By),
    LAB: tuple(LABS),
    EXPERIMENT: tuple(EXPERIMENTS),
    NETWORK: tuple(NETWORKS),
    TOWARDS: tuple(CLASSES),
    CHANGE: tuple(CHANGE_BY_KEY),
    FINDING: tuple(name.lower() for name in FINDINGS),
    BACKBONE: tuple(BACKBONE_BY_KEY),
    PLANT: tuple(PLANT_BY_KEY),
    ILL: SHARES_PERCENT,
    HEALTHY: SHARES_PERCENT,
    QUESTION: tuple(PROBES),
    PATIENTS: tuple(str(count) for count in range(MIN_PATIENTS, MAX_PATIENTS + 1, STEP)),
} | dict.fromkeys((INSIST, OWN_THRESHOLDS, ONE_POINT, INTERVALS, STUDY, PHANTOM_SET), ("true", "false"))
# Tabs of the page Compare, and steps of its slider, by the names and numbers that a link holds.
CHARTS = (
    "ROC",
    "Precision-recall",
    "Confusion",
    "Reliability",
    "Scores",
    "Agreement",
    "Decision curve",
    "Prevalence",
)
PREVALENCES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 50.0, 80.0)  # per cent
SHARES = (THRESHOLD, POINT)  # from 0.01 to 0.99
_TURNS = {1: "left", 2: "half", 3: "right"}
_WAYS = {
    "-".join(words): Way(mirrored, quarters, inverted)
    for mirrored in (False, True)
    for quarters in range(4)
    for inverted in (False, True)
    if (words := ["mirrored"] * mirrored + ([_TURNS[quarters]] if quarters else []) + ["inverted"] * inverted)
}
_WORDS = {way: words for words, way in _WAYS.items()}


def laid_word(way: Way) -> str | None:
    """How a picture is laid, as a link says it; None where it lies as its file has it."""
    return _WORDS.get(way)


def laid_way(word: str) -> Way | None:
    """How a picture is to be laid; the way it is where a link says nothing, None for no such way."""
    return _WAYS.get(word) if word else AS_IT_IS


def is_readable(name: str, words: Words) -> bool:
    """Whether a setting can mean what a link says, as far as that does not depend on what there is to choose.

    Args:
        name: Of the setting.
        words: What stands in the link.
    """
    if name in CHOICES:
        return all(word.lower() in CHOICES[name] for word in words)
    if name in SHARES:
        return all(map(_is_share, words))
    if name == CHART:
        return all(word in CHARTS for word in words)
    if name == PREVALENCE:
        return all(word in map(str, PREVALENCES) for word in words)
    if name == PHANTOM:
        return all(read_recipe(word) is not None for word in words)
    if name == CELL:
        return all(read_cell(word) is not None for word in words)
    if name == STEP_NUMBER:
        return all(word.isascii() and word.isdigit() and len(word) < 3 for word in words)
    if name == MYSTERY:
        return all(mystery_number(word) is not None for word in words)
    if name == LAID:
        return all(laid_way(word) is not None for word in words)
    return True


def cell_word(place: tuple[int, int]) -> str:
    """A row and a column of a map, from 0, as a link says them: from 1."""
    return f"{place[0] + 1}-{place[1] + 1}"


def read_cell(word: str) -> tuple[int, int] | None:
    """A row and a column, from 0; None where a link says none."""
    parts = word.split("-")
    if len(parts) != 2 or not all(part.isdecimal() and part.isascii() and len(part) < 4 for part in parts):
        return None
    row, column = (int(part) - 1 for part in parts)
    return (row, column) if min(row, column) >= 0 else None


def mystery_number(word: str) -> int | None:
    """The number of a mystery model; None where a word says none."""
    if not (word.isascii() and word.isdigit() and len(word) <= len(str(LAST))):
        return None
    return int(word) if 1 <= int(word) <= LAST else None


def _is_share(word: str) -> bool:
    try:
        number = float(word)
    except ValueError:
        return False
    return math.isfinite(number) and 0.01 <= number <= 0.99


def section(page: str, names: Iterable[str]) -> str:
    """Key of the container that shows what a link says; empty where that is the page's top.

    Args:
        page: A key of `SETTINGS`.
        names: Of the settings that the link says.
    """
    said = set(names)
    return next((key for name, key in SHOWN_AT.get(page, {}).items() if name in said), "")


def ignored(page: str, names: Iterable[str]) -> str:
    """That a part of a link was ignored, and which; empty where none was. Nothing of the link stands in it.

    Args:
        page: A key of `SETTINGS`.
        names: Of settings that could not be read.
    """
    missed = set(names)
    parts = [words for name, words in SETTINGS[page].items() if name in missed]
    if not parts:
        return ""
    return (
        f"A part of this link could not be read or is not to be had here, and was ignored: {listed(parts)}."
    )


def unreadable(page: str, params: Mapping[str, Words]) -> list[str]:
    """Names of a page's settings in a link that can mean nothing, whatever there is to choose."""
    return [name for name, words in params.items() if name in SETTINGS[page] and not is_readable(name, words)]


def restoring(base: str, page: str, params: Mapping[str, Words]) -> str:
    """The address that restores a page's settings, and says nothing else.

    Args:
        base: Of the page, without settings.
        page: A key of `SETTINGS`.
        params: What the address holds now.
    """
    said = {name: words for name, words in params.items() if name in SETTINGS[page]}
    parts = urlsplit(base)
    return urlunsplit(parts._replace(path=parts.path or "/", query=urlencode(said, doseq=True)))


def carries(page: str, *, upload: bool) -> str:
    """What a link to what is on screen takes along, in a sentence."""
    if page == "compare":
        alone = "It carries the question alone: your own images do not travel."
        return alone if upload else "It opens this comparison as you see it."
    if page == "explain":
        alone = "It carries the settings alone: your picture does not travel."
        return alone if upload else "It opens this radiograph and this view of it."
    if page == "lessons":
        return "It opens this lesson at this step; what you answered stays with you."
    if page == "phantoms":
        return "It carries the whole recipe: it renders this phantom anywhere, pixel for pixel."
    if page == "shortcuts":
        return "It carries the experiment: the marks, or a model's number; never what is wrong with that."
    alone = "It carries the settings alone: your picture does not travel."
    return alone if upload else "It opens this sample as you see it."
