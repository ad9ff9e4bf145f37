"""Radiographs and requests over a pipe: lengths, JSON and raw pixels; nothing is executed or unpickled."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, BinaryIO

import numpy as np

from core.reading.radiograph import Radiograph
from core.reading.warning import ReadingWarning


def open_pipe(pipe: Any) -> BinaryIO:
    """Popen types its pipes as optional; ours were asked for."""
    found: BinaryIO = pipe
    return found


def send(stream: BinaryIO, header: dict[str, Any], body: bytes | memoryview) -> None:
    """Writes one message: two lengths of 8 bytes, a header of JSON, and the body."""
    text = json.dumps(header).encode()
    stream.write(len(text).to_bytes(8, "big") + len(body).to_bytes(8, "big") + text)
    stream.write(body)
    stream.flush()


def receive(stream: BinaryIO) -> tuple[Any, bytearray]:
    """Reads one message of `send`: its header and its body.

    Raises:
        EOFError: If the other end is gone.
    """
    lengths = _read_exactly(stream, 16)
    header = _read_exactly(stream, int.from_bytes(lengths[:8], "big"))
    return json.loads(header), _read_exactly(stream, int.from_bytes(lengths[8:], "big"))


def _read_exactly(stream: BinaryIO, count: int) -> bytearray:
    found = bytearray(count)
    view = memoryview(found)
    while view:
        got = stream.readinto(view)  # type: ignore[attr-defined]  # buffered streams have it
        if not got:
            raise EOFError("the process at the other end is gone")
        view = view[got:]
    return found


def pack(radiograph: Radiograph) -> dict[str, Any]:
    """The header that goes with a radiograph's pixels."""
    fields = {**vars(radiograph), "warnings": [asdict(warning) for warning in radiograph.warnings]}
    return {**fields, "pixels": list(radiograph.pixels.shape)}


def unpack(answer: dict[str, Any], body: bytearray) -> Radiograph:
    """The radiograph that `pack` described; its pixels cannot be written to."""
    pixels = np.frombuffer(body, dtype=np.float32).reshape(answer["pixels"])
    pixels.flags.writeable = False
    warnings = tuple(ReadingWarning(**warning) for warning in answer["warnings"])
    return Radiograph(**{**answer, "pixels": pixels, "warnings": warnings})
