"""Measures what Phantoms and Explain take, as ratios: `python tests/benchmarks/phantoms.py [BUNDLE]`.

Pictures are held against bare renders of the same patients, answers and maps against bare passes of the same
networks, in one run: so the ratios mean the same on a fast machine and a slow one. On the machine that the
project's budgets are meant for, these ratios keep a coarse picture within 150 ms, the full one within 300 ms
and all answers within a second. Exits with 1 when a ratio is missed.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from core.analysis.maps import closed_map
from core.display.scene import build_phantom_scene
from core.explain.explainers import EXPLAINERS
from core.models.backbones import BACKBONE_BY_KEY, scale_pixels
from core.models.findings import findings_scale
from core.phantom.recipe import COARSE_PX, FULL_PX, Recipe
from core.preprocessing import network_box
from core.project import PROJECT, SHIPPED
from core.renderings import Rendering, Renderings
from core.service import Reading, Service
from core.studio.grading import grade, regions

PATIENTS = 7
AT_MOST = {"coarse_picture": 1.6, "full_picture": 1.6, "all_answers": 2.0, "closed_maps": 0.5}
WANTED_MS = {"coarse_picture": 150, "full_picture": 300, "all_answers": 1000}


def median_s(work: Callable[[int], Any]) -> float:
    """The median wall time of some work over the patients."""
    times = []
    for number in range(PATIENTS):
        start = time.perf_counter()
        work(number)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(bundle: Path) -> dict[str, dict[str, float]]:
    """Seconds of each, and how many times a bare render or a bare pass that is."""
    service = Service()
    loaded = service.load(bundle)
    networks, preprocessing = loaded.models.networks, loaded.models.manifest.preprocessing
    renderings = Renderings(service.in_turn)
    recipes = [Recipe(number, extent=30) for number in range(PATIENTS)]

    def pictured(number: int, size_px: int) -> Rendering:
        done = renderings.render(recipes[number], size_px)
        frame = network_box(done.phantom.pixels, preprocessing)
        build_phantom_scene(done.phantom, done.picture, frame, "key", lambda *_: "", truth=True)
        return done

    Recipe(99).render(COARSE_PX)
    bare_coarse = median_s(lambda number: recipes[number].render(COARSE_PX))
    coarse = median_s(lambda number: pictured(number, COARSE_PX))
    bare_full = median_s(lambda number: recipes[number].render(FULL_PX))
    full = median_s(lambda number: Renderings(service.in_turn).render(recipes[number]))
    files = [pictured(number, FULL_PX).file for number in range(PATIENTS)]

    side = preprocessing.size_px
    grey = np.full((side, side), 0.5, np.float32)
    findings_px = loaded.models.manifest.findings.preprocessing.size_px
    findings = findings_scale(np.full((findings_px, findings_px), 0.5, np.float32))

    def passes(_: int) -> None:
        for key, network in networks.backbones.items():
            network(scale_pixels(grey, BACKBONE_BY_KEY[key].scale)[np.newaxis])
        networks.findings(findings)

    passes(0)
    service.ask(files[0], loaded, Reading(insist=True))
    bare_pass = median_s(passes)
    cases = []
    answers = median_s(
        lambda number: cases.append(service.read(files[number], loaded, lambda _: None, Reading(insist=True)))
    )
    analysis = cases[0].analysis
    if analysis is None:
        raise SystemExit("The networks were not asked.")
    maps = median_s(
        lambda _: [
            closed_map(analysis, reading.backbone.key, each, covid=True)
            for reading in analysis.readings
            for each in EXPLAINERS
        ]
    )
    patient = regions(recipes[0], FULL_PX)
    start = time.perf_counter()
    grade(patient, 0, lambda phantom: analysis, preprocessing)
    graded = time.perf_counter() - start
    return {
        "coarse_picture": {"ms": 1000 * coarse, "bare_renders": coarse / bare_coarse},
        "full_picture": {"ms": 1000 * full, "bare_renders": full / bare_full},
        "all_answers": {"ms": 1000 * answers, "bare_passes": answers / bare_pass},
        "closed_maps": {"ms": 1000 * maps, "bare_passes": maps / bare_pass},
        "grading_without_asking": {"ms": 1000 * graded, "bare_passes": graded / bare_pass},
    }


def missed(found: dict[str, dict[str, float]]) -> list[str]:
    """The names whose ratio lies beyond its bound."""
    return [name for name, most in AT_MOST.items() if list(found[name].values())[1] > most]


if __name__ == "__main__":
    chosen = Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT / "assets" / "bundles" / SHIPPED
    figures = measure(chosen)
    rounded = {name: {key: round(each, 3) for key, each in row.items()} for name, row in figures.items()}
    late = [name for name, most_ms in WANTED_MS.items() if figures[name]["ms"] > most_ms]
    print(json.dumps(rounded | {"ratios_missed": missed(figures), "slower_than_wanted_here": late}, indent=1))
    raise SystemExit(1 if missed(figures) else 0)
