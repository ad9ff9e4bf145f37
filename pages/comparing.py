"""The widgets of the comparison page, in the order of the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import streamlit as st

from core.display import comparison_charts as charts
from core.display import comparison_curves as curves
from core.display import tables
from core.display.glossary import term
from core.display.markdown import plain
from core.display.wording import left_out_sources
from core.errors import ThoraxLensError
from core.evaluation import study as study_results
from core.evaluation.comparison import NEGATIVES, Answers, Negatives, Question, ask
from core.evaluation.measures import Draws, Measured, decisions, draw, rankings
from core.evaluation.mistakes import Mistake, find_file, find_mistakes
from core.evaluation.predictions import Predictions, join
from core.evaluation.record import Record, read_record, shortcut_points, source_points
from core.evaluation.sets import phantoms as phantom_set
from core.evaluation.sets.labelled import (
    LabelledSet,
    LeftOut,
    analyse_set,
    count_images,
    draw_picture,
    find_data,
)
from core.evaluation.sets.own import own_set
from core.export import comparison
from core.models.bundle.files import BundleListing, manifest_sha256
from core.models.bundle.manifest import BundleManifest
from core.models.inference import time_networks
from core.project import data_folder
from core.service import File
from pages.components import PLOT, TABS, Loaded, loaded, refusals, service

SEED, RESAMPLES = 0, 1000
TITLES = {own_set.SPLIT: "Your own set", phantom_set.SPLIT: "Phantoms", "val": "Validation", **TABS}
PICTURES = 64  # a session keeps, of 0.2 MB at most
AGAINST = {"normal": "Normal", "pneumonia": "Other pneumonia", "both": "Normal and other pneumonia"}


def record(listing: BundleListing) -> Record | None:
    """A bundle's record, read once."""
    with refusals():
        if listing.manifest:
            return _record(listing.folder, manifest_sha256(listing.folder), listing.manifest)
    return None


@st.cache_resource(max_entries=4, show_spinner="Reading what the models said about held-out images")
def _record(folder: Path, version: str, _manifest: BundleManifest) -> Record:
    return read_record(folder, _manifest)


def shortcuts(record: Record) -> None:
    """Before any figure impresses: how the same models do where a shortcut does not help."""
    st.subheader("First: does it last?")
    entrants = {each.key: each for each in record.entrants}
    _chart(charts.shortcut_chart(shortcut_points(record), entrants, source_points(record)), "shortcuts")
    st.caption(
        "The same models, from above: on held-out images of the collections that they learnt from, then on "
        "images that a shortcut does not help with. In public data the collection nearly tells the class, so "
        "that the uppermost figures flatter.",
        help=f"{term('external')}\n\n{term('left_out_sources')}\n\n{term('covered_lungs')}",
    )
    if record.trials:
        if words := left_out_sources(record.trials):
            st.caption(words)
        tells = [row.measured.roc_auc for row in record.trials.source_classifier if row.measured.roc_auc]
        if tells:
            st.caption(
                "What the backbones compute also tells two collections of one class apart, where the disease "
                f"cannot help: ROC AUC {min(tells):.2f} to {max(tells):.2f} (after Zech et al. 2018)."
            )


@dataclass(frozen=True, eq=False)
class Measurement:
    """What a bundle's models say about images that came while the page was open.

    Attributes:
        key: Which images and which bundle.
        images: The set.
        table: What was said; None where every image was left out.
        left_out: What was left out, and what is to be said of rows of the user's table.
    """

    key: tuple[str, str]
    images: LabelledSet
    table: Predictions | None
    left_out: list[LeftOut]


