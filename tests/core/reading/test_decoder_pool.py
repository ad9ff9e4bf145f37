"""Untrusted files are decoded elsewhere, within limits, with the same result."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, time
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.errors import DecoderError, RadiographError
from core.reading import decoder_pool
from core.reading.decoder_pool import BROKE, NOT_STARTED, TOO_SLOW, DecoderPool, Limits, examine_isolated
from core.reading.examination import UNKNOWN
from core.reading.radiograph import read_radiograph
from tests.core.reading.dicom.dicom_files import dataset, write
from tests.halted_decoders import halted_decoders

GREY = np.tile(np.arange(200, dtype=np.uint8), (160, 1))


def encode(array: np.ndarray, form: str = "PNG") -> bytes:
    buffer = BytesIO()
    Image.fromarray(array).save(buffer, form)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    decoders = DecoderPool(workers=1)
    yield decoders
    decoders.close()


def test_the_result_is_the_same(pool: DecoderPool) -> None:
    data = encode(GREY, "JPEG")
    here, there = read_radiograph(data, "chest\u202e.png"), pool.read(data, "chest\u202e.png")
    assert np.array_equal(there.pixels, here.pixels)
    assert there.pixels.dtype == np.float32 and not there.pixels.flags.writeable
    assert (there.name, there.warnings, there.details) == (here.name, here.warnings, here.details)
    assert (there.source_format, there.spacing_mm) == (here.source_format, here.spacing_mm)
    assert [warning.code for warning in there.warnings] == ["misnamed"]


def test_a_refusal_crosses_over(pool: DecoderPool) -> None:
    with pytest.raises(RadiographError, match="The file is empty"):
        pool.read(b"", "chest.png")
    assert pool.read(encode(GREY), "chest.png").pixels.shape == GREY.shape


def test_when_and_of_whom_crosses_over_and_nothing_else(pool: DecoderPool) -> None:
    header = dataset(PatientID="MRN 12345", StudyDate="20260301", StudyTime="1015")
    found = pool.examine(write(header), bytes(32))
    assert (found.day, found.time) == (date(2026, 3, 1), time(10, 15))
    assert found.patient and "12345" not in str(found)
    assert pool.examine(write(dataset()), bytes(32)) == UNKNOWN
    with pytest.raises(RadiographError):
        pool.examine(write(dataset())[:-10], bytes(32))


def test_who_is_no_dicom_file_or_a_damaged_one_is_unknown() -> None:
    assert examine_isolated(encode(GREY), bytes(32)) == UNKNOWN
    assert examine_isolated(write(dataset())[:-10], bytes(32)) == UNKNOWN


def test_a_header_that_takes_too_long_is_not_taken_for_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with halted_decoders() as slow:
        monkeypatch.setattr(decoder_pool, "_pool", lambda: slow)
        with pytest.raises(DecoderError, match=TOO_SLOW):
            examine_isolated(write(dataset()), bytes(32))


def test_a_worker_that_died_is_replaced(pool: DecoderPool) -> None:
    pool.read(encode(GREY), "chest.png")
    worker = pool._idle.queue[0]
    first = worker._process
    assert first is not None
    first.kill()
    first.wait()
    assert pool.read(encode(GREY), "chest.png").pixels.shape == GREY.shape
    assert worker._process is not first


def test_many_threads_share_the_workers(pool: DecoderPool) -> None:
    images = [np.clip(GREY + shift, 0, 255).astype(np.uint8) for shift in range(8)]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda image: pool.read(encode(image), "chest.png"), images))
    for image, radiograph in zip(images, found, strict=True):
        assert np.array_equal(radiograph.pixels, image.astype(np.float32) / np.float32(255))


def test_a_file_that_takes_too_long_is_refused() -> None:
    with halted_decoders() as pool:
        with pytest.raises(RadiographError, match=TOO_SLOW):
            pool.read(encode(GREY), "chest.png")
        assert pool._idle.queue[0]._process is None


def test_a_worker_that_does_not_start_is_given_up() -> None:
    pool = DecoderPool(workers=1, limits=Limits(start_seconds=0.001))
    with pytest.raises(RadiographError, match=NOT_STARTED):
        pool.read(encode(GREY), "chest.png")
    pool.close()


def test_a_file_that_takes_too_much_memory_is_refused() -> None:
    pool = DecoderPool(workers=1, limits=Limits(memory_bytes=500_000_000))
    header = encode(np.zeros((6000, 6000), dtype=np.uint8))
    assert len(header) < len(zlib.compress(bytes(36_000_000))) * 3
    with pytest.raises(RadiographError, match=f"too much memory|{BROKE}"):
        pool.read(header, "chest.png")
    assert pool.read(encode(GREY), "chest.png").pixels.shape == GREY.shape
    pool.close()


def test_nothing_starts_before_it_is_needed() -> None:
    assert all(worker._process is None for worker in DecoderPool()._idle.queue)
