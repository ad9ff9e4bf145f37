"""A backbone's file as two: its base, and the head that stands on it, so that a new head costs kilobytes."""

from __future__ import annotations

import shutil
from pathlib import Path

from safetensors.numpy import load_file, save_file

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


def join_head(base: Path, head: Path | None, network: Path) -> None:
    """The way back: writes a network's file from those of a bundle.

    Args:
        base: The file of the base.
        head: The file of the head; None where the base's holds it.
        network: The file to write.
    """
    if head is None:
        shutil.copyfile(base, network)
    else:
        save_file(load_file(base) | load_file(head), network)
