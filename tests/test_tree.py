"""The tree: where every module lies, and that an import goes down it, never up."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.project import PROJECT

# Lowest first. A package's modules may import each other, and whatever stands above them in this list.
CORE = (
    "core.errors",
    "core.project",
    "core.vocabulary",
    "core.margins",
    "core.preprocessing",
    "core.reading.warning",
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
    "core.models.skops_reader",
    "core.models.ensemble",
    "core.models.engine",
    "core.models.inference",
    "core.explain",
    "core.analysis",
    "core.evaluation",
    "core.evaluation.sets",
    "core.display",
    "core.export",
    "core.service",
    "core.tray",
)


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


CORE_MODULES = {module_name(path): path for path in sorted((PROJECT / "core").rglob("*.py"))}


def place(module: str, order: tuple[str, ...]) -> str | None:
    """The longest entry of an order that a module belongs to."""
    found = [entry for entry in order if module == entry or module.startswith(f"{entry}.")]
    return max(found, key=len, default=None)


def imported(path: Path, layer: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == layer:
            yield from (
                name if (name := f"{node.module}.{each.name}") in CORE_MODULES else node.module
                for each in node.names
            )


def test_every_module_of_core_has_a_place_in_the_tree() -> None:
    assert [name for name in CORE_MODULES if name != "core" and place(name, CORE) is None] == []


@pytest.mark.parametrize("module", [name for name in CORE_MODULES if place(name, CORE)])
def test_imports_go_down_the_tree(module: str) -> None:
    mine = CORE.index(place(module, CORE))
    upward = {
        other for other in imported(CORE_MODULES[module], "core") if CORE.index(place(other, CORE)) > mine
    }
    assert upward == set()
