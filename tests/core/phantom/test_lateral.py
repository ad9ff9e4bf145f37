"""A chest seen from the side: of one patient with the frontal one, always the same, and refused."""

from __future__ import annotations

import numpy as np
import pytest

from core.models.gate import load_gate
from core.phantom import PhantomSpec, draw_spec, render
from core.phantom.lateral import render_lateral
from core.phantom.seeds import SEEDS
from core.project import gate_folder

FIRST = SEEDS["laterals_held_out"][0]


def spec(seed: int = FIRST, size_px: int = 128, **choices: object) -> PhantomSpec:
    return PhantomSpec(seed, size_px, extras=False, child=False, **choices)  # type: ignore[arg-type]


def test_a_recipe_always_gives_the_same_picture_and_every_seed_another() -> None:
    first, again, other = (render_lateral(spec(seed)) for seed in (FIRST, FIRST, FIRST + 1))
    assert np.array_equal(first.pixels, again.pixels) and not np.array_equal(first.pixels, other.pixels)
    assert first.pixels.dtype == np.float32 and 0 <= first.pixels.min() < first.pixels.max() <= 1
    assert first.label == "normal" and not first.findings and not first.masks and first.extent == 0


def test_the_shorter_side_is_as_long_as_asked_for() -> None:
    assert render_lateral(spec(aspect=0.8)).pixels.shape == (160, 128)
    assert render_lateral(spec(aspect=1.25)).pixels.shape == (128, 160)


def test_a_larger_picture_shows_the_same_chest() -> None:
    small, large = render_lateral(spec(size_px=96)), render_lateral(spec(size_px=192))
    halved = large.pixels.reshape(96, 2, 96, 2).mean(axis=(1, 3))
    assert np.corrcoef(small.pixels.ravel(), halved.ravel())[0, 1] > 0.98
    assert small.spacing_mm == pytest.approx(2 * large.spacing_mm)


@pytest.mark.parametrize("seed", SEEDS["laterals_held_out"][:8])
def test_it_is_laid_out_as_a_chest_from_the_side(seed: int) -> None:
    """Air is dark, the belly bright, and the lungs reach furthest down behind."""
    found = render_lateral(spec(seed, aspect=0.9))
    lungs = found.lungs
    rows = np.flatnonzero(lungs.any(axis=1))
    assert 0.15 < lungs.mean() < 0.6 and len(rows) > 0.5 * lungs.shape[0]
    below = found.pixels[min(rows[-1] + 4, lungs.shape[0] - 3) :]
    middle = below[:, np.abs(np.arange(lungs.shape[1]) - np.flatnonzero(lungs.any(axis=0)).mean()) < 15]
    assert middle.mean() > found.pixels[lungs].mean() + 0.15
    lowest = np.array([np.flatnonzero(column)[-1] if column.any() else 0 for column in lungs.T])
    deepest, width = int(lowest.argmax()), np.flatnonzero(lungs.any(axis=0))
    share = (deepest - width[0]) / (width[-1] - width[0])
    assert not 0.3 < share < 0.7  # behind, on whichever side that is


def test_it_shows_the_same_patient_as_the_frontal_picture() -> None:
    """Who has high lungs from the front has them from the side."""
    seeds = SEEDS["laterals_held_out"][:12]
    heights = []
    for seed in seeds:
        views = render(spec(seed, portable=False)), render_lateral(spec(seed, portable=False))
        heights.append([np.ptp(np.flatnonzero(v.lungs.any(axis=1))) * v.spacing_mm for v in views])
    front, side = np.array(heights).T
    assert np.corrcoef(front, side)[0, 1] > 0.5


@pytest.mark.parametrize("changed", [{"label": "covid"}, {"findings": (("Mass", 0.5),)}])
def test_a_disease_is_not_rendered_from_the_side(changed: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="always normal"):
        render_lateral(spec(**changed))


def test_the_gate_that_ships_refuses_them() -> None:
    gate = load_gate(gate_folder())
    seeds = SEEDS["laterals_held_out"][:20]
    verdicts = [gate.look(render_lateral(draw_spec(seed, "normal")).pixels) for seed in seeds]
    assert sum(verdict.refused for verdict in verdicts) >= 18  # 99 of 100 by its record
    assert sum(verdict.kind.key == "lateral" for verdict in verdicts) >= 14
