"""Two app processes behind a real nginx: a visitor stays with one, visitors are spread, health is told."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
import urllib.error
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from core.project import PROJECT
from tests.replicas import NGINX, OPENSSL, Proxy, proxy
from tests.visitor import Visitor

FILE = (PROJECT / "assets" / "samples" / "covid-mild.png").read_bytes()
VISITORS = 24  # that all land at one of two replicas by chance: once in eight million runs
COOKIE = "thoraxlens"
QUIET_S = 0.5

pytestmark = [
    pytest.mark.replicas,
    pytest.mark.skipif(
        NGINX is None or OPENSSL is None,
        reason="needs nginx and openssl: apt-get install nginx-light openssl",
    ),
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Two replicas with the shipped models behind the proxy."""
    command = [sys.executable, "-m", "core.models.engine.derive", "--all"]  # on a fresh machine takes a while
    subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
    with proxy(tmp_path_factory.mktemp("proxy")) as found:
        yield found


@pytest.fixture
def reached(running: Proxy) -> Callable[[], list[str]]:
    """Tells which replica answered each request since it was asked the last time."""

    def written() -> list[str]:
        """All lines, as soon as no more come: a request is written down when it is over, or later."""
        lines: list[str] = []
        while len(lines) < len(now := running.log.read_text().splitlines()) or not now:
            lines = now
            time.sleep(QUIET_S)
        return lines

    seen = len(written())

    def told() -> list[str]:
        nonlocal seen
        lines = written()[seen:]
        seen += len(lines)
        return [line.split()[1] for line in lines]

    return told


def test_a_visitor_stays_with_one_replica(running: Proxy, reached: Callable[[], list[str]]) -> None:
    visitor = Visitor(running.url, running.tls)
    for _ in range(3):  # three handshakes, each with a session that runs the page
        with visitor:
            assert visitor.run("about")
    places = reached()
    assert len(places) == 3 * 3 and len(set(places)) == 1
    assert places[0] in running.replicas


def test_uploads_and_downloads_find_their_session(running: Proxy) -> None:
    with Visitor(running.url, running.tls) as visitor:
        page = visitor.analyse("my own.png", FILE)
        buttons = [each.download_button for each in page if each.WhichOneof("type") == "download_button"]
        saved = {each.label: visitor.fetch(each.url)[1] for each in buttons if each.url}
        made = visitor.download("JSON, everything")  # once clicked, as others are
    assert len(buttons) > len(saved) and b"my own.png" in saved["CSV, one row"]
    assert json.loads(made)["name"] == "my own.png"
    log = running.log.read_text()
    assert "/_stcore/stream" in log
    assert "/upload_file/" not in log and "/media/" not in log  # their addresses hold the session


def test_an_upload_would_be_refused_by_the_other_replica(
    running: Proxy, reached: Callable[[], list[str]]
) -> None:
    with Visitor(running.url, running.tls) as visitor:
        here = reached()[0]
        there = next(each for each in running.replicas if each != here)
        path = visitor.upload("my own.png", FILE).file_urls.upload_url
        token = visitor.cookie("_streamlit_xsrf")
        headers = {"Cookie": f"_streamlit_xsrf={token}", "X-Xsrftoken": token}
        connection = http.client.HTTPConnection(there, timeout=30)
        connection.request("PUT", path, b"", headers)
        assert connection.getresponse().status == 400
        connection.close()


def test_visitors_are_spread_though_they_share_an_address(
    running: Proxy, reached: Callable[[], list[str]]
) -> None:
    homes = []
    for _ in range(VISITORS):
        visitor = Visitor(running.url, running.tls)
        for _ in range(3):
            visitor.fetch("/_stcore/health")
        places = set(reached())
        assert len(places) == 1
        homes += places
    assert set(homes) == set(running.replicas)


def test_the_cookie_is_closed_to_scripts_and_to_plain_http_and_none_of_ones_own_is_taken(
    running: Proxy,
) -> None:
    host = urlsplit(running.url).netloc
    connection = http.client.HTTPSConnection(host, context=running.tls, timeout=30)
    for brought in ({}, {"Cookie": f"{COOKIE}=mine"}):
        connection.request("GET", "/healthz", headers=brought)
        answer = connection.getresponse()
        answer.read()
        ours = next(each for each in answer.headers.get_all("Set-Cookie", []) if each.startswith(COOKIE))
        value, *attributes = ours.split("; ")
        assert {"HttpOnly", "Secure", "SameSite=Lax"} <= set(attributes)
    connection.request("GET", "/healthz", headers={"Cookie": value})
    assert connection.getresponse().headers.get_all("Set-Cookie") is None
    connection.close()


def test_health_is_told_through_the_proxy(running: Proxy) -> None:
    visitor = Visitor(running.url, running.tls)
    assert visitor.fetch("/healthz") == (200, b"ok")
    assert visitor.fetch("/readyz") == (200, b"ready")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        visitor.fetch("/_stcore/metrics")


def test_whoever_forgets_the_tls_is_sent_there(running: Proxy) -> None:
    connection = http.client.HTTPConnection(urlsplit(running.plain_url).netloc, timeout=30)
    connection.request("GET", "/cards?a=b")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Location"]) == (301, "https://localhost/cards?a=b")
    connection.close()


def test_visitors_of_a_replica_that_is_gone_are_taken_in_by_the_other(
    running: Proxy, reached: Callable[[], list[str]]
) -> None:
    visitor = Visitor(running.url, running.tls)  # the last test: it ends one of the two
    visitor.fetch("/healthz")
    home = running.replicas.index(reached()[0])
    running.processes[home].kill()
    running.processes[home].wait(30)
    with visitor:
        assert visitor.run("about")
    assert visitor.fetch("/readyz") == (200, b"ready")
