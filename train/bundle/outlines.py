"""When an outline of the lungs is nonsense: limits from people's masks and from held-out radiographs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from core.errors import DataError
from core.margins import crop
from core.models.bundle.files import read_manifest, verify_files, write_manifest
from core.models.bundle.manifest import BundleManifest
from core.models.bundle.network_files import bundle_sources
from core.models.engine.openvino import Network, load_network, prepare
from core.models.lungs import LUNG, find_lungs
from core.models.outline import fit_outlines, shape
from core.preprocessing import Preprocessing
from core.vocabulary import PHANTOM
from train.cards.write import add_cards
from train.data.images import read_framed, read_inside
from train.data.outlined import read_mask
from train.data.records import Record
from train.tools.progress import Tally

SHARE = 0.01  # of validation radiographs whose outline counts as nonsense, at most

Shape = dict[str, float] | None


def add_outlines(
    folder: Path, records: Sequence[Record], data: Path, masks: Path, progress: Tally | None = None
) -> BundleManifest:
    """Finds when a bundle's outlines are nonsense; writes its manifest and its cards.

    Args:
        folder: The bundle's.
        records: A data set; images that somebody learnt from are left alone, but for their masks.
        data: Its folder.
        masks: Folder of masks drawn by people, as `train.data.outlined.outlined_radiographs` takes it.
        progress: Called with (done, total) radiographs.

    Raises:
        DataError: If a radiograph or a mask cannot be read, or there are too few.
        BundleError: If the bundle is damaged.
    """
    manifest = read_manifest(folder)
    verify_files(folder, manifest)
    lungs = manifest.lungs
    if lungs is None:
        raise DataError(f"The bundle '{manifest.name}' has no lung network, so there is nothing to measure.")
    drawn = _drawn(records, data, masks, manifest.preprocessing, lungs.size_px)
    network, held_out = _network(folder), _held_out(records)
    found: dict[str, list[Shape]] = {}
    for done, record in enumerate(held_out, start=1):
        outline = find_lungs(read_inside(record, data, manifest.preprocessing), network, lungs.size_px)
        found.setdefault(record.split, []).append(shape(outline > LUNG))
        if progress:
            progress(done, len(held_out))
    limits = fit_outlines(drawn, found, SHARE)
    if not math.isfinite(limits.distance):
        raise DataError(
            f"The lung network of '{manifest.name}' finds no two lungs on more than {100 * SHARE:g} % of the "
            "validation radiographs; train it longer."
        )
    manifest = manifest.model_copy(update={"lungs": lungs.model_copy(update={"outlines": limits})})
    manifest = add_cards(folder, manifest)
    write_manifest(folder, manifest)
    return manifest


def _held_out(records: Sequence[Record]) -> list[Record]:
    """Radiographs from which no network learns."""
    found = [each for each in records if each.split != "train" and each.source != PHANTOM]
    if "val" not in {each.split for each in found}:
        raise DataError("The data have no validation radiographs, on which the limit is chosen; add some.")
    return found


def _drawn(
    records: Sequence[Record], data: Path, masks: Path, recipe: Preprocessing, size_px: int
) -> list[dict[str, float]]:
    """The shapes of masks, over what the network would see of their radiographs."""
    found = []
    for record in records:
        if (file := masks / Path(record.path).with_suffix(".png")).is_file():
            pixels, inside = read_framed(record, data, recipe)
            mask = crop(read_mask(file, pixels.shape), inside)
            small = Image.fromarray(mask.astype(np.float32)).resize((size_px,) * 2, Image.Resampling.BILINEAR)
            if (measured := shape(np.asarray(small) > LUNG)) is not None:
                found.append(measured)
    if len(found) < 2:
        raise DataError(f"{masks} has masks of fewer than two radiographs of the data set; add some.")
    return found


def _network(folder: Path) -> Network:
    sources = [each for each in bundle_sources(folder) if each.name == "lungs"]
    return load_network(prepare(sources, [str(folder.resolve())])["lungs"])
