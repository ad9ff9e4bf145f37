"""Tables made by hand: read in any case and order, or refused with the line."""

import numpy as np
import pytest

from core.errors import DataError
from train.tools.csv_tables import numbers, read_rows


@pytest.fixture
def table(tmp_path):
    def write(content: str | bytes):
        path = tmp_path / "table.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_reads_columns_in_any_case_and_order(table):
    path = table('# made "by hand\nName, VGG16 ,extra\n\nfirst,0.5,x\n# between\n"second, quoted",1e-3,y\n')
    rows = read_rows(path, ("vgg16", "Name"))
    assert [row.line for row in rows] == [4, 6]
    assert rows[1].cells["name"] == "second, quoted"
    assert np.array_equal(numbers(path, rows, ["VGG16"]), [[0.5], [0.001]])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "lacks the columns a, b; add them"),
        ("A,c\n1,2\n", "lacks the column b; add it"),
        ("a,b,B\n1,2,3\n", "has the column b more than once"),
        ("a,b\n", "a header but no rows"),
        ("a,b\n1,2\n3\n", "1 cells in line 3 and 2 columns"),
        ("a,b\n1,x\n2,3\n,5\n", "in the lines 2, 4, first under 'b'"),
        ("a,b\n1,nan\n", "in the line 2, first under 'b'"),
        ("a,b\n" + "inf,1\n" * 7, "the lines 2, 3, 4, 5, 6 and 2 more"),
        (b"a,b\n\xff\xfe,1\n", "not a CSV table in UTF-8"),
        ('a,b\n1,"2\n', "not a CSV table in UTF-8"),
    ],
)
def test_says_what_is_wrong(table, content, reason):
    path = table(content)
    with pytest.raises(DataError, match=rf"^table\.csv .*{reason}.*\.$"):
        numbers(path, read_rows(path, ("a", "b")), ("a", "b"))


def test_says_that_there_is_no_file(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_rows(tmp_path / "absent.csv", ("a",))
