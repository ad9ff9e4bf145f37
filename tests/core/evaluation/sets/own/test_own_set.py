"""Somebody's own ZIP of labelled radiographs: what is taken, what is skipped, what is refused."""

import io
import stat
import struct
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest

from core.errors import DataError, NotAskedError, RadiographError
from core.evaluation.sets.labelled import LeftOut, MeasuredSet, analyse_set, count_images
from core.evaluation.sets.own import own_set
from core.evaluation.sets.own.own_set import open_set
from core.gate.kinds import KIND_BY_KEY
from core.models.backbones import BACKBONES
from core.models.ensemble import FEATURES
from core.models.findings import op_norm, sigmoid, undo_op_norm
from core.vocabulary import FINDINGS
from tests.core.gate.verdicts import verdict

POINTS = np.linspace(0.05, 0.9, len(FINDINGS))
SCORES = np.linspace(0.01, 0.99, len(FINDINGS))  # of the findings of every image
THRESHOLDS = {each.key: 0.5 for each in BACKBONES} | {"ensemble": 0.4}


def packed(files: dict[str, bytes], **options) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def analysis(probability: float = 0.7) -> SimpleNamespace:
    values = [*([probability] * len(BACKBONES)), *SCORES]
    parts = [SimpleNamespace(input=name, value=value) for name, value in zip(FEATURES, values, strict=True)]
    return SimpleNamespace(
        refused=False,
        readings=[SimpleNamespace(probability=probability)] * len(BACKBONES),
        decision=SimpleNamespace(probability=0.6, contributions=parts[::-1]),
    )


def outcomes_of(images, analyse):
    found = analyse_set(images, THRESHOLDS, POINTS, analyse)
    return {images.members[place].name: outcome for place, outcome in found}


def test_what_systems_hide_in_archives_is_no_image() -> None:
    files = {"covid/a.png": b"a", "__MACOSX/covid/._a.png": b"", "covid/.DS_Store": b"", "desktop.ini": b"x"}
    found = open_set(packed(files))
    assert [(each.name, each.label) for each in found.members] == [("covid/a.png", "covid")]
    assert not found.problems


def test_the_template_is_a_table_that_works() -> None:
    files = {f"{name}.png": name.encode() for name in ("first", "second", "third")}
    found = open_set(packed({"labels.csv": own_set.TEMPLATE.encode(), **files}))
    assert [(each.name, each.label, each.patient) for each in found.members] == [
        ("first.png", "covid", "p1"),
        ("second.png", "normal", "p2"),
        ("third.png", "pneumonia", "p3"),
    ]
    assert not found.problems


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a whole ZIP"),
        (b"PK\x03\x04 nothing", "not a whole ZIP"),
        (packed({"covid/a.png": b"a" * 99})[:-30], "not a whole ZIP"),
        (packed({}), "No labelled image"),
        (packed({"a.png": b"a"}), "No labelled image"),
        (packed({"labels.csv": b"patient,label\n"}), "lacks the column"),
        (packed({"labels.csv": b"\xff\xfe"}), "lacks the column"),
        (packed({f"covid/{index}.png": b"" for index in range(501)}), "501 files"),
    ],
)
def test_what_is_no_set_is_refused_in_a_sentence(data: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        open_set(data)


def test_too_much_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_set, "MAX_BYTES", 1000)
    bomb = packed({"covid/a.png": bytes(2000)}, compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 300
    with pytest.raises(DataError, match="unpacked"):
        open_set(bomb)


def test_a_size_that_lies_is_counted_while_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    data = packed({"covid/a.png": bytes(2000), "covid/b.png": b"b"}, compression=zipfile.ZIP_DEFLATED)
    found = open_set(data)
    monkeypatch.setattr(own_set, "MAX_BYTES", 1000)
    outcomes = outcomes_of(found, lambda data, name: analysis())
    (left,), (other,) = outcomes["covid/a.png"], outcomes["covid/b.png"]
    assert left.reason == "unreadable" and "damaged" in left.sentence and not isinstance(other, LeftOut)


def test_overlapping_files_are_refused() -> None:
    data = bytearray(packed({"covid/a.png": b"a" * 50, "covid/b.png": b"b" * 50}))
    second = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, second + 42, 10)  # offset of its local header, inside the first file
    with pytest.raises(DataError, match="overlap"):
        open_set(bytes(data))


