"""The real server and a real browser: how tests start the app and wait for its pages."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from core.project import PROJECT

CHROMIUM = (
    os.environ.get("THORAXLENS_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
START_SECONDS, PAGE_MS = 120, 60_000
# True once as many elements as before have stood where they were for some time: on a slow machine the browser
# goes on building a page for seconds after its script has ended, widgets whose code comes late among it.
CALM = """() => {
  const boxes = [...document.querySelectorAll('figure canvas, h2, h3, button')].map((each) => {
    const { x, y, width, height } = each.getBoundingClientRect()
    return [x, y, width, height].map(Math.round).join()
  }).join(';')
  const now = `${document.querySelectorAll('*').length} ${boxes}`
  if (window.calm?.as !== now) window.calm = { as: now, since: performance.now() }
  return performance.now() - window.calm.since > 500
}"""
UPLOADER = '[data-testid="stFileUploaderDropzoneInput"]'
SCROLLED = "document.querySelector('[data-testid=stMain]').scrollTop"
NAMES = ("VGG16", "DenseNet121", "InceptionV3", "ResNet50", "Xception")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(port: int, *command: str) -> Iterator[str]:
    """The app on a port, or what another command serves there, until the block ends."""
    server = subprocess.Popen(
        [sys.executable, *(command or ("serve.py", str(port)))],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(PROJECT), str(PROJECT / "tests")))},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + START_SECONDS
        while not healthy(url):
            assert server.poll() is None and time.monotonic() < until, "the server did not start"
            time.sleep(0.2)
        yield url
    finally:
        server.kill()  # as a crash would: nobody says goodbye
        server.wait(30)


def healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


def settled(page) -> None:
    """Waits until nothing of an earlier run of the page is left."""
    page.wait_for_selector("[data-test-script-state=notRunning]", timeout=PAGE_MS)
    page.wait_for_function("!document.querySelector('[data-stale=true]')", timeout=PAGE_MS)


def opened(browser, address: str):
    """The start page, once it shows its sample and nothing moves any more."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address)
    page.wait_for_selector("text=How far to trust it", timeout=PAGE_MS)
    page.wait_for_function(CALM, timeout=PAGE_MS)
    return page


def go_to(page, title: str) -> None:
    page.locator("[data-testid=stTopNavLink] p").get_by_text(title, exact=True).click(timeout=PAGE_MS)
