"""Serving as `make run` does: where the app is said to be, and what is said where it cannot be served."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from core.project import PROJECT

START_S = 60


@contextmanager
def serving(port: str) -> Iterator[subprocess.Popen[str]]:
    """The server; it is ended with the block at the latest, and before that if it says nothing."""
    command = [sys.executable, "serve.py", port]
    with subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        watch = threading.Timer(START_S, server.kill)
        watch.start()
        try:
            yield server
        finally:
            watch.cancel()
            server.kill()


def test_the_address_comes_once_the_server_answers_and_ctrl_c_ends_it() -> None:
    with serving("0") as server:
        assert server.stdout
        said = server.stdout.readline()
        match = re.fullmatch(r"ThoraxLens is at (http://localhost:\d+) \(Ctrl\+C ends it\)\n", said)
        assert match, said
        with urllib.request.urlopen(f"{match[1]}/_stcore/health", timeout=START_S) as answer:  # noqa: S310
            assert answer.status == 200
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=START_S)
    assert server.returncode == 0
    assert "http" not in out and err == ""  # Streamlit names no second address


def test_a_port_that_is_taken_is_named_and_another_suggested() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        with serving(port) as server:
            out, err = server.communicate(timeout=START_S)
    assert (server.returncode, out) == (1, "")
    assert err == (
        f"Port {port} cannot be used (Address already in use); choose another, e.g. make run PORT=8501\n"
    )


@pytest.mark.parametrize("port", ["99999", "-1", "http"])
def test_a_port_that_cannot_be_is_refused(port: str) -> None:
    with serving(port) as server:
        out, err = server.communicate(timeout=START_S)
    assert (server.returncode, out) == (1, "")
    assert err.startswith(f"Port {port} cannot be used (there is no such port)")
