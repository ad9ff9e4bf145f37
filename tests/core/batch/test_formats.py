"""Tables as files: typed, whole or not there, and text in them never a formula."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from core.batch import formats
from core.batch.columns import BatchRow, Column
from core.batch.formats import FORMATS, check_room, find_format, write_table
from core.errors import BatchError

COLUMNS = (
    Column("file", "text", "its path"),
    Column("spread", "number", "a number"),
    Column("votes", "whole", "a count"),
    Column("positive", "flag", "yes or no"),
)
ROWS: list[BatchRow] = [
    {"file": "=1+1", "spread": -0.25, "votes": 3, "positive": True},
    {"file": "<b>ü</b>", "spread": 0.1, "votes": 0, "positive": False},
    {"file": "@SUM(A1)"},
]
WHOLE = [{column.name: row.get(column.name) for column in COLUMNS} for row in ROWS]


def test_csv_disarms_text_and_leaves_numbers(tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv", COLUMNS, ROWS)
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        found = list(csv.reader(file))
    assert found == [
        ["file", "spread", "votes", "positive"],
        ["'=1+1", "-0.25", "3", "1"],
        ["<b>ü</b>", "0.1", "0", "0"],
        ["'@SUM(A1)", "", "", ""],
    ]


def test_json_lines_hold_every_column(tmp_path: Path) -> None:
    write_table(tmp_path / "t.jsonl", COLUMNS, ROWS)
    assert [json.loads(line) for line in (tmp_path / "t.jsonl").read_text("utf-8").splitlines()] == WHOLE


def test_parquet_has_types_meanings_and_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "ROWS_A_GROUP", 2)
    write_table(tmp_path / "t.parquet", COLUMNS, ROWS)
    found = parquet.ParquetFile(tmp_path / "t.parquet")
    assert found.read().to_pylist() == WHOLE and found.num_row_groups == 2
    assert [str(each.type) for each in found.schema_arrow] == ["string", "double", "int64", "bool"]
    assert found.schema_arrow.field("votes").metadata[b"meaning"] == b"a count"


def test_an_xlsx_table_holds_no_formula_and_marks_what_looks_like_one(tmp_path: Path) -> None:
    write_table(tmp_path / "t.xlsx", COLUMNS, ROWS)
    with zipfile.ZipFile(tmp_path / "t.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        styles = book.read("xl/styles.xml").decode()
    assert "<f>" not in sheet
    texts = dict(re.findall(r'<c r="(\w+)"[^>]*t="inlineStr"><is><t>(.*?)</t>', sheet))
    assert texts["A2"] == "=1+1" and texts["A3"] == "&lt;b&gt;ü&lt;/b&gt;" and texts["A4"] == "@SUM(A1)"
    styled = set(re.findall(r'<c r="(A\d)" s="\d+"', sheet))
    assert {"A2", "A4"} <= styled and "A3" not in styled and 'quotePrefix="1"' in styles
    values = dict(re.findall(r'<c r="(\w+)"[^>]*><v>(.*?)</v>', sheet))
    assert values == {"B2": "-0.25", "C2": "3", "D2": "1", "B3": "0.1", "C3": "0", "D3": "0"}


def test_only_a_worksheet_has_an_end(tmp_path: Path) -> None:
    told = r"room for 1,048,575 rows, .* give --out .*t\.parquet.* rename it to t\.parquet\.partial first"
    with pytest.raises(BatchError, match=told):
        check_room(tmp_path / "t.xlsx", 1_048_576)
    check_room(tmp_path / "t.xlsx", 1_048_575)
    for each in FORMATS:
        if each.suffix != ".xlsx":
            check_room(tmp_path / f"t{each.suffix}", 10**9)


@pytest.mark.parametrize("suffix", [each.suffix for each in FORMATS])
def test_a_table_that_is_interrupted_is_not_there(tmp_path: Path, suffix: str) -> None:
    def breaking() -> Iterator[BatchRow]:
        yield ROWS[0]
        raise KeyboardInterrupt

    path = tmp_path / f"t{suffix}"
    with pytest.raises(KeyboardInterrupt):
        write_table(path, COLUMNS, breaking())
    assert not list(tmp_path.iterdir())
    write_table(path, COLUMNS, ROWS)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_another_format_is_refused_by_name() -> None:
    assert find_format(Path("A.CSV")).suffix == ".csv"
    with pytest.raises(BatchError, match=r"t\.ods does not end in one of \.csv, \.parquet, \.xlsx, \.jsonl"):
        find_format(Path("t.ods"))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BatchError, match="cannot be written"):
        write_table(tmp_path / "file" / "t.csv", COLUMNS, ROWS)
