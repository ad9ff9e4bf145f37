"""Serves the app and says where: `python serve.py [PORT] [ADDRESS]`, to this computer unless told otherwise.

Streamlit runs in this very process, so signals and Ctrl+C reach it as if it had been started by itself.
Beside the app answer two routes for whatever watches over the server: `/healthz`, whether this process
answers, and `/readyz`, whether it could analyse (503 and one sentence where not).
"""

from __future__ import annotations

import http.client
import logging
import runpy
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import streamlit as st
from starlette.formparsers import MultiPartParser
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.delivery import Delivery
from core.readiness import Readiness

ADDRESS = "127.0.0.1"
EVERYWHERE = ("0.0.0.0", "")  # noqa: S104  # what is asked for on purpose, as in the image
PORT = "8501"
OPTIONS = ("--logger.hideWelcomeMessage", "true", "--logger.level", "warning")  # the last word is ours
MAX_UPLOAD_BYTES = 64 * 1024**2  # more than server.maxUploadSize lets in
CHECK_S = 0.1  # between two looks at whether the server answers
HOME = "analyse"  # the page at the root
OTHERS = tuple(sorted({path.stem for path in Path(__file__).parent.glob("pages/[!_]*.py")} - {HOME}))
readiness = Readiness()


async def healthz(request: Request) -> Response:
    """That this process answers."""
    return PlainTextResponse("ok", headers={"Cache-Control": "no-store"})


def readyz(request: Request) -> Response:
    """Whether it could analyse; no coroutine, so that hashing files keeps nobody waiting."""
    problem = readiness.problem()
    status = http.HTTPStatus.SERVICE_UNAVAILABLE if problem else http.HTTPStatus.OK
    return PlainTextResponse(problem or "ready", status, headers={"Cache-Control": "no-store"})


# What `streamlit run` finds here, and serves.
app = st.App(
    Path(__file__).with_name("app.py"),
    routes=[Route("/healthz", healthz), Route("/readyz", readyz)],
    middleware=[Middleware(Delivery, title="ThoraxLens", home=HOME, others=OTHERS)],
)
logging.getLogger("uvicorn.error").addFilter(lambda record: record.levelno >= logging.WARNING)
MultiPartParser.spool_max_size = MAX_UPLOAD_BYTES  # else uploads from 1 MB on come by way of the disk


def free_port(wanted: str, address: str) -> int:
    """The port to serve on; ends the program, with what to do about it, where it cannot be had."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server's own socket
        try:
            probe.bind((address, int(wanted)))
        except (OSError, OverflowError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "there is no such port"
            other = PORT if wanted != PORT else "8502"
            sys.exit(f"Port {wanted} cannot be used ({reason}); choose another, e.g. make run PORT={other}")
        return int(probe.getsockname()[1])


def announce(port: int, address: str) -> None:
    """Says where the app is, as soon as it answers."""
    here = ADDRESS if address in EVERYWHERE else address
    while not answers(port, here):
        time.sleep(CHECK_S)
    name = "localhost" if here == ADDRESS else here
    sys.stdout.write(f"ThoraxLens is at http://{name}:{port} (Ctrl+C ends it)\n")
    sys.stdout.flush()


def answers(port: int, address: str) -> bool:
    """Whether the server takes requests."""
    connection = http.client.HTTPConnection(address, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main(wanted: str = PORT, address: str = ADDRESS) -> None:
    """Runs the server until it is ended."""
    port = free_port(wanted, address)
    said = threading.Thread(target=announce, args=(port, address), daemon=True)
    said.start()  # ends with the server at the latest
    sys.argv = [
        "streamlit",
        "run",
        __file__,
        f"--server.address={address}",
        f"--server.port={port}",
        *OPTIONS,
    ]
    for ending in (signal.SIGINT, signal.SIGTERM):  # raised again once the server has shut down
        signal.signal(ending, lambda number, frame: sys.exit())
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:3])
