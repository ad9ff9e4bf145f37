"""The gate: small networks over all of a picture, asked before any other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.gate.verdict import Said, Verdict, judge, seen_both_ways
from core.models.engine.openvino import load_network, prepare
from core.models.gate_files import GateManifest, gate_source, read_gate
from core.models.inference import checked
from core.models.lungs import lungs_input
from core.progress import Progress

GateNetwork = Callable[[NDArray[np.float32]], tuple[NDArray[np.float32], ...]]


@dataclass(frozen=True, eq=False)
class Gate:
    """The gate, ready to be asked; threads may share it.

    Attributes:
        manifest: What is known of it.
        network: Its networks, as one.
    """

    manifest: GateManifest
    network: GateNetwork

    def look(self, pixels: NDArray[np.float32]) -> Verdict:
        """What a picture is, and how it lies.

        Args:
            pixels: (height, width), float32 in [0, 1], bright where dense, without margins.

        Raises:
            EngineError: If the network fails.
        """
        view = lungs_input(pixels, self.manifest.size_px)
        plain, mirrored = self._ask(view), self._ask(np.ascontiguousarray(view[:, :, ::-1]))
        outputs, features = seen_both_ways(plain, mirrored)
        return judge(checked(outputs[0], "The gate"), checked(features[0], "The gate"), self.manifest.limits)

    def _ask(self, view: NDArray[np.float32]) -> Said:
        outputs, features = self.network(view)
        return outputs, features


def load_gate(folder: Path, progress: Progress | None = None, *, side_by_side: bool = False) -> Gate:
    """Loads the gate.

    Args:
        folder: Where it lies.
        progress: Called with a sentence and the share done in [0, 1] when files must be derived first.
        side_by_side: See `load_network`.

    Raises:
        BundleError: If a file is missing or damaged.
        EngineError: If the network cannot be prepared.
    """
    source = gate_source(folder)
    derived = prepare([source], ["--gate", str(folder.resolve())], progress)
    network = load_network(derived[source.key], "f32", side_by_side=side_by_side)
    return Gate(read_gate(folder), network)
