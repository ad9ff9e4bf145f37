"""What the app says of a radiograph on one page to print: PDF/UA-1, set by Typst.

All words and pictures reach the template as data, never as its source, and nothing touches a disk.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import typst
from numpy.typing import NDArray
from PIL import Image

from core.analysis.changed import Changed
from core.analysis.results import Analysis, BackboneReading
from core.display import third_answer_wording, why, wording
from core.display.figures import contribution_rows, ranked_findings
from core.display.overlay import small_greys, with_heat, with_lungs
from core.display.picture import Picture
from core.display.scene import outlines
from core.display.style import NEUTRAL
from core.gate import sentences
from core.gate.verdict import Verdict
from core.gate.way import Way
from core.models.third_answer import USUAL_ERROR_RATE
from core.reading.warning import ReadingWarning
from core.vocabulary import finding_name

TEMPLATE = Path(__file__).with_suffix(".typ")
PICTURE_PX = 560  # of each picture's longer side: 300 to the inch where it is printed 47 mm wide
SHAPES = (0.7, 1.2)  # of a picture's place: what is flatter or taller leaves some of it black
QUALITY = 88  # of JPEG
OUTLINE = "A dashed line goes around the lungs."
NO_HEAT = "no heat: nothing speaks for COVID-19"
MOST_CONTRIBUTIONS = 10
VERSION_DIGITS = 12  # of a bundle's SHA-256
UNPRINTABLE = "\N{WHITE SQUARE}"
# Letters that Typst's own fonts have: Latin, Greek and Cyrillic; then punctuation.
_PRINTABLE = ((0x20, 0x7E), (0xA0, 0x17F), (0x391, 0x3A1), (0x3A3, 0x3C9), (0x400, 0x45F))
_PUNCTUATION = f"–—\u2018\u2019“”…±×−·°•→←≤≥≈{UNPRINTABLE}"


class Subject(Protocol):
    """What is reported: a radiograph that has been read, and analysed unless the gate refused it."""

    @property
    def picture(self) -> Picture:
        """For the eye."""

    @property
    def verdict(self) -> Verdict:
        """What the gate says of it."""

    @property
    def way(self) -> Way:
        """How it was laid."""

    @property
    def header(self) -> tuple[ReadingWarning, ...]:
        """What its file says of it."""

    @property
    def analysis(self) -> Analysis | None:
        """What the models say; None where they were not asked."""


@dataclass(frozen=True)
class Imprint:
    """What a report says beside the answers.

    Attributes:
        title: What the radiograph is called on the page.
        made: The day.
        models: The bundle's title for people.
        version: SHA-256 of its manifest.
        licence: Of its weights.
        record: Sentences on how wrong the models tend to be.
        link: Restores the settings; empty where nobody knows the address.
        changed: What the models say of the changed radiograph, where they were asked.
        truth: What is true and who is right, in Markdown; empty where nobody knows.
    """

    title: str
    made: date
    models: str
    version: str
    licence: str
    record: Sequence[str] = ()
    link: str = ""
    changed: Sequence[Changed] = ()
    truth: str = ""


def report_pdf(subject: Subject, imprint: Imprint) -> bytes:
    """The report: one page of A4."""
    return typst.compile(
        TEMPLATE.read_bytes(),
        format="pdf",
        pdf_standards=["ua-1"],
        ignore_system_fonts=True,
        sys_inputs={"report": json.dumps(report_content(subject, imprint))},
        timestamp=datetime.combine(imprint.made, time(), UTC),
    )


def report_content(subject: Subject, imprint: Imprint) -> dict[str, Any]:
    """All that stands in the report, in plain JSON types; each text fit to be printed.

    Returns:
        `title`, `made`, `disclaimer`, `gate`, `refused`, `warnings`, `provenance` and `link`; `answers`, or
        None where the models were not asked; `pictures`, and their `shape`: height by width, in `SHAPES`.
    """
    analysis = subject.analysis
    warnings = analysis.warnings if analysis else subject.header
    content = {
        "title": imprint.title,
        "made": f"{imprint.made:%-d %B %Y}",
        "disclaimer": wording.DISCLAIMER,
        "gate": _gate(subject),
        "refused": subject.verdict.refused,
        "warnings": [each.message for each in warnings if each.code not in subject.verdict.header],
        "answers": analysis and _answers(analysis, imprint),
        "provenance": _provenance(imprint, analysis),
        "link": imprint.link,
    }
    packed = subject.picture.packed
    shape = min(max(packed.height / packed.width, SHAPES[0]), SHAPES[1])
    return {**_all_printable(content), "pictures": _pictures(subject), "shape": shape}


def printable(text: str) -> str:
    """Text of which everything can be printed: what the fonts lack becomes a white square.

    A number and its percent sign stay on one line.
    """
    return "".join(letter if _can_print(letter) else UNPRINTABLE for letter in text).replace(" %", "\u00a0%")


def _can_print(letter: str) -> bool:
    return letter in _PUNCTUATION or any(first <= ord(letter) <= last for first, last in _PRINTABLE)


def _all_printable(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _all_printable(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_all_printable(each) for each in content]
    return printable(content) if isinstance(content, str) else content


def _gate(subject: Subject) -> list[str]:
    verdict = subject.verdict
    laid = [sentences.laid(subject.way)] if sentences.laid(subject.way) else []
    if verdict.refused:
        asked = sentences.ASKED_ALL_THE_SAME if subject.analysis else sentences.NOT_ASKED
        return [sentences.refusal(verdict, subject.header), asked, *laid]
    return [f"This seems to be {sentences.seems(verdict)}.", *sentences.hints(verdict), *laid]


def _pictures(subject: Subject) -> list[dict[str, Any]]:
    """The radiograph, then the heat of each backbone over it, all of one size."""
    greys, analysis = small_greys(subject.picture, PICTURE_PX), subject.analysis
    plain = _plain(greys, analysis)
    if analysis is None:
        return [plain]
    width, height, box = analysis.width_px, analysis.height_px, analysis.box
    frame = (box.left / width, box.top / height, box.right / width, box.bottom / height)
    return [plain, *(_heat(greys, reading, frame) for reading in analysis.readings)]


def _plain(greys: NDArray[np.uint8], analysis: Analysis | None) -> dict[str, Any]:
    said, alt, drawn = "", "The radiograph without heat.", greys
    if analysis:
        said = f"{analysis.width_px} x {analysis.height_px} px"
    if analysis and analysis.lungs is not None:
        lines = outlines(analysis.lungs, analysis.inside)
        drawn, alt = with_lungs(greys, lines, analysis.width_px), f"{alt} {OUTLINE}"
        said += "; dashed: the lungs, as a small network finds them"
    return {
        "name": "Radiograph",
        "figure": "",
        "said": [said] if said else [],
        "alt": alt,
        "colour": NEUTRAL,
        "share": None,
        "sides": analysis is not None and not analysis.refused,
        "jpeg": _jpeg(drawn),
    }


def _heat(
    greys: NDArray[np.uint8], reading: BackboneReading, frame: tuple[float, float, float, float]
) -> dict[str, Any]:
    heat = wording.heat_in_lungs(reading) if reading.heat_peak else NO_HEAT
    return {
        "name": reading.backbone.name,
        "figure": f"{reading.probability:.2f}",
        "said": [wording.decision_at_threshold(reading), *([heat] if heat else [])],
        "alt": wording.heat(reading),
        "colour": reading.backbone.colour,
        "share": reading.probability,
        "threshold": reading.threshold,
        "sides": False,
        "jpeg": _jpeg(with_heat(greys, reading.heatmap, reading.probability, frame)),
    }


def _jpeg(pixels: NDArray[np.uint8]) -> list[int]:
    """A picture as the bytes of a JPEG file, each a number, for JSON holds no bytes."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="JPEG", quality=QUALITY)
    return list(file.getvalue())


