"""Whose label is whose in somebody's own set: what is read, and what is left out rather than guessed."""

import io
import struct
import unicodedata
import zipfile
import zlib

import pytest

from core.errors import DataError
from core.evaluation.sets.labelled import REASONS, LeftOut, count_images
from core.evaluation.sets.own import labels as own_labels
from core.evaluation.sets.own import own_set
from core.evaluation.sets.own.own_set import OwnSet, open_set
from core.evaluation.sets.own.words import read_folder, read_label


def opened(names: list[str], tables: dict[str, str | bytes] | str | None = None, **contents: bytes) -> OwnSet:
    """A set of files, each with content of its own unless given, and tables; a single one is labels.csv."""
    tables = {"labels.csv": tables} if isinstance(tables, str) else tables or {}
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(name, contents.get(name.rpartition("/")[2].partition(".")[0], name.encode()))
        for name, table in tables.items():
            archive.writestr(name, table)
    return open_set(data.getvalue())


def labels(found: OwnSet) -> dict[str, str]:
    return {each.name: each.label for each in found.members}


def reasons(found: OwnSet) -> dict[str, str]:
    return {each.name: each.reason for each in found.problems}


def check_all_are_told(found: OwnSet, files: int) -> None:
    """Each file is used or left out, and each problem one sentence that says what to do."""
    left = [each for each in found.problems if each.reason in REASONS]
    assert len(found.members) + len(left) == files
    assert len({each.name for each in left} | set(labels(found))) == files
    for each in found.problems:
        assert each.sentence.endswith(".") and (";" in each.sentence)


WORDS = {
    "covid": "covid Covid COVID COVID-19 covid19 covid_19 COVID\u201119 SARS-CoV-2 positive pos 1 1.0 1,0",
    "normal": "normal NORMAL healthy Healthy negative neg 0 0.0 0,0 false no NO",
    "pneumonia": "pneumonia Pneumonia",
}


@pytest.mark.parametrize(
    ("label", "word"), [(label, word) for label, all in WORDS.items() for word in all.split()]
)
def test_words_and_numbers_that_mean_a_label(label: str, word: str) -> None:
    assert labels(opened(["a.png"], f'file;label\na.png;"{word}"\n')) == {"a.png": label}


@pytest.mark.parametrize(
    ("word", "label"),
    [
        ("COVID 19", "covid"),
        ("covid-19 pneumonia", "covid"),
        ("COVID positive", "covid"),
        ("yes", "covid"),
        ("No Finding", "normal"),
        ("no_finding", "normal"),
        ("other pneumonia", "pneumonia"),
        ("Bacterial Pneumonia", "pneumonia"),
        ("viral  pneumonia", "pneumonia"),
        ("non-COVID pneumonia", "pneumonia"),
        ("2", None),
        ("-1", None),
        ("0.5", None),
        ("11", None),
        ("non-covid", None),
        ("not covid", None),
        ("covid-", None),
        ("covid?", None),
        ("covid/normal", None),
        ("covid negative", None),
        ("abnormal", None),
        ("", None),
    ],
)
def test_words_mean_what_they_say_and_nothing_near_it(word: str, label: str | None) -> None:
    assert read_label(word) == label


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("COVID-19", "covid"),
        ("covid_19", "covid"),
        ("Positive", "covid"),
        ("NORMAL", "normal"),
        ("healthy", "normal"),
        ("No finding", "normal"),
        ("neg", "normal"),
        ("Viral Pneumonia", "pneumonia"),
        ("1", None),
        ("0", None),
        ("yes", None),
        ("no", None),
        ("true", None),
        ("covid2", None),
        ("images", None),
    ],
)
def test_folders_say_so_in_words_alone(name: str, label: str | None) -> None:
    assert read_folder(name) == label


