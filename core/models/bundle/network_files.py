"""The networks that the engine runs, as files: where the weights are, and where what was derived lies."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from core.models.bundle.files import bundle_path, file_sha256, read_networks
from core.models.bundle.manifest import BackboneFile, FindingsFile
from core.models.bundle.precisions import Precision
from core.models.head import Pooling
from core.models.official import OFFICIAL

NetworkKind = Literal["backbone", "findings", "lungs", "official", "gate"]

EXPORT_FORMAT = 1  # raise it whenever derived files change for the same weights
DIGESTS_FILE = "digests.json"


@dataclass(frozen=True)
class NetworkSource:
    """One network to be derived: its weights, and all that its graph depends on.

    Attributes:
        key: A backbone's key, "findings", "lungs", "official" or "gate".
        kind: Which code builds it.
        weights: The weight file.
        sha256: Of that file; with the head's behind it where that is another.
        size_px: Side of the square input.
        pooling: Of a backbone's head; None for the others.
        head: The file of a backbone's head; None where the weight file holds it, and for the others.
        ranges: The file that makes an int8 network of it; None for the one in float32.
        ranges_sha256: Of that file.
        members: Of a gate: of how many networks it is the mean.
    """

    key: str
    kind: NetworkKind
    weights: Path
    sha256: str
    size_px: int
    pooling: Pooling | None = None
    head: Path | None = None
    ranges: Path | None = None
    ranges_sha256: str = ""
    members: int = 1

    @property
    def name(self) -> str:
        """The key, and whether it is the network in int8."""
        return network_name(self.key, "int8" if self.ranges else "f32")

    @property
    def exact(self) -> NetworkSource:
        """The same network in float32."""
        return replace(self, ranges=None, ranges_sha256="")

    @property
    def entry(self) -> str:
        """Name of its folder in the cache: other weights, versions or sizes never share one."""
        import openvino  # here, because training on a machine without it imports this module too

        parts = (EXPORT_FORMAT, openvino.__version__, self.kind, self.key, self.size_px, self.pooling)
        others = (self.ranges_sha256, self.members if self.members > 1 else "")
        text = "|".join(map(str, (*parts, self.sha256, *filter(None, others))))
        return f"{self.name}-{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def network_name(key: str, precision: Precision) -> str:
    """What a network's derived file goes by: one in float32 serves bfloat16, too."""
    return f"{key}-int8" if precision == "int8" else key


def bundle_sources(folder: Path) -> tuple[NetworkSource, ...]:
    """The networks of a bundle: backbones in the manifest's order, findings, and the lung network if any.

    Behind them the same ones in int8, as far as the bundle has ranges for that.

    Raises:
        BundleError: If the manifest or a file is missing or damaged on the face of it.
    """
    manifest = read_networks(folder)
    size_px, pooling = manifest.preprocessing.size_px, manifest.pooling
    backbones = [
        NetworkSource(
            key,
            "backbone",
            bundle_path(folder, entry),
            "".join(part.sha256 for part in entry.parts),
            size_px,
            pooling,
            bundle_path(folder, entry.head) if entry.head else None,
        )
        for key, entry in manifest.backbones.items()
    ]
    entry = manifest.findings
    weights = bundle_path(folder, entry)
    findings = NetworkSource("findings", "findings", weights, entry.sha256, entry.preprocessing.size_px)
    entries: dict[str, BackboneFile | FindingsFile] = {**manifest.backbones, findings.key: entry}
    rounded = [
        replace(source, ranges=bundle_path(folder, ranges), ranges_sha256=ranges.sha256)
        for source in (*backbones, findings)
        if (ranges := entries[source.key].ranges)
    ]
    if manifest.lungs is None:
        return (*backbones, findings, *rounded)
    weights, size_px = bundle_path(folder, manifest.lungs), manifest.lungs.size_px
    lungs = NetworkSource("lungs", "lungs", weights, manifest.lungs.sha256, size_px)
    return (*backbones, findings, lungs, *rounded)


def official_source(weights: Path) -> NetworkSource:
    """torchxrayvision's official findings network."""
    size_px = OFFICIAL.preprocessing.size_px
    return NetworkSource("official", "official", weights, file_sha256(weights), size_px)


def derived(source: NetworkSource, folder: Path) -> bool:
    """Whether a cache holds the network, whole: a damaged entry counts as absent."""
    entry = folder / source.entry
    try:
        digests = json.loads((entry / DIGESTS_FILE).read_text(encoding="utf-8"))
        return bool(digests) and all(file_sha256(entry / name) == digest for name, digest in digests.items())
    except (OSError, ValueError, AttributeError):
        return False
