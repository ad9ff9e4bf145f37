"""The widgets of the page Analyse, in the order of the page."""

from __future__ import annotations

import streamlit as st

from core.analysis.results import Analysis, BackboneReading, at_threshold
from core.analysis.run import MARGINS, TAUGHT, explain_anew
from core.display import figures, truth, wording
from core.display import third_answer_wording as third_wording
from core.display.glossary import term
from core.display.link import RATE, RATES
from core.display.markdown import plain, unbroken
from core.explain.explainers import EXPLAINER_BY_KEY, EXPLAINERS
from core.explain.method import Explainer
from core.export import json_csv as reports
from core.marks import Kind
from core.models.ensemble import EnsembleDecision
from core.models.third_answer import USUAL_ERROR_RATE, rate_key
from core.once import once
from core.phantom.samples import Sample
from core.service import Case, Loaded
from core.vocabulary import ENSEMBLE, SPLITS
from pages.components.viewer.viewer import viewer, wants_sharp
from pages.widgets import in_hand, link, pin, thresholds, trial
from pages.widgets.common import folded, refusals, service, terms
from pages.widgets.in_hand import Source
from pages.widgets.report import report
from pages.widgets.why import AskedAlready, asked_already, why

COLUMNS = {
    "ROC AUC": "roc_auc",
    "95 %": "interval",
    "Sensitivity": "sensitivity",
    "Specificity": "specificity",
}


def warnings(analysis: Analysis) -> None:
    """What makes this radiograph's answers less trustworthy."""
    said_above = {TAUGHT} if trial.on_trial() else set()
    messages = [plain(each.message) for each in analysis.warnings if each.code not in said_above]
    if messages:
        st.warning("\n\n".join(messages), icon=":material/warning:")


def decision(analysis: Analysis, bundle: Loaded, source: Source) -> None:
    """The decision in words, how far the backbones agree, and how wrong they tend to be.

    Args:
        analysis: The answer, at the thresholds that were chosen.
        bundle: Who gave it.
        source: What was asked about.
    """
    refused = "refused by the gate; asked all the same, " if analysis.refused else ""
    moved = thresholds.moved()
    if caveat := third_wording.beside_the_mean(bundle.models.manifest):
        st.markdown(f"**{caveat}**")
    st.markdown(unbroken(f"## {plain(source.subject)}: {refused}{wording.headline(analysis)}"))
    st.markdown(
        unbroken(f"{wording.agreement(analysis)} {wording.track_record(bundle.evidence, moved=moved)}"),
        help=terms("agreement", "spread"),
    )
    if sample := in_hand.truth_for(source, analysis):
        st.markdown(unbroken(truth.judged(sample, analysis)), help=term("truth"))
    _margins(analysis)


def beside(analysis: Analysis, bundle: Loaded, source: Source) -> None:
    """Below the pictures: why they disagree, how other diseases are read, and how a sample was rendered.

    Args:
        analysis: The answer, at the thresholds that were chosen.
        bundle: Who gave it.
        source: What was asked about.
    """
    why(analysis, bundle, source)
    moved = thresholds.moved()
    neither = third_wording.neither(bundle.other_diseases, bundle.models.manifest, moved=moved)
    if neither and (analysis.votes or analysis.decision.positive):
        st.markdown(neither, help=term("neither"))
    if isinstance(sample := in_hand.sample_of(source), Sample):
        st.caption(truth.details(sample))


def probabilities(own: Analysis) -> Analysis:
    """All probabilities beside their thresholds, and whose thresholds count.

    Args:
        own: The answer, at the models' own thresholds.

    Returns:
        The answer at the thresholds that were chosen, for the whole page.
    """
    with folded("thresholds", "Probabilities beside their thresholds"):
        chart, choice = st.columns([3, 2], gap="large")
    with choice:
        analysis = thresholds.choose(own)
    with chart:
        st.html(figures.probabilities(analysis))
        st.caption("P(COVID-19) against normal; the upright mark is the threshold.")
    return analysis


@st.fragment
def third_answer(analysis: Analysis, bundle: Loaded) -> None:
    """What the models say where they may be silent, at an error rate to choose, and what that is worth."""
    if not analysis.third_answers:
        return
    with folded("third", "Cannot tell: the third answer"), st.container(key="third"):
        left, right = st.columns([2, 5], gap="medium", vertical_alignment="center")
        with left:
            rate = _error_rate()
        answers = third_wording.third_answers(analysis, rate)
        with right:
            st.markdown(third_wording.third_sentence(answers, rate))
            st.caption(third_wording.promise(bundle.coverage, rate))
        with st.expander("Model by model: what it says, and how often such answers were right or silent"):
            left_out = bundle.trials.left_out if bundle.trials else ()
            st.table(third_wording.third_table(answers, bundle.coverage, left_out, rate))


