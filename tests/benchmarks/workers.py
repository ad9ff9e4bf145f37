"""What the benchmark times, each in a process of its own: `python workers.py NAME BUNDLE FOLDER`.

Every worker prints one line of JSON: seconds since its interpreter started, milliseconds, megabytes.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
REPEATS = 15


def since_start() -> float:
    """Seconds since this process was started, the interpreter's own start included."""
    with open("/proc/self/stat", encoding="ascii") as stat, open("/proc/uptime", encoding="ascii") as uptime:
        ticks = int(stat.read().rpartition(")")[2].split()[19])
        return float(uptime.read().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")


def resident_mb() -> float:
    """Resident memory of this process."""
    with open("/proc/self/status", encoding="ascii") as status:
        kilobytes = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    return kilobytes / 1000


def median_ms(call: Callable[[], Any], repeats: int = REPEATS) -> float:
    """Median wall time of a call, after one that does not count."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def ours(bundle: Path) -> dict[str, float]:
    """The app's way: start, first analysis, warm analyses, bare forward passes, memory."""
    import plotly.graph_objects
    import streamlit.web.bootstrap  # noqa: F401  (what the server imports counts)

    from core.analysis import analyse, load_models
    from core.backbones import BACKBONES, scale_pixels
    from core.findings import findings_input
    from core.preprocessing import network_input
    from core.radiograph import read_radiograph

    models = load_models(bundle)
    radiograph = read_radiograph((bundle / "reference.png").read_bytes(), "reference.png")
    analyse(radiograph, models)
    first = since_start()

    grey = network_input(radiograph.pixels, models.manifest.preprocessing)[None]
    image = findings_input(radiograph.pixels, models.manifest.findings.preprocessing)
    calls = [(models.networks.backbones[b.key], scale_pixels(grey, b.scale)) for b in BACKBONES]
    calls.append((models.networks.findings, image))
    bare = median_ms(lambda: [network(batch) for network, batch in calls])
    full = median_ms(lambda: analyse(radiograph, models))
    return {"first_s": first, "full_ms": full, "bare_ms": bare, "resident_mb": resident_mb()}


def prepare(bundle: Path, folder: Path) -> dict[str, float]:
    """Saves the bundle's networks as Keras and torch themselves would, for the plain way to load."""
    import torch

    from core.backbones import BACKBONE_BY_KEY
    from core.bundle import read_manifest
    from core.networks import build_network, load_weights, read_tensors
    from core.xrv import load_findings_network

    manifest = read_manifest(bundle)
    for key, entry in manifest.backbones.items():
        network = build_network(BACKBONE_BY_KEY[key], manifest.preprocessing.size_px, manifest.pooling)
        load_weights(network, bundle / entry.file)
        network.save(folder / f"{key}.keras")
    findings = load_findings_network(read_tensors(bundle / manifest.findings.file))
    torch.save(findings.state_dict(), folder / "findings.pt")
    return {}


def plain(bundle: Path, folder: Path) -> dict[str, float]:
    """The plain way: `model.predict`, tf-keras-vis with ready explainers, torchxrayvision in torch."""
    import keras
    import numpy as np
    import torch
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear

    from core.backbones import BACKBONES, scale_pixels
    from core.bundle import read_manifest
    from core.findings import findings_input
    from core.preprocessing import network_input
    from core.xrv import build_findings_network

    networks = {b.key: keras.saving.load_model(folder / f"{b.key}.keras") for b in BACKBONES}
    findings = build_findings_network()
    findings.load_state_dict(torch.load(folder / "findings.pt", weights_only=True))
    findings.eval()
    loaded = since_start()

    from PIL import Image

    manifest = read_manifest(bundle)
    pixels = np.asarray(Image.open(bundle / "reference.png").convert("L"), np.float32) / 255
    classifiers = {b: keras.Model(networks[b.key].input, networks[b.key].outputs[1]) for b in BACKBONES}
    explainers = {b: Gradcam(classifiers[b], model_modifier=ReplaceToLinear(), clone=True) for b in BACKBONES}

    def analysis() -> None:
        grey = network_input(pixels, manifest.preprocessing)[None]
        for backbone in BACKBONES:
            image = scale_pixels(grey, backbone.scale)
            classifiers[backbone].predict(image, verbose=0)
            explainers[backbone](
                lambda output: output[:, 0],
                image,
                penultimate_layer=backbone.feature_layer,
                seek_penultimate_conv_layer=False,
            )
        with torch.no_grad():
            findings(torch.from_numpy(findings_input(pixels, manifest.findings.preprocessing))).numpy()

    return {"loaded_s": loaded, "full_ms": median_ms(analysis, repeats=5), "resident_mb": resident_mb()}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    worker, bundle_folder, *rest = sys.argv[1:]
    result = {"ours": ours, "prepare": prepare, "plain": plain}[worker](Path(bundle_folder), *map(Path, rest))
    print(json.dumps(result))
