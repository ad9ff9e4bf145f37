"""What is asked: which images, against what, where to decide; and what the models answered."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.display.glossary import term
from core.display.link import AGAINST as NEGATIVE
from core.display.link import IMAGES, ONE_POINT, POINT, SOURCES
from core.display.markdown import plain
from core.evaluation.comparison import NEGATIVES, Answers, Negatives, Question, ask
from core.evaluation.record import TrackRecord, read_record
from core.models.bundle.files import BundleListing, manifest_sha256
from core.models.bundle.manifest import BundleManifest
from core.vocabulary import HELD_OUT, LABELS, OWN, PHANTOMS, SPLITS
from pages.widgets import link
from pages.widgets.common import refusals
from pages.widgets.compare.kept import kept

SHOWN = (OWN, PHANTOMS, "val", *HELD_OUT)  # splits to choose from, in this order
AGAINST = {
    kind: " and ".join(LABELS[label] for label in labels).capitalize() for kind, labels in NEGATIVES.items()
} | {"all": "All of these"}


def record(listing: BundleListing) -> TrackRecord | None:
    """A bundle's record, read once."""
    with refusals():
        if listing.manifest:
            return _record(listing.folder, manifest_sha256(listing.folder), listing.manifest)
    return None


@st.cache_resource(max_entries=4, show_spinner="Reading what the models said about held-out images")
def _record(folder: Path, version: str, _manifest: BundleManifest) -> TrackRecord:
    return read_record(folder, _manifest)


def question(record: TrackRecord) -> Question:
    """Which images, against what, and where to decide."""
    st.header("On which images?")
    table = record.predictions
    splits = [split for split in SHOWN if split in table.split]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = link.choose(
            IMAGES,
            "Images",
            {each: SPLITS[each].name for each in splits},
            _usual_split(splits),
            help=f"{term('internal')}\n\n{term('external')}",
        )
        inside = table.split == split
        here = sorted({str(each) for each in table.source[inside]})
        sources = link.choose_several(
            SOURCES, "Sources", {each: record.source_name(each) for each in here}, placeholder="all"
        )
        kinds: list[Negatives] = [
            each
            for each, labels in NEGATIVES.items()
            if all(label in table.label[inside] for label in labels)
        ] or ["normal"]
        against = {each: AGAINST[each] for each in kinds}
        negatives = link.choose(NEGATIVE, "COVID-19 against", against, kinds[0], help=term("negatives"))
        one = st.toggle("One threshold for all", key=ONE_POINT, bind="query-params", help=term("threshold"))
    threshold = None
    if one:
        threshold = st.slider("Threshold", 0.01, 0.99, 0.5, 0.01, key=POINT, bind="query-params")
    if split == "val":
        st.warning(
            "Thresholds and SVMs were fitted to these images: their figures flatter.",
            icon=":material/warning:",
        )
    return Question(split, tuple(sources), negatives, threshold)


def _usual_split(splits: list[str]) -> str:
    """What is shown where nobody chose: images that have just come, or else held-out ones."""
    if splits != st.session_state.get("splits before"):
        st.session_state["splits before"] = splits
        if splits[0] in (OWN, PHANTOMS):
            st.session_state[IMAGES] = splits[0]
    if splits[0] in (OWN, PHANTOMS):
        return splits[0]
    return "test" if "test" in splits else splits[0]


def answers(record: TrackRecord, question: Question) -> Answers | None:
    """What the models said about these images."""
    if record.missing:
        st.info(plain(record.missing), icon=":material/info:")
    return asked(record, question)


def asked(record: TrackRecord, question: Question) -> Answers | None:
    """The same without a word of what is missing."""
    with refusals():
        return kept(lambda: ask(question, record.predictions, record.entrants), "answers", record, question)
    return None