def with_more(listing: BundleListing, record: Record) -> tuple[Record, dict[str, LabelledSet]]:
    """The record with what its models say about the user's images and phantoms; and those, by split."""
    with st.expander(
        "Measure them on your own labelled images, or on phantoms", icon=":material/add_photo_alternate:"
    ):
        upload, render = st.columns(2, gap="large")
        with upload:
            own = _own_set(listing, record)
        with render:
            phantoms = _phantoms(listing, record)
    found = [each for each in (own, phantoms) if each]
    for each in found:
        _summarise(each)
    measured = [each.table for each in found if each.table is not None]
    if measured:
        version = ":".join([record.version, *(each.key[0] for each in found)])
        record = replace(record, predictions=join([record.predictions, *measured]), version=version)
    return record, {each.images.split: each.images for each in found}


def _summarise(found: Measurement) -> None:
    """How many images were used and how many left out, and why; below it a sentence for each."""
    used = found.table.label.size if found.table else 0
    line = f"{TITLES[found.images.split]}: {count_images(used, found.left_out)}"
    if used and not found.left_out:
        st.success(line, icon=":material/check:")
        return
    st.warning(line, icon=":material/warning:")
    if found.left_out:
        with st.expander("What was left out, and why", icon=":material/rule:"):
            names, sentences = zip(*((each.name, each.sentence) for each in found.left_out), strict=True)
            st.dataframe({"File or row": names, "What is wrong": sentences}, hide_index=True)


