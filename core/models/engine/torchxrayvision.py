"""torchxrayvision, imported with care. Only training and derivation come here: it loads torch."""

from __future__ import annotations

import importlib
import pickle
import re
import tarfile
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError
from core.vocabulary import FINDINGS


def import_torchxrayvision() -> ModuleType:
    """Imports torchxrayvision without its side effects.

    It silences all warnings of the process, so its filters are dropped again; and torchvision, which it
    imports, fails beside PyTorch's CPU wheel unless two operators that its extension would have
    brought are declared first (they are never called).
    """
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _declare_torchvision_operators(torch)
        return importlib.import_module("torchxrayvision")


def _declare_torchvision_operators(torch: Any) -> None:
    try:
        importlib.import_module("torchvision")
    except RuntimeError:
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT.append(library)
        importlib.import_module("torchvision")


_KEPT: list[Any] = []  # a torch library's operators vanish with the object that declared them


def build_findings_network(findings: int = len(FINDINGS)) -> Any:
    """torchxrayvision's DenseNet121, untrained.

    Args:
        findings: How many it scores.

    Returns:
        A torch module: (n, 1, size, size) float32 in [-1024, 1024] -> (n, findings) raw outputs.
    """
    xrv = import_torchxrayvision()
    return xrv.models.DenseNet(num_classes=findings, in_channels=1, weights=None)


def load_findings_network(tensors: Mapping[str, NDArray[np.generic]]) -> Any:
    """The same network with weights, ready for inference.

    Args:
        tensors: By torch's state-dict names; counters of seen batches may be missing.

    Raises:
        WeightsError: If one is missing or has another shape.
    """
    import torch

    outputs = tensors.get("classifier.bias", np.empty(len(FINDINGS)))
    network = build_findings_network(min(len(outputs), len(FINDINGS)))
    state = network.state_dict()
    for name, value in state.items():
        if name.endswith("num_batches_tracked"):
            continue
        if name not in tensors or tuple(tensors[name].shape) != tuple(value.shape):
            raise WeightsError(
                f"The findings weights do not fit torchxrayvision's DenseNet121 at {name}; use other ones."
            )
        value.copy_(torch.from_numpy(np.array(tensors[name], dtype=np.float32)))
    return network.eval()


def read_official_weights(path: Path) -> dict[str, NDArray[np.generic]]:
    """Reads torchxrayvision's published file, a pickled module, without running what it pickles.

    Unpickling may only construct the classes that a DenseNet is made of; whatever else the file asks
    for is refused and not called. Files in today's format go through `weights_only=True`; the one from
    before PyTorch 1.6, which that reader does not know for modules, through the same list of names.

    Raises:
        WeightsError: If the file is damaged or asks for anything else.
    """
    import torch

    allowed = _allowed_classes(torch, import_torchxrayvision().models)
    modern = zipfile.is_zipfile(path)
    how = {"weights_only": True} if modern else {"weights_only": False, "pickle_module": _reader(allowed)}
    with torch.serialization.safe_globals(list(allowed.values())), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of source code that changed since the file was written
        try:
            if tarfile.is_tarfile(path):
                raise pickle.UnpicklingError("a tar archive")
            module = torch.load(path, map_location="cpu", **how)
        except _UNREADABLE as error:
            raise WeightsError(
                f"{path.name} cannot be loaded safely ({_reason(error)}); delete it."
            ) from error
    return {name: value.detach().numpy() for name, value in _tensors(module)}


# What a damaged or foreign file makes torch, zipfile and pickle raise between them.
_UNREADABLE = (
    AttributeError, EOFError, LookupError, OSError, RuntimeError, TypeError, ValueError,
    pickle.UnpicklingError,
)  # fmt: skip


def _allowed_classes(torch: Any, models: ModuleType) -> dict[str, Any]:
    """Everything that torchxrayvision's pickled DenseNet may construct, by full name."""
    layers = ("Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d", "AvgPool2d", "Linear", "Sequential")
    blocks = ("DenseNet", "_DenseLayer", "_DenseBlock", "_Transition")
    classes = [getattr(torch.nn, name) for name in layers] + [getattr(models, name) for name in blocks]
    return {f"{each.__module__}.{each.__qualname__}": each for each in (*classes, set)}


def _reader(allowed: Mapping[str, Any]) -> ModuleType:
    """A stand-in for the pickle module that finds no names but those of a DenseNet and its tensors."""
    import torch

    known = {
        **allowed,
        "__builtin__.set": set,
        "collections.OrderedDict": OrderedDict,
        "torch.FloatStorage": torch.FloatStorage,
        "torch.LongStorage": torch.LongStorage,
        "torch._utils._rebuild_tensor_v2": torch._utils._rebuild_tensor_v2,
        "torch._utils._rebuild_parameter": torch._utils._rebuild_parameter,
    }

    class Unpickler(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            try:
                return known[f"{module}.{name}"]
            except KeyError:
                raise pickle.UnpicklingError(f"GLOBAL {module}.{name}") from None

    reader = ModuleType("restricted_pickle")
    reader.Unpickler = Unpickler  # type: ignore[attr-defined]
    reader.load = lambda file, **settings: Unpickler(file, **settings).load()  # type: ignore[attr-defined]
    return reader


def _tensors(module: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Names and tensors of a module, read from its dictionaries: none of its methods is called."""
    import torch

    parts = getattr(module, "__dict__", {})
    for name, value in {**parts.get("_parameters", {}), **parts.get("_buffers", {})}.items():
        if isinstance(value, torch.Tensor):
            yield prefix + name, value
    for name, child in parts.get("_modules", {}).items():
        yield from _tensors(child, f"{prefix}{name}.")


def _reason(error: Exception) -> str:
    asked = re.search(r"GLOBAL ([\w.]+)", str(error))
    return f"it asks for {asked[1]}" if asked else "it is damaged or not a saved network"
