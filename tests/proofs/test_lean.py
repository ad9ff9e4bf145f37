"""An analysis loads neither TensorFlow, Keras nor torch, and refuses weights that were never trained."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.models.backbones import BACKBONES
from core.project import PROJECT

pytestmark = pytest.mark.proof

PROGRAM = """
import json, sys
from pathlib import Path

from core.analysis.load import load_models
from core.analysis.run import analyse
from core.reading.radiograph import read_radiograph
folder = Path(sys.argv[1])
analysis = analyse(read_radiograph((folder / "reference.png").read_bytes(), "x.png"), load_models(folder))
heavy = {"tensorflow", "keras", "torch", "torchvision", "torchxrayvision", "streamlit"} & set(sys.modules)
print(json.dumps([len(analysis.readings), sorted(heavy)]))
"""


def test_analysis_loads_no_training_framework(random_bundle: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(random_bundle)]
    done = subprocess.run(command, cwd=PROJECT, env=os.environ, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [len(BACKBONES), []]
