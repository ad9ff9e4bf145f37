"""Decoding untrusted files in processes of their own, with limits on memory and time.

A decoder that runs wild takes its process down and nothing else. The processes are plain
`python -m core.reading.decoder` (multiprocessing would import Streamlit's script again) and start on
first use. Nothing that comes back is executed or unpickled (see `core.reading.pipe`).
"""

from __future__ import annotations

import atexit
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from core.errors import DecoderError, RadiographError
from core.project import PROJECT
from core.reading.examination import UNKNOWN, Examination, unpack_examination
from core.reading.filetypes import DICOM, file_type
from core.reading.pipe import open_pipe, receive, send, unpack
from core.reading.radiograph import Radiograph

WORKERS = 2
MEMORY_BYTES = 2 * 1024**3
SECONDS = 20.0
START_SECONDS = 120.0  # of a busy machine; 0.4 on an idle one

TOO_SLOW = "The file takes too long to decode; export the radiograph as PNG."
NOT_STARTED = "The decoder could not be started in time; try again when the machine is less busy."
BROKE = "The file makes its decoder fail; export the radiograph as PNG."


@dataclass(frozen=True)
class Limits:
    """Of one worker: its address space, the seconds for one file, and those for its own start."""

    memory_bytes: int = MEMORY_BYTES
    seconds: float = SECONDS
    start_seconds: float = START_SECONDS


def read_radiograph_isolated(data: bytes, name: str, frame: int = 0) -> Radiograph:
    """Does what `read_radiograph` does, in another process.

    Raises:
        RadiographError: As there, and if the decoder breaks a limit or its process.
    """
    return _pool().read(data, name, frame)


def examine_isolated(data: bytes, key: bytes) -> Examination:
    """When a file was taken and of whom, as far as it says so (only DICOM does), read in another process.

    Args:
        data: The whole file.
        key: Of the patient's hash: the same for files that are to be compared.

    Raises:
        DecoderError: If the decoder breaks a limit or its process; another try may go better.
    """
    if file_type(data) is not DICOM:
        return UNKNOWN
    try:
        return _pool().examine(data, key)
    except DecoderError:
        raise
    except RadiographError:  # whoever reads its picture hears of it
        return UNKNOWN


def start_decoder() -> None:
    """Starts a decoder before the first file comes, without waiting for it."""
    threading.Thread(target=_pool().start, daemon=True).start()


@cache
def _pool() -> DecoderPool:
    pool = DecoderPool()
    atexit.register(pool.close)
    return pool


class DecoderPool:
    """A few workers, each started when first needed and again after it was killed; for use by any thread."""

    def __init__(self, workers: int = WORKERS, limits: Limits | None = None) -> None:
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
        for _ in range(workers):
            self._idle.put(_Worker(limits or Limits()))

    def read(self, data: bytes, name: str, frame: int = 0) -> Radiograph:
        """Reads one file with the next idle worker.

        Raises:
            RadiographError: If the file is refused, or the worker breaks a limit.
        """
        with self._worker() as worker:
            answer, pixels = worker.ask({"name": name, "frame": frame}, data)
        return unpack(answer, pixels)

    def examine(self, data: bytes, key: bytes) -> Examination:
        """Reads of one DICOM file when it was taken and of whom.

        Raises:
            RadiographError: As `read` does.
        """
        with self._worker() as worker:
            return unpack_examination(worker.ask({"key": key.hex()}, data)[0])

    @contextmanager
    def _worker(self) -> Iterator[_Worker]:
        """The next idle one."""
        worker = self._idle.get()
        try:
            yield worker
        finally:
            self._idle.put(worker)

    def start(self) -> None:
        """Starts the worker that the next file will go to; if that fails, the file's reader will say so."""
        with self._worker() as worker, suppress(RadiographError, OSError):
            worker.start()

    def close(self) -> None:
        """Ends all workers; those in use end after their file."""
        for _ in range(self._idle.qsize()):
            self._idle.get().stop()


class _Worker:
    """One process and the pipes to it; used by one thread at a time."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, request: dict[str, object], data: bytes) -> tuple[dict[str, Any], bytearray]:
        process = self.start()
        with self._deadline(process, self._limits.seconds, TOO_SLOW):
            send(open_pipe(process.stdin), request, data)
            answer, body = receive(open_pipe(process.stdout))
        if "error" in answer:
            raise RadiographError(answer["error"])
        return answer, body

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what was not yet flushed has no reader
                open_pipe(pipe).close()
        self._process = None

    def start(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.stop()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "core.reading.decoder", str(self._limits.memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=PROJECT,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        with self._deadline(self._process, self._limits.start_seconds, NOT_STARTED):
            receive(open_pipe(self._process.stdout))
        return self._process

    @contextmanager
    def _deadline(self, process: subprocess.Popen[bytes], seconds: float, late: str) -> Iterator[None]:
        """Kills a process that is late, and clears away one that is gone."""
        expired = threading.Event()

        def end() -> None:
            expired.set()
            process.kill()

        timer = threading.Timer(seconds, end)
        timer.start()
        try:
            yield
        except (OSError, EOFError, ValueError) as error:
            self.stop()
            raise DecoderError(late if expired.is_set() else BROKE) from error
        finally:
            timer.cancel()
            timer.join()  # or it would kill the process while the next file's answer is awaited
            if expired.is_set():
                self.stop()