@pytest.mark.parametrize(
    ("written", "reason", "said"),
    [
        ("2", "unknown", "“2”"),
        ("ill", "unknown", "“ill”"),
        ("", "unlabelled", "no label"),
        ("  ", "unlabelled", "no label"),
        ("=cmd|x", "unknown", "“=cmd|x”"),
    ],
)
def test_an_unknown_label_is_named_with_the_words_that_are_known(
    written: str, reason: str, said: str
) -> None:
    found = opened(["a.png", "covid/b.png", "c.png"], f"file,label\nc.png,normal\ncovid/b.png,{written}\n")
    assert labels(found) == {"c.png": "normal"}
    assert reasons(found) == {"a.png": "unlabelled", "covid/b.png": reason}
    sentence = next(each.sentence for each in found.problems if each.name == "covid/b.png")
    assert said in sentence and "labels.csv, line 3" in sentence and "covid, normal or pneumonia" in sentence


def test_numbers_of_three_classes_are_not_taken_for_yes_and_no() -> None:
    names = ["a.png", "b.png", "c.png", "d.png"]
    found = opened(names, "file,label\na.png,0\nb.png,1\nc.png,2\nd.png,covid\n")
    assert labels(found) == {"d.png": "covid"}
    assert reasons(found) == {"a.png": "unknown", "b.png": "unknown", "c.png": "unknown"}
    assert all("other numbers than 0 and 1" in each.sentence for each in found.problems)


@pytest.mark.parametrize(
    ("header", "rows", "expected"),
    [
        ("file,COVID-19", ["1", "0", "yes", "negative", "2?"], ["covid", "normal", "covid", "normal", None]),
        ("file,normal", ["1", "0", "no", "true", ""], ["normal", None, None, "normal", None]),
        ("file,pneumonia", ["1", "0", "", "x", "1.0"], ["pneumonia", None, None, None, "pneumonia"]),
        (
            "file,covid,normal,pneumonia",
            ["1,0,0", "0,1,0", "0,0,1", "1,1,0", "0,0,0"],
            ["covid", "normal", "pneumonia", None, None],
        ),
        (
            "file,covid,label",
            ["0,covid", "1,normal", ",1", "1,", "x,0"],
            ["covid", "normal", "covid", None, "normal"],
        ),
    ],
)
def test_columns_that_are_called_as_a_finding_is(
    header: str, rows: list[str], expected: list[str | None]
) -> None:
    names = [f"{letter}.png" for letter in "abcde"]
    table = "\n".join([header, *(f"{name},{row}" for name, row in zip(names, rows, strict=True))])
    found = opened(names, table)
    assert labels(found) == {name: label for name, label in zip(names, expected, strict=True) if label}
    check_all_are_told(found, 5)


TWO = {"p1/ä.png": "covid", "p2/b,c.png": "normal"}
COMMAS = 'file,label\r\np1/ä.png,covid\r\n"p2/b,c.png",normal\r\n'
SEMICOLONS = "file;label\np1/ä.png;covid\np2/b,c.png;normal\n"
TABS = "file\tlabel\np1/ä.png\tcovid\np2/b,c.png\tnormal\n"


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
@pytest.mark.parametrize("text", [COMMAS, SEMICOLONS, TABS], ids=["commas", "semicolons", "tabs"])
def test_encodings_and_separators_of_spreadsheets(text: str, codec: str) -> None:
    found = opened(list(TWO), {"labels.csv": text.encode(codec)})
    assert labels(found) == TWO and not found.problems


