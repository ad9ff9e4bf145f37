"""The head of the page Explain: which network, which class, which view; and what the views share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from core.analysis import maps
from core.analysis.maps import seen_by_backbones, subject
from core.analysis.results import Analysis
from core.analysis.run import TAUGHT
from core.display import explain as words
from core.display.glossary import term
from core.display.link import CLASSES, LAB, LABS, NETWORK, NETWORKS, TOWARDS
from core.display.markdown import plain
from core.errors import ThoraxLensError
from core.explain.gradient_process import GRADIENT
from core.explain.gradients_on_demand import GradientsOnDemand
from core.explain.method import Map as Seen
from core.explain.packed import pack, unpack
from core.explain.subject import Subject
from core.looks import Look, Looks, Question
from core.models.bundle.files import list_bundles
from core.progress import time_left
from core.project import bundles_folder
from core.reading.radiograph import Radiograph
from core.service import Case, Loaded
from core.vocabulary import ENSEMBLE
from pages.widgets import link
from pages.widgets.common import refusals, service
from pages.widgets.in_hand import Source, picture_of, reading_of

SAID_EVERY_S = 0.25  # while a network is asked again and again
_SEEN = "seen on Explain"  # key of the session


@dataclass(frozen=True, eq=False)
class Looked:
    """What the page looks at.

    Attributes:
        case: The radiograph.
        analysis: What the models said of it.
        source: Where it comes from.
        bundle: The models.
        model: Key of a backbone, or the ensemble's.
        covid: Whether COVID-19 is asked about; else normal.
    """

    case: Case
    analysis: Analysis
    source: Source
    bundle: Loaded
    model: str = ENSEMBLE
    covid: bool = True

    @property
    def towards(self) -> str:
        """Key of the class."""
        return next(key for key in CLASSES if (key == "covid") == self.covid)

    @property
    def picture(self) -> str:
        """Which picture of which file, as it was read, by which bundle."""
        return f"{self.bundle.version}:{picture_of(self.source)}:{reading_of(self.source)}"


def head(source: Source) -> str:
    """Which view, a key of `LABS`."""
    with st.container(horizontal=True, vertical_alignment="center", key="explain-head"):
        view = link.choose_segment(LAB, "View", LABS, "maps", hide_label=True)
        link.offer("explain", upload=not source.travels)
    return view


def asked(bundle: Loaded, view: str) -> tuple[str, bool]:
    """Which network, and whether COVID-19 is asked about.

    Args:
        bundle: Whose networks there are.
        view: A key of `LABS`; one place is of one map alone, and what is alike has no class.
    """
    there = [each.key for each in bundle.models.manifest.rows] + ([ENSEMBLE] if view != "cell" else [])
    networks = {key: name for key, name in NETWORKS.items() if key in there}
    with st.container(horizontal=True, vertical_alignment="bottom", key="explain-asked"):
        model = link.choose_segment(NETWORK, "Network", networks, there[0])
        covid = view == "similar" or link.choose_segment(TOWARDS, "Towards", CLASSES, "covid") == "covid"
    if view == "cell":
        st.caption(words.NO_PLACE)
    return model, covid


def whose_maps(looked: Looked) -> str:
    """Whose maps make up the ensemble's, and what has no map."""
    parts = looked.analysis.decision.contributions
    findings = sum(part.contribution for part in parts if part.group == "finding")
    return words.ensemble_words(maps.added(looked.analysis), findings, covid=looked.covid)


def guess_first() -> None:
    """In the place of everything that would give an answer away."""
    st.info(
        "You guess before you see what the networks say: this radiograph waits for it on the page Analyse.",
        icon=":material/help:",
    )
    if st.button("Guess on Analyse", icon=":material/radiology:"):
        st.switch_page("pages/analyse.py", query_params=st.query_params)


def answer(looked: Looked) -> None:
    """What the network answers, as a heading; below it, whether it is flawed on purpose."""
    st.markdown(
        f"## {plain(looked.source.subject)}: {words.answer_of(looked.analysis, looked.model)}",
        help=term("ensemble" if looked.model == ENSEMBLE else "probability"),
    )
    if looked.model in looked.analysis.taught or (looked.model == ENSEMBLE and looked.analysis.taught):
        for each in looked.analysis.warnings:
            if each.code == TAUGHT:
                st.warning(plain(each.message), icon=":material/experiment:")


@st.cache_resource(show_spinner=False)
def looks() -> Looks:
    """The maps that all sessions share."""
    return Looks()


def pixels(looked: Looked) -> Radiograph:
    """The radiograph, read again: nobody keeps its pixels."""
    if looked.source.file is None:
        raise ValueError("nothing was read of this source")
    return service().read_again(looked.source.file, reading_of(looked.source))


