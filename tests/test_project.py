"""What no single module can promise: who may import whom, what is pinned, and what is written once."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from core.models.backbones import BACKBONES
from core.project import PROJECT
from train.cli import app

FRAMEWORKS = {"tensorflow", "keras", "tf_keras_vis", "torch", "torchvision", "torchxrayvision"}
OURS = {"app", "core", "pages", "serve", "tests", "train"}
UNPICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
SOURCES = sorted(
    path for layer in ("core", "train", "pages") for path in (PROJECT / layer).rglob("*.py")
) + sorted(PROJECT.glob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def imports(path: Path, *, anywhere: bool = True) -> set[str]:
    """Top-level names of the modules that a file imports; those of functions only with `anywhere`."""
    return {module.partition(".")[0] for module in _modules(ast.parse(path.read_text("utf-8")), anywhere)}


def _modules(node: ast.AST, anywhere: bool) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield child.module or ""
        elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING" and not anywhere:
            continue
        elif anywhere or not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _modules(child, anywhere)


# Layer, whether imports inside functions count too, and what it must not import.
RULES = (
    ("core", True, {"app", "pages", "train", "streamlit"}),
    ("core", False, FRAMEWORKS),
    ("train", True, {"app", "pages", "streamlit"}),
    ("pages", True, {"app", "train", *FRAMEWORKS}),
)


@pytest.mark.parametrize(("layer", "anywhere", "forbidden"), RULES)
def test_each_layer_imports_only_what_lies_below(layer: str, anywhere: bool, forbidden: set[str]) -> None:
    files = [path for path in SOURCES if path.is_relative_to(PROJECT / layer)]
    found = {name_of(path): imports(path, anywhere=anywhere) & forbidden for path in files}
    assert files
    assert {path: names for path, names in found.items() if names} == {}


def test_a_page_holds_no_arithmetic_and_no_plots() -> None:
    found = {
        name_of(path): imports(path) & {"numpy", "plotly", "PIL"} for path in PROJECT.glob("pages/**/*.py")
    }
    assert {path: names for path, names in found.items() if names} == {}


def test_core_and_train_are_packages_so_that_no_installed_one_shadows_them() -> None:
    assert (PROJECT / "core/__init__.py").is_file()
    assert (PROJECT / "train/__init__.py").is_file()
    assert list((PROJECT / "tests").rglob("__init__.py")) == []


def test_nothing_is_unpickled() -> None:
    found = {name_of(path): imports(path) & UNPICKLERS for path in SOURCES}
    # The official findings weights are a pickle: its reader there finds no names but those of a DenseNet.
    assert found.pop("core/models/engine/torchxrayvision.py") == {"pickle"}
    assert {path: names for path, names in found.items() if names} == {}
    assert [name_of(path) for path in SOURCES if "allow_pickle=True" in path.read_text("utf-8")] == []


def test_backbones_are_named_in_their_table_only() -> None:
    names = {text for backbone in BACKBONES for text in (backbone.key, backbone.name, backbone.builder)}
    for path in SOURCES:
        constants = {
            n.value for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Constant)
        }
        assert path.name == "backbones.py" or not names & constants, (
            f"{name_of(path)} names {names & constants}"
        )


def test_no_file_depends_on_what_lies_beside_the_checkout() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    beside = b"../" + b"shared"
    naming = {name for name in listed.stdout.splitlines() if beside in (PROJECT / name).read_bytes()}
    assert naming <= {".ci/run"}


def requirements(*files: str) -> list[Requirement]:
    """Every requirement in files, options and comments left out."""
    lines = [line for file in files for line in (PROJECT / file).read_text("utf-8").splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


DIRECT = requirements("requirements-serve.txt", "requirements.txt", "requirements-dev.txt")
OPTIONAL = requirements("requirements-ray.txt")
PINNED = DIRECT + OPTIONAL + requirements("constraints.txt")
VERSIONS = {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in PINNED}


def test_every_pin_is_exact() -> None:
    assert [str(each) for each in PINNED if not re.fullmatch(r"==[\w.]+", str(each.specifier))] == []


def brought(name: str, seen: set[str]) -> set[str]:
    """Names of all packages that an installed one needs here, itself included."""
    if name not in seen:
        seen.add(name)
        for requirement in map(Requirement, metadata.requires(name) or []):
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                brought(canonicalize_name(requirement.name), seen)
    return seen


def test_whatever_gets_installed_is_pinned_and_is_what_runs() -> None:
    needed: set[str] = set()
    there = [each for each in OPTIONAL if find_spec(each.name)]
    for requirement in DIRECT + there:
        if requirement.marker is None or requirement.marker.evaluate():
            brought(canonicalize_name(requirement.name), needed)
    installed = {name: metadata.version(name).partition("+")[0] for name in needed}
    assert {name: version for name, version in installed.items() if VERSIONS.get(name) != version} == {}


def test_every_import_is_a_requirement() -> None:
    distributions = metadata.packages_distributions()
    tests = sorted((PROJECT / "tests").rglob("*.py"))
    local = OURS | {path.stem for path in tests}
    imported = set().union(*map(imports, SOURCES + tests)) - local - set(sys.stdlib_module_names) - {""}
    missing = {
        module
        for module in imported
        if not any(canonicalize_name(name) in VERSIONS for name in distributions.get(module, []))
    }
    assert missing - {each.name for each in OPTIONAL if not find_spec(each.name)} == set()


README = PROJECT / "README.md"
DOCS = sorted((PROJECT / "docs").glob("*.md"))
GUIDES = [README, *DOCS, *sorted(PROJECT.glob("CONTRIBUTING.md"))]
LINKING = [*GUIDES, PROJECT / "CHANGELOG.md", *sorted((PROJECT / "assets").rglob("*.md"))]
TRAINING_COMMANDS = set(typer.main.get_command(app).commands)


def code(path: Path) -> str:
    """What stands in backticks in a Markdown file, blocks of it too."""
    return "\n".join(re.findall(r"^```.*?^```|`[^`]+`", path.read_text("utf-8"), re.MULTILINE | re.DOTALL))


def links(path: Path) -> list[str]:
    """Where a Markdown file's links lead within the project, anchors left out."""
    found = re.findall(r"\]\((?!https?:|#)([^)\s]+)\)", path.read_text("utf-8"))
    return [link.partition("#")[0] for link in found]


