"""What a course needs of a DICOM header: when, and whether of the same patient, never who."""

from datetime import date, time
from typing import Any

import pytest

from core.errors import RadiographError
from core.reading.dicom.examination import read_examination
from core.reading.examination import Examination, pack_examination, unpack_examination
from tests.core.reading.dicom.dicom_files import GREY, dataset, write

KEY = bytes(32)


def examined(key: bytes = KEY, **elements: Any) -> Examination:
    return read_examination(write(dataset(GREY, **elements)), key)


def test_the_patient_is_a_hash_under_a_key() -> None:
    first, again = examined(PatientID="MRN 12345"), examined(PatientID=" MRN 12345 ", PatientName="B^C")
    assert first.patient == again.patient != examined(PatientID="MRN 12346").patient
    assert (
        "12345" not in first.patient and first.patient != examined(b"another", PatientID="MRN 12345").patient
    )


@pytest.mark.parametrize("said", ["", "ANONYMOUS", "anon-1".replace("-", ""), "00000", "Unknown", "_", "X"])
def test_who_was_taken_out_is_nobody(said: str) -> None:
    assert examined(PatientID=said).patient == ""


@pytest.mark.parametrize(
    ("elements", "day", "at"),
    [
        ({"StudyDate": "20260301", "StudyTime": "101500.25"}, date(2026, 3, 1), time(10, 15)),
        (
            {"StudyDate": "20260301", "AcquisitionDate": "20260304", "AcquisitionTime": "2359"},
            date(2026, 3, 4),
            time(23, 59),
        ),
        ({"AcquisitionDateTime": "20260305081500.000000+0100"}, date(2026, 3, 5), time(8, 15)),
        ({"AcquisitionDate": "", "ContentDate": "20260306"}, date(2026, 3, 6), None),
        ({"StudyDate": "2026.03.01", "StudyTime": "noon"}, date(2026, 3, 1), None),
        ({"StudyDate": "20260231"}, None, None),
        ({"StudyDate": "00010101"}, None, None),
        ({}, None, None),
    ],
)
def test_when_it_was_taken(elements: dict[str, str], day: date | None, at: time | None) -> None:
    found = examined(**elements)
    assert (found.day, found.time) == (day, at)
    assert unpack_examination(pack_examination(found)) == found


def test_a_damaged_file_is_refused() -> None:
    with pytest.raises(RadiographError):
        read_examination(write(dataset(GREY))[:-10], KEY)