@pytest.mark.parametrize(
    "table",
    [
        "\ufeff" + COMMAS,
        f"sep=;\n{SEMICOLONS}",
        f'"sep=,"\r\n{COMMAS}',
        SEMICOLONS.replace("\n", "\r"),
        SEMICOLONS.replace("label", "label;").replace("covid", "covid;").replace("normal", "normal;note"),
        f"\n\n{SEMICOLONS}\n;\n\n;;;\n",
        SEMICOLONS.replace("ä", "a\u0308"),
        SEMICOLONS.replace("/", "\\"),
        SEMICOLONS.replace("p1/", "./p1//").replace("p2/", "/p2/"),
        SEMICOLONS.replace("p1/", "C:\\set\\p1\\").replace("p2/", "../set/p2/"),
        SEMICOLONS.replace("p1/", "set/p1/").replace("p2/", "set/p2/"),
        SEMICOLONS.replace("p1/", "").replace("p2/", ""),
        SEMICOLONS.replace(".png", ".PNG").replace("p1", "P1"),
        SEMICOLONS.replace(".png", ""),
        SEMICOLONS.replace("p1/ä.png", '"p1/ä.png"').replace("normal", '"normal"'),
        SEMICOLONS.replace("p1/ä.png", "'p1/ä.png'").replace("covid", "“covid”"),
        SEMICOLONS.replace("p1/ä.png", '="p1/ä.png"').replace("p2/b,c.png", '"""p2/b,c.png"""'),
        SEMICOLONS.replace(";", " ; ").replace("p1/ä.png", "\u200b p1/ä.png\xa0"),
        SEMICOLONS.replace("file;label", " FILE NAME ;Diagnosis"),
        SEMICOLONS.replace("file;label\n", ""),
        TABS.replace("file\tlabel", "Image_Index\tFinding Labels"),
        "class;age;image;name\ncovid;30;p1/ä.png;A\nnormal;40;p2/b,c.png;B\n",
        'note;name;label\n"two\nlines";p1/ä.png;covid\n;p2/b,c.png;normal\n',
    ],
)
def test_tables_as_people_write_them(table: str) -> None:
    found = opened(list(TWO), table)
    assert labels(found) == TWO and not found.problems


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("other", ["NFC", "NFD"])
def test_composed_letters_are_the_decomposed_ones(form: str, other: str) -> None:
    found = opened(
        [unicodedata.normalize(form, "Größe.png")],
        f"file,label\n{unicodedata.normalize(other, 'Größe.png')},1",
    )
    assert labels(found) == {"Größe.png": "covid"}


@pytest.mark.parametrize(
    "name",
    [
        "labels.csv",
        "LABELS.CSV",
        "Label.csv",
        "labels.tsv",
        "labels.txt",
        "labels.csv.txt",
        "set/labels.csv",
        "set/tables/labels.csv",
    ],
)
def test_names_of_the_table(name: str) -> None:
    found = opened(["set/a.png", "set/x/b.png"], {name: "file;label\na.png;covid\nx/b.png;normal\n"})
    assert labels(found) == {"set/a.png": "covid", "set/x/b.png": "normal"} and not found.problems


@pytest.mark.parametrize(
    "name", ["metadata.csv", "labels_final.csv", "notes.tsv", "covid/list.csv", "book.xlsx"]
)
def test_another_table_is_said_not_to_be_read(name: str) -> None:
    found = opened(["covid/a.png"], {name: "file,label\na.png,normal\n"})
    assert labels(found) == {"covid/a.png": "covid"}
    assert reasons(found) == {name: "unlabelled"} and "labels.csv" in found.problems[0].sentence


def test_a_workbook_beside_the_table_is_named_and_alone_refused() -> None:
    found = opened(["a.png"], {"labels.csv": "file,label\na.png,normal\n", "labels.xlsx": b"PK\x03\x04"})
    assert labels(found) == {"a.png": "normal"} and reasons(found) == {"labels.xlsx": "unlabelled"}
    with pytest.raises(DataError, match=r"labels\.xlsx is a workbook"):
        opened(["covid/a.png"], {"labels.xlsx": b"PK\x03\x04"})


