"""What all tests of pages need."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True)
def _main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest leaves the page as `__main__`, which processes that later tests spawn would run again."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(autouse=True)
def _models_are_loaded_once(models_loaded_once: None) -> None:
    """Tests forget all that an app knows many times."""
