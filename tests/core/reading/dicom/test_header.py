"""What a DICOM header says of the examination, in the words and codes that devices write."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.core.reading.dicom.dicom_files import (
    CR,
    CT,
    DX,
    HEIGHT,
    SC,
    TWELVE,
    WIDTH,
    codes,
    dataset,
    read,
    refusal,
    write,
)


def test_a_burned_in_name_is_warned_of() -> None:
    assert codes(read(dataset(BurnedInAnnotation="YES"))) == {"burned_in_annotation"}
    assert codes(read(dataset(BurnedInAnnotation="NO"))) == set()


@pytest.mark.parametrize(
    ("modality", "storage", "expected"),
    [
        ("CR", CR, set()),
        ("DX", DX, set()),
        (None, DX, set()),
        ("OT", SC, {"secondary_capture"}),
        ("DX", SC, {"secondary_capture"}),
        (None, SC, {"secondary_capture"}),
    ],
)
def test_radiographs_and_captures_are_read(modality: str | None, storage: str, expected: set[str]) -> None:
    assert codes(read(dataset(Modality=modality, SOPClassUID=storage))) == expected


@pytest.mark.parametrize(
    ("modality", "storage"), [("CT", CT), ("MR", SC), ("US", CR), (None, CT), ("OT", f"{SC}7.1.4")]
)
def test_other_modalities_are_refused_by_name(modality: str | None, storage: str) -> None:
    message = refusal(dataset(Modality=modality, SOPClassUID=storage))
    assert "not a radiograph" in message
    assert (modality or "unnamed") in message


def test_a_header_cannot_speak_in_markup() -> None:
    assert "modality IMGSRCX," in refusal(dataset(Modality="<img/src=x>", SOPClassUID=CT))


def test_lateral_views_and_other_parts_are_warned_of() -> None:
    assert codes(read(dataset(ViewPosition="LL"))) == {"not_frontal"}
    assert codes(read(dataset(BodyPartExamined="KNEE"))) == {"body_part"}
    assert codes(read(dataset(ViewPosition="PA", BodyPartExamined="CHEST"))) == set()


# What the header says of the examination


def _with_part(raw: bytes, charset: str | None, keyword: str = "BodyPartExamined") -> bytes:
    """A file in which an element, the body part for one, holds these bytes, as devices write them."""
    raw += b" " * (len(raw) % 2)
    header = dataset(**{keyword: "Q" * len(raw)})
    if charset:
        header.SpecificCharacterSet = charset.replace("999", "100")  # pydicom does not write unknown ones
    data = write(header).replace(b"Q" * len(raw), raw)
    return data.replace(b"ISO_IR 100", b"ISO_IR 999") if charset == "ISO_IR 999" else data


@pytest.mark.parametrize(
    "part",
    [
        *("CHEST", "PORT CHEST", "CHEST AP", "CHEST_1_VIEW", "TORAX", "TÓRAX", "PECHO", "THORAX", "LUNG"),
        *("thorax pa", "POUMON", "BRUSTKORB", "LUNGE", "TORACE", "PULMÃO", "KLATKA PIERSIOWA", "RIBS", "CXR"),
        *("ГРУДНАЯ КЛЕТКА", "胸部", "胸", "흉부", "Brystkasse", "BRÖSTKORG", "HRUDNÍK", "GÖĞÜS", "THORACIC"),
        *("PŁUCA", "RIB CAGE", "MEDIASTINUM", "ｷｮｳﾌﾞ", "ทรวงอก", "छाती", "صدر", "رئة", "ЛЁГКИЕ"),
    ],
)
@pytest.mark.parametrize("charset", ["ISO_IR 192", "device"])
def test_a_chest_in_any_language_is_a_chest(part: str, charset: str) -> None:
    radiograph = read(_with_part(part.encode(), None if charset == "device" else charset))
    assert radiograph.warnings == ()
    assert radiograph.details["Body part"] == part


@pytest.mark.parametrize(
    ("charset", "encoding"), [("ISO_IR 100", "latin-1"), (None, "latin-1"), ("ISO_IR 999", "latin-1")]
)
def test_character_sets_are_honoured(charset: str | None, encoding: str) -> None:
    assert read(_with_part("TÓRAX".encode(encoding), charset)).details["Body part"] == "TÓRAX"


@pytest.mark.parametrize(
    ("charset", "raw", "part"),
    [
        ("\\ISO 2022 IR 87", "胸部".encode("iso2022_jp"), "胸部"),
        ("\\ISO 2022 IR 149", b"\x1b$)C" + "흉부".encode("euc_kr"), "흉부"),
        ("GB18030", "胸部".encode("gb18030"), "胸部"),
    ],
)
def test_character_sets_of_many_bytes(charset: str, raw: bytes, part: str) -> None:
    radiograph = read(_with_part(raw, charset))
    assert radiograph.details["Body part"] == part and radiograph.warnings == ()


@pytest.mark.parametrize("charset", [None, "ISO_IR 192", "\\ISO 2022 IR 87", "ISO_IR 999"])
@pytest.mark.parametrize("raw", [b"CHEST\xff\xfe", b"CHEST \x1b$Z\x81", b"CHEST\x1b", b"CHEST <b>\x00\xc3"])
def test_broken_text_does_no_harm(raw: bytes, charset: str | None) -> None:
    radiograph = read(_with_part(raw, charset))
    assert radiograph.warnings == () and radiograph.details["Body part"].startswith("CHEST")
    assert not set("<>\x1b\0") & set(radiograph.details["Body part"])


def test_cyrillic_in_its_own_character_set() -> None:
    radiograph = read(_with_part("ГРУДЬ".encode("iso8859_5"), "ISO_IR 144"))
    assert radiograph.details["Body part"] == "ГРУДЬ" and radiograph.warnings == ()


@pytest.mark.parametrize(
    "part",
    [
        *("KNEE", "HAND", "SKULL", "ABDOMEN", "TSPINE", "THORACIC SPINE", "BWS", "PELVIS"),
        *("STERNUM", "TRIBUNE"),
        *("COLUNA TORACICA", "BRUSTWIRBEL", "THORACOLUMBAR", "RACHIS THORACIQUE"),
    ],
)
def test_other_parts_are_named(part: str) -> None:
    radiograph = read(dataset(BodyPartExamined=part))
    assert codes(radiograph) == {"body_part"} and f"but {part}." in radiograph.warnings[0].message


@pytest.mark.parametrize("view", ["側面", "侧位", "БОКОВАЯ", "LATERALE"])
def test_a_lateral_view_in_any_language(view: str) -> None:
    assert codes(read(_with_part(view.encode(), "ISO_IR 192", "ViewPosition"))) == {"not_frontal"}


@pytest.mark.parametrize("part", ["", "UNKNOWN", "OTHER"])
def test_a_part_that_is_not_said_may_be_a_chest(part: str) -> None:
    assert read(dataset(BodyPartExamined=part)).warnings == ()


def test_a_region_alone_is_named() -> None:
    radiograph = read(dataset(AnatomicRegionSequence=[_code("T-D9200", "Knee")]))
    assert codes(radiograph) == {"body_part"} and "but KNEE." in radiograph.warnings[0].message


@pytest.mark.parametrize("code", ["T-D3000", "51185008", "816094009", "T-28000", "39607008"])
def test_a_code_may_say_that_it_is_a_chest(code: str) -> None:
    assert read(dataset(BodyPartExamined="OTHER", AnatomicRegionSequence=[_code(code)])).warnings == ()
    assert codes(read(dataset(BodyPartExamined="OTHER", AnatomicRegionSequence=[_code("T-D9200")]))) == {
        "body_part"
    }


def _code(value: str, meaning: str = "") -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SRT", meaning or "x"
    return item


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        *(({"ViewPosition": view}, {"not_frontal"}) for view in ("LAT", "LL", "RL", "LLAT", "RLAT", "L LAT")),
        *(({"ViewPosition": view}, {"not_frontal"}) for view in ("LATERAL", "lat.", "R_LAT", "LT LAT")),
        *(({"ViewPosition": view}, {"not_frontal"}) for view in ("SEITLICH", "PROFIL G")),
        *(({"ViewPosition": view}, set()) for view in ("PA", "AP", "", "FRONTAL", "BILATERAL")),
        *(({"ViewPosition": view}, {"oblique"}) for view in ("LAO", "RPO", "LLO", "OBLIQUE LAT", "PA OBL")),
        ({"ViewPosition": ["PA", "LAT"]}, {"not_frontal", "view_contradiction"}),
        ({"ViewPosition": "LLD"}, {"decubitus"}),
        ({"ViewPosition": "LAT DECUB"}, {"decubitus"}),
        ({"PatientOrientation": ["A", "F"]}, {"not_frontal"}),
        ({"PatientOrientation": ["P", "F"]}, {"not_frontal"}),
        ({"PatientOrientation": ["AL", "F"]}, {"not_frontal"}),
        ({"PatientOrientation": ["L", "F"]}, set()),
        ({"PatientOrientation": ["L", "FP"]}, set()),
        ({"PatientOrientation": ["R", "F"]}, {"mirrored_header"}),
        ({"PatientOrientation": ["R", "F"], "ViewPosition": "PA"}, {"mirrored_header"}),
        *(
            ({"PatientOrientation": ways}, {"turned_header"})
            for ways in (["R", "H"], ["F", "R"], ["H", "L"], ["HL", "LF"])
        ),
        *(
            ({"PatientOrientation": ways}, {"turned_header", "mirrored_header"})
            for ways in (["L", "H"], ["F", "L"], ["H", "R"])
        ),
        *(
            ({"PatientOrientation": ways}, {"not_frontal", "turned_header"})
            for ways in (["A", "H"], ["F", "P"])
        ),
        ({"PatientOrientation": ["L", "P"]}, {"not_frontal"}),
        *(
            ({"PatientOrientation": ways}, set())
            for ways in (["L", "R"], ["X", "F"], ["", ""], ["L", "F", "A"])
        ),
        ({"PatientOrientation": ["A", "F"], "ViewPosition": "PA"}, {"not_frontal", "view_contradiction"}),
        ({"PatientOrientation": ["A", "F"], "ViewPosition": "LL"}, {"not_frontal"}),
        ({"PatientOrientation": ["R", "F"], "ViewPosition": "LL"}, {"not_frontal", "view_contradiction"}),
        ({"PatientOrientation": ["F", "R"], "ViewPosition": "LLD"}, {"decubitus"}),
        ({"PatientOrientation": ["R", "F"], "ViewPosition": "LLD"}, {"decubitus", "mirrored_header"}),
        ({"PatientOrientation": ["R", "F"], "ViewPosition": "LAO"}, {"oblique", "mirrored_header"}),
        (
            {"ViewPosition": "PA", "ViewCodeSequence": [_code("R-10236")]},
            {"not_frontal", "view_contradiction"},
        ),
        (
            {"ViewPosition": "LL", "ViewCodeSequence": [_code("272479007")]},
            {"not_frontal", "view_contradiction"},
        ),
        ({"PatientOrientation": "L"}, set()),
        *(
            ({"ViewCodeSequence": [_code(code)]}, {"not_frontal"})
            for code in ("R-10236", "R-10232", "R-102CD", "399173006", "399198007", "399067008")
        ),
        ({"ViewCodeSequence": [_code("1234", "left lateral")]}, {"not_frontal"}),
        ({"ViewCodeSequence": [_code("R-10206", "antero-posterior")]}, set()),
        ({"ViewCodeSequence": [_code("399135007", "left anterior oblique")]}, {"oblique"}),
        ({"ViewCodeSequence": [_code("R-10226", "medio-lateral oblique")]}, {"oblique"}),
        ({"PresentationIntentType": "FOR PROCESSING"}, {"for_processing"}),
        ({"PresentationIntentType": "FOR PRESENTATION"}, set()),
        ({"PresentationIntentType": "for_processing"}, {"for_processing"}),
        ({"SOPClassUID": f"{DX}.1"}, {"for_processing"}),
        ({"SOPClassUID": f"{DX}.1", "PresentationIntentType": "FOR PRESENTATION"}, {"for_processing"}),
    ],
)
def test_what_the_header_says_of_view_and_purpose_is_said(
    elements: dict[str, Any], expected: set[str]
) -> None:
    assert codes(read(dataset(**elements))) == expected


@pytest.mark.parametrize("modality", ["CR", "DX", "DR", "RG", "XR", "cr", "DX ", "CR/DX", ["CR", "DX"]])
def test_radiography_goes_by_many_names(modality: str) -> None:
    assert read(dataset(Modality=modality, SOPClassUID="1.2.3")).warnings == ()


@pytest.mark.parametrize("storage", [CR, DX, f"{DX}.1"])
@pytest.mark.parametrize("modality", ["OT", "RAD", "X-RAY", ""])
def test_the_class_decides_where_the_modality_is_odd(storage: str, modality: str) -> None:
    assert codes(read(dataset(SOPClassUID=storage, Modality=modality))) <= {"for_processing"}


def test_frames_are_counted() -> None:
    stack = np.stack([TWELVE, TWELVE[::-1]])
    header = dataset(
        Rows=HEIGHT, Columns=WIDTH, SamplesPerPixel=1, NumberOfFrames=2, PixelData=stack.tobytes()
    )
    assert read(header).frames == read(header, 1).frames == 2
    assert np.array_equal(read(header, 1).pixels, read(header).pixels[::-1])