# Files; rows; what is labelled; why the others are not.
MATCHES = {
    "the issue's own": (
        ["p1/x.png", "p2/x.png"],
        "x.png,covid x.png,normal",
        {},
        {"p1/x.png": "ambiguous", "p2/x.png": "ambiguous"},
    ),
    "a bare name once": (
        ["p1/x.png", "p2/x.png"],
        "x.png,covid",
        {},
        {"p1/x.png": "ambiguous", "p2/x.png": "ambiguous"},
    ),
    "one label for both": (
        ["p1/x.png", "p2/x.png"],
        "x.png,covid x.png,covid",
        {},
        {"p1/x.png": "ambiguous", "p2/x.png": "ambiguous"},
    ),
    "a bare name beside a whole one": (
        ["p1/x.png", "p2/x.png"],
        "x.png,covid p2/x.png,covid",
        {},
        {"p1/x.png": "ambiguous", "p2/x.png": "ambiguous"},
    ),
    "whole paths": (
        ["p1/x.png", "p2/x.png"],
        "p1/x.png,covid p2/x.png,normal",
        {"p1/x.png": "covid", "p2/x.png": "normal"},
        {},
    ),
    "the archive has a top folder": (
        ["s/p1/x.png", "s/p2/x.png"],
        "p1/x.png,covid p2/x.png,normal",
        {"s/p1/x.png": "covid", "s/p2/x.png": "normal"},
        {},
    ),
    "the table has a top folder": (
        ["x.png", "p/y.png"],
        "s/x.png,covid s/p/y.png,normal",
        {"x.png": "covid", "p/y.png": "normal"},
        {},
    ),
    "the file at the top": (
        ["x.png", "p2/x.png"],
        "x.png,covid",
        {"x.png": "covid"},
        {"p2/x.png": "unlabelled"},
    ),
    "a folder that is absent": (
        ["x.png"],
        "x.png,covid p2/x.png,normal",
        {"x.png": "covid"},
        {"labels.csv, line 3": "missing"},
    ),
    "only the absent folder": (
        ["x.png", "p1/y.png"],
        "p2/x.png,normal p1/y.png,covid",
        {"p1/y.png": "covid"},
        {"x.png": "unlabelled", "labels.csv, line 2": "missing"},
    ),
    "a folder that is there without the file": (
        ["x.png", "p2/y.png"],
        "p2/x.png,covid",
        {},
        {"x.png": "unlabelled", "p2/y.png": "unlabelled", "labels.csv, line 2": "missing"},
    ),
    "an absent folder and two such files": (
        ["x.png", "p1/x.png"],
        "p2/x.png,covid",
        {},
        {"x.png": "unlabelled", "p1/x.png": "unlabelled", "labels.csv, line 2": "missing"},
    ),
    "a folder of another name": (
        ["p1/x.png"],
        "p2/x.png,normal p1/x.png,covid",
        {"p1/x.png": "covid"},
        {"labels.csv, line 2": "missing"},
    ),
    "part of a name": (
        ["ap1/x.png", "xx.png"],
        "p1/x.png,covid x.png,covid",
        {"ap1/x.png": "covid"},
        {"labels.csv, line 2": "missing", "xx.png": "unlabelled"},
    ),
    "two that end so": (
        ["a/p1/x.png", "b/p1/x.png"],
        "p1/x.png,covid",
        {},
        {"a/p1/x.png": "ambiguous", "b/p1/x.png": "ambiguous"},
    ),
    "case that differs once": (
        ["P1/X.PNG", "p2/y.png"],
        "p1/x.png,covid p2/y.png,normal",
        {"P1/X.PNG": "covid", "p2/y.png": "normal"},
        {},
    ),
    "case that differs twice": (
        ["p1/X.png", "p1/x.PNG"],
        "p1/x.png,covid",
        {},
        {"p1/X.png": "ambiguous", "p1/x.PNG": "ambiguous"},
    ),
    "case that tells": (
        ["p1/X.png", "p1/x.png"],
        "p1/x.png,covid p1/X.png,normal",
        {"p1/x.png": "covid", "p1/X.png": "normal"},
        {},
    ),
    "case that tells below a top folder": (
        ["s/p1/X.png", "s/p1/x.png"],
        "p1/x.png,covid p1/X.png,normal",
        {"s/p1/x.png": "covid", "s/p1/X.png": "normal"},
        {},
    ),
    "case that tells no folder": (
        ["p1/x.png", "p2/X.png"],
        "x.png,covid",
        {},
        {"p1/x.png": "ambiguous", "p2/X.png": "ambiguous"},
    ),
    "no extension": (["x.png", "y.1.dcm"], "x,covid y.1,normal", {"x.png": "covid", "y.1.dcm": "normal"}, {}),
    "no extension, two files": (
        ["x.png", "x.dcm"],
        "x,covid",
        {},
        {"x.png": "ambiguous", "x.dcm": "ambiguous"},
    ),
    "another extension": (
        ["x.png", "y.png.dcm"],
        "x.jpg,covid y.png,covid",
        {},
        {
            "x.png": "unlabelled",
            "y.png.dcm": "unlabelled",
            "labels.csv, line 2": "missing",
            "labels.csv, line 3": "missing",
        },
    ),
    "listed again": (
        ["a.png"],
        "a.png,covid a.png,COVID-19",
        {"a.png": "covid"},
        {"labels.csv, line 3": "remark"},
    ),
    "listed under two names": (
        ["p/a.png"],
        "p/a.png,covid a.png,1",
        {"p/a.png": "covid"},
        {"labels.csv, line 3": "remark"},
    ),
    "listed otherwise": (
        ["a.png", "b.png"],
        "a.png,covid a.png,normal b.png,normal",
        {"b.png": "normal"},
        {"a.png": "contradiction"},
    ),
    "listed otherwise, last": (
        ["a.png"],
        "a.png,covid a.png,covid a.png,pneumonia",
        {},
        {"a.png": "contradiction"},
    ),
    "listed without a label, too": (["a.png"], "a.png,covid a.png,", {}, {"a.png": "unlabelled"}),
    "no row": (["a.png", "b.png"], "a.png,covid", {"a.png": "covid"}, {"b.png": "unlabelled"}),
    "no row, but a folder": (
        ["a.png", "covid/b.png"],
        "a.png,covid",
        {"a.png": "covid"},
        {"covid/b.png": "unlabelled"},
    ),
    "no file": (
        ["a.png"],
        "a.png,covid gone.png,normal ,normal",
        {"a.png": "covid"},
        {"labels.csv, line 3": "missing", "labels.csv, line 4": "missing"},
    ),
    "the folder says so": (["covid/a.png"], "covid/a.png,1", {"covid/a.png": "covid"}, {}),
    "the folder says otherwise": (
        ["covid/a.png", "b.png"],
        "covid/a.png,normal b.png,0",
        {"b.png": "normal"},
        {"covid/a.png": "contradiction"},
    ),
    "a folder of a number": (["1/a.png"], "1/a.png,0", {"1/a.png": "normal"}, {}),
    "a comma in the name": (
        ["a.png", "scan.png", "b.png"],
        "a.png,covid scan,covid,left.png,normal b.png,1",
        {"a.png": "covid", "b.png": "covid"},
        {"scan.png": "unknown"},
    ),
}


