"""Causes on the page Phantoms: which of five things in the picture moves an answer, and how far."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd
import streamlit as st

from core.display import causes as words
from core.display.link import ANSWER
from core.display.markdown import plain
from core.phantom.recipe import Recipe
from core.phantom.truth import png_file
from core.progress import time_left
from core.service import File, Loaded
from core.studio.causes import (
    OWN_CAUSES,
    Cause,
    Picture,
    Present,
    causes_of,
    change,
    every_answer,
    picture_file,
    reduced,
    share_out,
    to_csv,
    ways,
    with_causes,
)
from core.vocabulary import ENSEMBLE
from pages.widgets import in_hand, link
from pages.widgets.common import numbers_table, refusals, renderings, service
from pages.widgets.phantoms_many import ASKED, SIZE_PX
from pages.widgets.phantoms_twins import NOT_ILL

_RUN, _OF = "causes", "causes of"  # keys of the session
_PHANTOM = "This phantom"
OWN = (
    "On a picture of your own there is no lesion to take away: what can be put in is put in. It is made "
    "small first, to 1024 px."
)


@dataclass
class Run:
    """A measurement, whole or begun.

    Attributes:
        of: Which patient or picture, and whose answers.
        causes: That are shared out among.
        said: Answers by key, one a way to have the causes or not, so far.
    """

    of: object
    causes: tuple[Cause, ...]
    said: list[Mapping[str, float]] = field(default_factory=list)


def causes(recipe: Recipe, bundle: Loaded) -> None:
    """Asks about all combinations, of the phantom or of the picture in hand; then bars, words and numbers."""
    held = in_hand.tray().current
    own = held.file if held else None
    if held and own:
        names = [_PHANTOM, held.name]
        of = st.segmented_control("Of", names, default=_PHANTOM, key=_OF, required=True, format_func=plain)
        if of != _PHANTOM:
            with refusals():
                _own(own, bundle)
            return
    if not recipe.ill:
        st.info(NOT_ILL, icon=":material/account_tree:")
        return
    st.markdown(f"Five things are in the picture or not: {words.cause_list(causes_of(recipe))}")

    def drawn(present: Present) -> File:
        patient, finish = with_causes(recipe, present)
        done = renderings().render(patient, SIZE_PX).phantom
        return File(png_file(replace(done, pixels=finish(done.pixels))), "causes.png")

    with refusals():
        _shown(_measured((recipe, bundle.version), causes_of(recipe), drawn, bundle))


def _own(file: File, bundle: Loaded) -> None:
    st.markdown(f"{OWN} {words.cause_list(OWN_CAUSES)}")
    reading = in_hand.reading_of(in_hand.source_of(in_hand.tray().chosen or ""))
    pixels: list[Picture] = []  # read once, and not at all where all is asked

    def drawn(present: Present) -> File:
        if not pixels:
            pixels.append(reduced(service().read_again(file, reading).pixels))
        return File(picture_file(change(pixels[0], present)), "causes.png")

    _shown(_measured((file.sha256, reading, bundle.version), OWN_CAUSES, drawn, bundle))


def _measured(of: object, found: tuple[Cause, ...], drawn: Callable[[Present], File], bundle: Loaded) -> Run:
    """All combinations, asked once; a click ends that, and what is known stays."""
    now: Run | None = st.session_state.get(_RUN)
    if now is None or now.of != of:
        now = st.session_state[_RUN] = Run(of, found)
    wanted, before, start = ways(len(found)), len(now.said), time.monotonic()
    if before == len(wanted):
        return now
    bar = st.progress(before / len(wanted), f"{before} of {len(wanted)} pictures")
    for present in wanted[before:]:
        now.said.append(every_answer(service().ask(drawn(present), bundle, ASKED)))
        count = len(now.said)
        left = time_left(count - before, len(wanted) - before, time.monotonic() - start)
        bar.progress(count / len(wanted), f"{count} of {len(wanted)} pictures{left}")
    bar.empty()
    return now


def _shown(now: Run) -> None:
    shares = share_out(now.causes, now.said)
    names = words.answer_names(list(shares))
    st.markdown("## What moves the answer")
    key = link.choose(ANSWER, "Answer", names, ENSEMBLE)
    st.markdown(words.cause_words(now.causes, shares[key], key))
    st.html(words.cause_bars(now.causes, shares[key], key))
    st.caption(words.METHOD)
    st.markdown("**P(COVID-19) of all models**")
    numbers_table(pd.DataFrame(words.cause_table(now.causes, shares)))
    st.download_button(
        "CSV, a row a picture",
        to_csv(now.causes, now.said),
        "thoraxlens-causes.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
