"""What makes a row of a file: its bytes in, one flat record out, whatever is wrong with it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.analysis.arithmetic import choose_arithmetic
from core.analysis.load import Models, load_models
from core.analysis.run import analyse, look
from core.batch.columns import BatchRow, columns
from core.batch.rows import answer_row, problem_row
from core.errors import RadiographError, ThoraxLensError
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

    def row(self, name: str, data: bytes) -> BatchRow:
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

    def _ask(self, radiograph: Radiograph) -> BatchRow:
        verdict = look(radiograph, self._models)
        asked = self._ask_all or not verdict.refused
        analysis = analyse(radiograph, self._models, verdict=verdict) if asked else None
        return answer_row(verdict, radiograph.warnings, analysis, self._columns)


def open_analyst(folder: Path, settings: Settings, threads: int, progress: Progress | None = None) -> Analyst:
    """Loads a bundle for as many threads as will call at once.

    Raises:
        BundleError: If the bundle or the gate is damaged.
        EngineError: If the networks cannot be prepared.
    """
    models = load_models(folder, progress, exact=settings.precision == "f32", side_by_side=True)
    return Analyst(models, DecoderPool(threads), ask_all=settings.ask_all)