@pytest.mark.parametrize("case", MATCHES)
def test_a_row_labels_the_file_that_it_means_or_none(case: str) -> None:
    names, rows, expected, left = MATCHES[case]
    found = opened(names, "\n".join(["file,label", *rows.split(" ")]))
    assert labels(found) == expected and reasons(found) == left
    check_all_are_told(found, len(names))


def test_an_ambiguous_name_is_said_with_all_that_it_may_mean() -> None:
    found = opened([f"p{number}/x.png" for number in range(5)], "file,label\nx.png,covid\n")
    assert not found.members and len(found.problems) == 5
    sentence = found.problems[4].sentence
    assert "“x.png” in labels.csv, line 2" in sentence
    assert "p4/x.png or p0/x.png or p1/x.png or 2 more" in sentence


def test_a_contradiction_is_said_with_both_places() -> None:
    found = opened(["covid/a.png", "b.png"], "file,label\ncovid/a.png,normal\nb.png,covid\n\nb.png,normal\n")
    assert [each.sentence for each in found.problems] == [
        "b.png is covid by labels.csv, line 3, but normal by labels.csv, line 5; keep one of them.",
        "covid/a.png is normal by labels.csv, line 2, but covid by its folder covid; keep one of them.",
    ]


@pytest.mark.parametrize(
    ("names", "expected", "left"),
    [
        (
            ["s/COVID-19/a.png", "s/normal/b.png", "s/Viral Pneumonia/c.png"],
            {
                "s/COVID-19/a.png": "covid",
                "s/normal/b.png": "normal",
                "s/Viral Pneumonia/c.png": "pneumonia",
            },
            {},
        ),
        (["covid/images/a.png"], {"covid/images/a.png": "covid"}, {}),
        (["covid/positive/a.png"], {"covid/positive/a.png": "covid"}, {}),
        (
            ["covid/a.png", "covid/normal/b.png"],
            {"covid/a.png": "covid"},
            {"covid/normal/b.png": "ambiguous"},
        ),
        (["healthy/a.png", "1/b.png"], {"healthy/a.png": "normal"}, {"1/b.png": "unlabelled"}),
        (["covid/a.png", "b.png"], {"covid/a.png": "covid"}, {"b.png": "unlabelled"}),
        (["covid\\a.png", "normal\\b.png"], {"covid/a.png": "covid", "normal/b.png": "normal"}, {}),
        (
            ["covid/a.png", "covid/.b.png", "covid/.git/c.png", "covid/Thumbs.db", "covid\\"],
            {"covid/a.png": "covid"},
            {},
        ),
    ],
)
def test_folders_label(names: list[str], expected: dict[str, str], left: dict[str, str]) -> None:
    found = opened(names)
    assert labels(found) == expected and reasons(found) == left


