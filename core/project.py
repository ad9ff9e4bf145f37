"""The project's own folders, and those that the environment may name instead."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
SHIPPED = "third"  # the bundle in assets/bundles that comes with the project


def data_folder() -> Path | None:
    """The folder of real radiographs that `THORAXLENS_DATA` names; None where it names none."""
    chosen = os.environ.get("THORAXLENS_DATA")
    return Path(chosen).expanduser() if chosen else None


def bundles_folder() -> Path:
    """Where bundles lie: `THORAXLENS_BUNDLES`, or `assets/bundles` in the project."""
    chosen = os.environ.get("THORAXLENS_BUNDLES")
    return Path(chosen).expanduser() if chosen else PROJECT / "assets" / "bundles"


def lessons_folder() -> Path | None:
    """A folder of somebody's own lessons, which `THORAXLENS_LESSONS` names; None where it names none."""
    chosen = os.environ.get("THORAXLENS_LESSONS")
    return Path(chosen).expanduser() if chosen else None


def gate_folder() -> Path:
    """Where the gate lies: `THORAXLENS_GATE`, or `assets/gate` in the project."""
    chosen = os.environ.get("THORAXLENS_GATE")
    return Path(chosen).expanduser() if chosen else PROJECT / "assets" / "gate"


def default_cache() -> Path:
    """Where derived files are kept: `THORAXLENS_CACHE`, or `.cache/openvino` in the project."""
    chosen = os.environ.get("THORAXLENS_CACHE")
    return Path(chosen).expanduser() if chosen else PROJECT / ".cache" / "openvino"


def float32_only() -> bool:
    """Whether `THORAXLENS_PRECISION` asks for float32, although faster arithmetic was verified."""
    return os.environ.get("THORAXLENS_PRECISION", "").lower() in ("f32", "float32")
