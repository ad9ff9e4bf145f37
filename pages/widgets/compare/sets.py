"""Images to compare on that come while the page is open: somebody's own, or phantoms."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from core.display.glossary import term
from core.display.link import PHANTOM_SET
from core.evaluation.predictions import join
from core.evaluation.record import TrackRecord
from core.evaluation.sets import phantoms as phantom_set
from core.evaluation.sets.labelled import LabelledSet, MeasuredSet, analyse_set, count_images
from core.evaluation.sets.own import own_set
from core.models.bundle.files import BundleListing
from core.progress import time_left
from core.service import File, Loaded, Reading
from core.vocabulary import OWN, PHANTOMS, SPLITS
from pages.widgets.common import loaded, numbers_table, refusals, service
from pages.widgets.compare.pictures import Sets

BROUGHT_SETS, STOPPED = "brought sets", "stopped sets"  # of the session


@dataclass(frozen=True, eq=False)
class Brought:
    """Images that came while the page was open, and what a bundle's models say about them so far.

    Attributes:
        name: Which images.
        bundle: Which bundle: the version of its record.
        measured: What is known of them.
        insist: Whether the models are asked about what the gate refuses, too.
    """

    name: str
    bundle: str
    measured: MeasuredSet
    insist: bool = False


def with_brought(record: TrackRecord) -> tuple[TrackRecord, Sets]:
    """The record with what its models said about the user's images and phantoms; and those, by split."""
    tables, versions, images = [record.predictions], [record.version], {}
    for split, each in _brought().items():
        now = each.measured.snapshot()
        table = now.table() if each.bundle == record.version else None
        if table is not None:
            tables.append(table)
            versions += [each.name, str(each.insist), str(hash(now.done))]
            images[split] = now.images
    if images:
        record = replace(record, predictions=join(tables), version=":".join(versions))
    return record, images


def own_images() -> tuple[str, LabelledSet] | None:
    """The user's own set, if one is in hand, and what tells it from others."""
    held = _brought().get(OWN)
    return (held.name, held.measured.images) if held else None


def _brought() -> dict[str, Brought]:
    """Of this session, by split."""
    found: dict[str, Brought] = st.session_state.setdefault(BROUGHT_SETS, {})
    return found


def bring(listing: BundleListing, record: TrackRecord) -> None:
    """Takes the user's images and phantoms in, and has them measured; then the page is drawn anew.

    Args:
        listing: Of the bundle whose models are asked.
        record: Its own, without images that somebody brought.
    """
    with st.expander(
        "Measure them on your own labelled images, or on phantoms", icon=":material/add_photo_alternate:"
    ):
        upload, render = st.columns(2, gap="large")
        with upload:
            own = _own_set(record)
        with render:
            phantoms = _phantoms(record)
    asked = [_measure(each, listing, record) for each in _brought().values()]
    if own or phantoms or any(asked):
        st.rerun()
    for each in _brought().values():
        _summarise(each.measured)


def _summarise(measured: MeasuredSet) -> None:
    """How many images were used and how many left out, and why; below it a sentence for each."""
    table, left_out = measured.table(), measured.left_out()
    used = table.label.tolist() if table else []
    line = f"{SPLITS[measured.images.split].name}: {count_images(used, left_out)}"
    if measured.waiting:
        line += f" Stopped: {len(measured.waiting)} of {len(measured.images.members)} were not measured."
    if used and not left_out and not measured.waiting:
        st.success(line, icon=":material/check:")
        return
    st.warning(line, icon=":material/warning:")
    if left_out:
        with st.expander("What was left out or is in doubt, and why", icon=":material/rule:"):
            names, sentences = zip(*((each.name, each.sentence) for each in left_out), strict=True)
            numbers_table(pd.DataFrame({"File or row": names, "What is wrong": sentences}))


