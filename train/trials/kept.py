"""Measured rows of left-out sources, kept in a run's folder."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter

from core.errors import DataError
from core.evaluation.trials import LeftOutSources
from core.models.backbones import BACKBONE_BY_KEY
from core.whole_file import replacing

LEFT_OUT = "left_out"  # folder of a run where measured rows and retrained bases are kept

ROWS = TypeAdapter(tuple[LeftOutSources, ...])


def keep_left_out(file: Path, rows: tuple[LeftOutSources, ...]) -> None:
    """Keeps measured rows in a file that is whole or not there."""
    with replacing(file) as partial:
        partial.write_bytes(ROWS.dump_json(rows, indent=1))


def read_left_out(run: Path) -> tuple[LeftOutSources, ...]:
    """All rows that a run's folder holds: by base, strict ones first, in the order of the backbones.

    Raises:
        DataError: If a file is damaged.
    """
    rows: list[LeftOutSources] = []
    for file in sorted((run / LEFT_OUT).glob("*.json")):
        try:
            rows += ROWS.validate_json(file.read_bytes())
        except ValueError:
            raise DataError(f"{file} is damaged; delete it, and run `python -m train loso` again.") from None
    order = list(BACKBONE_BY_KEY)
    return tuple(sorted(rows, key=lambda row: (row.base, not row.strict, order.index(row.model))))
