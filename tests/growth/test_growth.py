"""A row in a table is all that a backbone, an explanation or a measure needs; a finding needs a painter."""

import os
import subprocess
import sys
from pathlib import Path

from core.project import PROJECT

PROGRAM = Path(__file__).with_name("one_more.py")


def test_one_row_more_in_each_table_walks_the_whole_app(random_bundle: Path, tmp_path: Path) -> None:
    command = [sys.executable, PROGRAM, tmp_path, random_bundle]
    environment = {name: value for name, value in os.environ.items() if name != "THORAXLENS_DATA"}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
