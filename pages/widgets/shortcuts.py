"""The widgets of the page Shortcuts: a mark is planted, a head learns here, and what came of it follows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import pandas as pd
import streamlit as st

from core.display import shortcuts as words
from core.display.glossary import term
from core.display.link import BACKBONE, EXPERIMENT, EXPERIMENTS, HEALTHY, ILL, PLANT, SHARES_PERCENT
from core.evaluation.sets.labelled import LabelledSet
from core.progress import time_left
from core.service import Loaded
from core.shortcuts.cohorts import Cohort, first_ill
from core.shortcuts.experiment import Material, Outcome, Planting, Point, conclude, gather, school
from core.shortcuts.features import Source, seen, smallest, with_plant
from core.shortcuts.heads import Learnt, Schooling
from core.shortcuts.lab import Lab
from core.shortcuts.maps import Maps, map_heads
from core.shortcuts.own import OwnPatients
from core.shortcuts.plants import PLANT_BY_KEY, PLANTS
from pages.widgets import link, shortcuts_bundle
from pages.widgets.common import numbers_table, plot, refusals, service

Result = TypeVar("Result")

_DONE, _WANTED = "shortcuts learnt", "shortcut wanted"  # keys of the session
_WHOSE, _OWN = "whose radiographs", "own patients"
_KEPT = 6  # experiments of a session
SCHOOLING = Schooling()
FRAMES = 8  # pictures of the curve while it grows


@dataclass(frozen=True, eq=False)
class Done:
    """An experiment with its maps."""

    outcome: Outcome
    maps: Maps


Key = tuple[Source, Planting]
Bar = st.delta_generator.DeltaGenerator


@st.cache_resource(show_spinner=False)
def lab() -> Lab:
    """What all sessions share."""
    return Lab(service().in_turn)


def in_turn(work: Callable[[], Result]) -> Result:
    """Does heavy work when there is a place."""
    return service().in_turn(work)


def head() -> str:
    """Which experiment, a key of `EXPERIMENTS`; and the button that takes it along."""
    with st.container(horizontal=True, vertical_alignment="center", key="shortcuts-head"):
        chosen = link.choose_segment(EXPERIMENT, "Experiment", EXPERIMENTS, "plant", hide_label=True)
        link.offer("shortcuts")
    return chosen


def settings(bundle: Loaded, own: tuple[str, LabelledSet] | None) -> tuple[Source, Planting, Cohort]:
    """Which backbone, which mark, who carries it, and whose radiographs.

    Args:
        bundle: Whose backbones.
        own: The user's own set and what tells it from others; None where phantoms are all there are.
    """
    cohort = _cohort(own)
    rows = {each.key: each.name for each in bundle.models.manifest.rows}
    usual = smallest(bundle.models.manifest.rows).key
    backbone = link.choose(BACKBONE, "Backbone", rows, usual, help=term("frozen"))
    plants = {each.key: each.name for each in PLANTS}
    plant = link.choose(PLANT, "Mark", plants, PLANTS[0].key)
    st.caption(PLANT_BY_KEY[plant].meaning)
    ill = _share(ILL, "Share of the ill that carry it (%)", "100")
    healthy = _share(HEALTHY, "Share of the healthy that carry it (%)", "0")
    return Source(bundle.version, backbone, plant, cohort.key), Planting(plant, ill, healthy), cohort


def _cohort(own: tuple[str, LabelledSet] | None) -> Cohort:
    """Phantoms, or the user's own set where there is one and it is chosen."""
    if own is None:
        return lab().home
    name, images = own
    options = {"phantoms": "Phantoms", "own": "Your own set"}
    chosen = st.segmented_control(
        "Radiographs", list(options), format_func=options.__getitem__, key=_WHOSE, default="phantoms"
    )
    if chosen == "own":
        kept: OwnPatients | None = st.session_state.get(_OWN)
        with refusals():
            if kept is None or kept.key != name:
                kept = st.session_state[_OWN] = OwnPatients(images, name)
            return kept
    return lab().home


