"""The report: one page, all of it said, nothing read as markup, and PDF/UA or nothing."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pytest
import typst

from core.analysis.changed import Changed
from core.analysis.results import Analysis
from core.display.picture import Picture
from core.display.wavelet import pack
from core.display.wording import DISCLAIMER
from core.export.report import TEMPLATE, Imprint, printable, report_content, report_pdf
from core.gate.kinds import KIND_BY_KEY
from core.gate.sentences import ASKED_ALL_THE_SAME, NOT_ASKED
from core.gate.verdict import Verdict
from core.gate.way import AS_IT_IS, Way
from core.models.backbones import BACKBONES
from core.models.findings import FindingScore
from core.reading.warning import ReadingWarning
from core.vocabulary import ENSEMBLE, FINDINGS
from tests.core.gate.verdicts import verdict
from tests.inflated import inflated

HOSTILE = '#panic("x") *b* _i_ $x$ `r` <l> @r = h \\ // /* [c] #{} "q" {{}} \u202e 胸 🫁.png'
LONG = "W" * 80


@dataclass(frozen=True)
class Reported:
    """What a case has of what a report says."""

    picture: Picture
    verdict: Verdict
    way: Way
    header: tuple[ReadingWarning, ...]
    analysis: Analysis | None


def case(
    analysis: Analysis | None, said: Verdict | None = None, shape: tuple[int, int] = (200, 300)
) -> Reported:
    greys = np.tile(np.linspace(0, 255, shape[1]).astype(np.uint8), (shape[0], 1))
    header = analysis.warnings if analysis else (ReadingWarning("lossy", "It was compressed."),)
    return Reported(Picture(pack(greys, 8, 10**6), own=True), said or verdict(), AS_IT_IS, header, analysis)


def imprint(title: str = "a.png", link: str = "https://a.example/analyse?margins=left") -> Imprint:
    record = ("", "The ensemble was wrong on 3 of 40 images.")
    return Imprint(title, date(2026, 3, 4), "Random", "0123456789abcdef", "CC BY 4.0", record, link)


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", inflated(pdf)))


KNEE = verdict(kind=KIND_BY_KEY["knee"], kind_share=0.97, frontal=0.01, reasons=("kind",))


def test_everything_is_said(analysis: Analysis) -> None:
    content = report_content(case(analysis), imprint())
    answers, text = content["answers"], json.dumps(content, ensure_ascii=False)
    assert content["disclaimer"] == DISCLAIMER and content["made"] == "4 March 2026"
    assert content["warnings"] == ["Look again.", "Dim."] and not content["refused"]
    assert content["gate"] == ["This seems to be a frontal chest radiograph (0.98 sure)."]
    assert [each["name"] for each in content["pictures"]] == ["Radiograph", *(b.name for b in BACKBONES)]
    assert [each["figure"] for each in content["pictures"]][1::4] == ["0.10", "0.90"]
    assert content["pictures"][-1]["said"][0] == "reads as COVID-19 (threshold 0.50)"
    assert all(each["alt"] for each in content["pictures"])
    assert answers["headline"].startswith("Three of the five backbones read this radiograph as COVID-19")
    assert "The ensemble was wrong on 3 of 40 images." in answers["said"] and "" not in answers["said"]
    assert len(answers["findings"]["rows"]) == len(FINDINGS)
    assert [each["name"] for each in answers["severity"]] == ["Extent", "Opacity"]
    assert "3.5 of 8, ± 1.1 on average" in answers["severity"][0]["said"]
    assert answers["contributions"]["rows"] == [
        {"name": "VGG16", "value": -0.6},
        {"name": "an average radiograph", "value": 0.1},
    ]
    for needed in ("0123456789ab", "CC BY 4.0", "trained from scratch", "From the stand-in.", "margins=left"):
        assert needed in text
    assert analysis.name not in text, "what the page does not call it, the report does not"


def test_a_refusal_stands_in_the_place_of_the_answers_or_over_them(analysis: Analysis) -> None:
    refused = report_content(case(None, KNEE), imprint())
    assert refused["refused"] and refused["answers"] is None and len(refused["pictures"]) == 1
    assert refused["gate"] == ["This seems to be a radiograph of a knee (0.97 sure).", NOT_ASKED]
    assert refused["warnings"] == ["It was compressed."]
    insisted = report_content(case(replace(analysis, severity=()), KNEE), imprint())
    assert insisted["refused"] and insisted["gate"][1] == ASKED_ALL_THE_SAME
    assert insisted["answers"]["severity"] == []
    assert pages(report_pdf(case(None, KNEE), imprint())) == 1
    assert pages(report_pdf(case(replace(analysis, severity=()), KNEE), imprint())) == 1


def test_why_they_disagree_is_said_with_the_changed_radiograph_unless_the_gate_refuses(
    analysis: Analysis,
) -> None:
    answers = {each.backbone.key: each.probability for each in analysis.readings} | {ENSEMBLE: 0.9}
    asked = replace(imprint(), changed=(Changed("covered", answers),))
    said = report_content(case(analysis), asked)["answers"]["said"]
    (reasons,) = [
        each for each in said if each.startswith("Why they may disagree: InceptionV3 stands nearest")
    ]
    assert reasons.endswith("With the lungs covered, the ensemble turns to COVID-19.")
    assert pages(report_pdf(case(analysis), asked)) == 1
    refused = report_content(case(replace(analysis, verdict=KNEE), KNEE), asked)["answers"]["said"]
    assert not [each for each in refused if "nearest" in each]


def test_pages_are_counted() -> None:
    assert pages(bytes(typst.compile(b"one #pagebreak() two", format="pdf"))) == 2


@pytest.mark.parametrize("shape", [(200, 300), (600, 150), (100, 900)])
@pytest.mark.parametrize("warned", [0, 2, 14])
def test_it_is_one_page_whatever_there_is_to_say(
    analysis: Analysis, warned: int, shape: tuple[int, int]
) -> None:
    warnings = tuple(
        ReadingWarning(f"w{i}", "Something of this file is odd; look at it again, please. " * 2)
        for i in range(warned)
    )
    assert 0.7 <= report_content(case(None, shape=shape), imprint())["shape"] <= 1.2
    pdf = report_pdf(
        case(replace(analysis, warnings=warnings), shape=shape),
        imprint(LONG, "https://a.example/" + "b" * 300),
    )
    assert pages(pdf) == 1 and pdf.startswith(b"%PDF-1.7")


def test_more_backbones_and_equal_answers_find_room(analysis: Analysis) -> None:
    many = replace(analysis, readings=analysis.readings + analysis.readings[:3])
    assert pages(report_pdf(case(many), imprint())) == 1
    nothing = replace(analysis.decision, contributions=(), intercept=0.0)
    sure = tuple(FindingScore(name, 3.0, 0.3, 1.0, None) for name in FINDINGS)
    assert pages(report_pdf(case(replace(analysis, decision=nothing, findings=sure)), imprint())) == 1


def test_words_from_outside_are_never_markup(analysis: Analysis) -> None:
    warned = replace(analysis, warnings=(ReadingWarning("x", HOSTILE),))
    content = report_content(case(warned), imprint(HOSTILE, HOSTILE))
    assert content["title"].startswith('#panic("x") *b* _i_ $x$ `r` <l>')
    found = typst.query(
        TEMPLATE.read_bytes(), "title", sys_inputs={"report": json.dumps(content)}, ignore_system_fonts=True
    )
    assert json.dumps(content["title"], ensure_ascii=False) in found, (
        "the title is one text, letter by letter"
    )
    assert pages(report_pdf(case(warned), imprint(HOSTILE, HOSTILE))) == 1


def test_what_the_fonts_lack_becomes_a_square_and_all_else_is_printed(analysis: Analysis) -> None:
    kept = printable("".join(map(chr, range(0x21, 0x3000)))).replace("□", "")
    assert printable("胸a🫁\u202eb\n") == "□a□□b□" and printable("é Ω ж –") == "é Ω ж –"
    assert len(kept) > 450
    for part in (kept[:200], kept[200:400], kept[400:]):
        said = replace(analysis, warnings=(ReadingWarning("x", part),))
        assert pages(report_pdf(case(said), imprint())) == 1


def test_the_same_day_gives_the_same_bytes(analysis: Analysis) -> None:
    assert report_pdf(case(analysis), imprint()) == report_pdf(case(analysis), imprint())


def test_it_says_that_it_is_pdf_ua_and_typst_refuses_what_is_not(analysis: Analysis) -> None:
    pdf = report_pdf(case(analysis), imprint())
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf
    content = report_content(case(analysis), imprint())
    content["pictures"][0]["alt"] = None
    with pytest.raises(typst.TypstError, match="alt"):
        typst.compile(
            TEMPLATE.read_bytes(),
            format="pdf",
            pdf_standards=["ua-1"],
            sys_inputs={"report": json.dumps(content)},
        )


def test_it_is_made_within_a_click(analysis: Analysis) -> None:
    report_pdf(case(analysis), imprint())
    began = time.perf_counter()
    report_pdf(case(analysis), imprint())
    assert time.perf_counter() - began < 5


def test_a_report_draws_the_lungs_names_the_sides_and_says_the_truth(analysis: Analysis) -> None:
    sure = replace(analysis, lungs=np.zeros((32, 32), np.float32))
    assert sure.lungs is not None
    sure.lungs[8:24, 4:12] = 1
    known = replace(imprint(), truth="**Truth: COVID-19.** All are right.")
    with_them = report_content(case(sure), known)
    without = report_content(case(replace(analysis, lungs=None)), known)
    plain, bare = with_them["pictures"][0], without["pictures"][0]
    assert plain["jpeg"] != bare["jpeg"] and plain["sides"] and "dashed: the lungs" in plain["said"][0]
    assert "dashed" not in bare["said"][0] and not any(each["sides"] for each in with_them["pictures"][1:])
    assert with_them["answers"]["truth"] == "Truth: COVID-19. All are right."
    assert pages(report_pdf(case(sure), known)) == 1