def _own_set(listing: BundleListing, record: Record) -> Measurement | None:
    st.markdown(
        "A ZIP of at most 500 radiographs with a `labels.csv`, or with folders called `covid`, `normal` "
        "and `pneumonia`. An image whose label is in doubt is left out and named. They stay in memory and go "
        "when this page is closed.",
        help="The table has the columns file and label and, where known, patient, with commas, semicolons or "
        "tabs between them. Labels are covid, positive or 1; normal, healthy, negative or 0; pneumonia. Of "
        "several tables, each speaks of the files in its folder and below.",
    )
    st.download_button(
        "Template of labels.csv",
        own_set.TEMPLATE,
        "labels.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
    file = st.file_uploader("Your set (ZIP)", type="zip", max_upload_size=500)
    if file is None:
        _forget(own_set.SPLIT)
        return None
    with refusals():
        return _measured(
            listing, record, own_set.SPLIT, file.file_id, lambda: own_set.open_set(file.getvalue())
        )
    return None


def _phantoms(listing: BundleListing, record: Record) -> Measurement | None:
    st.markdown(
        f"{phantom_set.COUNT} phantoms, a third of each class, rendered now: their truth is known, and no "
        "training drew them.",
        help=term("phantom"),
    )
    if not st.toggle("Measure them on phantoms"):
        return None
    with refusals():
        return _measured(listing, record, phantom_set.SPLIT, phantom_set.SPLIT, phantom_set.PhantomSet)
    return None


def _forget(split: str) -> None:
    st.session_state.pop(f"measured-{split}", None)
    st.session_state.pop(f"pictures-{split}", None)


def _measured(
    listing: BundleListing, record: Record, split: str, version: str, open_images: Callable[[], LabelledSet]
) -> Measurement:
    """What the models say about a set, asked once a session."""
    key = version, record.version
    kept = st.session_state.get(f"measured-{split}")
    if kept is None or kept.key != key:
        _forget(split)
        images = open_images()
        kept = Measurement(key, images, *_ask_about(images, loaded(listing.folder), record))
        st.session_state[f"measured-{split}"] = kept
    return kept


def _ask_about(
    images: LabelledSet, bundle: Loaded, record: Record
) -> tuple[Predictions | None, list[LeftOut]]:
    rows, left_out = [], list(images.problems)
    bar = st.progress(0.0, "Analysing the images")
    asked = analyse_set(
        images,
        record.predictions.thresholds,
        bundle.models.manifest.findings.operating_points,
        lambda data, name: service().read(File(data, name), bundle, lambda text: None, keep=False).analysis,
    )
    count = len(images.members)
    for done, (name, outcome) in enumerate(asked, start=1):
        bar.progress(done / count, f"{done} of {count}: {plain(name)}")
        if isinstance(outcome, LeftOut):
            left_out.append(outcome)
        else:
            rows.append(outcome)
    bar.empty()
    return join(rows) if rows else None, left_out


def question(record: Record) -> Question:
    """Which images, against what, and where to decide."""
    st.subheader("On which images?")
    table = record.predictions
    splits = [split for split in TITLES if split in table.split]
    fresh = splits[0] in (own_set.SPLIT, phantom_set.SPLIT)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = st.selectbox(
            "Images",
            splits,
            index=0 if fresh or "test" not in splits else splits.index("test"),
            format_func=lambda each: TITLES[each],
            help=f"{term('internal')}\n\n{term('external')}",
        )
        inside = table.split == split
        sources = st.multiselect(
            "Sources", sorted({str(each) for each in table.source[inside]}), placeholder="all"
        )
        kinds: list[Negatives] = [
            each
            for each, labels in NEGATIVES.items()
            if all(label in table.label[inside] for label in labels)
        ]
        negatives = st.selectbox(
            "COVID-19 against", kinds or ["normal"], format_func=AGAINST.get, help=term("negatives")
        )
        one = st.toggle("One operating point for all", help=term("threshold"))
    threshold = st.slider("Operating point", 0.01, 0.99, 0.5, 0.01) if one else None
    if split == "val":
        st.warning(
            "Operating points and SVMs were fitted to these images: their figures flatter.",
            icon=":material/warning:",
        )
    return Question(split, tuple(sources), negatives, threshold)


def answers(record: Record, question: Question) -> Answers | None:
    """What the models said about these images."""
    with refusals():
        if record.missing:
            st.info(plain(record.missing), icon=":material/info:")
        return ask(question, record.predictions, record.entrants)
    return None


@st.cache_resource(max_entries=64, show_spinner="Drawing patients for the intervals")
def _ranked(version: str, question: Question, _answers: Answers) -> tuple[Draws, dict[str, Measured]]:
    """What does not depend on the operating point."""
    draws = draw(_answers.groups, RESAMPLES, SEED)
    return draws, rankings(_answers.labels, _answers.scores, draws)


def _draws(record: Record, question: Question, answers: Answers) -> tuple[Draws, dict[str, Measured]]:
    return _ranked(record.version, replace(question, threshold=None), answers)


@st.cache_resource(max_entries=4, show_spinner="Timing the networks")
def _milliseconds(version: str, _bundle: Loaded) -> dict[str, float]:
    return time_networks(_bundle.models.networks)


def _times(listing: BundleListing) -> dict[str, float]:
    """Milliseconds of each network on this machine, once somebody asks: that takes loaded models."""
    if st.toggle("Time on this machine", help=term("milliseconds")):
        with refusals():
            bundle = loaded(listing.folder)
            return _milliseconds(bundle.version, bundle)
    return {}


def measures(listing: BundleListing, record: Record, question: Question, answers: Answers) -> None:
    """Twelve measures of every model, to sort and to take along; and what the study published."""
    draws, ranked = _draws(record, question, answers)
    found = decisions(answers.labels, answers.called, draws) | ranked
    patients, ill = len(set(answers.groups)), int(answers.labels.sum())
    st.caption(
        f"{answers.labels.size} images of {patients} patients, {ill} with COVID-19. Intervals: 95 %, "
        f"{RESAMPLES} draws of whole patients, seed {SEED}.",
        help=term("interval"),
    )
    with st.container(horizontal=True):
        intervals = st.toggle("Intervals", value=True)
        study = st.toggle("What the study published, and what is wrong with it")
        times = _times(listing)
    frame = tables.measures_table(answers, found, record.sizes, times, intervals=intervals)
    shown = tables.with_study(frame) if study else frame
    st.dataframe(shown, hide_index=True, height=35 * (len(shown) + 1) + 3)
    with st.container(horizontal=True):
        st.download_button(
            "CSV, all digits",
            comparison.measures_csv(answers, found),
            "thoraxlens-comparison.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
        )
        st.download_button(
            "LaTeX",
            comparison.measures_latex(
                frame, f"{TITLES.get(question.split or '', 'All')}: {patients} patients"
            ),
            "thoraxlens-comparison.tex",
            "text/x-tex",
            on_click="ignore",
            icon=":material/download:",
        )


def plots(record: Record, question: Question, answers: Answers, images: dict[str, LabelledSet]) -> None:
    """Curves, matrices and distributions of the same answers."""
    st.subheader("How do they differ?")
    own = {each.key: each.name for each in answers.entrants if each.same_as is None}
    shown = st.selectbox(
        "Show the interval and the scores of", list(own), index=len(own) - 4, format_func=own.get
    )
    both = 0 < answers.labels.sum() < answers.labels.size
    if not both:
        st.info(
            "These images are all of one class: choose more sources to see curves.", icon=":material/info:"
        )
        _chart(charts.scores_chart(answers, record.predictions, shown), "scores")
        return
    draws, _ = _draws(record, question, answers)
    names = (
        "ROC",
        "Precision-recall",
        "Confusion",
        "Reliability",
        "Scores",
        "Agreement",
        "Decision curve",
        "Prevalence",
    )
    roc, precision, matrices, reliability, scores, agreement, benefit, prevalence = st.tabs(names)
    with roc:
        _chart(curves.roc_chart(answers, draws, shown), "roc")
    with precision:
        _chart(curves.pr_chart(answers, draws, shown), "pr")
    with matrices:
        _chart(charts.confusion_chart(answers), "confusion")
    with reliability:
        _chart(curves.reliability_chart(answers), "reliability")
    with scores:
        _chart(charts.scores_chart(answers, record.predictions, shown), "scores")
    with agreement:
        _agreement(record, question, answers, images)
    with benefit:
        _chart(curves.decision_chart(answers), "benefit")
    with prevalence:
        percent = st.select_slider(
            "Of those examined, have COVID-19 (%)",
            [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 50.0, 80.0],
            5.0,
        )
        _chart(curves.prevalence_chart(answers, percent / 100), "prevalence")


def _chart(chart: charts.Chart, key: str, **options: Any) -> Any:
    """A figure; beside it what it says in words, and its numbers. Returns what was chosen in it."""
    picture, numbers = st.columns([3, 2], gap="medium")
    with picture:
        event = st.plotly_chart(chart.figure, config=PLOT, key=f"chart-{key}", **options)
    with numbers:
        st.markdown(plain(chart.words))
        if chart.table:
            st.dataframe(list(chart.table), hide_index=True)
    return event


@st.fragment
def _agreement(record: Record, question: Question, answers: Answers, images: dict[str, LabelledSet]) -> None:
    """The matrix; below it the images that two models decide differently, which a click on a cell opens."""
    names = {each.key: each.name for each in answers.entrants if each.same_as is None}
    state = st.session_state
    event = _chart(charts.agreement_chart(answers), "agreement", on_select="rerun", selection_mode="points")
    clicked = [tuple(point["customdata"]) for point in event.selection.points if point.get("customdata")]
    if clicked and clicked[0] != state.get("opened_cell"):
        state.opened_cell = clicked[0]
        state.differ_first, state.differ_second = clicked[0]
    keys = list(names)
    state.setdefault("differ_first", keys[0])
    state.setdefault("differ_second", keys[-1])
    with st.container(horizontal=True):
        first = st.selectbox("Images on which", keys, format_func=names.get, key="differ_first")
        second = st.selectbox("differs from", keys, format_func=names.get, key="differ_second")
    cases = tables.disagreements(record.predictions, answers, first, second)
    if cases.empty:
        st.info("They decide all of these images alike.", icon=":material/check:")
        return
    table, shown = st.columns([3, 1], gap="medium")
    with table:
        chosen = st.dataframe(
            cases, hide_index=True, on_select="rerun", selection_mode="single-row", key="differing"
        )
    with shown:
        rows = [row for row in chosen.selection.rows if row < len(cases)]
        if rows:
            _picture(question, images, str(cases["Image"].iloc[rows[0]]), absent=True)
        else:
            st.caption("Choose a row to see its radiograph.")


def tests(answers: Answers) -> None:
    """Is one model better than another, or is it luck?"""
    st.subheader("Better, or luck?")
    own = [(column, each) for column, each in enumerate(answers.entrants) if each.same_as is None]
    if not 0 < answers.labels.sum() < answers.labels.size:
        st.info("Tests need images of both classes.", icon=":material/info:")
        return
    chosen = st.multiselect(
        "Models to compare in pairs",
        [column for column, _ in own],
        default=[column for column, _ in own[:6]],
        format_func=lambda column: answers.entrants[column].name,
    )
    pairs = list(combinations(sorted(chosen), 2))
    if not pairs:
        return
    st.dataframe(
        tables.pairs(answers, pairs),
        hide_index=True,
        column_config={name: st.column_config.NumberColumn(format="%.4f") for name in tables.FRACTIONS},
    )
    st.caption(
        f"DeLong's test over patients (Obuchowski 1997) and McNemar's exact test over images, {len(pairs)} "
        "pairs, each corrected after Holm (1979). A small p says that a difference is hardly luck on images "
        "like these; it says nothing about other images.",
        help=term("significance"),
    )


@st.fragment
def mistakes(record: Record, question: Question, answers: Answers, images: dict[str, LabelledSet]) -> None:
    """The most confident mistakes of a model."""
    st.subheader("Where were they surest, and wrong?")
    own = {each.key: each.name for each in answers.entrants if each.same_as is None}
    shown = st.selectbox("The mistakes of", list(own), format_func=own.get)
    found = find_mistakes(record.predictions, answers, shown)
    if not found:
        st.info(f"{own[shown]} decides all of these images rightly.", icon=":material/check:")
        return
    for row in range(0, len(found), 4):
        for column, mistake in zip(st.columns(4), found[row : row + 4], strict=False):
            with column, st.container(border=True):
                _mistake(question, images, mistake)


def _picture(question: Question, images: dict[str, LabelledSet], name: str, *, absent: bool = False) -> None:
    """An image of the table, where the user has it; read once a session."""
    split, folder = question.split or "", data_folder()
    drawn = st.session_state.setdefault(f"pictures-{split}", {})
    try:
        if name not in drawn:
            if split in images:
                data = find_data(images[split], name)
            else:
                data = find_file(folder, name) if folder else None
            if len(drawn) >= PICTURES:
                drawn.clear()
            drawn[name] = None if data is None else draw_picture(data, name)
    except ThoraxLensError as error:
        st.caption(plain(str(error)))
        return
    if drawn[name] is not None:
        st.image(drawn[name], width="stretch")
    elif absent:
        st.caption(
            "No picture: a bundle ships none. Set THORAXLENS_DATA to the folder that holds the images."
        )


def _mistake(question: Question, images: dict[str, LabelledSet], mistake: Mistake) -> None:
    _picture(question, images, mistake.path)
    st.markdown(
        f"**{charts.LABELS[mistake.label]}**, read as "
        f"{'COVID-19' if mistake.score >= mistake.threshold else 'not COVID-19'} ({mistake.score:.3f})"
    )
    st.caption(
        f"{plain(mistake.path)}, {plain(mistake.source)}. {mistake.others} of five backbones err on it."
    )


def study() -> None:
    """The study's table, reproduced, and its slips."""
    st.subheader("The study, reproduced")
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.dataframe(tables.published(study_results.SVMS), hide_index=True)
        st.caption(
            "As published. `python -m train ensemble --table FILE.csv` fits all three rows again from the "
            "study's table of probabilities and findings; rows one and two come out digit for digit."
        )
    with right:
        for slip in study_results.SLIPS:
            st.markdown(f"- {slip}")
