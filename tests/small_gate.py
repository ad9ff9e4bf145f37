"""A gate that no network has learnt for: its files are whole, and its weights whatever a test wants."""

import hashlib
from pathlib import Path

from core.gate.verdict import GateLimits
from core.models.gate_files import MANIFEST_FILE, OUTPUT_NAMES, WEIGHTS_FILE, GateManifest, GateRow


def write_small_gate(folder: Path, weights: bytes = b"whole") -> GateManifest:
    """Writes a gate's folder."""
    folder.mkdir(parents=True)
    (folder / WEIGHTS_FILE).write_bytes(weights)
    manifest = GateManifest(
        file=WEIGHTS_FILE,
        sha256=hashlib.sha256(weights).hexdigest(),
        size_px=32,
        limits=GateLimits(
            not_frontal=0.5,
            turned=0.5,
            inverted=0.5,
            distance=2.0,
            mirrored=0.9,
            missing=0.9,
            feature_mean=[0.0],
            feature_precision=[[1.0]],
        ),
        rows=[
            GateRow(what="a radiograph of a knee", how="held out", wanted=True, images=40, refused=39),
            GateRow(what="radiographs from clinic", how="held out", wanted=False, images=50, refused=1),
        ],
        sources={"clinic": 50},
        licence="MIT",
        configuration={},
        outputs=OUTPUT_NAMES,
    )
    (folder / MANIFEST_FILE).write_text(manifest.model_dump_json(), encoding="utf-8")
    return manifest
