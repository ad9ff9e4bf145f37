"""Tools from npm that only checks need, as package-lock.json pins them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from core.project import PROJECT

TOOLS = PROJECT / ".cache" / "node"
NODE, NPM = shutil.which("node"), shutil.which("npm")
SECONDS = 120


def node_modules() -> Path:
    """The folder that holds them, fetched once; skips where npm is missing or cannot reach its registry."""
    if NODE is None or NPM is None:
        pytest.skip("needs Node.js with npm")
    lock, fetched = PROJECT / "package-lock.json", TOOLS / "node_modules"
    if not fetched.is_dir() or (TOOLS / lock.name).read_bytes() != lock.read_bytes():
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
            pytest.skip("npm cannot get the tools that package-lock.json pins")
    return fetched


def in_node(module: Path, *arguments: str | Path) -> bytes:
    """What a module of the viewer's tests prints; skips where Node.js is missing."""
    if NODE is None:
        pytest.skip("needs Node.js: install node to run what browsers run")
    done = subprocess.run([NODE, module, *arguments], capture_output=True, timeout=SECONDS, check=False)
    assert not done.returncode, done.stderr.decode()
    return done.stdout
