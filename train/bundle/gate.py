"""From pictures to the gate that ships: trained, its limits set, measured, and vouched for."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.errors import DataError
from core.models.bundle.files import file_sha256
from core.models.gate_files import MANIFEST_FILE, OUTPUT_NAMES, WEIGHTS_FILE, GateManifest, GateRow
from core.vocabulary import PHANTOM
from train.config import GateConfig
from train.data.sources import weights_licence
from train.tools.files import write_json
from train.tools.progress import Reporter
from train.trials.gate import (
    GateData,
    GateTrial,
    TrainedGate,
    draw_trials,
    measure_hints,
    measure_kinds,
    measure_places,
    measure_ways,
    summed,
    train_trial,
)


def build_gate_folder(
    data: GateData, config: GateConfig, folder: Path, target: Path, reporter: Reporter
) -> GateManifest:
    """Trains the gate and all those that measure it, and writes it.

    Args:
        data: From `train.trials.gate.gather`.
        config: The knobs.
        folder: Where gates are kept; an interrupted run takes up at the last whole one.
        target: The gate's folder, replaced file by file.
        reporter: Told the steps of each training, and a sentence after it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = _settle(folder, config, data)
    final = train_trial(data, GateTrial(), config, folder, reporter)
    rows = measure_places(data, final, final=True) + measure_ways(data, final, final=True)
    rows += measure_hints(data, final)
    reporter.report(f"{final.trial.name}: {_wrong(rows)}")
    for trial in draw_trials(data):
        rows += _measure(data, train_trial(data, trial, config, folder, reporter))
        reporter.report(f"{trial.name}: {_wrong(rows)}")
    target.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / f"{final.trial.name}.safetensors", target / WEIGHTS_FILE)
    manifest = GateManifest(
        file=WEIGHTS_FILE,
        sha256=file_sha256(target / WEIGHTS_FILE),
        size_px=config.size_px,
        members=config.members,
        limits=final.limits,
        rows=summed(rows),
        sources=_sources(data),
        licence=weights_licence(_sources(data)),
        configuration=settings,
        outputs=OUTPUT_NAMES,
    )
    (target / MANIFEST_FILE).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return manifest


def _measure(data: GateData, gate: TrainedGate) -> list[GateRow]:
    rows = measure_kinds(data, gate)
    if gate.trial.place:
        rows += measure_places(data, gate) + measure_ways(data, gate)
    return rows


def _settle(folder: Path, config: GateConfig, data: GateData) -> dict[str, Any]:
    """Keeps what the weights depend on beside them, and refuses a folder with those of other settings.

    Raises:
        DataError: If the folder holds the work of other settings or other pictures.
    """
    pictures = [record.path for record in data.records] + [picture.path for picture in data.odd]
    digest = hashlib.sha256("|".join(pictures).encode())
    for rendered in (data.phantoms, data.laterals):
        digest.update(rendered.tobytes())
    settings = json.loads(json.dumps(asdict(config) | {"pictures": digest.hexdigest()}))
    file = folder / "config.json"
    if file.is_file() and json.loads(file.read_text(encoding="utf-8")) != settings:
        raise DataError(f"{folder} holds gates of other settings or pictures; choose another --run folder.")
    write_json(file, settings)
    return dict(settings)


def _wrong(rows: list[GateRow]) -> str:
    missed = sum(row.images - row.refused for row in rows if row.wanted and not row.hint)
    refused = sum(row.refused for row in rows if not row.wanted and not row.hint)
    return f"so far {missed} missed and {refused} refused wrongly"


def _sources(data: GateData) -> dict[str, int]:
    counts = Counter(record.source for record in data.records if record.split == "train")
    counts.update(picture.source for picture in data.odd)
    counts[PHANTOM] = len(data.phantoms) + len(data.laterals)
    return dict(counts)
