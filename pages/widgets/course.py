"""Over time: files in hand, or samples, as radiographs of one patient: curves with their errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from core.display import course as words
from core.display import course_charts, course_tables
from core.display import guess as guess_words
from core.display.course import Course, Film
from core.display.drawn import Drawn
from core.display.glossary import term
from core.display.markdown import plain
from core.errors import ThoraxLensError, may_pass
from core.export.course import course_csv
from core.phantom.samples import Sample
from core.service import File, Loaded
from core.tray import LOST
from pages.widgets import guess, guesses, pin, thresholds
from pages.widgets.common import numbers_table, plot, service
from pages.widgets.course_files import forget_members, members, memory
from pages.widgets.in_hand import (
    Source,
    choose,
    picture_of,
    read,
    reading_of,
    sample_source,
    series_of,
    source_of,
    tray,
    tries,
)

CHARTS = ("severity over time", "probabilities over time")  # keys of widgets


def over_time(source: Source, bundle: Loaded) -> None:
    """The curves of the patient whose radiograph is on screen, where there are two or more.

    Args:
        source: What is on screen.
        bundle: Whom to ask.
    """
    if samples := series_of(source.sample):
        _heading()
        if _waits([sample_source(each) for each in samples], bundle):
            return
        _curves(_of_samples(samples, bundle), source)
    elif source.key and len(tray().held) > 1:
        _heading()
        if _waits([source_of(key) for key in tray().held], bundle):
            return
        if st.toggle(
            "The files in hand are radiographs of one patient",
            key="of one patient",
            persist_state="session",
            on_change=forget_members,
        ):
            _curves(_of_files(bundle), source)


def _waits(sources: Sequence[Source], bundle: Loaded) -> bool:
    """Whether the curves would answer what is still to be guessed; says so."""
    waits = guesses.is_on() and any(_is_to_be_guessed(each, bundle) for each in sources)
    if waits:
        st.caption(guess_words.WAITS)
    return waits


def _is_to_be_guessed(source: Source, bundle: Loaded) -> bool:
    if source.file is None or not guess.is_due(source):
        return False
    case = service().kept(source.file, bundle, reading_of(source))
    return case is None or case.analysis is not None  # nobody guesses at what the gate refuses


def _heading() -> None:
    st.header("Over time", help=term("over_time"))


def _of_samples(samples: Sequence[Sample], bundle: Loaded) -> Course:
    films = _films([sample_source(each) for each in samples], bundle)
    truth = [{"extent": each.extent_score, "opacity": each.opacity_score} for each in samples]
    dated = [
        replace(film, day=sample.day, truth=true, label=sample.label)
        for film, sample, true in zip(films, samples, truth, strict=True)
        if film
    ]
    return Course(tuple(dated), to_scale=True)


def _of_files(bundle: Loaded) -> Course:
    keys, when = members()
    films = _films([source_of(key) for key in keys], bundle)
    dated = [replace(film, day=when.days[at]) for at in when.order if (film := films[at])]
    return Course(tuple(dated), when.to_scale)


def _films(sources: Sequence[Source], bundle: Loaded) -> list[Film | None]:
    """What was said of each, once all are read; None of those that are not because the user stopped it."""
    just_read: dict[str, Film] = {}
    unread = [source for source in sources if _known(source, bundle) is None]
    if unread and memory().stopped:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{len(sources) - len(unread)} of {len(sources)} are read.")
            st.button("Read the rest", icon=":material/play_arrow:", on_click=_stop, args=(False,))
    elif unread:
        just_read = _read_all(unread, len(sources), bundle)
    return [_known(source, bundle) or just_read.get(_key(source)) for source in sources]


def _read_all(unread: Sequence[Source], count: int, bundle: Loaded) -> dict[str, Film]:
    """Reads one after another, by key; a click ends the run of the page, and what was read stays."""
    films = {}
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0)
        st.button("Stop", icon=":material/stop:", on_click=_stop, args=(True,))
    for done, source in enumerate(unread, start=count - len(unread)):
        bar.progress(done / count, f"Reading {done + 1} of {count}: {plain(source.subject)}")
        if film := _known(source, bundle, now=True):
            films[film.key] = film
    place.empty()
    return films


def _stop(on: bool) -> None:
    memory().stopped = on


def _known(source: Source, bundle: Loaded, *, now: bool = False) -> Film | None:
    """What was said of a picture in this session, or to anybody; None where it is still to be read.

    A failure that may pass is not remembered: the next run reads the picture again, for as long as
    its decoder has tries left.

    Args:
        source: The picture.
        bundle: Whom to ask.
        now: Whether to read it now if need be.
    """
    held = source.held
    if source.file is None:
        return _film(source, problem=held.refusal if held and held.refusal else LOST)
    films, identity = memory().films, pin.identity(source, bundle)
    if identity not in films:
        hopeless = tries().are_used_up(picture_of(source))
        if not (now or hopeless or service().kept(source.file, bundle, reading_of(source))):
            return None
        try:
            films[identity] = _read(source, source.file, bundle)
        except ThoraxLensError as error:
            return _film(source, problem=str(error))
    film = films[identity]
    kept = film.kept and film.kept.at_threshold(thresholds.one_for_all())
    return replace(film, key=_key(source), kept=kept)


def _read(source: Source, file: File, bundle: Loaded) -> Film:
    """What is said of a picture, or why nothing is; raises what may pass."""
    try:
        case = read(source, file, bundle, lambda text: None)
    except ThoraxLensError as error:
        if may_pass(error):
            raise
        return _film(source, problem=str(error))
    return replace(_film(source), kept=pin.keep(case, source, bundle))


def _film(source: Source, problem: str = "") -> Film:
    return Film(_key(source), source.subject, problem=problem)


def _key(source: Source) -> str:
    """Of the file in the tray, where it has another once it comes again, or of the sample."""
    return source.key or source.sample or ""


def _curves(course: Course, source: Source) -> None:
    """The charts, then what changed in words, then what else moved."""
    if len(course.asked) < 2:
        st.info(words.TOO_FEW, icon=":material/timeline:")
        _reasons(course)
    else:
        described = course_tables.severity_words(course), course_tables.probability_words(course)
        figures = _drawn(course, _key(source))
        for column, figure, key, alt in zip(
            st.columns(2, gap="large"), figures, CHARTS, described, strict=True
        ):
            with column:
                plot(figure, key, alt=alt, on_select=lambda key=key: _open(key), selection_mode="points")
        st.caption(f"{words.FILLED} A click on a mark opens its radiograph.")
        _reasons(course)
        st.markdown("\n".join(f"- {sentence}" for sentence in words.changes(course)))
        if truth := words.judged(course):
            st.markdown(truth)
        st.caption(words.reckoning(course))
        _tables(course)


def _reasons(course: Course) -> None:
    """Why there is no answer, or none to believe."""
    for label, film in course.labelled():
        if film.reason:
            asked = " Asked all the same." if film.models else ""
            said = f"{label.capitalize()}, {plain(film.name)}: {plain(film.reason)}{asked}"
            st.caption(f":material/block: {said}")


def _drawn(course: Course, chosen: str) -> tuple[Drawn, Drawn]:
    """The charts, from memory where they showed the same before."""
    mine, shown = memory(), (course.films, course.to_scale)
    if mine.drawn is None or mine.drawn[0] != shown:
        mine.drawn = shown, {}
    charts = mine.drawn[1]
    if chosen not in charts:
        severity = Drawn(course_charts.severity_figure(course, chosen))
        charts[chosen] = severity, Drawn(course_charts.probability_figure(course, chosen))
    return charts[chosen]


def _open(chart: str) -> None:
    """Looks at the radiograph whose mark was clicked."""
    points = st.session_state[chart].selection.points
    if points and points[0].get("customdata"):
        choose(str(points[0]["customdata"][0]))


def _tables(course: Course) -> None:
    with st.expander("Findings that moved most, and all numbers", icon=":material/table:"):
        st.table(course_tables.finding_rows(course))
        st.caption(words.FINDINGS)
        numbers_table(pd.DataFrame(course_tables.number_rows(course)))
    st.download_button(
        "CSV, one row a radiograph",
        lambda: course_csv(course),
        "thoraxlens-over-time.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
