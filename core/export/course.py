"""Several radiographs over time to take away: CSV, one row a radiograph, without dates and identifiers."""

from __future__ import annotations

from collections.abc import Mapping

from core.display.course import NEVER_VALIDATED, Course, Film
from core.display.wording import DISCLAIMER
from core.export.json_csv import write_rows

SCHEMA = "thoraxlens-course/1"


def course_csv(course: Course) -> str:
    """All digits of what the curves show, oldest first, with the reason where there is no answer."""
    return write_rows([_row(film, number) for number, film in enumerate(course.films, start=1)])


def _row(film: Film, number: int) -> Mapping[str, str | int | float]:
    return {
        "order": number,
        "day": "" if film.day is None else film.day,
        "name": film.name,
        "reason": film.reason,
        **{name: score.value for name, score in film.severity.items()},
        **{f"{name}_error": score.mean_absolute_error for name, score in film.severity.items()},
        **{f"{name}_truth": value for name, value in film.truth.items()},
        **{f"{key}_probability": model.probability for key, model in film.models.items()},
        **{f"{key}_threshold": model.threshold for key, model in film.models.items()},
        **{f"finding:{name}": score for name, score in film.findings.items()},
        "models": film.kept.bundle if film.kept else "",
        "schema": SCHEMA,
        "disclaimer": f"{DISCLAIMER} {NEVER_VALIDATED}",
    }