SEVERAL = {
    "each of its folder": (
        ["a/x.png", "b/x.png", "covid/y.png"],
        {"a/labels.csv": "x.png,covid", "b/labels.csv": "x.png,normal"},
        {"a/x.png": "covid", "b/x.png": "normal", "covid/y.png": "covid"},
        {},
    ),
    "paths from the top": (
        ["a/x.png", "b/x.png"],
        {"a/labels.csv": "a/x.png,covid", "b/labels.csv": "b/x.png,normal"},
        {"a/x.png": "covid", "b/x.png": "normal"},
        {},
    ),
    "none of another's": (
        ["a/x.png", "b/y.png"],
        {"a/labels.csv": "x.png,covid y.png,covid", "b/labels.csv": "z.png,normal"},
        {"a/x.png": "covid"},
        {"b/y.png": "unlabelled", "a/labels.csv, line 3": "missing", "b/labels.csv, line 2": "missing"},
    ),
    "contradiction": (
        ["a/x.png", "a/y.png"],
        {"labels.csv": "a/x.png,covid a/y.png,covid", "a/labels.csv": "x.png,normal y.png,covid"},
        {"a/y.png": "covid"},
        {"a/x.png": "contradiction", "labels.csv, line 3": "remark"},
    ),
    "two in one folder": (
        ["x.png", "y.png"],
        {"labels.csv": "x.png,covid y.png,covid", "labels.tsv": "x.png,normal"},
        {"y.png": "covid"},
        {"x.png": "contradiction"},
    ),
    "a folder of the other label": (
        ["covid/x.png", "normal/y.png"],
        {"covid/labels.csv": "x.png,normal", "normal/labels.csv": "y.png,normal"},
        {"normal/y.png": "normal"},
        {"covid/x.png": "contradiction"},
    ),
}


@pytest.mark.parametrize("case", SEVERAL)
def test_several_tables_speak_each_of_its_folder(case: str) -> None:
    names, tables, expected, left = SEVERAL[case]
    texts = {name: "\n".join(["file,label", *rows.split(" ")]) for name, rows in tables.items()}
    found = opened(names, texts)
    assert labels(found) == expected and reasons(found) == left
    check_all_are_told(found, len(names))


def test_the_folder_that_was_packed_with_its_table_labels_nothing() -> None:
    found = opened(["covid19/images/a.png"], {"covid19/labels.csv": "file,label\nimages/a.png,normal\n"})
    assert labels(found) == {"covid19/images/a.png": "normal"} and not found.problems


@pytest.mark.parametrize(
    ("rows", "expected", "left"),
    [
        ("a.png,covid b.png,normal", {}, {"a.png": "contradiction", "b.png": "contradiction"}),
        ("a.png,covid b.png,1", {"a.png": "covid"}, {"b.png": "repeated"}),
        ("a.png,covid", {"a.png": "covid"}, {"b.png": "unlabelled"}),
        ("a.png,covid,p1 b.png,1,p2", {}, {"a.png": "contradiction", "b.png": "contradiction"}),
        ("a.png,covid,p1 b.png,1,", {"a.png": "covid"}, {"b.png": "repeated"}),
        ("a.png,covid b.png,1 b.png,0", {}, {"a.png": "contradiction", "b.png": "contradiction"}),
    ],
)
def test_one_picture_under_two_names(rows: str, expected: dict[str, str], left: dict[str, str]) -> None:
    found = opened(
        ["a.png", "b.png"], "\n".join(["file,label,patient", *rows.split(" ")]), a=b"same", b=b"same"
    )
    assert labels(found) == expected and reasons(found) == left
    check_all_are_told(found, 2)


