"""Training where there is a GPU and little else: Keras on torch, without what only measuring needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.models.backbones import BACKBONE_BY_KEY
from core.models.engine.keras import build_network, load_weights
from core.project import PROJECT

SIZE = 32
# Hides packages as if they were not installed. The guard is for the processes that render phantoms.
PROGRAM = """
import sys
from importlib.machinery import PathFinder

HIDDEN = {"tensorflow", "openvino", "pydicom", "skops", "streamlit", "torchxrayvision"}

class Finder(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.split(".")[0] in HIDDEN else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Finder

if __name__ == "__main__":
    from dataclasses import replace

    from core.preprocessing import Preprocessing
    from train import cli
    from train.config import PRESETS, TINY, Stage

    PRESETS["tiny"] = replace(
        TINY,
        preprocessing=Preprocessing(size_px=32),
        pretrain=replace(TINY.pretrain, stages=(Stage(32, 1, 8, 1e-3),)),
    )
    for command in ("pretrain", "transfer"):
        options = ["--preset", "tiny", "--run", sys.argv[1], "--backbone", "resnet50"]
        cli.app([command, *options], standalone_mode=False)
    print(sorted(HIDDEN & set(sys.modules)))
"""


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_pretraining_and_transfer_need_neither_tensorflow_nor_what_measures(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "THORAXLENS_DATA"}
    environment |= {"KERAS_BACKEND": "torch", "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, program, tmp_path / "run"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert done.stdout.splitlines()[-1] == "[]"
    network = build_network(BACKBONE_BY_KEY["resnet50"], SIZE)
    load_weights(network, tmp_path / "run" / "resnet50.safetensors")
    _, probability = network.predict(np.zeros((1, SIZE, SIZE, 3), np.float32), verbose=0)
    assert 0 < probability[0, 0] < 1
