"""The viewer's own code: unit tests and types where Node.js is there, and the one string that it becomes."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from core.project import PROJECT
from pages.components.parts import join_modules, read_parts
from tests.node_tools import NODE, SECONDS, node_modules

FOLDER = PROJECT / "pages" / "components" / "viewer"

needs_node = pytest.mark.skipif(NODE is None, reason="needs Node.js: install node to test the viewer")


def run(*command: str | Path, cwd: Path = PROJECT) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert not done.returncode, done.stdout + done.stderr


@needs_node
def test_the_unit_tests_of_the_viewer() -> None:
    run(str(NODE), "--test", *sorted(Path(__file__).parent.glob("*.test.js")))


def test_the_types_of_the_viewer() -> None:
    compiler = node_modules() / "typescript" / "bin" / "tsc"
    run(str(NODE), compiler, "--project", PROJECT / "tsconfig.json")


@needs_node
def test_all_modules_are_joined_into_one_that_is_valid(tmp_path: Path) -> None:
    joined = tmp_path / "joined.mjs"
    joined.write_text(read_parts(FOLDER)["js"])
    run(str(NODE), "--check", joined)


def test_every_module_is_joined_once_after_those_that_it_imports() -> None:
    joined = join_modules(FOLDER / "viewer.js")
    assert re.findall(r"^(?:import|export) \S+", joined, re.MULTILINE) == ["export default"]
    modules = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.js")}
    places = {name: joined.index(text.splitlines()[0]) for name, text in modules.items()}
    for name, text in modules.items():
        assert joined.count(text.splitlines()[0]) == 1
        for imported in re.findall(r"from '\./(\w+\.js)'", text):
            assert places[imported] < places[name]


def test_no_text_from_outside_becomes_markup() -> None:
    for path in FOLDER.glob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", path.read_text("utf-8")
        )