def test_one_picture_in_two_folders_is_a_contradiction_and_empty_files_are_no_picture() -> None:
    found = opened(["covid/a.png", "normal/a.png", "covid/c.png", "normal/c.png"], a=b"same", c=b"")
    assert labels(found) == {"covid/c.png": "covid", "normal/c.png": "normal"}
    assert found.problems[0].sentence == (
        "covid/a.png is covid, but the same file as normal/a.png, which is normal by its folder normal; "
        "keep one of them."
    )
    assert reasons(found) == {"covid/a.png": "contradiction", "normal/a.png": "contradiction"}


def test_encrypted_files_that_hide_their_checksum_are_not_taken_for_one_picture() -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("covid/a.png", b"one")
        archive.writestr("normal/b.png", b"two")
    hidden, place = bytearray(data.getvalue()), -1
    while (place := hidden.find(b"PK\x01\x02", place + 1)) >= 0:
        hidden[place + 8] |= 1
        hidden[place + 16 : place + 20] = bytes(4)
    assert labels(open_set(bytes(hidden))) == {"covid/a.png": "covid", "normal/b.png": "normal"}


def test_a_name_that_is_twice_in_the_archive_is_ambiguous() -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in ("covid/a.png", "covid/b.png", "covid/c.png"):
            archive.writestr(name, name)
    found = open_set(data.getvalue().replace(b"covid/b.png", b"covid/a.png"))
    assert labels(found) == {"covid/c.png": "covid"}
    assert [each.reason for each in found.problems] == ["ambiguous", "ambiguous"]


@pytest.mark.parametrize(
    ("header", "rows", "expected"),
    [
        ("file,label", "a.png,1 b.png,0", ["a.png", "b.png"]),
        ("file,label,patient", "a.png,1, b.png,0,p2", ["a.png", "p2"]),
        ("file,label,Patient ID", "a.png,1,p1 b.png,0,p1", ["p1", "p1"]),
        ("subject,file,label", "7,a.png,1 8,b.png,0", ["7", "8"]),
        ("file,label,patient", "a.png,1,p1 a.png,1,p2 b.png,0,p3", ["p3"]),
        ("file,label,patient", "a.png,1, a.png,1,p2 b.png,0,p3", ["p2", "p3"]),
    ],
)
def test_patients(header: str, rows: str, expected: list[str]) -> None:
    found = opened(["a.png", "b.png"], "\n".join([header, *rows.split(" ")]))
    assert [each.patient for each in found.members] == expected


def raw_zip(name: bytes, table: bytes, extra: bytes = b"") -> bytes:
    """An archive whose only image has a name of these bytes, without the flag for UTF-8."""
    info = zipfile.ZipInfo("?" * len(name))
    info.extra = extra
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(info, b"picture")
        archive.writestr("labels.csv", table)
    return data.getvalue().replace(b"?" * len(name), name)


@pytest.mark.parametrize("codec", ["utf-8", "cp437", "cp850", "cp1252"])
@pytest.mark.parametrize("name", ["Müller.png", "señal é.png"])
def test_names_that_the_archive_does_not_say_to_be_unicode(name: str, codec: str) -> None:
    found = open_set(raw_zip(name.encode(codec), f"file;label\n{name};covid\n".encode()))
    assert [each.label for each in found.members] == ["covid"] and not found.problems


