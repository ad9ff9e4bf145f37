"""Plays the pointing game with a finished bundle, and writes what came of it into its trials and cards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.analysis.load import load_models
from core.errors import BundleError
from core.evaluation.trials import PointingGame, read_trials, write_trials
from core.models.bundle.files import bundle_path, file_sha256, read_manifest, verify_files, write_manifest
from train.cards.write import add_cards
from train.data.records import Record
from train.tools.progress import Tally
from train.trials.pointing import play, read_boxes


def add_pointing(
    folder: Path, records: Sequence[Record], data: Path, boxes: Path, progress: Tally | None = None
) -> tuple[PointingGame, ...]:
    """Measures how often a findings map points into radiologists' boxes; writes trials, manifest and cards.

    Args:
        folder: The bundle's.
        records: A data set that holds radiographs with boxes.
        data: Its folder.
        boxes: The table of boxes, as `read_boxes` takes it.
        progress: Called with (done, total) radiographs.

    Raises:
        DataError: If the table or a radiograph cannot be read, or none has a box.
        BundleError: If the bundle is damaged, or has no file of trials.
        EngineError: If its network fails.
    """
    manifest = read_manifest(folder)
    verify_files(folder, manifest)
    trials = read_trials(folder, manifest)
    if trials is None or manifest.trials is None:
        raise BundleError(f"The bundle '{manifest.name}' has no file of trials; build it anew.")
    rows = play(read_boxes(boxes), records, data, load_models(folder), progress)
    path = bundle_path(folder, manifest.trials)
    write_trials(path, trials.model_copy(update={"pointing": rows}))
    recorded = manifest.trials.model_copy(update={"sha256": file_sha256(path)})
    write_manifest(folder, add_cards(folder, manifest.model_copy(update={"trials": recorded})))
    return rows
