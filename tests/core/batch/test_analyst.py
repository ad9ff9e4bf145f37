"""A row of a file says what a single analysis of it says, or why there is none."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from core.analysis.load import Models
from core.analysis.run import analyse, look
from core.batch.analyst import Analyst, identify
from core.batch.columns import columns
from core.batch.rows import problem_row
from core.errors import DecoderError, EngineError, RadiographError
from core.export.json_csv import csv_row
from core.reading.decoder_pool import DecoderPool
from core.reading.radiograph import read_radiograph
from tests.halted_decoders import halted_decoders
from tests.precision_records import record_bfloat16

Make = Callable[..., Analyst]
NOT_IN_A_ROW = {"name", "laid", "title", "backbone_weights", "findings_note", "bundle", "milliseconds"}
NOT_IN_A_ROW |= {"precision_note", "schema", "disclaimer"}  # these are of the whole table
TYPES = {"text": str, "number": float, "whole": int, "flag": bool}


def single(name: str, data: bytes, models: Models) -> dict[str, object]:
    """What is said of a file when it is analysed alone, as one row of CSV."""
    radiograph = read_radiograph(data, name)
    row = csv_row(analyse(radiograph, models, verdict=look(radiograph, models)))
    return {key: None if value == "" else value for key, value in row.items() if key not in NOT_IN_A_ROW}


def test_rows_made_side_by_side_equal_single_analyses_to_the_last_digit(
    shared_models: Models, random_models: Models, chests: dict[str, bytes], noise: bytes
) -> None:
    """The networks of one are compiled for one core each, those of the other for all cores."""
    files = chests | {"noise.png": noise}
    analyst = Analyst(shared_models, DecoderPool(2), ask_all=True)
    with ThreadPoolExecutor(3) as pool:
        rows = dict(zip(files, pool.map(analyst.row, files, files.values()), strict=True))
    analyst.close()
    for name, data in files.items():
        found = {key: value or None if value == "" else value for key, value in rows[name].items()}
        assert found.pop("status") == ("refused" if name == "noise.png" else "answered")
        assert found.pop("seconds") > 0
        assert found == single(name, data, random_models)


def test_every_cell_has_the_type_of_its_column(
    analyst_of: Make, chests: dict[str, bytes], noise: bytes
) -> None:
    analyst = analyst_of(ask_all=True)
    kinds = {each.name: each.kind for each in columns(analyst._models.manifest)}
    for name, data in [*chests.items(), ("noise.png", noise), ("x.png", b"text")]:
        row = analyst.row(name, data)
        wrong = {
            key: value for key, value in row.items() if type(value) not in (TYPES[kinds[key]], type(None))
        }
        assert wrong == {}


def test_of_a_refused_picture_the_networks_are_asked_on_demand_alone(analyst_of: Make, noise: bytes) -> None:
    row = analyst_of().row("noise.png", noise)
    assert row["status"] == "refused" and row["gate_refused"] is True and row["gate"]
    assert "ensemble_probability" not in row and "extent" not in row
    asked = analyst_of(ask_all=True).row("noise.png", noise)
    assert asked["status"] == "refused" and asked["gate_refused"] is True and asked["gate"] == row["gate"]
    assert 0 < asked["ensemble_probability"] < 1 and "extent" not in asked


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "The file is empty"),
        (b"some words", "This file is a text file"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
    ],
)
def test_a_bad_file_is_a_row_with_the_reason(analyst_of: Make, data: bytes, reason: str) -> None:
    row = analyst_of().row("x.png", data)
    assert set(row) == {"status", "error", "seconds"}
    assert row["status"] == "unreadable" and reason in row["error"]


def test_a_file_with_several_pictures_is_a_row_with_the_reason(analyst_of: Make) -> None:
    data = io.BytesIO()
    grey = Image.linear_gradient("L")
    grey.save(data, "TIFF", save_all=True, append_images=[grey, grey])
    row = analyst_of().row("pages.tif", data.getvalue())
    assert row["status"] == "unreadable"
    assert row["error"] == "The file holds 3 pictures; save those to be read as files of their own."


def test_what_another_try_may_change_has_failed(random_models: Models, chests: dict[str, bytes]) -> None:
    name, data = next(iter(chests.items()))
    with halted_decoders() as slow:
        row = Analyst(random_models, slow, ask_all=False).row(name, data)
    assert row["status"] == "failed" and "too long to decode" in row["error"]
    assert problem_row(EngineError("A network fails."))["status"] == "failed"
    assert problem_row(DecoderError("Late."))["status"] == "failed"
    assert problem_row(RadiographError("No."))["status"] == "unreadable"


def test_settings_tell_bundles_gates_and_official_weights_apart(
    random_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = identify(random_bundle, ask_all=False)
    assert known.bundle == random_bundle.name and known == identify(random_bundle, ask_all=False)
    assert identify(random_bundle, ask_all=True) == replace(known, ask_all=True)
    assert identify(random_bundle, ask_all=False, precision="verified") == known
    copy = tmp_path / random_bundle.name
    copy.mkdir()
    shutil.copy(random_bundle / "bundle.json", copy)
    record_bfloat16(copy, 0.5)
    monkeypatch.delenv("THORAXLENS_PRECISION", raising=False)
    monkeypatch.setattr("core.analysis.arithmetic.processor_precisions", lambda: frozenset({"f32", "bf16"}))
    faster = identify(copy, ask_all=False, precision="verified")
    assert (faster.precision, faster.choice) == ("vgg16 bf16", "verified")
    assert (known.precision, known.choice) == ("f32", "f32")
    with (copy / "bundle.json").open("a") as file:
        file.write("\n")
    assert identify(copy, ask_all=False).bundle_version != known.bundle_version
    weights = tmp_path / "weights.pt"
    weights.write_bytes(b"official")
    monkeypatch.setattr("core.batch.analyst.official_file", lambda: weights)
    assert len(identify(random_bundle, ask_all=False).official) == 64 and known.official == ""
