"""Similar cases on the page Explain: the nearest phantoms, and the nearest of the user's own files."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.analysis.similar import Near, Neighbour, SimilarStep, gather, nearest, usual_similarity, vectors_of
from core.display import similar as words
from core.display.link import PHANTOM
from core.display.markdown import plain
from core.display.overlay import small_greys
from core.looks import Question
from core.phantom.recipe import Recipe, recipe_word
from core.vocabulary import ENSEMBLE, LABELS
from pages.widgets.common import numbers_table, service
from pages.widgets.explain import Asking, Looked, ask_by_click, known
from pages.widgets.in_hand import reading_of, source_of, tray

THUMBNAIL_PX, SHOWN_PX = 320, 150  # of a picture, and of its column


def similar(looked: Looked) -> None:
    """The nearest phantoms to a network, what all networks find near, and the user's other files."""
    question = Question(looked.bundle.version, "all", "none", "similar")
    asking = Asking("similar asked", "Render phantoms to compare with", "Phantoms to compare with", question)
    step: SimilarStep | None = known(asking)
    models = looked.bundle.models
    if not (step and step.done == step.total):
        st.markdown(words.ASKED)
    ask_by_click(asking, lambda: gather(models, words.PHANTOM_LABELS, service().in_turn))
    mine = vectors_of(looked.analysis)
    if step:
        near = nearest(mine, step.neighbours, looked.model)
        st.markdown(words.similar_words(near, looked.model, looked.analysis))
        _pictures(near, looked.model)
        if looked.model == ENSEMBLE:
            st.caption(words.TOGETHER)
        everybody = {key: nearest(mine, step.neighbours, key) for key in (*mine, ENSEMBLE)}
        usual = {key: usual_similarity(step.neighbours, key) for key in mine if len(step.neighbours) > 1}
        numbers_table(pd.DataFrame(words.similar_table(everybody, usual)))
    others = nearest(mine, _own(looked), looked.model)
    if others:
        st.markdown("**Of your own files:**")
        _pictures(others, looked.model)
    st.caption(words.CAVEAT)


def _pictures(near: Sequence[Near], model: str) -> None:
    with st.container(horizontal=True, key=f"near-{'phantoms' if near[0].case.recipe else 'files'}"):
        columns = [st.container(width=SHOWN_PX) for _ in near]
    for column, each in zip(columns, near, strict=True):
        with column:
            st.image(
                each.case.picture, width="stretch", alt=f"{each.case.name}: {words.caption(each, model)}"
            )
            st.caption(plain(words.caption(each, model)))
            if each.case.recipe:
                st.button(
                    each.case.name,
                    key=f"near {each.case.name}",
                    help="Opens it on the page Phantoms.",
                    on_click=_open,
                    args=(each.case.recipe,),
                )
            else:
                st.caption(plain(each.case.name))
    if recipe := st.session_state.pop("phantom to open", None):
        st.switch_page("pages/phantoms.py", query_params={PHANTOM: recipe_word(recipe)})


def _open(recipe: Recipe) -> None:
    st.session_state["phantom to open"] = recipe


def _own(looked: Looked) -> list[Neighbour]:
    """The session's other files, as far as they are analysed."""
    found = []
    for key, held in tray().held.items():
        source = source_of(key)
        if key == looked.source.key or source.file is None:
            continue
        case = service().kept(source.file, looked.bundle, reading_of(source))
        if case and case.analysis:
            picture = small_greys(case.picture, THUMBNAIL_PX)
            label = LABELS[held.label] if held.label else ""
            found.append(Neighbour(held.name, label, picture, vectors_of(case.analysis)))
    return found
