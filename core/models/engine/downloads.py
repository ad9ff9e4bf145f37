"""The only way in for files from the network, and only when the user asked for one."""

from __future__ import annotations

import hashlib
import tempfile
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from core.errors import WeightsError
from core.models.official import OFFICIAL, official_path
from core.progress import Progress

ORIGINS = frozenset(
    {
        "https://github.com",
        "https://objects.githubusercontent.com",
        "https://release-assets.githubusercontent.com",
    }
)
LIMIT_BYTES = 200_000_000
TIMEOUT_S = 20
_CHUNK = 1 << 20


class _SameOrigins(urllib.request.HTTPRedirectHandler):
    """Follows redirects within the allowed origins and nowhere else."""

    def __init__(self, origins: frozenset[str]) -> None:
        self.origins = origins

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        _check_origin(newurl, self.origins)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check_origin(url: str, origins: frozenset[str]) -> None:
    parts = urlsplit(url)
    if f"{parts.scheme}://{parts.netloc}" not in origins:
        raise WeightsError(
            f"The download leads to {parts.netloc or url}, which is not allowed; nothing was saved."
        )


def download(
    url: str,
    target: Path,
    sha256: str | None = None,
    *,
    progress: Progress | None = None,
    origins: frozenset[str] = ORIGINS,
    limit_bytes: int = LIMIT_BYTES,
) -> str:
    """Downloads a file: whole and with the right hash, or not at all.

    Args:
        url: On one of the allowed origins.
        target: Where it goes, once complete.
        sha256: What it must be; None accepts any file that is not a web page.
        progress: Called with a sentence and the share done in [0, 1].
        origins: Scheme and host that it may come from and be redirected to.
        limit_bytes: Largest size accepted.

    Returns:
        The file's SHA-256.

    Raises:
        WeightsError: If it cannot be reached, leads elsewhere, is cut short, too large, or not the file.
    """
    _check_origin(url, origins)
    opener = urllib.request.build_opener(_SameOrigins(origins))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            opener.open(url, timeout=TIMEOUT_S) as response,
            tempfile.NamedTemporaryFile(dir=target.parent, prefix=".download-", delete=False) as file,
        ):
            temporary = Path(file.name)
            try:
                digest = _copy(
                    response, file, int(response.headers["Content-Length"] or 0), limit_bytes, progress
                )
                _check_content(temporary, digest, sha256)
                temporary.replace(target)
            finally:
                temporary.unlink(missing_ok=True)
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or str(error)
        raise WeightsError(f"The download failed ({reason}); check the connection and try again.") from error
    return digest


def _copy(
    response: IO[bytes], file: IO[bytes], expected: int, limit_bytes: int, progress: Progress | None
) -> str:
    digest, received = hashlib.sha256(), 0
    while chunk := response.read(_CHUNK):
        received += len(chunk)
        if received > limit_bytes:
            raise WeightsError("The download is larger than any weights should be; nothing was saved.")
        digest.update(chunk)
        file.write(chunk)
        if progress and expected:
            progress(f"Downloading, {received / 1e6:.0f} of {expected / 1e6:.0f} MB", received / expected)
    file.flush()
    if received < expected:
        raise WeightsError("The download was cut short, and nothing was saved; try again.")
    return digest.hexdigest()


def _check_content(file: Path, digest: str, sha256: str | None) -> None:
    with file.open("rb") as content:
        start = content.read(64).lstrip().lower()
    if not start or start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise WeightsError("The download is a web page or empty, not weights; try again later.")
    if sha256 is not None and digest != sha256:
        raise WeightsError("The download is not the expected file (its SHA-256 differs); nothing was saved.")


def download_official_findings(progress: Progress | None = None) -> Path:
    """Fetches torchxrayvision's official weights into torchxrayvision's own cache.

    Raises:
        WeightsError: As for `download`.
    """
    target = official_path()
    download(OFFICIAL.url, target, OFFICIAL.sha256, progress=progress)
    return target
