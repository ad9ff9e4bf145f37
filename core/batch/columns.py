"""The columns of a table of many files: they follow the bundle, and what each holds is said once, here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from core.models.bundle.manifest import BundleManifest
from core.models.third_answer import rate_key
from core.vocabulary import ENSEMBLE

CellKind = Literal["text", "number", "whole", "flag"]
Value = str | float | int | bool | None
BatchRow = dict[str, Value]
Status = Literal["answered", "refused", "unreadable", "failed"]


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: Of a family of columns with MODEL, BACKBONE, RATE, FINDING or SCORE for what differs.
        kind: What its cells hold, where they are not empty.
        meaning: In a clause.
    """

    name: str
    kind: CellKind
    meaning: str


COLUMNS: tuple[Column, ...] = (
    Column("file", "text", "path of the file as it was given; in a ZIP, the archive's before its own"),
    Column("sha256", "text", "of the file's bytes; empty where they could not be read"),
    Column("status", "text", "answered, refused (by the gate), unreadable, or failed (another try may help)"),
    Column("error", "text", "why there is no answer, where the file is unreadable or failed"),
    Column("gate_refused", "flag", "whether the gate takes it for something that cannot be asked about"),
    Column("gate", "text", "what the gate says, in words"),
    Column("gate_kind", "text", "what the picture seems to be"),
    Column("gate_kind_share", "number", "how sure that is, in [0, 1]"),
    Column("gate_frontal", "number", "share of a frontal chest radiograph, in [0, 1]"),
    Column("gate_quarters", "whole", "quarter turns counter-clockwise by which it seems turned"),
    Column("gate_inverted", "number", "share of inverted greys, in [0, 1]"),
    Column("gate_mirrored", "number", "share of left and right exchanged, in [0, 1]"),
    Column("gate_distance", "number", "distance from the chests that the gate knows; refused from 1 on"),
    Column("gate_hints", "text", "codes of what the gate says and refuses nothing for"),
    Column("ensemble_probability", "number", "the ensemble's calibrated P(COVID-19) against normal"),
    Column("ensemble_threshold", "number", "its threshold"),
    Column("ensemble_positive", "flag", "whether it reads the radiograph as COVID-19"),
    Column("ensemble_decision_value", "number", "the SVM's decision value"),
    Column("votes", "whole", "how many backbones read it as COVID-19"),
    Column("spread", "number", "largest minus smallest probability of the backbones"),
    Column("MODEL_says_at_RATE", "text", "covid, normal, or both or neither: cannot tell; RATE in per cent"),
    Column("BACKBONE_probability", "number", "the backbone's P(COVID-19) against normal"),
    Column("BACKBONE_threshold", "number", "its threshold"),
    Column("BACKBONE_positive", "flag", "whether it reads the radiograph as COVID-19"),
    Column("BACKBONE_heat_in_lungs", "number", "share of its heat that lies inside the lungs"),
    Column("finding:FINDING", "number", "the finding's score: 0.5 is its threshold, not a probability"),
    Column("finding_logit:FINDING", "number", "the findings network's raw output"),
    Column("SCORE", "number", "extent (0 to 8) and opacity (0 to 6); empty where lungs are not known"),
    Column("SCORE_error", "number", "the error to expect of that"),
    Column("warnings", "text", "codes of what is to be known of the file and the picture"),
    Column("findings_source", "text", "official (torchxrayvision's weights) or stand-in"),
    Column("precision", "text", "of inference"),
    Column("seconds", "number", "from the file's bytes to its row, while others were in work, too"),
    Column("bundle", "text", "the bundle's name"),
    Column("bundle_version", "text", "SHA-256 of its manifest, which vouches for all its files"),
    Column("schema", "text", "of this table"),
    Column("disclaimer", "text", "what it is for"),
)  # fmt: skip


def columns(manifest: BundleManifest) -> tuple[Column, ...]:
    """The columns of a bundle's table, every family written out."""
    says = {
        f"{model}_says_at_{rate_key(each.error_rate)}": None
        for model in (ENSEMBLE, *manifest.backbones)
        for each in manifest.third_answers.get(model, [])
    }
    families: Mapping[str, tuple[str, ...]] = {
        "BACKBONE": tuple(manifest.backbones),
        "FINDING": manifest.findings.names,
        "SCORE": tuple(sorted(manifest.severity)),
    }
    return tuple(
        Column(name, column.kind, column.meaning)
        for column in COLUMNS
        for name in (says if column.name.startswith("MODEL") else _written_out(column.name, families))
    )


def _written_out(name: str, families: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for family, members in families.items():
        if family in name:
            yield from (name.replace(family, member) for member in members)
            return
    yield name
