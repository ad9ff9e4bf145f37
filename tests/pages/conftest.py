"""What all tests of pages need."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True)
def _main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest leaves the page as `__main__`, which processes that later tests spawn would run again."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
