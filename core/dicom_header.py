"""What a DICOM header says of the examination: which part of the body, from where, and made for whom."""

from __future__ import annotations

import re
import unicodedata

from pydicom.dataset import Dataset
from pydicom.uid import DigitalXRayImageStorageForProcessing

from core.dicom_file import DICOM_ERRORS, text, texts
from core.results import ReadingWarning

BURNED_IN = ReadingWarning(
    "burned_in_annotation",
    "The image may show the patient's name or number; cover it before sharing anything.",
)
NOT_FRONTAL = ReadingWarning(
    "not_frontal", "The file says that this is a lateral view; the models know frontal ones."
)
OBLIQUE = ReadingWarning(
    "oblique", "The file says that this is an oblique view; the models know frontal ones."
)
DECUBITUS = ReadingWarning(
    "decubitus", "The file says that the patient lay on one side; the models know upright chests."
)
MIRRORED = ReadingWarning(
    "mirrored_header", "The file says that it shows left and right exchanged; check the side marker."
)
TURNED = ReadingWarning(
    "turned_header",
    "The file says that the chest lies on its side or upside down; turn it first.",
)
FOR_PROCESSING = ReadingWarning(
    "for_processing",
    "The pixels are raw, for processing and not for looking at; choose the image for presentation.",
)

# Words for chest, lungs, ribs and heart as devices write them, without accents, in capitals; found anywhere
# in a name, so that stems do.
CHEST_WORDS = (
    *("CHEST", "THORA", "TORA", "LUNG", "RIB", "HEART", "CXR", "PULM", "PECHO", "POUMON", "BRUST", "HERZ"),
    *("BORST", "LONGEN", "BRYST", "BROST", "RINTA", "KEUHKO", "KLATKA", "PLUC", "HRUDN", "PLIC", "MELLKAS"),
    *("GOGUS", "AKCIGER", "GRUD", "ГРУД", "ЛЕГК", "ЛЕГЕН", "ΘΩΡΑ", "ΠΝΕΥΜ", "胸", "肺", "흉", "폐", "가슴"),
    *("صدر", "רئة", "חזה", "NGUC", "PHOI", "DADA", "ทรวงอก", "ปอด"),
)
# Names that hold such a word and yet mean the bones behind the chest.
SPINE_WORDS = ("SPINE", "SPINAL", "COLUMN", "COLONN", "COLUNA", "WIRBEL", "BWS", "RACHIS", "VERTEB", "LUMB")
CHEST_CODES = frozenset({"T-D3000", "51185008", "T-28000", "39607008"})  # SNOMED RT and CT: thorax, lung

LATERAL_TOKENS = frozenset({"LAT", "LL", "RL", "LLAT", "RLAT", "LATL", "LATR", "PROFIL", "PERFIL", "SEITL"})
OBLIQUE_TOKENS = frozenset({"LAO", "RAO", "LPO", "RPO", "LLO", "RLO", "OBL", "OBLIQUE"})
DECUBITUS_TOKENS = frozenset({"LLD", "RLD", "DECUB", "DECUBITUS"})
# PS3.16, CID 4010: left lateral, right lateral, lateral; as SNOMED RT and as SNOMED CT.
LATERAL_CODES = frozenset({"R-10236", "R-10232", "399173006", "399198007", "399067008"})


def header_warnings(dataset: Dataset) -> tuple[ReadingWarning, ...]:
    """What the reader has to know, apart from the pixels."""
    found = [BURNED_IN] if text(dataset, "BurnedInAnnotation").upper() == "YES" else []
    if _is_for_processing(dataset):
        found.append(FOR_PROCESSING)
    return (*found, *_view_warnings(dataset), *_part_warnings(dataset))


def _is_for_processing(dataset: Dataset) -> bool:
    intent = text(dataset, "PresentationIntentType").upper()
    return intent == "FOR PROCESSING" or (
        not intent and text(dataset, "SOPClassUID") == DigitalXRayImageStorageForProcessing
    )


def _view_warnings(dataset: Dataset) -> tuple[ReadingWarning, ...]:
    """From View Position, View Code Sequence and Patient Orientation; one that says lateral is enough."""
    tokens, codes = _view_tokens(dataset), _codes(dataset, "ViewCodeSequence")
    across, down = _orientation(dataset)
    if tokens & DECUBITUS_TOKENS:
        return (DECUBITUS,)
    side_on = across[:1] in ("A", "P")
    if tokens & LATERAL_TOKENS or codes & LATERAL_CODES or side_on or any("LATERAL" in t for t in tokens):
        return (NOT_FRONTAL,)
    if tokens & OBLIQUE_TOKENS:
        return (OBLIQUE,)
    if across[:1] in ("H", "F") or down[:1] in ("L", "R", "H"):
        return (TURNED, MIRRORED) if (across[:1], down[:1]) == ("R", "H") else (TURNED,)
    return (MIRRORED,) if across[:1] == "R" else ()


def _view_tokens(dataset: Dataset) -> set[str]:
    """The words of the view's name and of its codes' meanings, in capitals without accents."""
    meanings = _items(dataset, "ViewCodeSequence", "CodeMeaning")
    words = " ".join([*texts(dataset, "ViewPosition", shown=False), *meanings])
    return set(re.split(r"[\W_]+", _folded(words)))


def _orientation(dataset: Dataset) -> tuple[str, str]:
    """Whereto rows and columns run in the patient (PS3.3, C.7.6.1.1.1); empty where it is not said."""
    values = [value.upper() for value in texts(dataset, "PatientOrientation")]
    return (values[0], values[1]) if len(values) == 2 else ("", "")


def _part_warnings(dataset: Dataset) -> tuple[ReadingWarning, ...]:
    part = text(dataset, "BodyPartExamined").upper()
    if not part or is_chest(part) or _codes(dataset, "AnatomicRegionSequence") & CHEST_CODES:
        return ()
    return (ReadingWarning("body_part", f"The file says that this is not a chest but {part}."),)


def is_chest(name: str) -> bool:
    """Whether a body part's name means the chest, in whichever language and spelling a device writes it."""
    folded = _folded(name)
    if any(word in folded for word in SPINE_WORDS):
        return False
    return any(word in folded for word in CHEST_WORDS)


def _folded(name: str) -> str:
    """In capitals, without accents; Hangul and the like are left together."""
    parts = unicodedata.normalize("NFKD", name.upper())
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))


def _codes(dataset: Dataset, keyword: str) -> set[str]:
    return set(_items(dataset, keyword, "CodeValue"))


def _items(dataset: Dataset, keyword: str, inner: str) -> list[str]:
    """A text of each item of a sequence; none where it cannot be read."""
    try:
        return [found for item in dataset.get(keyword) or () if (found := text(item, inner))]
    except DICOM_ERRORS:
        return []
