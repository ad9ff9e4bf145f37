"""What makes a row of a file: its bytes in, one flat record out, whatever is wrong with it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from core.analysis.arithmetic import choose_arithmetic
from core.analysis.load import Models, load_models
from core.analysis.run import analyse, look
from core.batch.columns import Column, Row, Status, Value, columns
from core.errors import DecoderError, RadiographError, ThoraxLensError
from core.export.json_csv import Cell, answer_cells, gate_cells, warning_codes
from core.models.bundle.files import file_sha256, manifest_sha256, read_manifest
from core.models.gate_files import MANIFEST_FILE, read_gate
from core.models.official import official_file
from core.progress import Progress
from core.project import gate_folder
from core.reading.decoder_pool import DecoderPool
from core.reading.radiograph import Radiograph

Choice = Literal["f32", "verified"]  # float32, or the fastest that the bundle verified


@dataclass(frozen=True)
class Settings:
    """All that an answer depends on beside the file.

    Attributes:
        bundle: Its name.
        bundle_version: SHA-256 of its manifest.
        gate_version: SHA-256 of the gate's.
        official: SHA-256 of torchxrayvision's official weights; empty where they are not installed.
        ask_all: Whether the networks are asked although the gate refuses.
        precision: "f32", or the networks that run in a faster one, which the bundle verified.
    """

    bundle: str
    bundle_version: str
    gate_version: str
    official: str
    ask_all: bool
    precision: str = "f32"

    @property
    def choice(self) -> Choice:
        """Whether float32 was asked for."""
        return "f32" if self.precision == "f32" else "verified"


def identify(folder: Path, *, ask_all: bool, precision: Choice = "f32") -> Settings:
    """The settings of a batch with a bundle as it lies on this machine, without loading it.

    Raises:
        BundleError: If it or the gate has no readable manifest.
    """
    gate = gate_folder()
    read_gate(gate)
    official = official_file()
    return Settings(
        bundle=folder.name,
        bundle_version=manifest_sha256(folder),
        gate_version=file_sha256(gate / MANIFEST_FILE),
        official=file_sha256(official) if official else "",
        ask_all=ask_all,
        precision=_resolve(folder) if precision == "verified" else precision,
    )


def _resolve(folder: Path) -> str:
    chosen = choose_arithmetic(read_manifest(folder).precisions).precisions
    return ", ".join(f"{key} {precision}" for key, precision in chosen.items()) or "f32"


class Analyst:
    """Models and decoders, ready to make a row of any file; threads may share it.

    Args:
        models: Loaded side by side, where several threads are to share it.
        decoders: As many workers as there are threads.
        ask_all: Whether the networks are asked although the gate refuses.
    """

    def __init__(self, models: Models, decoders: DecoderPool, *, ask_all: bool) -> None:
        self._models, self._decoders, self._ask_all = models, decoders, ask_all
        self._columns = {each.name: each for each in columns(models.manifest)}

    def row(self, name: str, data: bytes) -> Row:
        """One file's row; what every row of a table shares, and its path, are added when that is written.

        Args:
            name: The file's, without its folders.
            data: All of it.
        """
        start = time.perf_counter()
        try:
            found = self._ask(self._read(name, data))
        except ThoraxLensError as error:
            found = problem_row(error)
        return {**found, "seconds": round(time.perf_counter() - start, 4)}

    def close(self) -> None:
        """Ends the decoders."""
        self._decoders.close()

    def _read(self, name: str, data: bytes) -> Radiograph:
        radiograph = self._decoders.read(data, name)
        if radiograph.frames > 1:
            raise RadiographError(
                f"The file holds {radiograph.frames} pictures; save those to be read as files of their own."
            )
        return radiograph

    def _ask(self, radiograph: Radiograph) -> Row:
        verdict = look(radiograph, self._models)
        status: Status = "refused" if verdict.refused else "answered"
        cells = gate_cells(verdict, radiograph.warnings) | {"warnings": warning_codes(radiograph.warnings)}
        if self._ask_all or not verdict.refused:
            analysis = analyse(radiograph, self._models, verdict=verdict)
            origin = asdict(analysis.provenance)
            cells |= answer_cells(analysis) | {"warnings": warning_codes(analysis.warnings)}
            cells |= {name: origin[name] for name in ("findings_source", "precision")}
        return {"status": status, **_typed(cells, self._columns)}


def open_analyst(folder: Path, settings: Settings, threads: int, progress: Progress | None = None) -> Analyst:
    """Loads a bundle for as many threads as will call at once.

    Raises:
        BundleError: If the bundle or the gate is damaged.
        EngineError: If the networks cannot be prepared.
    """
    models = load_models(folder, progress, exact=settings.precision == "f32", side_by_side=True)
    return Analyst(models, DecoderPool(threads), ask_all=settings.ask_all)


def problem_row(error: ThoraxLensError) -> Row:
    """The row of a file without an answer: `failed` where another try may go better."""
    lasting = isinstance(error, RadiographError) and not isinstance(error, DecoderError)
    status: Status = "unreadable" if lasting else "failed"
    return {"status": status, "error": str(error)}


def _typed(cells: Mapping[str, Cell], known: Mapping[str, Column]) -> Row:
    """Cells as their columns have them: flags as such, and nothing where a cell is empty."""
    return {name: _value(cell, known[name]) for name, cell in cells.items()}


def _value(cell: Cell, column: Column) -> Value:
    if cell == "" and column.kind != "text":
        return None
    return bool(cell) if column.kind == "flag" else cell
