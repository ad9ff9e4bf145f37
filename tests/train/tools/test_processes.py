"""Processes beside this one."""

import operator
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import ProcessLostError
from core.project import PROJECT
from train.tools.processes import side_by_side

# A parent that hands out work without an end, and says who does it.
PARENT = """
import os, signal, sys, time
from pathlib import Path
from train.tools.processes import side_by_side

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would not hear it

def sit(file):
    Path(file).write_text(str(os.getpid()))
    time.sleep(60)

if __name__ == "__main__":
    for _ in side_by_side(sit, [(sys.argv[1],)], 1):
        pass
"""


def test_every_job_is_done_once_whatever_the_order() -> None:
    done = list(side_by_side(operator.mul, [(number, 2) for number in range(5)], 2))
    assert sorted(done) == [(number, 2 * number) for number in range(5)]


def test_an_error_ends_it_and_nothing_else_begins() -> None:
    jobs = [(-1.0,)] + [(30.0,)] * 4
    began = time.monotonic()
    with pytest.raises(ValueError, match="non-negative"):
        list(side_by_side(time.sleep, jobs, 2))
    assert time.monotonic() - began < 20  # the one beside it, too, is not waited for


def test_a_process_that_is_lost_is_said_to_be() -> None:
    with pytest.raises(ProcessLostError, match="want of memory"):
        list(side_by_side(os._exit, [(9,)], 1))


def test_nothing_to_do_is_done() -> None:
    assert list(side_by_side(operator.mul, [], 2)) == []


def test_each_process_begins_before_its_jobs(tmp_path: Path) -> None:
    done = list(side_by_side(os.getcwd, [()] * 3, 2, os.chdir, (tmp_path,)))
    assert {result for _, result in done} == {str(tmp_path)}


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="asks /proc which processes there are")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_process_ends_with_the_one_that_started_it(tmp_path: Path, end: signal.Signals) -> None:
    script, file = tmp_path / "parent.py", tmp_path / "pid"
    script.write_text(PARENT, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    command = [sys.executable, str(script), str(file)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as parent:
        assert wait_until(file.is_file)
        child = int(wait_for_text(file))
        parent.send_signal(end)
    assert wait_until(lambda: not alive(child))


def wait_for_text(file: Path) -> str:
    assert wait_until(lambda: bool(file.read_text(encoding="utf-8")))
    return file.read_text(encoding="utf-8")


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def alive(process: int) -> bool:
    """Whether it runs; what has ended and was not asked after yet does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
