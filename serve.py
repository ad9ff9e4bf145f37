"""Serves the app to this computer and says where: `python serve.py [PORT]`.

Streamlit runs in this very process, so signals and Ctrl+C reach it as if it had been started by itself.
"""

from __future__ import annotations

import http.client
import runpy
import socket
import sys
import threading
import time
from pathlib import Path

ADDRESS = "127.0.0.1"
PORT = "8501"
OPTIONS = ("--logger.hideWelcomeMessage", "true", "--logger.level", "warning")  # the last word is ours
CHECK_S = 0.1  # between two looks at whether the server answers


def free_port(wanted: str) -> int:
    """The port to serve on; ends the program, with what to do about it, where it cannot be had."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server's own socket
        try:
            probe.bind((ADDRESS, int(wanted)))
        except (OSError, OverflowError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "there is no such port"
            other = PORT if wanted != PORT else "8502"
            sys.exit(f"Port {wanted} cannot be used ({reason}); choose another, e.g. make run PORT={other}")
        return int(probe.getsockname()[1])


def announce(port: int) -> None:
    """Says where the app is, as soon as it answers."""
    while not answers(port):
        time.sleep(CHECK_S)
    sys.stdout.write(f"ThoraxLens is at http://localhost:{port} (Ctrl+C ends it)\n")
    sys.stdout.flush()


def answers(port: int) -> bool:
    """Whether the server takes requests."""
    connection = http.client.HTTPConnection(ADDRESS, port, timeout=5)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main(wanted: str = PORT) -> None:
    """Runs the server until it is ended."""
    port = free_port(wanted)
    threading.Thread(target=announce, args=(port,), daemon=True).start()  # ends with the server at the latest
    app = str(Path(__file__).with_name("app.py"))
    sys.argv = ["streamlit", "run", app, f"--server.address={ADDRESS}", f"--server.port={port}", *OPTIONS]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:2])
