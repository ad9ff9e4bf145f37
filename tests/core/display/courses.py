"""A course for tests: four days, of which one is refused."""

from __future__ import annotations

from core.display.course import Course, Film
from core.display.pinned import Kept, Model
from core.vocabulary import ENSEMBLE
from tests.core.models.severities import scores

REFUSED = Kept("9", "turned.png", "Second", refusal="This seems to lie upside down.")


def kept(extent: float, probability: float, vgg16: float = 0.2) -> Kept:
    """What was said of one radiograph; opacity is half of the extent."""
    return Kept(
        f"{extent}",
        "a.png",
        "Second",
        models={
            ENSEMBLE: Model("The ensemble", probability, 0.3),
            "vgg16": Model("VGG16", vgg16, 0.5),
            "xception": Model("Xception", probability, 0.5),
        },
        severity=scores(extent, extent / 2),
        findings={"Effusion": 0.5, "Mass": extent / 8, "Nodule": 0.6 - extent / 100},
    )


def film(key: str, day: float | None, said: Kept | None, problem: str = "", **truth: float) -> Film:
    """One radiograph of a course."""
    return Film(key, f"{key}.png", day, said, problem, truth)


def course(*films: Film, to_scale: bool = True) -> Course:
    """Those films, or the usual four."""
    usual = (
        film("a", 0, kept(1.0, 0.1), extent=2, opacity=1),
        film("b", 3, kept(7.0, 0.9, vgg16=0.8)),
        film("c", 7, REFUSED),
        film("d", 14, kept(2.0, 0.2)),
    )
    return Course(films or usual, to_scale)