def _answers(analysis: Analysis, imprint: Imprint) -> dict[str, Any]:
    decision = analysis.decision
    third = third_answer_wording.third_answers(analysis, USUAL_ERROR_RATE)
    return {
        "headline": _capitalised(wording.headline(analysis)),
        "truth": imprint.truth.replace("**", ""),
        "said": [
            wording.agreement(analysis),
            *([] if analysis.refused else [why.reasons(analysis, imprint.changed, bold="")]),
            *filter(None, imprint.record),
            *([third_answer_wording.third_sentence(third, USUAL_ERROR_RATE)] if third else []),
        ],
        "covid": decision.positive,
        "probability": decision.probability,
        "threshold": decision.threshold,
        "findings": {
            "said": wording.findings(analysis),
            "rows": [
                {"name": finding_name(each.name), "score": each.score} for each in ranked_findings(analysis)
            ],
        },
        "severity": [
            {
                "name": each.name.capitalize(),
                "said": wording.severity(each),
                "share": each.value / each.maximum,
            }
            for each in analysis.severity
        ],
        "contributions": {
            "said": wording.contributions(analysis),
            "rows": [
                {"name": name, "value": value}
                for name, value in contribution_rows(analysis, MOST_CONTRIBUTIONS)
            ],
        },
    }


def _capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _provenance(imprint: Imprint, analysis: Analysis | None) -> list[list[str]]:
    models = [
        ["Models", f"{imprint.models}, version {imprint.version[:VERSION_DIGITS]}"],
        ["Licence of the weights", imprint.licence],
    ]
    if analysis is None:
        return models
    source = analysis.provenance
    return [
        *models,
        ["Weights of the backbones", source.backbone_weights],
        ["Findings", f"{source.findings_source}. {source.findings_note}".replace("`", "")],
        ["Heatmaps", f"{analysis.explainer.name} ({analysis.explainer.paper})"],
        ["Inference", f"{source.precision}, {analysis.milliseconds:.0f} ms"],
    ]
