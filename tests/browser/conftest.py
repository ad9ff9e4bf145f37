"""One server for all tests of a process that only look at it, and a browser for each file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from core.models.bundle.files import list_bundles
from core.project import PROJECT, bundles_folder
from tests.browser.chromium import CHROMIUM, QUIET, free_port, serving


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The app as `make run` starts it, on a free port."""
    for bundle in list_bundles(bundles_folder()):  # as `make run` does; on a fresh machine it takes a while
        subprocess.run(
            [sys.executable, "-m", "core.models.engine.derive", bundle.folder], cwd=PROJECT, check=True
        )
    with serving(free_port()) as url:
        yield url


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium; it would be in the way of other files' event loops."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()