def _error_rate() -> float:
    """Of the third answers: what was chosen."""
    usual = rate_key(USUAL_ERROR_RATE)
    link.settle(RATE, list(RATES), usual)
    word = st.segmented_control(
        "Wrong on at most",
        list(RATES),
        format_func=lambda each: f"{each} %",
        key=RATE,
        required=True,
        persist_state="session",
        on_change=pin.follow_rate,
        help=term("third_answer"),
    )
    if pin.must_follow_rate():
        st.rerun()
    link.tell(**{RATE: None if word == usual else word})
    return RATES[word or usual]


def _margins(analysis: Analysis) -> None:
    """What was cut around the radiograph, and the switch that undoes it."""
    left = any(warning.code == MARGINS.code for warning in analysis.warnings)
    if not (analysis.cut or left):
        return
    st.session_state["margins switch"] = analysis.cut
    st.toggle(
        "Cut uniform margins",
        key="margins switch",
        on_change=_switch_margins,
        help=term("margins"),
    )
    if analysis.cut:
        st.caption(wording.margins(analysis))


def _switch_margins() -> None:
    st.session_state["cut margins"] = st.session_state["margins switch"]


@st.fragment
def heatmaps(case: Case, own: Analysis, source: Source) -> None:
    """The viewer, and a card a backbone; a threshold makes neither a new picture nor a new inference."""
    st.header("Where they looked", help=terms("heatmap", "heat_scale", "colour_map"))
    # The pictures first, then the answers: on a projector each stands below its picture.
    pictures, answers, methods = (st.container(key=key) for key in ("look", "answers", "method"))
    with methods:
        explained = explain_anew(own, _explainer())
    with pictures:
        radiograph(case, explained, source, asks=("point", "box", "region"))
    size = f"{explained.width_px} x {explained.height_px} px"
    st.caption(f"{plain(explained.name)}: {size}. {wording.frame(explained)}")
    analysis = at_threshold(explained, thresholds.one_for_all())
    sample = in_hand.truth_for(source, analysis)
    with answers, folded("cards", "What each of them answers"), st.container(key="cards"):
        first, *others = st.columns(1 + len(analysis.readings), gap="small")
        with first:
            _card(ENSEMBLE, "Ensemble", analysis.decision, sample)
        for column, reading in zip(others, analysis.readings, strict=True):
            with column:
                _card(reading.backbone.key, reading.backbone.name, reading, sample)


@st.fragment
def radiograph(case: Case, analysis: Analysis, source: Source, asks: tuple[Kind, ...] = ()) -> None:
    """The viewer, in a fragment: the picture for whoever zooms comes without anything else running again.

    Args:
        case: For its picture.
        analysis: What to show beside it.
        source: What is looked at.
        asks: The kinds of marks that can be drawn.
    """
    sharp = None
    if source.file and wants_sharp(case.picture, "viewer"):
        with refusals():
            sharp = service().sharp(source.file, in_hand.reading_of(source))
    viewer(case, analysis, "viewer", sharp=sharp, asks=asks)


def _explainer() -> Explainer:
    """The method of explanation; a picker only where there are several."""
    if len(EXPLAINERS) == 1:
        return EXPLAINERS[0]
    names = {each.key: each.name for each in EXPLAINERS}
    key = st.segmented_control(
        "Method", list(names), format_func=names.__getitem__, default=EXPLAINERS[0].key, required=True
    )
    chosen = EXPLAINER_BY_KEY[key]
    st.caption(f"{chosen.meaning} ([{chosen.paper}]({chosen.url}))")
    return chosen


def _card(
    key: str, name: str, answer: EnsembleDecision | BackboneReading, sample: truth.Truth | None
) -> None:
    """An answer beside its threshold, and whether it is right, where that is known."""
    with st.container(key=f"card-{key}", gap="xsmall"):
        explained = term("ensemble" if key == ENSEMBLE else "probability")
        st.markdown(f"**{name}** &nbsp; {answer.probability:.2f}", help=explained)
        st.progress(answer.probability)
        st.caption(wording.decision_at_threshold(answer))
        if sample:
            st.markdown(str(truth.mark(sample.label, positive=answer.positive)))
        if isinstance(answer, BackboneReading) and (lungs := wording.heat_in_lungs(answer)):
            st.caption(lungs, help=term("heat_in_lungs"))