def _own_set(record: TrackRecord) -> bool:
    """Asks for a set. Returns whether something has changed."""
    st.markdown(
        "A ZIP of at most 500 radiographs and 50 MB, with a `labels.csv`, or with folders called `covid`, "
        "`normal` and `pneumonia`. An image whose label is in doubt is left out and named. The images "
        "stay in memory until you put them away, or your session ends.",
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
    file = st.file_uploader(
        "Your set (ZIP)", type="zip", max_upload_size=50, on_change=_let_go, args=(OWN,), key="own set"
    )
    held = _brought().get(OWN)
    if held is None and file is None:
        return False
    if file is None:  # the uploader forgets it when another page is opened; the session does not
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Your set is still in memory.")
            st.button("Put your set away", icon=":material/close:", on_click=_let_go, args=(OWN,))
    insist = st.toggle(
        "Ask about what the gate refuses, too",
        key="insist on the own set",
        persist_state="session",
        help=term("insist"),
    )
    if held and (held.bundle, held.insist) == (record.version, insist):
        return False
    with refusals():
        if held:
            _take(Brought(held.name, record.version, MeasuredSet(held.measured.images), insist))
        elif file:
            images = own_set.open_set(file.getvalue())
            _take(Brought(file.file_id, record.version, MeasuredSet(images), insist))
        return True
    return False


def _phantoms(record: TrackRecord) -> bool:
    """Asks whether phantoms are wanted. Returns whether something has changed."""
    st.markdown(
        f"{phantom_set.COUNT} phantoms, a third of each class, rendered now: their truth is known, and no "
        "model learnt from them.",
        help=term("phantom"),
    )
    if not st.toggle(
        "Measure them on phantoms", key=PHANTOM_SET, bind="query-params", persist_state="session"
    ):
        return _forget(PHANTOMS)
    if (held := _brought().get(PHANTOMS)) and held.bundle == record.version:
        return False
    _take(Brought(PHANTOMS, record.version, _measured_phantoms(record.version)))
    return True


@st.cache_resource(max_entries=4, show_spinner=False)
def _measured_phantoms(version: str) -> MeasuredSet:
    """What a bundle's models say about phantoms, which is the same for everybody."""
    return MeasuredSet(phantom_set.PhantomSet())


def _take(brought: Brought) -> None:
    """Takes a set in, in the place of that before."""
    split = brought.measured.images.split
    _forget(split)
    _brought()[split] = brought


def _forget(split: str) -> bool:
    """Lets go of a set. Returns whether there was one."""
    st.session_state.pop(f"pictures-{split}", None)
    _stop(split, on=False)
    return _brought().pop(split, None) is not None


def _let_go(split: str) -> None:
    """The same for a click."""
    _forget(split)


def _stop(split: str, *, on: bool) -> None:
    stopped: set[str] = st.session_state.setdefault(STOPPED, set())
    (stopped.add if on else stopped.discard)(split)


def _measure(brought: Brought, listing: BundleListing, record: TrackRecord) -> bool:
    """Asks about what was not asked about yet, unless the user stopped that. Returns whether it did."""
    split, waiting = brought.measured.images.split, len(brought.measured.waiting)
    if not waiting:
        return False
    if split in st.session_state.get(STOPPED, set()):
        st.button(
            f"Measure the other {waiting}",
            key=f"go on {split}",
            icon=":material/play_arrow:",
            on_click=_stop,
            args=(split,),
            kwargs={"on": False},
        )
        return False
    with refusals():
        _ask_about(brought, loaded(listing.folder), record)
        return True
    return False


def _ask_about(brought: Brought, bundle: Loaded, record: TrackRecord) -> None:
    """Asks the models, a few images at once; a click ends the run of the page, and what is known stays."""
    measured, reading = brought.measured, Reading(insist=brought.insist)
    images, waiting, ask = measured.images, measured.waiting, service().ask
    count, before = len(images.members), len(images.members) - len(waiting)
    name, place = SPLITS[images.split].name, st.empty()
    with place.container(horizontal=True, vertical_alignment="center", key=f"measuring-{images.split}"):
        bar = st.progress(before / count, f"{name}: {before} of {count}")
        st.button(
            "Stop, and keep what is measured",
            key=f"stop {images.split}",
            icon=":material/stop:",
            on_click=_stop,
            args=(images.split,),
            kwargs={"on": True},
        )
    asked = analyse_set(
        images,
        record.predictions.thresholds,
        bundle.models.manifest.findings.operating_points,
        lambda data, name: ask(File(data, name), bundle, reading),
        places=waiting,
    )
    start = time.monotonic()
    with closing(asked):
        for done, (member, outcome) in enumerate(asked, start=1):
            measured.outcomes[member] = outcome
            left = time_left(done, len(waiting), time.monotonic() - start)
            bar.progress((before + done) / count, f"{name}: {before + done} of {count}{left}")
    place.empty()
