"""Images to compare on that come while the page is open: somebody's own, or phantoms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from core.display.glossary import term
from core.display.link import PHANTOM_SET
from core.display.markdown import plain
from core.evaluation.predictions import Predictions, join
from core.evaluation.record import TrackRecord
from core.evaluation.sets import phantoms as phantom_set
from core.evaluation.sets.labelled import LabelledSet, LeftOut, analyse_set, count_images
from core.evaluation.sets.own import own_set
from core.models.bundle.files import BundleListing
from core.service import File, Loaded, Reading
from core.vocabulary import OWN, PHANTOMS, SPLITS
from pages.widgets.common import loaded, numbers_table, refusals, service


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


def with_more(listing: BundleListing, record: TrackRecord) -> tuple[TrackRecord, dict[str, LabelledSet]]:
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
    line = f"{SPLITS[found.images.split].name}: {count_images(used, found.left_out)}"
    if used and not found.left_out:
        st.success(line, icon=":material/check:")
        return
    st.warning(line, icon=":material/warning:")
    if found.left_out:
        with st.expander("What was left out or is in doubt, and why", icon=":material/rule:"):
            names, sentences = zip(*((each.name, each.sentence) for each in found.left_out), strict=True)
            numbers_table(pd.DataFrame({"File or row": names, "What is wrong": sentences}))


def _own_set(listing: BundleListing, record: TrackRecord) -> Measurement | None:
    st.markdown(
        "A ZIP of at most 500 radiographs and 50 MB, with a `labels.csv`, or with folders called `covid`, "
        "`normal` and `pneumonia`. An image whose label is in doubt is left out and named. They stay in "
        "memory and go when this page is closed.",
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
    file = st.file_uploader("Your set (ZIP)", type="zip", max_upload_size=50)
    if file is None:
        _forget(OWN)
        return None
    with refusals():
        insist = st.toggle("Ask about what the gate refuses, too", help=term("insist"))
        version = f"{file.file_id}:{insist}"
        return _measured(
            listing, record, OWN, version, lambda: own_set.open_set(file.getvalue()), insist=insist
        )
    return None


def _phantoms(listing: BundleListing, record: TrackRecord) -> Measurement | None:
    st.markdown(
        f"{phantom_set.COUNT} phantoms, a third of each class, rendered now: their truth is known, and no "
        "training drew them.",
        help=term("phantom"),
    )
    if not st.toggle("Measure them on phantoms", key=PHANTOM_SET, bind="query-params"):
        return None
    with refusals():
        return _measured(listing, record, PHANTOMS, PHANTOMS, phantom_set.PhantomSet)
    return None


def _forget(split: str) -> None:
    st.session_state.pop(f"measured-{split}", None)
    st.session_state.pop(f"pictures-{split}", None)


def _measured(
    listing: BundleListing,
    record: TrackRecord,
    split: str,
    version: str,
    open_images: Callable[[], LabelledSet],
    *,
    insist: bool = False,
) -> Measurement:
    """What the models say about a set, asked once a session."""
    key = version, record.version
    kept = st.session_state.get(f"measured-{split}")
    if kept is None or kept.key != key:
        _forget(split)
        images = open_images()
        kept = Measurement(key, images, *_ask_about(images, loaded(listing.folder), record, insist=insist))
        st.session_state[f"measured-{split}"] = kept
    return kept


def _ask_about(
    images: LabelledSet, bundle: Loaded, record: TrackRecord, *, insist: bool
) -> tuple[Predictions | None, list[LeftOut]]:
    rows: list[Predictions] = []
    left_out = list(images.problems)
    bar = st.progress(0.0, "Analysing the images")
    asked = analyse_set(
        images,
        record.predictions.thresholds,
        bundle.models.manifest.findings.operating_points,
        lambda data, name: service().ask(File(data, name), bundle, Reading(insist=insist)),
    )
    count = len(images.members)
    for done, (name, outcomes) in enumerate(asked, start=1):
        bar.progress(done / count, f"{done} of {count}: {plain(name)}")
        left_out += [outcome for outcome in outcomes if isinstance(outcome, LeftOut)]
        rows += [outcome for outcome in outcomes if isinstance(outcome, Predictions)]
    bar.empty()
    return join(rows) if rows else None, left_out
