"""From where a DICOM header says that the picture was taken, and which way up it lies."""

from __future__ import annotations

import re

from pydicom.dataset import Dataset

from core.reading.dicom.values import folded, item_texts, texts
from core.reading.warning import ReadingWarning

NOT_FRONTAL = ReadingWarning(
    "not_frontal", "The file says that this is a lateral view; the models know frontal ones."
)
OBLIQUE = ReadingWarning(
    "oblique", "The file says that this is an oblique view; the models know frontal ones."
)
AXIAL = ReadingWarning(
    "not_frontal", "The file says that this is a view along the body; the models know frontal ones."
)
DECUBITUS = ReadingWarning(
    "decubitus", "The file says that the patient lay on one side; the models know upright chests."
)
CONTRADICTION = ReadingWarning(
    "view_contradiction",
    "The file says in one place that the view is frontal and in another that it is not; look at the picture.",
)
MIRRORED = ReadingWarning(
    "mirrored_header",
    "The file says that it shows a mirror image, with left and right exchanged; check the side marker.",
)
TURNED = ReadingWarning(
    "turned_header", "The file says that the chest lies on its side or upside down; turn it first."
)

FRONTAL_WORD = re.compile(r"PA|AP|POSTERO(?:ANTERIOR)?|ANTERO(?:POSTERIOR)?|FRONTALE?")
LATERAL_WORD = re.compile(
    r"(?:[LR]T?)?LAT[LR]?|LL|RL|(?!BI|UNI|COL).*LATERA.*|LATERO|PROFIL.*|PERFIL|SEITL.*|БОКОВ.*|.*[側侧].*"
)
OBLIQUE_WORD = re.compile(r"[LR][AP]O|[LR]LO|OBL.*|SCHRAG.*")
DECUBITUS_WORD = re.compile(r"[LR]LD|[LR]?DECUB.*")

# PS3.16, CID 4010, as SNOMED RT, among them numbers that earlier editions gave, and as SNOMED CT.
FRONTAL_CODES = frozenset({"R-10202", "R-10206", "R-10214", "R-40888", "399033003", "399348003", "272479007"})
LATERAL_CODES = frozenset(
    {
        *("R-10236", "399173006"),  # left lateral
        *("R-10232", "399198007"),  # right lateral
        *("R-102CD", "399067008"),  # lateral
        *("R-10224", "399260004", "R-10228", "399352003"),  # medial-lateral and lateral-medial
        *("R-10222", "G-A145", "30730003"),  # sagittal
    }
)
OBLIQUE_CODES = frozenset(
    {
        *("R-102C1", "399182000", "R-10204", "399160007"),  # oblique, frontal oblique
        *("R-10208", "399312000", "R-10216", "399059000"),  # antero-posterior, postero-anterior oblique
        *("R-10210", "399038007", "R-10212", "399006002"),  # right, left posterior oblique
        *("R-10218", "R-40985", "399356000", "R-10220", "399135007"),  # right, left anterior oblique
        *("R-10234", "399236003", "R-10238", "399184004"),  # right, left oblique
        *("R-10226", "399368009", "R-10230", "399099002"),  # medio-lateral, latero-medial oblique
        *("R-40783", "260427002", "R-40782", "260426006"),  # lateral, medial oblique
    }
)

# Rows and columns run to the left and to the feet in a frontal picture that is upright and seen from the
# front; turned by quarters it is still no mirror image.
QUARTERS = (("L", "F"), ("F", "R"), ("R", "H"), ("H", "L"))
AXES = {"L": 0, "R": 0, "A": 1, "P": 1, "H": 2, "F": 2}

Ways = tuple[str, ...]  # letters for whereto rows and columns run; empty where it is not said


def view_warnings(dataset: Dataset) -> tuple[ReadingWarning, ...]:
    """From View Position, View Code Sequence and Patient Orientation; one that says lateral is enough."""
    words, codes, ways = _words(dataset), _codes(dataset), _orientation(dataset)
    said, seen = _said(words, codes), _seen(ways)
    if said is DECUBITUS:  # then the patient lies across an upright picture
        return (DECUBITUS, *(warning for warning in _lies(ways) if warning is not TURNED))
    views = tuple(dict.fromkeys(view for view in (said, seen) if view))
    frontal = _says_frontal(words, codes) or (bool(ways) and seen is None)
    contradicted = frontal and views not in ((), (OBLIQUE,))
    lies = tuple(warning for warning in _lies(ways) if not (contradicted and warning is MIRRORED))
    return (*views, *((CONTRADICTION,) if contradicted else ()), *lies)


def _said(words: set[str], codes: set[str]) -> ReadingWarning | None:
    """What words and codes say; None where it is frontal, or nothing."""
    for view, word, numbers in (
        (DECUBITUS, DECUBITUS_WORD, frozenset[str]()),
        (OBLIQUE, OBLIQUE_WORD, OBLIQUE_CODES),
        (NOT_FRONTAL, LATERAL_WORD, LATERAL_CODES),
    ):
        if codes & numbers or any(map(word.fullmatch, words)):
            return view
    return None


def _says_frontal(words: set[str], codes: set[str]) -> bool:
    return bool(codes & FRONTAL_CODES) or any(map(FRONTAL_WORD.fullmatch, words))


def _seen(ways: Ways) -> ReadingWarning | None:
    """The view that the orientation shows; None where it is frontal, or not said."""
    axes = {AXES[way] for way in ways}
    return NOT_FRONTAL if axes == {1, 2} else AXIAL if axes == {0, 1} else None


def _lies(ways: Ways) -> tuple[ReadingWarning, ...]:
    """How a picture lies that shows the body from the front or from one side."""
    if 2 not in {AXES[way] for way in ways}:
        return ()
    turned = (TURNED,) if ways[1] != "F" else ()
    mirrored = (MIRRORED,) if {"L", "R"} & set(ways) and ways not in QUARTERS else ()
    return turned + mirrored


def _words(dataset: Dataset) -> set[str]:
    """The words of the view's name and of its codes' meanings."""
    meanings = item_texts(dataset, "ViewCodeSequence", "CodeMeaning")
    return set(
        re.split(r"[\W_]+", folded(" ".join([*texts(dataset, "ViewPosition", shown=False), *meanings])))
    )


def _codes(dataset: Dataset) -> set[str]:
    return set(item_texts(dataset, "ViewCodeSequence", "CodeValue"))


def _orientation(dataset: Dataset) -> Ways:
    """Whereto rows and columns mainly run (PS3.3, C.7.6.1.1.1); empty where it is not said."""
    values = [value.upper()[:1] for value in texts(dataset, "PatientOrientation")]
    if len(values) != 2 or not all(value in AXES for value in values) or AXES[values[0]] == AXES[values[1]]:
        return ()
    return tuple(values)
