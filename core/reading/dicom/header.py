"""What a DICOM header says of the examination: which part of the body, from where, and made for whom."""

from __future__ import annotations

import re

from pydicom.dataset import Dataset
from pydicom.uid import DigitalXRayImageStorageForProcessing

from core.reading.dicom.values import folded, item_texts, text
from core.reading.dicom.view import view_warnings
from core.reading.warning import ReadingWarning

BURNED_IN = ReadingWarning(
    "burned_in_annotation",
    "The image may show the patient's name or number; cover it before sharing anything.",
)
FOR_PROCESSING = ReadingWarning(
    "for_processing",
    "The pixels are raw, for processing and not for looking at; choose the image for presentation.",
)

# Chest, lungs, ribs and heart as devices write them, in capitals without accents: what is clear wherever it
# stands in a name, and what has to begin a word.
CHEST = re.compile(
    r"CHEST|THORA|TORAX|TORAC|TORAK|LUNG|CXR|PULM|MEDIAST|BRUSTK|KLATKA|HRUDN|MELLKAS|GOGUS|AKCIGER|KEUHKO"
    r"|胸|肺|キョウフ|흉|폐|가슴|صدر|رية|חזה|ריאה|ทรวงอก|ปอด|छाती"
    r"|\b(?:RIBS?|RIBC.*|HEART|HERZ|PECHO|POUMON.*|BRUST|BORST.*|LONGEN|BRYST.*|BROST.*|RINTA.*|PLUC.*|PLIC.*"
    r"|GRUD.*|NGUC|PHOI|DADA|ГРУД.*|ЛЕГК.*|ЛЕГЕН.*|ΘΩΡΑ.*|ΠΝΕΥΜ.*)\b"
)
# The bones behind and before the chest, in whose names there is such a word, too.
BONES = re.compile(
    r"SPINE|SPINAL|ESPIN|COLUMN|COLONN|COLUNA|WIRBEL|BWS|WERVEL|HVIRVEL|RACHI|VERTEB|LUMB|KREGOSL|PATER|GERINC"
    r"|RYGG|RANKA|ПОЗВОН|ΣΠΟΝΔ|椎|胸骨|흉추|흉골"
)
UNSAID = frozenset({"", "UNKNOWN", "OTHER", "NONE", "UNSPECIFIED", "UNDEFINED"})
CHEST_CODES = frozenset(  # PS3.16, CID 4031, as SNOMED RT and as SNOMED CT, old and new
    {
        *("T-D3000", "51185008", "816094009"),  # thorax
        *("T-28000", "39607008"),  # lung
        *("T-11300", "113197003", "T-32000", "80891009", "T-D3300", "72410000"),  # rib, heart, mediastinum
        *("R-FAB55", "416550000", "R-FAB56", "416775004", "R-FAB52", "417437006"),  # with abdomen or neck
    }
)


def header_warnings(dataset: Dataset) -> tuple[ReadingWarning, ...]:
    """What the reader has to know, apart from the pixels."""
    found = [BURNED_IN] if text(dataset, "BurnedInAnnotation").upper() == "YES" else []
    if _is_for_processing(dataset):
        found.append(FOR_PROCESSING)
    return (*found, *view_warnings(dataset), *_part_warnings(dataset))


def _is_for_processing(dataset: Dataset) -> bool:
    intent = re.sub(r"\W|_", "", text(dataset, "PresentationIntentType").upper())
    return intent == "FORPROCESSING" or text(dataset, "SOPClassUID") == DigitalXRayImageStorageForProcessing


def _part_warnings(dataset: Dataset) -> tuple[ReadingWarning, ...]:
    """What Body Part Examined and Anatomic Region Sequence say; one that says chest is enough."""
    codes = item_texts(dataset, "AnatomicRegionSequence", "CodeValue")
    meanings = item_texts(dataset, "AnatomicRegionSequence", "CodeMeaning")
    parts = [part.upper() for part in (text(dataset, "BodyPartExamined"), *meanings)]
    said = [part for part in parts if part not in UNSAID]
    if not said or CHEST_CODES & set(codes) or any(map(is_chest, said)):
        return ()
    return (ReadingWarning("body_part", f"The file says that this is not a chest but {said[0]}."),)


def is_chest(name: str) -> bool:
    """Whether a body part's name means the chest, in whichever language and spelling a device writes it."""
    words = re.sub(r"[\s._:()/\\&,+-]+", " ", folded(name))
    return bool(CHEST.search(words)) and not BONES.search(words)