def _share(name: str, label: str, usual: str) -> int:
    link.settle(name, SHARES_PERCENT, usual)
    chosen = st.select_slider(label, SHARES_PERCENT, key=name, persist_state="session")
    link.tell(**{name: None if chosen == usual else chosen})
    return int(chosen)


def planted(source: Source, planting: Planting, cohort: Cohort, bundle: Loaded) -> None:
    """What is planted, the button, and what came of it."""
    key = source, planting
    with refusals():
        _example(source, cohort, bundle)
        found = _done().get(key)
        if found is None and (st.session_state.get(_WANTED) == key or _is_ready(source, cohort)):
            found = _keep(key, _learn(source, planting, cohort, bundle))
        if found is None:
            _offer(key, cohort, bundle)
        else:
            _shown(found, source)
            shortcuts_bundle.take_along(found.outcome, source, cohort, bundle)


def _done() -> dict[Key, Done]:
    """Experiments of this session, the latest last."""
    found: dict[Key, Done] = st.session_state.setdefault(_DONE, {})
    return found


def _keep(key: Key, done: Done) -> Done:
    kept = _done()
    kept[key] = done
    while len(kept) > _KEPT:
        del kept[next(iter(kept))]
    return done


def _is_ready(source: Source, cohort: Cohort) -> bool:
    """Whether a head can learn at once, without another click.

    The networks have seen all patients, without the mark and with it, and this session has asked before: who
    comes new makes a guess first.
    """
    rows = range(len(cohort.labels))
    return bool(st.session_state.get(_DONE)) and not any(
        lab().features.missing(each, cohort, rows) for each in _sources(source)
    )


def _example(source: Source, cohort: Cohort, bundle: Loaded) -> None:
    """A patient without the mark and with it, as the networks are given both."""
    networks, name = bundle.models.networks, PLANT_BY_KEY[source.plant].phrase
    with st.container(key="pair-example"):
        columns = st.columns([1, 1, 2], gap="medium")
    for column, plant, said in zip(columns, ("", source.plant), ("without", "with"), strict=False):
        with column:
            picture = seen(with_plant(cohort, first_ill(cohort), networks, plant), networks)
            caption = f"An ill patient {said} {name}, as the networks are given it"
            st.image(words.eight_bits(picture), caption=caption, width="stretch", alt=caption)
    with columns[2]:
        st.markdown(words.PLAN)


def _offer(key: Key, cohort: Cohort, bundle: Loaded) -> None:
    st.button(
        "Plant it, and let a head learn",
        icon=":material/play_arrow:",
        type="primary",
        on_click=_want,
        args=(key,),
    )
    st.caption(how_long(key[0], cohort, bundle))


def how_long(source: Source, cohort: Cohort, bundle: Loaded) -> str:
    """How long it takes until the networks have seen the patients, without the mark and with it."""
    count = len(cohort.labels)
    if cohort is not lab().home:
        return words.first_time_own(count)
    return words.first_time(count, lab().seconds(_sources(source), range(count), bundle.models.networks))


def _sources(source: Source) -> list[Source]:
    """Without the mark, and with it."""
    return [replace(source, plant=""), source]


def _want(key: Key | None) -> None:
    """Begins an experiment; none stops the one that runs."""
    st.session_state[_WANTED] = key
    st.session_state.setdefault(_DONE, {})


def _learn(source: Source, planting: Planting, cohort: Cohort, bundle: Loaded) -> Done:
    """Has the networks see the patients, two heads learn, and both measured; a click anywhere stops it."""
    place = st.empty()
    with place.container():
        with st.container(horizontal=True, vertical_alignment="center"):
            bar = st.progress(0.0, "Rendering the first patients")
            st.button("Stop", icon=":material/stop:", on_click=_want, args=(None,))
        fill(_sources(source), range(len(cohort.labels)), bundle, bar, cohort)
        material = gather(lab().features, source, cohort)
        bar.progress(1.0, "A head learns without marks")
        without = _without(material, source, planting)
        bar.progress(1.0, "A head learns with marks")
        head, curve = _watched(material, planting)
    outcome = conclude(material, planting, (head, without), curve)
    maps = map_heads(cohort, bundle.models.networks, source, (without, head))
    place.empty()
    return Done(outcome, maps)


