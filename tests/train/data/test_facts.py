"""Sex, age and Brixia scores from tables beside the manifest."""

from pathlib import Path

import pytest

from core.errors import DataError
from train.data.facts import with_facts
from train.data.records import Record

RECORDS = [
    Record("clinic/a.jpg", "covid", "test", "clinic", "a", original="first.png"),
    Record("clinic/b.jpg", "covid", "test", "clinic", "b"),
]


def table(folder: Path, text: str, name: str = "facts.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8-sig")
    return file


def test_images_are_found_by_their_path_or_by_the_name_in_their_collection(tmp_path: Path) -> None:
    people = table(tmp_path, "path,sex,age,place\nclinic/a.jpg,f,55,Rome\nclinic/b.jpg,,,\n")
    scores = table(tmp_path, "filename,S-Global,J-Global\nfirst.png,8,9\nelse.png,1,1\n", "scores.csv")
    by_path, other = with_facts(RECORDS, [people])
    assert (by_path.sex, by_path.age, by_path.brixia) == ("F", 55, None)
    assert (other.sex, other.age) == ("", None)
    by_name, other = with_facts(RECORDS, [scores])
    assert by_name.brixia == 8.5 and other.brixia is None


def test_two_tables_that_name_one_image_differently_both_count(tmp_path: Path) -> None:
    people = table(tmp_path, "path,sex,age\nclinic/a.jpg,M,55\n")
    scores = table(tmp_path, "filename,brixia\nfirst.png,7\n", "scores.csv")
    both, _ = with_facts(RECORDS, [people, scores])
    assert (both.sex, both.age, both.brixia) == ("M", 55, 7)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("image,age\na,5\n", "neither a column path nor a column filename"),
        ("path,age\nclinic/a.jpg,old\n", r"facts\.csv, line 2: age must be a number from 0 to 120"),
        ("path,age\nclinic/a.jpg,155\n", r"line 2: age must be a number from 0 to 120"),
        ("path,brixia\nclinic/a.jpg,19\n", r"line 2: brixia must be a number from 0 to 18"),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        with_facts(RECORDS, [table(tmp_path, text)])


def test_without_tables_nothing_changes() -> None:
    assert with_facts(RECORDS, []) == RECORDS