def test_links_are_no_files() -> None:
    link = zipfile.ZipInfo("covid/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("covid/a.png", b"a")
    assert [each.name for each in open_set(data.getvalue()).members] == ["covid/a.png"]


def test_what_cannot_be_read_costs_its_own_row_alone() -> None:
    data = bytearray(
        packed({"covid/a.png": b"first file", "covid/b.png": b"second", "normal/c.png": b"third"})
    )
    place = data.index(b"first file")
    data[place : place + 5] = b"FIRST"  # now its checksum is wrong

    def analyse(data: bytes, name: str):
        if data == b"second":
            raise RadiographError("This is no radiograph.")
        return analysis()

    found = outcomes_of(open_set(bytes(data)), analyse)
    outcomes = {name: outcome for name, (outcome,) in found.items()}
    assert outcomes["covid/a.png"].reason == "unreadable" and "damaged" in outcomes["covid/a.png"].sentence
    assert outcomes["covid/b.png"] == LeftOut(
        "covid/b.png", "unreadable", "covid/b.png: This is no radiograph."
    )
    table = outcomes["normal/c.png"]
    assert table.label.tolist() == ["normal"] and table.split.tolist() == ["own"]
    assert table.scores.tolist() == [[0.7] * len(BACKBONES) + [0.6]]


def test_what_the_gate_refuses_is_left_out_or_counts_with_the_refusal_over_it() -> None:
    knee = verdict(kind=KIND_BY_KEY["knee"], kind_share=0.9, reasons=("kind",))

    def analyse(data: bytes, name: str):
        if name.startswith("normal"):
            raise NotAskedError("This seems to be a radiograph of a knee (0.90).")
        return SimpleNamespace(**vars(analysis()) | {"refused": True, "verdict": knee, "warnings": ()})

    found = open_set(packed({"covid/a.png": b"a", "normal/b.png": b"b"}))
    outcomes = outcomes_of(found, analyse)
    table, remark = outcomes["covid/a.png"]
    assert table.label.tolist() == ["covid"] and remark.reason == "remark"
    assert "a knee (0.90 sure). It counts all the same" in remark.sentence
    (left_out,) = outcomes["normal/b.png"]
    assert left_out.reason == "refused" and left_out.sentence.startswith("normal/b.png: This seems")
    assert count_images(["covid"], [left_out]) == "1 image used, 1 left out: 1 refused by the gate."


def test_the_ensembles_inputs_come_back() -> None:
    found = open_set(packed({"covid/a.png": b"a", "covid/b.png": b"b"}))
    measured = MeasuredSet(found, dict(analyse_set(found, THRESHOLDS, POINTS, lambda data, name: analysis())))
    whole = measured.table()
    assert whole.findings.shape == (2, len(FINDINGS)) and whole.group.tolist() == [
        "covid/a.png",
        "covid/b.png",
    ]
    assert op_norm(sigmoid(whole.findings[0]), POINTS) == pytest.approx(SCORES)
    ends = undo_op_norm(np.array([0.0, 1.0] + [0.5] * (len(FINDINGS) - 2)), POINTS)
    assert ends[:2].tolist() == [-36, 36] and sigmoid(ends[2:]) == pytest.approx(POINTS[2:])


def test_names_from_outside_are_plain_text() -> None:
    found = open_set(packed({"covid/\u202eevil\n.png": b"a", "covid/" + "x" * 300 + ".png": b"b"}))
    assert all(len(each.name) <= 80 and each.name.isprintable() for each in found.members)


def test_a_set_that_was_half_measured_goes_on_where_it_stopped() -> None:
    images = open_set(packed({f"covid/{name}.png": name.encode() for name in "abcde"}))
    asked: list[str] = []

    def analyse(data: bytes, name: str):
        asked.append(name)
        if data == b"b":
            raise RadiographError("This is no radiograph.")
        return analysis()

    measured = MeasuredSet(images)
    assert measured.table() is None and measured.waiting == (0, 1, 2, 3, 4)
    found = analyse_set(images, THRESHOLDS, POINTS, analyse, places=(3, 1))
    measured.outcomes.update(found)
    assert measured.waiting == (0, 2, 4) and measured.done == (1, 3) and len(asked) == 2
    assert [each.name for each in measured.left_out()] == ["covid/b.png"]
    measured.outcomes.update(analyse_set(images, THRESHOLDS, POINTS, analyse, places=measured.waiting))
    whole = measured.table()
    assert whole and whole.path.tolist() == [f"covid/{name}.png" for name in "acde"] and len(asked) == 5
