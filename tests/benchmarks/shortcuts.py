"""Measures what a planted shortcut takes, as ratios: `python tests/benchmarks/shortcuts.py [BUNDLE]`.

Everything is held against bare passes of the same network over the same number of radiographs, in one run.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from core.models.inference import load_networks
from core.project import PROJECT, SHIPPED
from core.shortcuts.experiment import Planting, conclude, gather, school
from core.shortcuts.features import Source
from core.shortcuts.heads import Schooling
from core.shortcuts.lab import Lab
from core.shortcuts.mystery import Mystery, make, rows_learnt, sources
from core.shortcuts.trial import OtherHead

BACKBONE, PATIENTS = "densenet121", 40


def seconds(work: Callable[[], object]) -> float:
    """Wall time of some work."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(bundle: Path) -> dict[str, float]:
    """Features without rendering, one head's learning and its figures, each by bare passes over all "
    "patients."""
    networks = load_networks(bundle)
    lab = Lab(lambda work: work(), PATIENTS)
    rows, plain = range(PATIENTS), Source("bundle", BACKBONE, "", lab.home.key)
    marked, planting = replace(plain, plant="letters"), Planting("letters", 100, 0)
    rendered = seconds(lambda: lab.home.prepare(rows))
    side = networks.manifest.preprocessing.size_px
    image = np.zeros((1, side, side, 3), np.float32)
    networks.backbones[BACKBONE](image)
    bare = seconds(lambda: [networks.backbones[BACKBONE](image) for _ in rows])
    fill = lab.features.fill
    seen = seconds(lambda: [list(fill(each, lab.home, networks, rows)) for each in (plain, marked)])
    again = seconds(lambda: [list(fill(each, lab.home, networks, rows)) for each in (plain, marked)])
    material = gather(lab.features, marked, lab.home)
    steps = list(school(material, planting, Schooling()))
    learning = seconds(lambda: list(school(material, planting, Schooling())))
    head = steps[-1][0]
    curve = [point for _, point in steps]
    figures = seconds(lambda: conclude(material, planting, (head, head), curve))
    tried = OtherHead(networks.backbones[BACKBONE], head.head(1))
    on_trial = seconds(lambda: [tried(image) for _ in rows])
    wanted, learnt = sources("bundle", BACKBONE, lab.home), rows_learnt(lab.home)
    for each in wanted:
        list(fill(each, lab.home, networks, learnt))
    mystery = seconds(lambda: make(Mystery(1), lab.features, wanted, lab.home))
    return {
        "patients": PATIENTS,
        "bare_pass_ms": 1000 * bare / PATIENTS,
        "rendering": rendered / bare,
        "features_of_two_ways": seen / (2 * bare),
        "features_again": again / bare,
        "learning": learning / bare,
        "figures": figures / bare,
        "head_on_trial": on_trial / bare,
        "mystery": mystery / bare,
    }


if __name__ == "__main__":
    chosen = Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT / "assets" / "bundles" / SHIPPED
    print(json.dumps({name: round(value, 3) for name, value in measure(chosen).items()}, indent=1))
