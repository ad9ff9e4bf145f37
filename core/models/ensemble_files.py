"""The SVMs of a bundle as files: skops, never a pickle, read as plain numbers."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import BundleError
from core.models.bundle.files import REMEDY, bundle_path
from core.models.bundle.manifest import BundleManifest
from core.models.skops_reader import read_skops

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline
from core.models.ensemble import FEATURES, Ensemble, PlattSigmoid, input_names, smaller_inputs

# A file may name these types and no others; skops by itself would allow all of scikit-learn.
TRUSTED_TYPES = frozenset(
    {
        "builtins.dict",
        "builtins.list",
        "builtins.str",
        "builtins.tuple",
        "numpy.float64",
        "numpy.ndarray",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.svm._classes.SVC",
    }
)

# What a damaged archive makes zipfile, json, numpy and skops raise between them.
_DAMAGE = (
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


def save(
    path: Path, classifier: Pipeline, calibration: PlattSigmoid, inputs: Sequence[str] = FEATURES
) -> None:
    """Writes the pipeline, its sigmoid and the names of its inputs to one skops file."""
    from skops.io import dumps

    content = {
        "classifier": classifier,
        "calibration": {"slope": calibration.slope, "intercept": calibration.intercept},
        "features": list(inputs),
    }
    path.write_bytes(dumps(content))


def load(path: Path, threshold: float, inputs: Sequence[str] = FEATURES) -> Ensemble:
    """Reads a file that `save` wrote.

    Args:
        path: A skops file of the bundle.
        threshold: Operating point on the probability, from the bundle's manifest.
        inputs: What it must have been fitted to.

    Raises:
        BundleError: If it is missing, damaged, names other types than `TRUSTED_TYPES`, or holds
            something else than a scaled linear SVM over these inputs.
    """
    try:
        data = path.read_bytes()
        foreign = sorted(set(_types(_schema(data))) - TRUSTED_TYPES)
        if foreign:
            raise BundleError(f"The ensemble in {path.name} names {foreign[0]}, an untrusted type; {REMEDY}.")
        content = read_skops(data)
        ensemble = _from_state(content, threshold)
    except _DAMAGE:
        raise BundleError(f"The ensemble in {path.name} is missing or damaged; {REMEDY}.") from None
    _check(path.name, tuple(inputs), ensemble)
    return ensemble


def load_bundled(folder: Path, manifest: BundleManifest) -> Ensemble:
    """A bundle's SVM over all that its networks say.

    Raises:
        BundleError: As for `load`.
    """
    entry = manifest.ensemble
    return load(
        bundle_path(folder, entry), entry.threshold, input_names(manifest.backbones, manifest.findings.names)
    )


def load_smaller_svms(folder: Path, manifest: BundleManifest) -> dict[str, Ensemble]:
    """The study's two smaller SVMs, by key, as far as a bundle holds them.

    Raises:
        BundleError: As for `load`.
    """
    known = smaller_inputs(manifest.backbones, manifest.findings.names)
    return {
        key: load(bundle_path(folder, entry), entry.threshold, known[key])
        for key, entry in manifest.smaller_svms.items()
    }


def _from_state(content: dict[str, Any], threshold: float) -> Ensemble:
    """What `assemble` does, from the state of the pipeline's two steps."""
    (_, scaler), (_, svm) = content["classifier"]["steps"]
    if svm["kernel"] != "linear":
        raise ValueError(f"a boundary of kind {svm['kernel']}")
    return Ensemble(
        inputs=tuple(content["features"]),
        mean=np.asarray(scaler["mean_"], dtype=np.float64),
        scale=np.asarray(scaler["scale_"], dtype=np.float64),
        weights=np.asarray(svm["dual_coef_"] @ svm["support_vectors_"], dtype=np.float64).reshape(-1),
        intercept=float(svm["intercept_"][0]),
        calibration=PlattSigmoid(**content["calibration"]),
        threshold=threshold,
    )


def _check(file: str, inputs: tuple[str, ...], ensemble: Ensemble) -> None:
    arrays = (ensemble.mean, ensemble.scale, ensemble.weights)
    if ensemble.inputs != inputs or any(array.size != len(inputs) for array in arrays):
        raise BundleError(
            f"The ensemble in {file} was not fitted to the {len(inputs)} inputs that this ThoraxLens "
            f"computes; {REMEDY}."
        )
    sigmoid_numbers = (ensemble.calibration.slope, ensemble.calibration.intercept)
    numbers = np.concatenate([*arrays, sigmoid_numbers, [ensemble.intercept]])
    if not np.isfinite(numbers).all() or not (ensemble.scale > 0).all() or ensemble.calibration.slope < 0:
        raise BundleError(f"The ensemble in {file} holds numbers that no fit can give; {REMEDY}.")


def _schema(data: bytes) -> Any:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return json.loads(archive.read("schema.json"))


def _types(node: Any) -> Iterator[str]:
    """Every type that a skops schema names, whether or not skops would get to construct it."""
    if isinstance(node, dict):
        if "__class__" in node:
            yield f"{node.get('__module__')}.{node['__class__']}"
        for value in node.values():
            yield from _types(value)
    elif isinstance(node, list):
        for value in node:
            yield from _types(value)
