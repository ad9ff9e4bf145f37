"""Checkpoints of Keras training: after an interruption it goes on as if there had been none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from core.whole_file import replacing


class Checkpoint(keras.callbacks.Callback):
    """Keeps all that the next epoch depends on, in one file that is whole or not there.

    Weights, states of random layers, and the optimizer's own. Keras's BackupAndRestore writes in place, so
    that a kill can tear its file, and leaves out the states of random layers.

    Args:
        file: The npz file.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def restore(self, network: Any) -> int:
        """Puts a compiled network where the file says.

        Returns:
            How many epochs it has behind it; 0 without a file.
        """
        if not self._file.is_file():
            return 0
        with np.load(self._file) as stored:
            for name, variable in _state(network).items():
                variable.assign(stored[name])
            return int(stored["epochs"])

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras."""
        state = {name: keras.ops.convert_to_numpy(variable) for name, variable in _state(self.model).items()}
        with replacing(self._file) as partial, partial.open("wb") as stream:
            np.savez(stream, epochs=epoch + 1, **state)


def _state(network: Any) -> dict[str, Any]:
    """Every variable, by a name of its place: the layers' own names change with each build."""
    network.optimizer.build(network.trainable_variables)
    parts = {"network": network.variables, "optimizer": network.optimizer.variables}
    return {f"{part}{index:04d}": each for part, kept in parts.items() for index, each in enumerate(kept)}