def test_the_unicode_name_beside_another_is_read() -> None:
    raw, name = b"M_ller-\xff.png", "Mÿ漢.png"
    content = b"\x01" + struct.pack("<I", zlib.crc32(raw)) + name.encode()
    extra = struct.pack("<HH", 0x7075, len(content)) + content
    found = open_set(raw_zip(raw, f"file;label\n{name};covid\n".encode(), extra))
    assert labels(found) == {name: "covid"}
    damaged = extra.replace(struct.pack("<I", zlib.crc32(raw)), b"1234")
    assert not open_set(raw_zip(raw, f"file;label\n{name};covid\n".encode(), damaged)).members


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("name,label", None),
        ("file,diagnosis,finding", "two columns that may be the label"),
        ("file,file,label", "two columns that may be the file"),
        ("path,image,label", "two columns that may be the file"),
        ("file,label,patient id,subject", "two columns that may be the patient"),
        ("file,covid,covid-19", "two columns of one finding"),
        ("file,patient", "lacks the column"),
        ("picture of,label", "lacks the column"),
        ("b.png,covid", "lacks the column"),
        ("a.png,covid,64", "lacks the column"),
        ("a.png,ill", "lacks the column"),
        ("", "lacks the column"),
        (b"\xff\xfea", "damaged text"),
        (b"\xef\xbb\xbf\xff", "damaged text"),
        (b"PK\x03\x04", "workbook"),
        (b"\xd0\xcf\x11\xe0", "workbook"),
        (b"x" * ((1 << 20) + 1), "larger than 1 MB"),
    ],
)
def test_columns_are_told_or_the_table_is_refused(table: str | bytes, said: str | None) -> None:
    if said is None:
        assert not opened(["a.png"], {"labels.csv": table}).members
        return
    with pytest.raises(DataError, match=said) as refused:
        opened(["a.png"], {"labels.csv": table})
    assert str(refused.value).startswith("labels.csv ")


def test_a_table_of_too_many_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_labels, "MAX_ROWS", 2)
    assert len(opened(["a.png"], "file,label\na.png,1\nb.png,1\n").members) == 1
    with pytest.raises(DataError, match="more than 2 rows"):
        opened(["a.png"], "file,label\na.png,1\nb.png,1\nc.png,1\n")


def test_an_open_quotation_mark_ends_a_table_not_in_silence() -> None:
    found = opened(["a.png", "b.png", "c.png"], 'file,label\na.png,covid\n"b.png,normal\nc.png,covid\n')
    assert labels(found) == {"a.png": "covid"}
    assert reasons(found) == {
        "b.png": "unlabelled",
        "c.png": "unlabelled",
        "labels.csv, after line 2": "remark",
    }


def test_a_table_that_cannot_be_unpacked_is_named() -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("labels.csv", "file,label\na.png,covid\n")
        archive.writestr("a.png", b"a")
    with pytest.raises(DataError, match=r"labels\.csv is encrypted or damaged"):
        open_set(data.getvalue().replace(b"a.png,covid", b"a.png,ovidc"))


def test_too_many_tables_are_refused() -> None:
    tables = {f"{number}/labels.csv": "file,label" for number in range(own_set.MAX_TABLES + 1)}
    with pytest.raises(DataError, match="21 tables"):
        opened(["a.png"], tables)


def test_what_is_left_is_an_empty_set_that_says_why() -> None:
    found = opened(["p1/x.png", "p2/x.png", "c.png"], "file,label\nx.png,covid\nc.png,2\ngone.png,1\n")
    assert found.members == ()
    assert count_images([], found.problems) == (
        "0 images used, 3 left out: 2 ambiguous, 1 with an unknown label. 1 row names no file."
    )


@pytest.mark.parametrize(
    ("used", "left", "line"),
    [
        ([], [], "0 images used, 0 left out."),
        (["covid"], ["remark"], "1 image used, 0 left out."),
        (
            ["covid"] * 42,
            ["unreadable", "ambiguous", "unlabelled", "ambiguous", "unreadable"],
            "42 images used, 5 left out: 2 ambiguous, 1 without a label, 2 unreadable.",
        ),
        (
            ["covid", "normal"],
            ["missing", "contradiction", "missing"],
            "2 images used, 1 left out: 1 with contradictory labels. 2 rows name no file.",
        ),
        (
            ["covid", "pneumonia", "normal"],
            [],
            "3 images used, 0 left out. Results count the 2 of COVID-19 or normal; for the other 1 the "
            "models were taught no answer.",
        ),
    ],
)
def test_the_count(used: list[str], left: list[str], line: str) -> None:
    assert count_images(used, [LeftOut("a.png", reason, "") for reason in left]) == line


def test_many_rows_of_one_name_cost_little() -> None:
    names = [f"{number}/x.png" for number in range(own_set.MAX_FILES)]
    rows = "\n".join(["file,label", *["x.png,covid"] * 5000])
    found = opened(names, rows)
    assert not found.members and len(found.problems) == own_set.MAX_FILES
