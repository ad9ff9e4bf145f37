"""Decoders that are late with every file."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from core.reading.decoder_pool import DecoderPool, Limits


@contextmanager
def halted_decoders() -> Iterator[DecoderPool]:
    """A pool whose only process stands still from the start, so that its limit of time is broken for sure."""
    pool = DecoderPool(workers=1, limits=Limits(seconds=0.05))
    with pool._worker() as worker:
        worker.start().send_signal(signal.SIGSTOP)
    try:
        yield pool
    finally:
        pool.close()
