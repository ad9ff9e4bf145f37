"""Measures the design's budgets in one run: `python tests/benchmarks/budgets.py [BUNDLE]`.

Exits with 1 when one is missed. Ratios are taken between processes of the same run, on the same machine,
so they mean the same on a fast one and a slow one.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

PROJECT = Path(__file__).resolve().parent.parent.parent
WORKERS = Path(__file__).with_name("workers.py")


@dataclass(frozen=True)
class Budget:
    """One line of the table: what was measured, its value, the bound, and which side is good."""

    what: str
    value: float
    bound: float
    unit: str
    at_least: bool

    @property
    def met(self) -> bool:
        """Whether the value lies on the good side of the bound."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound


def run(worker: str, *arguments: Path) -> dict[str, float]:
    """Runs a worker in a process of its own and returns the numbers that it printed last."""
    command = [sys.executable, str(WORKERS), worker, *map(str, arguments)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{worker} failed:\n{done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def median_run(worker: str, *arguments: Path, runs: int = 3) -> dict[str, float]:
    """The median of each number over several runs."""
    results = [run(worker, *arguments) for _ in range(runs)]
    return {name: statistics.median(result[name] for result in results) for name in results[0]}


def measure(bundle: Path, folder: Path) -> list[Budget]:
    """All budgets of one bundle: medians of three runs of each way, after one that warms the cache."""
    run("ours", bundle)
    ours = median_run("ours", bundle)
    run("prepare", bundle, folder)
    plain = median_run("plain", bundle, folder)
    heads = run("heads", bundle)
    compare = run("compare", bundle)
    how, least = ("verified faster arithmetic", 20) if ours["rounded"] else ("float32", 10)
    ratio = plain["full_ms"] / ours["full_ms"]
    return [
        Budget(f"analysis in {how}, faster than the plain way", ratio, least, "x", True),
        Budget("analysis, against bare forward passes", ours["full_ms"] / ours["bare_ms"], 1.3, "x", False),
        Budget("resident memory of the app's process", ours["resident_mb"], 900, " MB", False),
        Budget("start to first analysis, faster", plain["loaded_s"] / ours["first_s"], 4, "x", True),
        Budget("training five heads, faster", heads["through_base_s"] / heads["cached_s"], 20, "x", True),
        Budget("comparing, 2,000 images x 9 models: slider", compare["slider_ms"], 300, " ms", False),
        Budget("the same, at first", compare["first_look_ms"], 300, " ms", False),
        Budget("the gate alone", ours["gate_ms"], 15, " ms", False),
        Budget("one analysis, warm", ours["full_ms"], float("inf"), " ms", False),
        Budget("the same, the plain way", plain["full_ms"], float("inf"), " ms", False),
        Budget("start to first analysis", ours["first_s"], float("inf"), " s", False),
        Budget("imports and loading, the plain way", plain["loaded_s"], float("inf"), " s", False),
        Budget("training five heads", heads["cached_s"], float("inf"), " s", False),
        Budget("the same, through the bases (scaled up)", heads["through_base_s"], float("inf"), " s", False),
        Budget("memory, the plain way", plain["resident_mb"], float("inf"), " MB", False),
    ]


def show(budgets: list[Budget], bundle: Path) -> None:
    """Prints the table."""
    table = Table("what", "measured", "budget", "", title=f"Budgets, measured with {bundle.name}")
    for budget in budgets:
        bounded = budget.bound != float("inf")
        bound = (
            f"{'at least' if budget.at_least else 'at most'} {budget.bound:g}{budget.unit}" if bounded else ""
        )
        verdict = ("met" if budget.met else "[bold red]missed") if bounded else ""
        table.add_row(budget.what, f"{budget.value:.4g}{budget.unit}", bound, verdict)
    Console().print(table)


def main() -> int:
    """The command; returns the exit status."""
    bundles = sorted((PROJECT / "assets" / "bundles").glob("*/bundle.json"))
    chosen = [Path(argument).resolve() for argument in sys.argv[1:]] or [path.parent for path in bundles]
    if not chosen:
        raise SystemExit("There is no bundle in assets/bundles; name the folder of one.")
    with tempfile.TemporaryDirectory() as folder:
        budgets = measure(chosen[0], Path(folder))
    show(budgets, chosen[0])
    return 0 if all(budget.met for budget in budgets) else 1


if __name__ == "__main__":
    raise SystemExit(main())