def test_the_docs_give_a_reason_for_each_requirement() -> None:
    text = (PROJECT / "docs/dependencies.md").read_text("utf-8")
    rows = re.findall(r"^\| ([^|]+) \| [^|]{10,} \|$", text, re.MULTILINE)
    named = {canonicalize_name(name) for row in rows for name in re.findall(r"`([\w.-]+)`", row)}
    assert named == {canonicalize_name(each.name) for each in DIRECT + OPTIONAL}


def test_the_readme_is_short_and_leads_to_all_docs() -> None:
    assert len(README.read_text("utf-8").splitlines()) <= 150
    assert DOCS
    assert {name_of(path) for path in DOCS} - set(links(README)) == set()


@pytest.mark.parametrize("path", LINKING, ids=name_of)
def test_links_lead_to_files_that_are_there(path: Path) -> None:
    assert [link for link in links(path) if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", GUIDES, ids=name_of)
def test_guides_name_only_make_commands_that_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)", code(path))) - targets == set()


@pytest.mark.parametrize("path", GUIDES, ids=name_of)
def test_guides_name_only_training_commands_that_exist(path: Path) -> None:
    assert set(re.findall(r"-m train ([a-z]+)", code(path))) - TRAINING_COMMANDS == set()


@pytest.mark.parametrize("path", GUIDES, ids=name_of)
def test_guides_name_only_paths_that_exist(path: Path) -> None:
    paths = set(re.findall(r"(?<![\w./-])(?:core|train|pages|tests)/[\w./-]*\w", code(path)))
    assert [each for each in sorted(paths) if not (PROJECT / each).exists()] == []


def test_every_training_command_is_described() -> None:
    text = (PROJECT / "docs/training.md").read_text("utf-8")
    assert set(re.findall(r"^\| `([a-z]+)` \|", text, re.MULTILINE)) >= TRAINING_COMMANDS


SAFE_SETTINGS = (
    ("server", "address", "127.0.0.1"),
    ("server", "maxUploadSize", 50),
    ("server", "enableCORS", True),
    ("server", "enableXsrfProtection", True),
    ("server", "enableStaticServing", False),
    ("server", "fileWatcherType", "none"),
    ("client", "showErrorDetails", "none"),
    ("browser", "gatherUsageStats", False),
)


@pytest.mark.parametrize(("section", "option", "value"), SAFE_SETTINGS)
def test_the_server_is_closed_by_default(section: str, option: str, value: object) -> None:
    settings = tomllib.loads((PROJECT / ".streamlit/config.toml").read_text("utf-8"))
    assert settings[section][option] == value


def test_serving_needs_no_training_framework() -> None:
    needed: set[str] = set()
    for requirement in requirements("requirements-serve.txt"):
        brought(canonicalize_name(requirement.name), needed)
    heavy = {canonicalize_name(name) for name in FRAMEWORKS | {"mapie", "tensorboard", "typer"}}
    assert needed & heavy == set()


def test_serving_asks_for_whatever_pages_and_core_import_at_once() -> None:
    distributions = metadata.packages_distributions()
    listed = {canonicalize_name(each.name) for each in requirements("requirements-serve.txt")}
    needed: set[str] = set()
    for name in listed:
        brought(name, needed)
    files = [path for path in SOURCES if not path.is_relative_to(PROJECT / "train")]
    imported = set().union(*(imports(path, anywhere=False) for path in files))
    missing = {
        module
        for module in imported - OURS - set(sys.stdlib_module_names) - {""}
        if not any(canonicalize_name(name) in needed for name in distributions.get(module, []))
    }
    assert imported & {"numpy", "streamlit"} and missing == set()
