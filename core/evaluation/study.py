"""What the original study published (Solis Calero 2021), and what is wrong with it: `study.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.evaluation.comparison import OTHERS
from core.models.backbones import BACKBONE_BY_KEY


@dataclass(frozen=True)
class StudyResult:
    """A row of the study's results.

    Attributes:
        key: Of a backbone, or of `OTHERS`.
        model: As we call it.
        figures: By the keys of `MEASURES`; only what was published, or follows from its table.
        flaw: What a reader has to know.
    """

    key: str
    model: str
    figures: dict[str, float]
    flaw: str


STUDY: dict[str, Any] = tomllib.loads(Path(__file__).with_name("study.toml").read_text(encoding="utf-8"))


def _backbone(key: str, row: dict[str, Any]) -> StudyResult:
    table = STUDY["backbones"]
    found, covid = row["found"], table["covid"]
    figures = {"accuracy": row["accuracy"], "sensitivity": found / covid}
    return StudyResult(
        key, BACKBONE_BY_KEY[key].name, figures, table["flaw"].format(found=found, covid=covid)
    )


def _svm(key: str, row: dict[str, Any]) -> StudyResult:
    figures = {measure: value for measure, value in row.items() if measure != "flaw"}
    return StudyResult(key, OTHERS[key], figures, f"{STUDY['svms']['flaw']} {row.get('flaw', '')}".strip())


SINGLE = tuple(
    _backbone(key, STUDY["backbones"][key]) for key in BACKBONE_BY_KEY if key in STUDY["backbones"]
)
SVMS = tuple(_svm(key, row) for key, row in STUDY["svms"].items() if key in OTHERS)
SLIPS = tuple(f"**{title}** {text}" for title, text in STUDY["slips"].items())
