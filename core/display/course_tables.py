"""The curves of several radiographs over time, as text for those who cannot see them and as tables."""

from __future__ import annotations

from core.display.course import SCORES, Course
from core.display.wording import listed
from core.vocabulary import finding_name

FINDINGS_SHOWN = 5


def severity_words(course: Course) -> str:
    """A text alternative to the curves of extent and opacity."""
    parts = []
    for name in SCORES:
        known = [(label, film.severity[name]) for label, film in course.labelled() if name in film.severity]
        if known:
            points = ", ".join(f"{label} {score.value:.1f}" for label, score in known)
            score = known[-1][1]
            parts.append(
                f"{name.capitalize()} of {score.maximum:g}, each ± {score.mean_absolute_error:.1f}: {points}."
            )
        if truth := ", ".join(
            f"{label} {film.truth[name]:.1f}" for label, film in course.labelled() if name in film.truth
        ):
            parts.append(f"The truth: {truth}.")
    return " ".join([*parts, *missing_words(course)])


def probability_words(course: Course) -> str:
    """A text alternative to the curves of probabilities."""
    parts = []
    for key, name in course.models().items():
        points = [(label, film.models[key]) for label, film in course.labelled() if key in film.models]
        said = ", ".join(f"{label} {model.probability:.2f}" for label, model in points)
        parts.append(f"{name}, threshold {points[-1][1].threshold:.2f}: {said}.")
    return " ".join(["P(COVID-19).", *parts, *missing_words(course)])


def missing_words(course: Course) -> list[str]:
    """Of which radiographs there is no answer, in a sentence; none where there are all."""
    gaps = [label for label, film in course.labelled() if not film.models]
    return [f"No answer: {listed(gaps)}."] if gaps else []


def finding_rows(course: Course) -> list[dict[str, str]]:
    """Rows of a table: the findings whose scores move most between any two radiographs."""
    if len(course.asked) < 2:
        return []
    found = [course.films[at].findings for at in course.asked]
    first, last = (course.labels[at].capitalize() for at in (course.asked[0], course.asked[-1]))
    scores = {name: [each[name] for each in found] for name in found[0]}
    ranges = {name: (min(each), max(each)) for name, each in scores.items()}
    widest = sorted(ranges, key=lambda name: ranges[name][0] - ranges[name][1])[:FINDINGS_SHOWN]
    return [
        {
            "Finding": finding_name(name),
            first: f"{found[0][name]:.2f}",
            last: f"{found[-1][name]:.2f}",
            "Lowest to highest": f"{ranges[name][0]:.2f}–{ranges[name][1]:.2f}",
        }
        for name in widest
    ]


def number_rows(course: Course) -> list[dict[str, str]]:
    """Rows of a table: all that the curves show, one radiograph a row."""
    rows, gaps = [], any(film.reason for film in course.films)
    for label, film in course.labelled():
        scores = {name: f"{score.value:.1f}" for name, score in film.severity.items()}
        said = {key: f"{model.probability:.2f}" for key, model in film.models.items()}
        row = {"": label.capitalize(), "Radiograph": film.name}
        row |= {name.capitalize(): scores.get(name, "–") for name in SCORES}
        row |= {name: said.get(key, "–") for key, name in course.models().items()}
        rows.append(row | ({"Why not": film.reason} if gaps else {}))
    return rows
