"""A backbone's file as two: its base, and the head that stands on it, so that a new head costs kilobytes."""

from __future__ import annotations

from pathlib import Path

from safetensors.numpy import load_file, save_file

from core.models.bundle.files import bundle_path
from core.models.bundle.manifest import NetworksManifest

HEAD = "head/"  # what the names of a head's tensors begin with


def split_head(network: Path, base: Path, head: Path) -> None:
    """Writes the base of a network and its head to a file each, as they are stored.

    Args:
        network: What `core.models.engine.keras.save_weights` wrote.
        base: The file of the base, to write.
        head: The file of the head, to write.
    """
    tensors = load_file(network)
    save_file({name: each for name, each in tensors.items() if not name.startswith(HEAD)}, base)
    save_file({name: each for name, each in tensors.items() if name.startswith(HEAD)}, head)


def join_heads(bundle: Path, manifest: NetworksManifest, folder: Path) -> None:
    """The way back: writes the whole network of each backbone of a bundle, as training leaves them.

    Args:
        bundle: Its folder.
        manifest: What it says of its networks; older ones hold base and head in one file.
        folder: Where to write `BACKBONE.safetensors`.

    Raises:
        BundleError: If a file is missing.
    """
    for key, entry in manifest.backbones.items():
        files = [bundle_path(bundle, file) for file in entry.parts]
        tensors = {name: each for file in files for name, each in load_file(file).items()}
        save_file(tensors, folder / f"{key}.safetensors")
