"""Several app processes behind nginx, with the configuration that compose.yml gives it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
CONFIGURATION = PROJECT / "deploy" / "nginx.conf"
NGINX, OPENSSL = shutil.which("nginx") or shutil.which("/usr/sbin/nginx"), shutil.which("openssl")
START_S = 120


@dataclass(frozen=True)
class Proxy:
    """A proxy that runs.

    Attributes:
        url: Where visitors come in.
        plain_url: Where those come who forgot the TLS.
        tls: Trusts its certificate, and no other.
        log: What it writes of each request.
        replicas: Addresses of those behind it, host and port.
        processes: Theirs.
    """

    url: str
    plain_url: str
    tls: ssl.SSLContext
    log: Path
    replicas: Sequence[str]
    processes: Sequence[subprocess.Popen[bytes]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def app(port: int, python: str = sys.executable, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """One app process, as the image starts it, from when it could analyse until the block ends."""
    command = [python, "serve.py", str(port), "127.0.0.1"]
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, cwd=PROJECT, env=os.environ | variables, stdout=quiet, stderr=quiet)
    try:
        _wait_for(f"http://127.0.0.1:{port}/readyz", server)
        yield server
    finally:
        server.kill()
        server.wait(30)


def _wait_for(url: str, process: subprocess.Popen[bytes], tls: ssl.SSLContext | None = None) -> None:
    until = time.monotonic() + START_S
    while True:
        assert process.poll() is None, f"it ended with {process.returncode}"
        try:
            with urllib.request.urlopen(url, timeout=START_S, context=tls) as answer:  # noqa: S310
                assert answer.status == 200
                return
        except OSError:
            assert time.monotonic() < until, f"{url} does not answer"
            time.sleep(0.1)


def replaced(text: str, old: str, new: str, times: int = 1) -> str:
    """A text with something else in it, which has to be there as often as that."""
    assert text.count(old) == times, f"{old} is {text.count(old)} times in {CONFIGURATION.name}, not {times}"
    return text.replace(old, new)


def configuration(folder: Path, replicas: Sequence[str], ports: tuple[int, int]) -> str:
    """nginx.conf as it is, but for addresses and folders."""
    text = CONFIGURATION.read_text("utf-8")
    assert re.findall(r"app-\d:8501", text) == [f"app-{row}:8501" for row in range(1, len(replicas) + 1)]
    text = replaced(text, " /tmp/", f" {folder}/", times=6)
    for row, address in enumerate(replicas, start=1):
        text = replaced(text, f"app-{row}:8501", address)
    text = replaced(text, "listen 8080;", f"listen 127.0.0.1:{ports[0]};")
    text = replaced(text, "listen 8443 ssl;", f"listen 127.0.0.1:{ports[1]} ssl;")
    text = replaced(text, "/etc/nginx/tls/", f"{folder}/", times=3)  # certificate, key, the users' comment
    return replaced(text, "/dev/stdout", f"{folder}/log")


@contextmanager
def proxy(folder: Path, count: int = 2, **variables: str) -> Iterator[Proxy]:
    """Replicas and the proxy before them, until the block ends.

    Args:
        folder: Where the proxy keeps what it writes; nobody else's.
        count: How many replicas: as many as the configuration names.
        variables: Of the replicas' environment.
    """
    assert NGINX and OPENSSL
    request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"]
    subprocess.run([OPENSSL, *request, *names, *files], check=True, capture_output=True)
    tls = ssl.create_default_context(cafile=str(folder / "fullchain.pem"))
    with ExitStack() as stack:
        ports = [free_port() for _ in range(count)]
        processes = [stack.enter_context(app(port, **variables)) for port in ports]
        replicas = [f"127.0.0.1:{port}" for port in ports]
        plain, secure = free_port(), free_port()
        settings = folder / "nginx.conf"
        settings.write_text(configuration(folder, replicas, (plain, secure)), "utf-8")
        server = subprocess.Popen([NGINX, "-c", settings, "-p", folder], stderr=subprocess.DEVNULL)
        try:
            url = f"https://localhost:{secure}"
            _wait_for(f"{url}/healthz", server, tls)
            yield Proxy(url, f"http://localhost:{plain}", tls, folder / "log", replicas, processes)
        finally:
            server.terminate()  # its workers go with it
            server.wait(30)
