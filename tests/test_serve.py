"""Serving as `make run` does: where the app is said to be, and what is said where it cannot be served."""

from __future__ import annotations

import gzip
import html
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from pathlib import Path

import pytest
from starlette.requests import Request

import serve
from core.project import PROJECT
from tests.visitor import Visitor

START_S = 60


@contextmanager
def serving(
    port: str, *before: str, patience_s: float = START_S, **variables: str
) -> Iterator[subprocess.Popen[str]]:
    """The server; it is ended with the block at the latest, and before that if it says nothing."""
    command = [*before, sys.executable, "serve.py", port]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environment = os.environ | variables
    with subprocess.Popen(command, cwd=PROJECT, env=environment, text=True, **pipes) as server:
        watch = threading.Timer(patience_s, server.kill)
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


def test_a_server_without_models_answers_and_says_that_it_is_not_ready(address: str) -> None:
    assert fetch(f"{address}/healthz") == (200, "ok")
    status, said = fetch(f"{address}/readyz")
    assert status == 503 and said.startswith("There are no models in ")


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


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a server without models."""
    nowhere = str(tmp_path_factory.mktemp("none"))
    with serving("0", patience_s=10 * START_S, THORAXLENS_BUNDLES=nowhere) as server:
        assert server.stdout
        yield server.stdout.readline().split()[3]


def file(url: str, **headers: str) -> tuple[Message, bytes]:
    """What a file comes with, and what is in it."""
    asked = urllib.request.Request(  # noqa: S310
        url, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    with urllib.request.urlopen(asked, timeout=START_S) as answer:  # noqa: S310
        return answer.headers, answer.read()


@pytest.mark.parametrize("page", ["", "compare"])
def test_a_page_knows_its_name_and_its_server(address: str, page: str) -> None:
    headers, body = file(f"{address}/{page}", If_None_Match="*", Accept_Encoding="gzip")
    assert b"<title>ThoraxLens</title>" in body and b"BACKEND_BASE_URL" in body
    assert body.index(b"BACKEND_BASE_URL") < body.index(b'<script type="module"')
    assert "ETag" not in headers and headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(("path", "root"), [("nonsense", "./"), ("<b>&", "./"), ("a/b", "../")])
def test_an_address_without_a_page_says_so_and_leads_back(address: str, path: str, root: str) -> None:
    status, said = fetch(f"{address}/{urllib.parse.quote(path)}")
    assert status == 404 and f"no page “/{html.escape(path)}”" in said and "<script" not in said
    assert f'<a href="{root}">Analyse</a>' in said and f'<a href="{root}compare">Compare</a>' in said
    assert "widgets" not in said and "__init__" not in said


def test_who_names_the_first_page_is_led_to_it_with_its_settings(address: str) -> None:
    with urllib.request.urlopen(f"{address}/analyse?sample=2&guess=1", timeout=START_S) as answer:  # noqa: S310
        assert answer.url == f"{address}/?sample=2&guess=1" and b"BACKEND_BASE_URL" in answer.read()


def test_every_page_of_the_navigation_has_an_address() -> None:
    named = set(re.findall(r'st\.Page\("pages/(\w+)\.py"', (PROJECT / "app.py").read_text("utf-8")))
    assert named <= {serve.HOME, *serve.OTHERS} and serve.HOME not in serve.OTHERS


def test_scripts_come_compressed_to_browsers_that_take_that(address: str) -> None:
    scripts = re.findall(r'"\./(static/js/[^"]+)"', file(f"{address}/")[1].decode())
    assert scripts
    for script in scripts[:3]:
        plain_headers, plain = file(f"{address}/{script}")
        assert "Content-Encoding" not in plain_headers
        for _ in range(2):  # the second time, as it was kept
            headers, body = file(f"{address}/{script}", Accept_Encoding="gzip, br")
            assert gzip.decompress(body) == plain and len(body) < len(plain)
            assert headers["Content-Encoding"] == "gzip" and "Accept-Encoding" in headers["Vary"]
            assert headers["Content-Type"] == plain_headers["Content-Type"]
            assert headers["Cache-Control"] == plain_headers["Cache-Control"]


@pytest.mark.parametrize("path", ["static/././js/", "static/js/./", "static//js/"])
def test_one_file_is_not_compressed_by_many_names(address: str, path: str) -> None:
    script = next(iter(re.findall(r'"\./static/js/([^"]+)"', file(f"{address}/")[1].decode())))
    assert "Content-Encoding" not in file(f"{address}/{path}{script}", Accept_Encoding="gzip")[0]


@pytest.mark.parametrize("refused", ["gzip;q=0", "gzip; q=0.0, br", "br", "identity"])
def test_who_does_not_take_gzip_gets_none(address: str, refused: str) -> None:
    script = next(iter(re.findall(r'"\./(static/js/[^"]+)"', file(f"{address}/")[1].decode())))
    assert "Content-Encoding" not in file(f"{address}/{script}", Accept_Encoding=refused)[0]


def test_fonts_come_as_they_are_and_no_script_is_made_of_a_page(address: str) -> None:
    font = next(iter(re.findall(r'"\./(static/media/[^"]+woff2)"', file(f"{address}/")[1].decode())))
    assert "Content-Encoding" not in file(f"{address}/{font}", Accept_Encoding="gzip")[0]
    headers, body = file(f"{address}/static/js/none.js", Accept_Encoding="gzip")  # as Streamlit answers
    assert headers["Content-Type"].startswith("text/html") and b"<title>" in body


def fetch(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=START_S) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()
