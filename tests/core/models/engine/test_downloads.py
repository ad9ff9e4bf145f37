"""Downloads from a local server that misbehaves in every way a real one might."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.errors import WeightsError
from core.models.engine import downloads
from core.models.engine.downloads import ORIGINS, download, download_official_findings
from core.models.official import OFFICIAL, official_file, official_path

CONTENT = bytes(range(256)) * 4096
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/redirect/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/redirect/"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content = {"/file": CONTENT, "/cut": CONTENT, "/html": b"<!DOCTYPE html><p>404", "/empty": b""}.get(
            self.path
        )
        self.send_response(404 if content is None else 200)
        content = content or b""
        self.send_header("Content-Length", str(len(content) + (100 if self.path == "/cut" else 0)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Keeps the test's output quiet."""


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "models" / "weights.pt"


def test_whole_file_arrives_with_its_hash_and_progress(origin: str, target: Path) -> None:
    shares: list[float] = []
    digest = download(
        f"{origin}/redirect//file",
        target,
        SHA256,
        progress=lambda message, done: shares.append(done),
        origins=frozenset({origin}),
    )
    assert digest == SHA256 and target.read_bytes() == CONTENT
    assert shares[-1] == 1 and [file.name for file in target.parent.iterdir()] == ["weights.pt"]


@pytest.mark.parametrize(
    ("path", "sha256", "reason"),
    [
        ("/file", "0" * 64, "SHA-256 differs"),
        ("/cut", None, "cut short"),
        ("/html", None, "web page or empty"),
        ("/empty", None, "web page or empty"),
        ("/missing", None, "download failed .*Not Found"),
        ("/redirect/https://example.org/file", None, r"leads to example\.org, which is not allowed"),
        ("/redirect/file:///etc/passwd", None, "not allowed"),
    ],
)
def test_anything_else_leaves_nothing_behind(
    origin: str, target: Path, path: str, sha256: str | None, reason: str
) -> None:
    with pytest.raises(WeightsError, match=reason):
        download(origin + path, target, sha256, origins=frozenset({origin}))
    assert not list(target.parent.iterdir())


def test_failed_download_keeps_the_file_that_was_there(origin: str, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"older")
    with pytest.raises(WeightsError):
        download(f"{origin}/file", target, "0" * 64, origins=frozenset({origin}))
    assert target.read_bytes() == b"older"


@pytest.mark.parametrize("path", ["/cut", "/html", "/missing"])
def test_official_weights_that_did_not_come_whole_are_not_taken_for_official(
    origin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(downloads, "download", partial(download, origins=frozenset({origin})))
    monkeypatch.setattr(downloads, "OFFICIAL", replace(OFFICIAL, url=origin + path))
    with pytest.raises(WeightsError):
        download_official_findings()
    assert official_file() is None and not list(official_path().parent.iterdir())
    monkeypatch.setattr(downloads, "OFFICIAL", replace(OFFICIAL, url=f"{origin}/file"))
    assert download_official_findings() == official_path() == official_file()
    assert official_path().read_bytes() == CONTENT


def test_size_is_limited(origin: str, target: Path) -> None:
    with pytest.raises(WeightsError, match="larger than any weights"):
        download(f"{origin}/file", target, origins=frozenset({origin}), limit_bytes=1000)


@pytest.mark.parametrize(
    "url", ["http://github.com/x", "https://github.com.example.org/x", "file:///etc/passwd"]
)
def test_only_the_fixed_https_hosts_are_asked(url: str, target: Path) -> None:
    assert all(origin.startswith("https://") for origin in ORIGINS)
    with pytest.raises(WeightsError, match="not allowed"):
        download(url, target)


def test_unreachable_server_and_unwritable_folder_are_explained(origin: str, tmp_path: Path) -> None:
    closed = "http://127.0.0.1:9"
    with pytest.raises(WeightsError, match="download failed"):
        download(f"{closed}/file", tmp_path / "file", origins=frozenset({closed}))
    (tmp_path / "blocked").write_text("a file where a folder should be")
    with pytest.raises(WeightsError, match="download failed"):
        download(f"{origin}/file", tmp_path / "blocked" / "file", origins=frozenset({origin}))
