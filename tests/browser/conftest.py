"""A server and a browser for each file of tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.models.bundle.files import list_bundles
from core.project import PROJECT, bundles_folder
from tests.browser.chromium import CHROMIUM, QUIET, free_port, serving

MARKS = (
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="needs Chromium: install it, or name it in THORAXLENS_CHROMIUM"
    ),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests beside this file need a browser."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            for mark in MARKS:
                item.add_marker(mark)


@pytest.fixture(scope="session")
def prepared() -> None:
    """All that is derived from bundles lies there."""
    for bundle in list_bundles(bundles_folder()):  # as `make run` does; on a fresh machine it takes a while
        subprocess.run(
            [sys.executable, "-m", "core.models.engine.derive", bundle.folder], cwd=PROJECT, check=True
        )


@pytest.fixture(scope="module")
def address(prepared: None) -> Iterator[str]:
    """The app as `make run` starts it, on a free port; what it has in memory is of one file alone."""
    with serving(free_port()) as url:
        yield url


@pytest.fixture(scope="module")
def browser(prepared: None):
    """Headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()
