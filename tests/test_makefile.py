"""Installation as make does it, with an interpreter that only notes what it is asked to do."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.project import PROJECT

STUB = """#!/bin/sh
echo "$*" >> "$LOG"
case "$*" in
  *"-m venv"*) for venv; do :; done; mkdir -p "$venv/bin"; cp "$0" "$venv/bin/python" ;;
  *"$FAILING"*) exit 1 ;;
  *"/dev/stdin"*) cat >> "$LOG" ;;
esac
"""
DERIVE = "-m core.models.engine.derive --all"


class Checkout:
    """A folder with the Makefile and the requirements, and an interpreter that notes its arguments."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log, self.said = folder, folder / "log", ""
        for path in (PROJECT / "Makefile", PROJECT / "constraints.txt", *PROJECT.glob("requirements*.txt")):
            shutil.copy(path, folder / path.name)
        (folder / "python").write_text(STUB)
        (folder / "python").chmod(0o755)

    def make(self, target: str, *more: str, failing: str = "nothing") -> tuple[bool, list[str]]:
        """Whether a target was made, and what the interpreter was asked to do; `said` is its output."""
        self.log.write_text("")
        variables = {"LOG": str(self.log), "FAILING": failing, "PATH": "/usr/bin:/bin"}
        command = ["make", target, f"PYTHON={self.folder / 'python'}", "VENV=venv", *more]
        done = subprocess.run(
            command, cwd=self.folder, env=variables, capture_output=True, text=True, check=False
        )
        self.said = done.stdout
        return done.returncode == 0, [line for line in self.log.read_text().splitlines() if line != "-c "]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_the_second_time_nothing_is_installed(checkout: Checkout) -> None:
    made, asked = checkout.make("run")
    assert made
    assert any(line.endswith("-r requirements.txt") for line in asked)
    assert checkout.make("run") == (True, [DERIVE, "serve.py 8501"])
    assert checkout.said == ""


def test_each_stage_is_announced_in_words_and_most_packages_are_not(checkout: Checkout) -> None:
    _, asked = checkout.make("run")
    assert [line.partition(" (")[0] for line in checkout.said.splitlines()] == [
        "Setting up a folder for Python packages, venv",
        "Setting up PyTorch and TensorFlow",
        "Setting up the other Python packages",
    ]
    quiet = {line.rpartition(" ")[2]: "--quiet" in line for line in asked if " install " in line}
    assert quiet["requirements.txt"]
    assert not quiet["/dev/stdin"]  # pip shows its bar for TensorFlow only together with its other lines


def test_tensorflow_comes_as_the_requirements_name_it(checkout: Checkout) -> None:
    _, asked = checkout.make("run")
    named = (checkout.folder / "requirements.txt").read_text().splitlines()
    assert [line for line in asked if line.startswith("tensorflow")] == [
        line for line in named if line.startswith("tensorflow")
    ]


def test_all_bundles_are_prepared_in_one_process(checkout: Checkout) -> None:
    _, asked = checkout.make("models")
    assert [line for line in asked if "derive" in line] == [DERIVE]


def test_the_app_starts_without_what_cannot_be_prepared(checkout: Checkout) -> None:
    made, asked = checkout.make("run", failing=DERIVE)
    assert made
    assert checkout.said.splitlines()[-1] == "The app goes on without that."
    assert asked[-1] == "serve.py 8501"


def test_the_app_is_served_at_the_port_that_is_named(checkout: Checkout) -> None:
    assert checkout.make("run", "PORT=9000")[1][-1] == "serve.py 9000"


def test_tests_install_their_tools_on_top_and_only_once(checkout: Checkout) -> None:
    checkout.make("run")
    made, asked = checkout.make("test")
    assert made
    assert [line.rpartition(" ")[2] for line in asked if "install" in line] == ["requirements-dev.txt"]
    assert checkout.make("test") == (True, ["-m pytest"])


def test_an_interrupted_installation_is_taken_up_again(checkout: Checkout) -> None:
    made, asked = checkout.make("run", failing="-r requirements.txt")
    assert not made
    assert not any("serve.py" in line for line in asked)
    made, asked = checkout.make("run")
    assert made
    assert any(line.endswith("-r requirements.txt") for line in asked)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-serve.txt"])
def test_changed_requirements_are_installed_and_so_are_those_changed_back(
    checkout: Checkout, name: str
) -> None:
    requirements = checkout.folder / name
    original = requirements.read_text()
    checkout.make("run")
    for text in (original + "another==1.0\n", original):
        requirements.write_text(text)
        made, asked = checkout.make("run")
        assert made
        assert any(line.endswith("-r requirements.txt") for line in asked)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the registry's only build has no CUDA")
def test_the_registry_is_asked_for_pytorch_without_cuda_first(checkout: Checkout) -> None:
    _, asked = checkout.make("run")
    assert next(line for line in asked if "torch==" in line).endswith("+cpu")
    assert not any("--extra-index-url" in line for line in asked)
    shutil.rmtree(checkout.folder / "venv")
    _, asked = checkout.make("run", failing="+cpu")
    assert "--no-deps --extra-index-url" in next(line for line in asked if "--extra-index-url" in line)


def test_another_python_is_refused_with_a_word_on_how_to_name_the_right_one(checkout: Checkout) -> None:
    made, asked = checkout.make("run", failing="version_info")
    assert not made
    assert not any("venv" in line for line in asked)