def to_ask(looked: Looked, model: str) -> Subject:
    """A backbone to be asked again and again, each time in one of the places that analyses have."""
    models = looked.bundle.models
    plain_one = subject(seen(looked), models, model, covid=looked.covid)
    return replace(
        plain_one, network=in_turn(plain_one.network), gradient=partial(_gradient, looked.covid, model)
    )


def seen(looked: Looked) -> Seen:
    """What the backbones were shown; kept while it is looked at, for it is small."""
    kept: tuple[str, Seen] | None = st.session_state.get(_SEEN)
    if kept and kept[0] == looked.picture:
        return kept[1]
    found = seen_by_backbones(pixels(looked), looked.bundle.models, looked.analysis)
    st.session_state[_SEEN] = looked.picture, found
    return found


@st.cache_resource(show_spinner=False)
def _gradients() -> GradientsOnDemand:
    """The process that all sessions share."""
    return GradientsOnDemand()


def ask_keras(question: dict[str, Any]) -> dict[str, Any]:
    """What the process that computes gradients answers; the first time it has to load TensorFlow.

    Raises:
        EngineError: As `GradientsOnDemand.ask`.
    """
    name = st.session_state["chosen models"]
    folder = next(each.folder for each in list_bundles(bundles_folder()) if each.name == name)
    return _gradients().ask(folder.resolve(), question)


def _gradient(covid: bool, model: str, grey: Seen) -> Seen:
    said = unpack(ask_keras({"task": GRADIENT, "model": model, "seen": pack(grey)})["gradient"])
    return said if covid else -said


def in_turn(network: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same network, each of whose answers waits for a place among the analyses."""
    return lambda batch: service().in_turn(lambda: network(batch))


@dataclass(frozen=True)
class Asking:
    """Something that is asked by a click.

    Attributes:
        key: Of the session.
        label: Of the button.
        name: What is being done, for people.
        question: What is asked.
    """

    key: str
    label: str
    name: str
    question: Question

    @property
    def wanted(self) -> str:
        """Key of the session: what is wanted now."""
        return f"{self.key} wanted"


def known(asking: Asking) -> Any:
    """The whole answer, or as far as this session has it; None before anything was answered."""
    begun = _begun(asking)
    return looks().kept(asking.question) or (begun.latest if begun else None)


def ask_by_click(asking: Asking, begin: Callable[[], Iterator[Any]]) -> None:
    """The button, or what was begun by it; nothing where the answer is whole.

    Args:
        asking: What is asked.
        begin: Begins it.
    """
    begun = _begun(asking)
    if looks().kept(asking.question):
        return
    if st.session_state.get(asking.wanted) != asking.question:
        st.button(
            f"{asking.name}: go on" if begun else asking.label,
            icon=":material/play_arrow:",
            on_click=_want,
            args=(asking,),
        )
        return
    with asking_on(lambda: st.session_state.pop(asking.wanted, None)) as stop:
        if begun is None:
            begun = st.session_state[asking.key] = Look(asking.question, begin())
        ask_on(begun, asking.name, stop)
        stop()
        st.rerun()


def _begun(asking: Asking) -> Look[Any] | None:
    begun: Look[Any] | None = st.session_state.get(asking.key)
    return begun if begun and begun.question == asking.question and not begun.broken else None


def _want(asking: Asking) -> None:
    st.session_state[asking.wanted] = asking.question


@contextmanager
def asking_on(stop: Callable[[], Any]) -> Iterator[Callable[[], Any]]:
    """Says our own errors in one sentence, and then asks no more until somebody clicks again."""
    with refusals():
        try:
            yield stop
        except ThoraxLensError:
            stop()
            raise


def ask_on(look: Look[Any], name: str, stop: Callable[[], Any]) -> None:
    """Asks until nothing is left, saying how far that is; a click anywhere ends it between two answers.

    Args:
        look: What is asked; it keeps what was answered.
        name: What is being done.
        stop: Called when somebody has seen enough.
    """
    before, start, said = look.latest.done if look.latest else 0, time.monotonic(), 0.0
    with st.container(horizontal=True, vertical_alignment="center", key="explain-asking"):
        bar = st.progress(0.0, name)
        st.button("Stop, and keep what is known", icon=":material/stop:", on_click=stop)
    while look.ask_on():
        now = time.monotonic()
        if look.latest and now - said > SAID_EVERY_S:
            done, total = look.latest.done, look.latest.total
            left = time_left(done - before, total - before, now - start)
            bar.progress(done / total, f"{name}: {done} of {total} questions{left}")
            said = now
    looks().keep(look)
