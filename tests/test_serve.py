"""Serving as `make run` does: where the app is said to be, and what is said where it cannot be served."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.requests import Request

import serve
from core.project import PROJECT
from tests.visitor import Visitor

START_S = 60


@contextmanager
def serving(port: str, *before: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """The server; it is ended with the block at the latest, and before that if it says nothing."""
    command = [*before, sys.executable, "serve.py", port]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environment = os.environ | variables
    with subprocess.Popen(command, cwd=PROJECT, env=environment, text=True, **pipes) as server:
        watch = threading.Timer(START_S, server.kill)
        watch.start()
        try:
            yield server
        finally:
            watch.cancel()
            server.kill()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_address_comes_once_the_server_answers_and_ctrl_c_ends_it(ending: signal.Signals) -> None:
    with serving("0") as server:
        assert server.stdout
        said = server.stdout.readline()
        match = re.fullmatch(r"ThoraxLens is at (http://localhost:\d+) \(Ctrl\+C ends it\)\n", said)
        assert match, said
        assert fetch(f"{match[1]}/_stcore/health") == fetch(f"{match[1]}/healthz") == (200, "ok")
        server.send_signal(ending)
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


@pytest.mark.parametrize("problem", [None, "There are no models."])
def test_readiness_is_an_answer_of_its_own(monkeypatch: pytest.MonkeyPatch, problem: str | None) -> None:
    monkeypatch.setattr(serve.readiness, "problem", lambda: problem)
    answer = serve.readyz(Request({"type": "http"}))
    assert (answer.status_code, answer.body.decode()) == ((503, problem) if problem else (200, "ready"))
    assert answer.headers["cache-control"] == "no-store"


def test_a_server_without_models_answers_and_says_that_it_is_not_ready(tmp_path: Path) -> None:
    with serving("0", THORAXLENS_BUNDLES=str(tmp_path)) as server:
        assert server.stdout
        address = server.stdout.readline().split()[3]
        assert fetch(f"{address}/healthz") == (200, "ok")
        assert fetch(f"{address}/readyz") == (503, f"There are no models in {tmp_path}.")


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="needs prlimit, of util-linux")
def test_an_upload_never_touches_the_disk(tmp_path: Path) -> None:
    limit = ("prlimit", "--fsize=1500000")  # no file of the server may be larger
    with serving("0", *limit, THORAXLENS_BUNDLES=str(tmp_path)) as server:
        assert server.stdout
        address = server.stdout.readline().split()[3]
        with Visitor(address) as visitor:
            visitor.upload("large.png", bytes(5_000_000))


@pytest.mark.parametrize("protected", ["true", "false"])
def test_variables_override_the_settings_that_ship(tmp_path: Path, protected: str) -> None:
    variables = {
        "STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION": protected,
        "STREAMLIT_SERVER_ENABLE_CORS": protected,
    }
    with serving("0", THORAXLENS_BUNDLES=str(tmp_path), **variables) as server:
        assert server.stdout
        visitor = Visitor(server.stdout.readline().split()[3])
        assert visitor.fetch("/_stcore/health") == (200, b"ok")
        assert bool(visitor.cookie("_streamlit_xsrf")) == (protected == "true")


def fetch(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=START_S) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()
