"""A course as CSV: one row a radiograph, no dates, nothing that a spreadsheet would run."""

import csv
import io

from core.display.wording import DISCLAIMER
from core.export.course import SCHEMA, course_csv
from tests.core.display.courses import course, film, kept


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_every_radiograph_is_a_row_with_its_reason() -> None:
    found = rows(course_csv(course()))
    assert [row["day"] for row in found] == ["0", "3", "7", "14"] and [row["order"] for row in found] == list(
        "1234"
    )
    assert (
        found[1]["extent"] == "7.0"
        and found[1]["vgg16_probability"] == "0.8"
        and found[1]["finding:Mass"] == "0.875"
    )
    assert found[2]["reason"] == "This seems to lie upside down." and found[2]["extent"] == ""
    assert (
        found[0]["extent_truth"] == "2"
        and found[0]["extent_error"] == "1.0"
        and found[3]["extent_truth"] == ""
    )
    assert {row["schema"] for row in found} == {SCHEMA} and DISCLAIMER in found[0]["disclaimer"]


def test_a_name_can_never_become_a_formula() -> None:
    (row,) = rows(course_csv(course(film("=1+1", None, kept(1, 0.1)))))
    assert row["name"] == "'=1+1.png" and row["day"] == ""