def findings(analysis: Analysis, bundle: Loaded) -> None:
    """The findings, with what 0.5 means, and how often they are found where there is nothing.

    Args:
        analysis: The answer.
        bundle: Who gave it.
    """
    st.header("What the findings network sees", help=term("findings"))
    st.markdown(
        f"{len(analysis.findings)} findings. 0.5 is each finding's **threshold**, not a probability: "
        "beyond it the network reads the finding as present.",
        help=term("finding_threshold"),
    )
    st.html(figures.findings(analysis))
    if said := wording.found_on_normals(analysis, bundle.false_findings):
        st.markdown(said, help=term("found_on_normals"))
    if quality := wording.findings_quality(analysis, bundle.named_findings, bundle.models.manifest):
        st.caption(quality, help=term("finding_roc_auc"))


def severity(analysis: Analysis) -> None:
    """Extent and opacity, with the error to expect; nothing where the gate saw no chest to ask about."""
    if not analysis.severity:
        return
    st.header("How much of the lungs")
    for score in analysis.severity:
        st.markdown(
            f"**{score.name.capitalize()}** {wording.severity(score)}",
            help=terms(score.name, "mean_absolute_error"),
        )
        st.progress(score.value / score.maximum)


def contributions(analysis: Analysis) -> None:
    """What each input added to the ensemble's decision."""
    st.header("Why the ensemble decides so", help=term("ensemble"))
    st.markdown(wording.contributions(analysis), help=terms("contribution", "calibrated"))
    st.html(figures.contributions(analysis))


def trust(analysis: Analysis, bundle: Loaded) -> None:
    """How wrong the models were on held-out images, and where the weights come from."""
    st.header("How far to trust it")
    tables = wording.evidence_tables(bundle.evidence)
    if tables:
        names = [SPLITS[split].name for split in tables]
        opened = SPLITS["external"].name if "external" in tables else None
        for tab, split in zip(st.tabs(names, default=opened), tables, strict=True):
            with tab:
                st.table(tables[split])
                st.caption(
                    f"COVID-19 against normal, on {SPLITS[split].meaning}, each model at its own threshold.",
                    help=term("external" if split == "external" else "internal"),
                )
    st.caption(
        "Figures on known sources flatter: in public data the source of an image nearly tells its label. "
        "The clinics never seen are in no other split."
    )
    if bundle.trials:
        _trial(wording.left_out_sources(bundle.trials), "left_out_sources")
        _trial(wording.covered_lungs(bundle.trials), "covered_lungs")
    with st.popover("What the columns mean", icon=":material/help:"):
        for name, key in COLUMNS.items():
            st.markdown(f"**{name}**: {term(key)}")
    source = analysis.provenance
    with st.container(horizontal=True, gap="small"):
        st.badge(
            f"Models: {plain(source.title)}",
            icon=":material/deployed_code:",
            color="gray",
            help=term("bundle"),
        )
        st.badge(
            f"Backbones: {source.backbone_weights}",
            icon=":material/hub:",
            color="gray",
            help=term("backbone_weights"),
        )
        st.badge(
            f"Findings: {source.findings_source}",
            icon=":material/list_alt:",
            color="gray",
            help=f"{plain(source.findings_note)} {term('findings_source')}",
        )
        st.badge(
            f"{source.precision}, {analysis.milliseconds:.0f} ms",
            icon=":material/speed:",
            color="gray",
            help=f"Arithmetic: {plain(source.precision_note)} {term('precision')}",
        )


def _trial(words: str | None, key: str) -> None:
    if words:
        st.caption(words, help=term(key))


@once
def _csv(analysis: Analysis) -> str:
    return reports.to_csv([analysis])


def downloads(case: Case, bundle: Loaded, source: Source) -> None:
    """The case to take along: a report, and the analysis where there is one."""
    changed = asked_already(bundle, source)
    with st.container(horizontal=True):
        said = ""
        if case.analysis and (sample := in_hand.truth_for(source, case.analysis)):
            said = truth.judged(sample, case.analysis)
        report(case, bundle, source.subject, changed, said)
        if case.analysis:
            _analysis_downloads(case.analysis, changed)


def _analysis_downloads(analysis: Analysis, changed: AskedAlready) -> None:
    st.download_button(
        "JSON, everything",
        lambda: reports.to_json(analysis, changed()),
        "thoraxlens-analysis.json",
        "application/json",
        on_click="ignore",
        icon=":material/download:",
    )
    st.download_button(
        "CSV, one row",
        _csv(analysis),
        "thoraxlens-analysis.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
