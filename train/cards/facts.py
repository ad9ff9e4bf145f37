"""What both cards of a bundle are written from."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from core.display.markdown import plain
from core.errors import DataError
from core.evaluation.evidence import Evidence
from core.evaluation.predictions import Predictions
from core.evaluation.trials import Trials
from core.models.backbones import BACKBONE_BY_KEY
from core.models.bundle.manifest import BundleManifest
from core.vocabulary import SPLITS

TEXTS = Path(__file__).with_name("card_texts.toml")
TRIED = Path(__file__).with_name("tried.toml")
SPLIT_NAMES = {key: f"{each.name[0].lower()}{each.name[1:]}" for key, each in SPLITS.items()}


class Tried(BaseModel):
    """An idea, how it was measured, what came of it, and whether it was kept."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    idea: str
    measured: str
    figures: str
    kept: bool


@dataclass(frozen=True, eq=False)
class Facts:
    """All that the cards are written from.

    Attributes:
        manifest: Of the bundle.
        predictions: Its predictions.
        evidence: Measured on them.
        trials: Empty ones where it records none.
        tried: What people wrote down.
    """

    manifest: BundleManifest
    predictions: Predictions
    evidence: tuple[Evidence, ...]
    trials: Trials
    tried: tuple[Tried, ...]


def read_tried(path: Path) -> tuple[Tried, ...]:
    """Reads the table of what was tried.

    Raises:
        DataError: If it is missing, no TOML, or has other keys than `Tried`.
    """
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get("tried", [])
        return tuple(Tried.model_validate(row) for row in rows)
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise DataError(f"{path} cannot be read ({error}); its first lines say what it holds.") from error


@cache
def _texts() -> dict[str, str]:
    return tomllib.loads(TEXTS.read_text(encoding="utf-8"))


def text(key: str) -> str:
    """Sentences that no computation can write, by their key in `card_texts.toml`."""
    return _texts()[key].strip()


def model_name(model: str) -> str:
    """A backbone's name by its key, or the ensemble's."""
    return BACKBONE_BY_KEY[model].name if model in BACKBONE_BY_KEY else model.capitalize()


def bullets(*lines: str) -> str:
    """A list in Markdown; empty lines are left out."""
    return "\n".join(f"- {line}" for line in lines if line)


def recorded(value: object) -> str:
    """A value of the training record, as text."""
    return plain(str(value)) if value else "not recorded"
