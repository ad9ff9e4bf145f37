"""The report to print."""

from __future__ import annotations

from datetime import date
from functools import partial

import streamlit as st

from core.display.third_answer_wording import beside_the_mean
from core.display.wording import found_on_normals, track_record
from core.export.report import Imprint, report_pdf
from core.service import Case, Loaded
from pages.widgets import link, thresholds
from pages.widgets.why import AskedAlready


def report(case: Case, bundle: Loaded, subject: str, changed: AskedAlready, truth: str = "") -> None:
    """A button that makes the report of a case when it is clicked.

    Args:
        case: What was asked about.
        bundle: What was asked.
        subject: What the case is called on the page.
        changed: Says, when it is clicked, what the models say of the changed radiograph.
        truth: As of `Imprint`.
    """
    st.download_button(
        "PDF, one page to print",
        partial(
            _made, case, bundle, subject, link.restoring("analyse"), changed, truth, moved=thresholds.moved()
        ),
        "thoraxlens-report.pdf",
        "application/pdf",
        on_click="ignore",
        icon=":material/picture_as_pdf:",
    )


def _made(
    case: Case,
    bundle: Loaded,
    subject: str,
    address: link.Address,
    changed: AskedAlready,
    truth: str,
    *,
    moved: bool,
) -> bytes:
    manifest = bundle.models.manifest
    imprint = Imprint(
        title=subject,
        made=date.today(),
        models=manifest.title,
        version=bundle.version,
        licence=manifest.licence,
        changed=changed() or (),
        truth=truth,
        record=(
            beside_the_mean(manifest),
            track_record(bundle.evidence, moved=moved),
            found_on_normals(case.analysis, bundle.false_findings) if case.analysis else "",
        ),
        link=address(),
    )
    return report_pdf(case, imprint)
