"""A case that stays beside the next one: pinned by a click, in this session alone."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.display import pinned as words
from core.display.link import RATE, RATES
from core.display.markdown import plain
from core.models.third_answer import USUAL_ERROR_RATE, rate_key
from core.service import Case, Loaded
from pages.widgets import guesses, link, thresholds
from pages.widgets.in_hand import Source, reading_of

PINNED = "pinned case"


def beside(case: Case | None, source: Source, bundle: Loaded, tools: DeltaGenerator) -> None:
    """The buttons that pin the case and copy the link, and the pinned case beside this one.

    Args:
        case: On screen; None where nothing could be read.
        source: What it was read from.
        bundle: Who answered.
        tools: The place of the buttons.
    """
    present = keep(case, source, bundle) if case else None
    pinned: words.Kept | None = st.session_state.get(PINNED)
    with tools.container(horizontal=True, key="case tools", vertical_alignment="center"):
        if present and not (pinned and pinned.identity == present.identity):
            st.button(
                "Pin this case" if not pinned else "Pin this one instead",
                icon=":material/keep:",
                help="It stays, and the next case is shown beside it.",
                on_click=_pin,
                args=(present,),
            )
        if pinned:
            st.button("Unpin", icon=":material/keep_off:", help=plain(pinned.name), on_click=_unpin)
        guesses.switch()
        link.offer("analyse", upload=not source.travels)
    if pinned:
        threshold = thresholds.one_for_all()
        _panel(pinned.at_threshold(threshold), present and present.at_threshold(threshold))


def follow_rate() -> None:
    """The error rate of the third answers was changed in its own part of the page."""
    st.session_state["rate changed"] = PINNED in st.session_state


def must_follow_rate() -> bool:
    """Whether the pinned case has to be drawn again for that, once."""
    return bool(st.session_state.pop("rate changed", False))


def _panel(pinned: words.Kept, present: words.Kept | None) -> None:
    name = f":material/keep: **{plain(pinned.name)}**"
    if present is None or present.identity == pinned.identity:
        st.caption(f"{name} is pinned ({pinned.decision}); choose another case, and both stand side by side.")
        return
    rate = RATES[link.settle(RATE, list(RATES), rate_key(USUAL_ERROR_RATE))]
    with st.container(border=True, key="pinned"):
        st.markdown(f"{name} is pinned; now **{plain(present.name)}**")
        st.markdown(words.sentence(words.differences(pinned, present, rate)))
        st.table(words.beside(pinned, present, rate))
        if pinned.third_answers or present.third_answers:
            st.caption(
                "Each model's P(COVID-19) and its answer at its threshold; after the semicolon its third "
                f"answer, wrong on at most {100 * rate:g} %."
            )
        for each in (pinned, present):
            if each.refusal:
                st.caption(f"{plain(each.name)}: {plain(each.refusal)}")


def identity(source: Source, bundle: Loaded) -> str:
    """The same for the same picture, read alike by the same models."""
    digest = source.file.sha256 if source.file else ""
    return f"{bundle.version}:{reading_of(source)}:{source.subject}:{digest}"


def keep(case: Case, source: Source, bundle: Loaded) -> words.Kept:
    """What there is to say of a case, light enough for a session to keep many.

    Args:
        case: What was read.
        source: What it was read from.
        bundle: Who answered.
    """
    reading = reading_of(source)
    name = words.full_name(
        source.subject, reading.frame, case.way, cut=bool(case.analysis and case.analysis.cut)
    )
    return words.keep(
        identity(source, bundle),
        name,
        bundle.models.manifest.title,
        (case.verdict, case.header),
        case.analysis,
    )


def _pin(case: words.Kept) -> None:
    st.session_state[PINNED] = case


def _unpin() -> None:
    st.session_state.pop(PINNED, None)