def fill(
    wanted: Sequence[Source], rows: Sequence[int], bundle: Loaded, bar: Bar, others: Cohort | None = None
) -> None:
    """Has the networks see patients in the ways of some sources; a stop loses nothing of it.

    Args:
        wanted: The sources.
        rows: Which patients.
        bundle: Whose networks.
        bar: Says how far it is.
        others: Whose patients; those at home where nothing is said.
    """
    cohort, features = others or lab().home, lab().features
    total = sum(features.missing(each, cohort, rows) for each in wanted)
    done, start = 0, time.monotonic()
    for source in wanted:
        for more in features.fill(source, cohort, bundle.models.networks, rows):
            done = min(done + more, total)
            left = time_left(done, total, time.monotonic() - start)
            bar.progress(done / total, f"{done} of {total} radiographs seen by the network{left}")


def _without(material: Material, source: Source, planting: Planting) -> Learnt:
    """The head that saw no mark, which is the same whatever is planted."""
    key = replace(source, plant=""), SCHOOLING
    if found := lab().kept(key):
        return found
    (*_, (head, _)) = school(material, planting.under("none"), SCHOOLING)
    return lab().keep(key, head)


def _watched(material: Material, planting: Planting) -> tuple[Learnt, list[Point]]:
    """The head that learns with marks, its curve drawn as it grows."""
    place = st.empty()
    heads: list[Learnt] = []
    curve: list[Point] = []
    for head, point in school(material, planting, SCHOOLING):
        heads[:] = [head]
        curve.append(point)
        if point.epoch % (SCHOOLING.epochs // FRAMES) == 0:
            with place.container():
                plot(words.curve_figure(curve, SCHOOLING.epochs), f"growing {point.epoch}")
    return heads[0], curve


def _shown(done: Done, source: Source) -> None:
    outcome, maps = done.outcome, done.maps
    st.markdown(f"## {words.headline(outcome, source.backbone)}")
    st.markdown(words.verdict(outcome), help=term("roc_auc"))
    st.html(words.area_bars(outcome))
    st.caption(words.measured_on(outcome))
    with st.expander("The same as a table, with errors at the threshold"):
        numbers_table(pd.DataFrame(words.area_table(outcome)))
    st.markdown("## How it learnt")
    plot(words.curve_figure(outcome.curve, SCHOOLING.epochs), "learnt", alt=words.curve_words(outcome.curve))
    st.markdown(words.curve_words(outcome.curve))
    with st.expander("The curve as a table"):
        numbers_table(pd.DataFrame(words.curve_table(outcome.curve)))
    _maps(maps, outcome)


def _maps(maps: Maps, outcome: Outcome) -> None:
    """The same patient's map before and after, and what they give away."""
    st.markdown("## Where it looks, before and after")
    with st.container(key="pair-maps"):
        columns = st.columns([1, 1, 2], gap="medium")
    pairs = ((maps.before, "Before: learnt without marks"), (maps.after, "After: learnt with marks"))
    for column, (each, said) in zip(columns, pairs, strict=False):
        with column:
            caption = f"{said}, P(ill) {each.probability:.2f}"
            picture = words.drawn_map(maps.shown, each)
            st.image(picture, caption=caption, width="stretch", alt=f"Grad-CAM. {caption}")
    with columns[2]:
        st.markdown(words.map_words(maps, outcome.planting))
        st.markdown(words.closed_words(maps, outcome.planting))


def flatters() -> None:
    """How far to believe all of this, and where its counterpart on real pictures is."""
    st.caption(words.FLATTERS)
