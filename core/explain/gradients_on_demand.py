"""The process that computes gradients: begun when somebody asks, shared by all sessions, gone when idle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from core.errors import EngineError
from core.project import PROJECT

IDLE_S = 300.0  # after which it ends, and its 1 GB of memory with it
NOT_INSTALLED = (
    "This needs TensorFlow, which is not installed here: a server answers without it. Install "
    "requirements.txt on a machine of your own to see it."
)
_ENDED = "The process that computes gradients ended; try again. If it ends again, the server lacks memory."
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow", "OMP_NUM_THREADS": "2"}


def is_installed() -> bool:
    """Whether there is what it needs; looked up without loading it."""
    return find_spec("tensorflow") is not None and find_spec("keras") is not None


class GradientsOnDemand:
    """One process at most, which answers one question at a time; threads may share it."""

    def __init__(self, idle_s: float = IDLE_S) -> None:
        self._idle_s = idle_s
        self._one = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._folder: Path | None = None
        self._timer: threading.Timer | None = None

    def ask(self, folder: Path, question: dict[str, Any]) -> dict[str, Any]:
        """An answer, which the first time takes as long as loading TensorFlow does.

        Args:
            folder: Of the bundle.
            question: As `core.explain.gradient_process` takes it.

        Raises:
            EngineError: If TensorFlow is not installed, the bundle is damaged, or the process ended.
        """
        if not is_installed():
            raise EngineError(NOT_INSTALLED)
        with self._one:
            if self._timer:
                self._timer.cancel()
            try:
                answer = self._answer(self._running(folder), question)
            finally:
                self._end_when_idle()
        if "error" in answer:
            raise EngineError(answer["error"])
        return answer

    @property
    def runs(self) -> bool:
        """Whether there is a process now."""
        return self._process is not None and self._process.poll() is None

    def end(self) -> None:
        """Ends the process, after the question that it answers now."""
        with self._one:
            self._end()

    def _running(self, folder: Path) -> subprocess.Popen[str]:
        if self._process and (self._folder != folder or self._process.poll() is not None):
            self._end()
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "core.explain.gradient_process", str(folder)],
                cwd=PROJECT,
                env=os.environ | _QUIET,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            self._folder = folder
        return self._process

    def _answer(self, process: subprocess.Popen[str], question: dict[str, Any]) -> dict[str, Any]:
        if process.stdin is None or process.stdout is None:
            raise EngineError(_ENDED)
        try:
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError as error:
            raise EngineError(_ENDED) from error
        if not line:
            self._end()
            raise EngineError(_ENDED)
        found: dict[str, Any] = json.loads(line)
        return found

    def _end_when_idle(self) -> None:
        self._timer = threading.Timer(self._idle_s, self.end)
        self._timer.daemon = True
        self._timer.start()

    def _end(self) -> None:
        """Ends it at once: it holds nothing that anybody would miss."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.communicate()
