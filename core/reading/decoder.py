"""A decoder: `python -m core.reading.decoder BYTES` reads files from a pipe until its other end closes."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from contextlib import suppress
from typing import BinaryIO

from core.errors import RadiographError
from core.reading.examination import pack_examination
from core.reading.pipe import pack, receive, send
from core.reading.radiograph import read_radiograph


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Says that it is ready, then reads files until the other end closes the pipe."""
    send(answers, {"ready": True}, b"")
    with suppress(EOFError):
        while True:
            header, data = receive(requests)
            try:
                if "key" in header:
                    send(answers, _examine(bytes(data), header["key"]), b"")
                    continue
                radiograph = read_radiograph(bytes(data), header["name"], header["frame"])
            except RadiographError as error:
                send(answers, {"error": str(error)}, b"")
                continue
            send(answers, pack(radiograph), radiograph.pixels.data.cast("B"))


def _examine(data: bytes, key: str) -> dict[str, str]:
    """Loads the DICOM libraries where files are decoded, as `read_radiograph` does."""
    from core.reading.dicom.examination import read_examination

    return pack_examination(read_examination(data, bytes.fromhex(key)))


def _limit_memory(memory_bytes: int) -> None:
    """Where the system knows such limits (not on Windows)."""
    with suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def main() -> None:
    """A worker's life: what libraries print goes to the log, never between two answers.

    Ctrl+C reaches all processes of a terminal, but is for the one that started this: its pipe ends it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _limit_memory(int(sys.argv[1]))
    importlib.import_module("core.reading.dicom.read")  # takes longer than most files; before anybody waits
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
