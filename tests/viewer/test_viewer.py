"""The viewer's own code: unit tests and types where Node.js is there, and the one string that it becomes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from core.project import PROJECT
from pages.components.parts import join_modules, read_parts

FOLDER = PROJECT / "pages" / "components" / "viewer"
TOOLS = PROJECT / ".cache" / "node"  # TypeScript, once for each version
NODE, NPM = shutil.which("node"), shutil.which("npm")
SECONDS = 120

needs_node = pytest.mark.skipif(NODE is None, reason="needs Node.js: install node to test the viewer")


def run(*command: str | Path, cwd: Path = PROJECT) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert not done.returncode, done.stdout + done.stderr


@needs_node
def test_the_unit_tests_of_the_viewer() -> None:
    run(str(NODE), "--test", *sorted(Path(__file__).parent.glob("*.test.js")))


@pytest.fixture
def typescript() -> Path:
    """Its compiler, as package-lock.json pins it; skips where npm is missing or cannot reach its registry."""
    if NODE is None or NPM is None:
        pytest.skip("needs Node.js with npm to check the types of the viewer")
    lock = PROJECT / "package-lock.json"
    compiler = TOOLS / "node_modules" / "typescript" / "bin" / "tsc"
    if not compiler.exists() or (TOOLS / lock.name).read_bytes() != lock.read_bytes():
        TOOLS.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", lock.name):
            shutil.copy(PROJECT / name, TOOLS)
        got = subprocess.run(
            [NPM, "ci", "--no-audit", "--no-fund", "--fetch-retries=0", "--fetch-timeout=10000"],
            cwd=TOOLS,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        if got.returncode:
            (TOOLS / lock.name).unlink()
            pytest.skip("npm cannot get TypeScript, with which the types of the viewer are checked")
    return compiler


def test_the_types_of_the_viewer(typescript: Path) -> None:
    run(str(NODE), typescript, "--project", PROJECT / "tsconfig.json")


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
