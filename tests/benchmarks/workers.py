"""What the benchmark times, each in a process of its own: `python workers.py NAME BUNDLE FOLDER`.

Every worker prints one line of JSON: seconds since its interpreter started, milliseconds, megabytes.
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from core.models.backbones import Backbone
    from train.data.images import Images

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
REPEATS = 15
IMAGES, EPOCHS, SAMPLE = 850, 50, 60  # of the heads; SAMPLE images are timed where IMAGES would take hours


def since_start() -> float:
    """Seconds since this process was started, the interpreter's own start included."""
    ticks = int(Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19])
    uptime = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    return uptime - ticks / os.sysconf("SC_CLK_TCK")


def resident_mb() -> float:
    """Resident memory of this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1000


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
    for module in ("streamlit.web.bootstrap", "plotly.graph_objects"):  # what the server imports counts
        importlib.import_module(module)

    from core.analysis.run import analyse, look
    from core.models.backbones import BACKBONES, scale_pixels
    from core.models.findings import findings_input
    from core.preprocessing import network_input
    from core.reading.radiograph import read_radiograph
    from core.service import File, Service

    data = (bundle / "reference.png").read_bytes()
    service = Service()
    loaded = service.load(bundle)
    service.read(File(data, "reference.png"), loaded, lambda text: None)
    first = since_start()
    models, radiograph = loaded.models, read_radiograph(data, "reference.png")

    grey = network_input(radiograph.pixels, models.manifest.preprocessing)[None]
    image = findings_input(radiograph.pixels, models.manifest.findings.preprocessing)
    calls = [(models.networks.backbones[b.key], scale_pixels(grey, b.scale)) for b in BACKBONES]
    calls.append((models.networks.findings, image))
    bare = median_ms(lambda: [network(batch) for network, batch in calls])
    full = median_ms(lambda: analyse(radiograph, models, verdict=look(radiograph, models)))
    gate = median_ms(lambda: look(radiograph, models))
    return {
        "first_s": first,
        "full_ms": full,
        "bare_ms": bare,
        "gate_ms": gate,
        "rounded": float(set(models.networks.precisions.values()) != {"f32"}),
        "resident_mb": resident_mb(),
    }


def prepare(bundle: Path, folder: Path) -> dict[str, float]:
    """Saves the bundle's networks as Keras and torch themselves would, for the plain way to load."""
    import torch

    from core.models.backbones import BACKBONE_BY_KEY
    from core.models.bundle.files import read_manifest
    from core.models.engine.keras import build_network, load_weights, read_tensors
    from core.models.engine.torchxrayvision import load_findings_network

    manifest = read_manifest(bundle)
    for key, entry in manifest.backbones.items():
        network = build_network(BACKBONE_BY_KEY[key], manifest.preprocessing.size_px, manifest.pooling)
        load_weights(network, *(bundle / file.file for file in entry.parts))
        network.save(folder / f"{key}.keras")
    findings = load_findings_network(read_tensors(bundle / manifest.findings.file))
    torch.save(findings.state_dict(), folder / "findings.pt")
    return {}


def plain(bundle: Path, folder: Path) -> dict[str, float]:
    """The plain way: `model.predict`, tf-keras-vis with ready explainers, torchxrayvision in torch."""
    import keras
    import torch
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear

    from core.models.backbones import BACKBONES, scale_pixels
    from core.models.bundle.files import read_manifest
    from core.models.engine.torchxrayvision import build_findings_network
    from core.models.findings import findings_input
    from core.preprocessing import network_input

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


def heads(bundle: Path) -> dict[str, float]:
    """Training all heads on 850 images for 50 epochs: on cached features, and through the base.

    What goes through a base is timed on a sample of the images and scaled up; the heads are trained whole.
    """
    from core.models.backbones import BACKBONES
    from core.models.bundle.files import read_manifest

    size_px = read_manifest(bundle).preprocessing.size_px
    times = [(_cached_s(backbone, size_px), _through_base_s(backbone, size_px)) for backbone in BACKBONES]
    return {
        "cached_s": sum(cached for cached, _ in times),
        "through_base_s": sum(plain for _, plain in times),
    }


def _squares(size_px: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (SAMPLE, size_px, size_px), dtype=np.uint8)


def _images(size_px: int) -> Images:
    from core.preprocessing import Preprocessing
    from train.data.images import Images, whole_picture
    from train.data.records import Record

    recipe = Preprocessing(size_px=size_px)
    squares = _squares(whole_picture(recipe).size_px)
    records = [Record(f"{row}.png", "normal", "train", "clinic", f"g{row}") for row in range(SAMPLE)]
    return Images(squares, records, recipe)


def _cached_s(backbone: Backbone, size_px: int) -> float:
    from train.config import TransferConfig
    from train.fitting.features import Extractor, PretrainedBase, build_extractor, compute_features
    from train.fitting.transfer import train_head
    from train.networks.learning import build_trainable_base, fast_precision

    with fast_precision():
        network = build_extractor(build_trainable_base(backbone, size_px), "average")
    extractor, settings = Extractor(PretrainedBase(backbone, None), network), TransferConfig(copies=0)
    images = _images(size_px)
    compute_features(extractor, images.take(range(32)), settings)
    start = time.perf_counter()
    features = compute_features(extractor, images, settings)
    forward = (time.perf_counter() - start) * IMAGES / SAMPLE
    features = np.resize(features[0], (IMAGES, features.shape[-1]))
    labels = np.arange(IMAGES) % 2
    settings = replace(settings, epochs=EPOCHS, patience=EPOCHS)
    start = time.perf_counter()
    train_head((features[None], labels, np.ones(IMAGES, np.float32)), (features[:10], labels[:10]), settings)
    return forward + time.perf_counter() - start


def _through_base_s(backbone: Backbone, size_px: int) -> float:
    import keras

    from core.models.backbones import scale_pixels
    from core.models.engine.keras import build_base, build_network
    from train.config import TransferConfig

    base = build_base(backbone, size_px)
    base.trainable = False
    outputs = build_network(backbone, size_px, "average", base).outputs[1]
    network = keras.Model(base.input, outputs)
    settings = TransferConfig()
    network.compile(keras.optimizers.Adam(settings.learning_rate), "binary_crossentropy")
    images = scale_pixels(_squares(size_px).astype(np.float32) / 255, backbone.scale)
    labels = np.arange(SAMPLE) % 2
    network.fit(images, labels, batch_size=settings.batch, verbose=0)
    start = time.perf_counter()
    network.fit(images, labels, batch_size=settings.batch, verbose=0)
    return (time.perf_counter() - start) * EPOCHS * IMAGES / SAMPLE


def compare(bundle: Path) -> dict[str, float]:
    """The comparison of 9 models on 2,000 images, each a patient: at first, and when a slider moves."""
    from core.evaluation.measures import decisions, draw, rankings

    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 2000)
    scores = np.clip(random.normal(0.4 + 0.2 * labels[:, None], 0.2, (2000, 9)), 0, 1)
    draws = draw(np.arange(2000))
    return {
        "first_look_ms": median_ms(lambda: rankings(labels, scores, draws)),
        "slider_ms": median_ms(lambda: decisions(labels, scores >= 0.5, draws)),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    worker, bundle_folder, *rest = sys.argv[1:]
    result = {"ours": ours, "prepare": prepare, "plain": plain, "heads": heads, "compare": compare}[worker](
        Path(bundle_folder), *map(Path, rest)
    )
    print(json.dumps(result))
