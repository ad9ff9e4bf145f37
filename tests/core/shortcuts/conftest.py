"""A small lab: few patients, small pictures."""

from __future__ import annotations

import pytest

from core.shortcuts.lab import Lab


@pytest.fixture(scope="session")
def small_lab() -> Lab:
    return Lab(lambda work: work(), 48, 96)
