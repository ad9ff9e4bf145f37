"""Causes on the page Phantoms: which of five things in the picture moves an answer, and how far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.display import causes as words
from core.display.link import ANSWER
from core.display.markdown import plain
from core.phantom.recipe import Recipe
from core.service import File, Loaded
from core.studio.causes import (
    OWN_CAUSES,
    Cause,
    Picture,
    Present,
    alone,
    causes_of,
    change,
    every_answer,
    mean_change,
    picture_file,
    reduced,
    seen_pair,
    share_out,
    to_csv,
    ways,
    with_causes,
)
from core.vocabulary import ENSEMBLE
from pages.widgets import in_hand, link
from pages.widgets.common import numbers_table, refusals, renderings, service
from pages.widgets.phantoms_many import ASKED, SIZE_PX
from pages.widgets.phantoms_run import Measurement, Tell, measured
from pages.widgets.phantoms_twins import NOT_ILL

_OF = "causes of"  # key of the session
_PHANTOM = "This phantom"
OWN = (
    "On a picture of your own there is no lesion to take away: what can be put in is put in. It is made "
    "small first, to 1024 px."
)


@dataclass(frozen=True, eq=False)
class Asked:
    """What causes are shared out of.

    Attributes:
        of: Which patient or picture, and whose answers.
        causes: That are shared out among.
        drawn: The picture, (height, width), in [0, 1], of one way to have them.
        recipe: Of a phantom; None of somebody's own picture.
    """

    of: object
    causes: tuple[Cause, ...]
    drawn: Callable[[Present], Picture]
    recipe: Recipe | None = None


def causes(recipe: Recipe, bundle: Loaded) -> None:
    """Asks about all combinations, of the phantom or of the picture in hand; then bars, words and numbers."""
    held = in_hand.tray().current
    own = held.file if held else None
    if held and own:
        names = [_PHANTOM, held.name]
        of = st.segmented_control("Of", names, default=_PHANTOM, key=_OF, required=True, format_func=plain)
        if of != _PHANTOM:
            _own(own, bundle)
            return
    if not recipe.ill:
        st.info(NOT_ILL, icon=":material/account_tree:")
        return
    st.markdown(f"Five things are in the picture or not: {words.cause_list(causes_of(recipe))}")

    def drawn(present: Present) -> Picture:
        patient, finish = with_causes(recipe, present)
        return finish(renderings().render(patient, SIZE_PX).phantom.pixels)

    _measured(Asked((recipe, bundle.version), causes_of(recipe), drawn, recipe), bundle)


def _own(file: File, bundle: Loaded) -> None:
    st.markdown(f"{OWN} {words.cause_list(OWN_CAUSES)}")
    reading = in_hand.reading_of(in_hand.source_of(in_hand.tray().chosen or ""))
    pixels: list[Picture] = []  # read once, and not at all where all is asked

    def drawn(present: Present) -> Picture:
        if not pixels:
            pixels.append(reduced(service().read_again(file, reading).pixels))
        return change(pixels[0], present)

    _measured(Asked((file.sha256, reading, bundle.version), OWN_CAUSES, drawn), bundle)


def _measured(asked: Asked, bundle: Loaded) -> None:
    """All combinations, asked by a click; what causes look like, and once all are asked, what they add."""
    wanted = ways(len(asked.causes))

    def step(number: int, tell: Tell) -> Mapping[str, float]:
        file = File(picture_file(asked.drawn(wanted[number])), "causes.png")
        return every_answer(service().ask(file, bundle, ASKED))

    said = measured(
        Measurement(
            key="causes",
            of=asked.of,
            wanted=len(wanted),
            begin=f"Ask about all {len(wanted)} combinations",
            unit="pictures",
            step=step,
        )
    )
    if len(said) == len(wanted):
        _shown(asked, said)
    elif said:
        st.info("Shares are exact, and so need every combination: none can be given before.")
    with refusals():
        _pictures(asked, bundle)


def _pictures(asked: Asked, bundle: Loaded) -> None:
    """Each cause alone, as taken and as the networks are given it, and how much of the change is left."""
    st.markdown("## What the causes look like")
    st.markdown(words.SEEN)
    preprocessing = bundle.models.manifest.preprocessing
    taken = [asked.drawn(each) for each in alone(len(asked.causes))]
    pairs = [seen_pair(each, preprocessing) for each in taken]
    names = ["None of them", *(each.label for each in asked.causes), "All of them"]
    with st.container(key="causes-alone"):
        columns = [st.container() for _ in names]
    for column, name, whole, (_, given) in zip(columns, names, taken, pairs, strict=True):
        with column:
            st.markdown(f"**{name}**")
            for picture, how in ((whole, "as taken"), (given, "as the networks are given it")):
                st.image(picture, width="stretch", alt=f"{name}, {how}")
    none = pairs[0]
    changes = [(mean_change(none[0], each[0]), mean_change(none[1], each[1])) for each in pairs[1:-1]]
    numbers_table(pd.DataFrame(words.seen_table(asked.causes, changes)))


def _is_about(asked: Asked, key: str) -> bool:
    if asked.recipe is None:
        return True
    return words.is_about(
        key, asked.recipe.label, renderings().render(asked.recipe, SIZE_PX).phantom.findings
    )


def _shown(asked: Asked, said: list[Mapping[str, float]]) -> None:
    shares = share_out(asked.causes, said)
    names = words.answer_names(list(shares))
    st.markdown("## What moves the answer")
    key = link.choose(ANSWER, "Answer", names, ENSEMBLE)
    st.markdown(words.cause_words(asked.causes, shares[key], key, follows=_is_about(asked, key)))
    st.html(words.cause_bars(asked.causes, shares[key], key))
    st.caption(words.METHOD)
    st.markdown("**P(COVID-19) of all models**")
    numbers_table(pd.DataFrame(words.cause_table(asked.causes, shares)))
    st.download_button(
        "CSV, a row a picture",
        to_csv(asked.causes, said),
        "thoraxlens-causes.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
