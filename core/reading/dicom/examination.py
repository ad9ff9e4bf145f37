"""When a DICOM file was taken, and of whom: compared, never kept as it stands."""

from __future__ import annotations

import hashlib
import re
from datetime import date, time

from pydicom.dataset import Dataset

from core.reading.dicom.file import parse_dicom
from core.reading.dicom.values import text, texts
from core.reading.examination import Examination

# What is written where a name was taken out: equal ones say nothing of the patient.
NOBODY = re.compile(
    r"(?:ANON\w*|UNKNOWN|NONE|NULL|PATIENT|TEST|REMOVED|DELETED|DEIDENTIFIED|[0X._ -]*)", re.IGNORECASE
)
YEARS = range(1895, 2200)
_MOMENTS = (  # the image's own first, then its examination's (PS3.3, C.7.6.1 and C.7.2.1)
    ("AcquisitionDateTime", ""),
    ("AcquisitionDate", "AcquisitionTime"),
    ("ContentDate", "ContentTime"),
    ("StudyDate", "StudyTime"),
)


def read_examination(data: bytes, key: bytes) -> Examination:
    """Reads when a radiograph was taken, and whose it is as a hash.

    Args:
        data: A whole DICOM file.
        key: Of the hash, at most 64 bytes: the same for files that are to be compared.

    Raises:
        RadiographError: If it is damaged.
    """
    dataset = parse_dicom(data).dataset
    day, at = _moment(dataset)
    return Examination(_patient(dataset, key), day, at)


def _patient(dataset: Dataset, key: bytes) -> str:
    named = " ".join(texts(dataset, "PatientID", shown=False)).strip()
    if NOBODY.fullmatch(named):
        return ""
    return hashlib.blake2b(named.encode("utf-8", "replace"), key=key, digest_size=16).hexdigest()


def _moment(dataset: Dataset) -> tuple[date | None, time | None]:
    for day_keyword, time_keyword in _MOMENTS:
        said = text(dataset, day_keyword)
        if day := _date(said):
            return day, _time(text(dataset, time_keyword) if time_keyword else said[8:])
    return None, None


def _date(said: str) -> date | None:
    """YYYYMMDD (PS3.5, section 6.2), or with dots as before 1993; None for what no radiograph can have."""
    found = re.match(r"(\d{4})[.-]?(\d\d)[.-]?(\d\d)", said)
    try:
        day = date(*map(int, found.groups())) if found else None
    except ValueError:
        return None
    return day if day and day.year in YEARS else None


def _time(said: str) -> time | None:
    """HHMM and what follows."""
    found = re.match(r"([01]\d|2[0-3]):?([0-5]\d)", said)
    return time(int(found[1]), int(found[2])) if found else None
