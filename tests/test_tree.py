"""The tree: where every module lies, and that imports go down it, never up and never round."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from core.project import PROJECT

# Lowest first. A module may import those of its own entry, and of whatever stands above that in its list.
CORE = (
    "core",
    "core.errors",
    "core.project",
    "core.whole_file",
    "core.vocabulary",
    "core.progress",
    "core.once",
    "core.pool",
    "core.margins",
    "core.marks",
    "core.preprocessing",
    "core.reading",
    "core.reading.raster",
    "core.reading.dicom",
    "core.reading.radiograph",
    "core.reading.pipe",
    "core.reading.decoder",
    "core.reading.decoder_pool",
    "core.phantom",
    "core.gate",
    "core.models",
    "core.models.bundle",
    "core.models.ensemble_files",
    "core.models.gate_files",
    "core.models.engine",
    "core.models.inference",
    "core.models.gate",
    "core.explain",
    "core.analysis",
    "core.evaluation",
    "core.evaluation.sets",
    "core.studio",
    "core.shortcuts",
    "core.display",
    "core.lessons",
    "core.export",
    "core.batch",
    "core.delivery",
    "core.readiness",
    "core.service",
    "core.trial",
    "core.renderings",
    "core.looks",
    "core.tray",
    "core.filling",
    "core.maps",
)
TRAIN = (
    "train",
    "train.config",
    "train.tools",
    "train.data",
    "train.networks",
    "train.fitting",
    "train.outputs",
    "train.run",
    "train.trials",
    "train.cards",
    "train.bundle",
    "train.steps",
    "train.schedule",
    "train.options",
    "train.samples",
    "train.cli",
    "train.__main__",
)
PAGES = (
    "pages.components",
    "pages.widgets",
    "pages.widgets.compare",
    "pages.widgets.lessons",
    "pages",
)  # the pages last
ORDERS = {"core": CORE, "train": TRAIN, "pages": PAGES}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): path for layer in ORDERS for path in sorted((PROJECT / layer).rglob("*.py"))}


def place(module: str) -> int:
    """Where a module stands in its layer's list: by the longest entry that it belongs to."""
    order = ORDERS[module.partition(".")[0]]
    return order.index(max((each for each in order if f"{module}.".startswith(f"{each}.")), key=len))


def imported(module: str, *, later: bool = True) -> Iterator[str]:
    """The modules of the same layer that a module imports; those of functions only with `later`."""
    tree = ast.parse(MODULES[module].read_text("utf-8"))
    for node in ast.walk(tree) if later else tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == module.split(".")[0]:
            names = {f"{node.module}.{each.name}" for each in node.names}
            yield from (name if name in MODULES else str(node.module) for name in names)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_lies_in_a_package_of_the_tree(module: str) -> None:
    entry = ORDERS[module.partition(".")[0]][place(module)]
    unsorted = {"core", "train"}  # modules that lie at the top of a layer have an entry of their own
    assert module == entry or entry not in unsorted, f"{module} has no place in tests/test_tree.py"


def test_at_the_top_lie_only_what_starts_the_app() -> None:
    assert sorted(path.name for path in PROJECT.glob("*.py")) == ["app.py", "serve.py"]


@pytest.mark.parametrize("layer", ORDERS)
def test_the_documentation_lists_the_packages_in_their_order(layer: str) -> None:
    rows = re.findall(
        rf"^\| `({layer}/[\w/.]+)`", (PROJECT / "docs/tree.md").read_text("utf-8"), re.MULTILINE
    )
    places = [place(row.removesuffix(".py").strip("/").replace("/", ".")) for row in rows]
    assert len(places) > 2
    assert places == sorted(places)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down_the_tree(module: str) -> None:
    assert {other for other in imported(module) if place(other) > place(module)} == set()


@pytest.mark.parametrize("layer", ORDERS)
def test_no_modules_import_each_other_in_a_circle(layer: str) -> None:
    graph = {each: set(imported(each, later=False)) for each in MODULES if each.split(".")[0] == layer}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' -> '.join(error.args[1])}")
