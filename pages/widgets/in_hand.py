"""The files in hand, on every page: taking them in, choosing among them, putting them away."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import streamlit as st

from core.analysis.results import Analysis
from core.display.glossary import term
from core.display.link import CUT, INSIST, LAID, LEFT, MARGINS, PHANTOM, SAMPLE, laid_way, laid_word
from core.display.markdown import plain
from core.display.truth import Labelled, Truth
from core.errors import RadiographError, SeveralFramesError, may_pass
from core.gate.way import AS_IT_IS, Way
from core.phantom.recipe import Recipe, read_recipe, recipe_word
from core.phantom.samples import Sample, list_samples
from core.reading.tries import Tries
from core.renderings import Rendering
from core.service import Case, File, Loaded, Reading, Tell, preview
from core.tray import LOST, Held, Tray, widget_refusal
from core.vocabulary import LABELS
from pages.components.session_watch.session_watch import session_watch
from pages.widgets import guesses, link
from pages.widgets.common import folded, refusals, renderings, service

TRAY, SAMPLES, DAYS = "files in hand", "samples", "day of the sample"  # keys of widgets
INSISTED = "asked all the same"  # pictures about which the networks are asked although the gate refuses
SIDE_BY_SIDE = 6  # names of files; more would push the case out of sight
SHOWN_FRAMES = 12  # of a file that holds several pictures, at once


@dataclass(frozen=True)
class Source:
    """What is looked at: one of the user's files, or a sample.

    Attributes:
        sample: Key of the sample in links; None for a file.
        rendering: Of the page Phantoms, with its recipe; None for anything else.
        subject: What the headline calls it: plain text.
        file: Its bytes; None where it was refused.
        key: In the tray; None for a sample.
        held: What the tray holds; None for a sample.
    """

    subject: str
    file: File | None
    key: str | None = None
    held: Held | None = None
    sample: str | None = None
    rendering: Rendering | None = None

    @property
    def travels(self) -> bool:
        """Whether a link opens it anywhere."""
        return self.sample is not None or self.rendering is not None


def tray() -> Tray:
    """The session's own."""
    found: Tray = st.session_state.setdefault("tray", Tray())
    return found


def files_in_hand() -> None:
    """Which files the session holds, and those that never came; one of them is looked at."""
    mine = tray()
    names = [held.name for held in mine.held.values() if held.file]
    told = session_watch(
        key="session watch",
        data={"session": _session(), "files": names},
        on_refused_change=lambda: None,
        on_lost_change=lambda: None,
        on_back_change=lambda: None,
    )
    _take_news(mine, told.refused or {}, told.lost or [])
    # The container is there without files, too: what follows stays in its place when the first one comes.
    with st.container(horizontal=True, vertical_alignment="bottom", key="tray"):
        if mine.held:
            _tray(mine)


def _tray(mine: Tray) -> None:
    st.session_state[TRAY] = mine.chosen
    label, keys = "Files in hand (in memory, until you put them away)", list(mine.held)
    if len(keys) <= SIDE_BY_SIDE:
        st.pills(
            label,
            keys,
            format_func=lambda key: _label(mine.held[key]),
            key=TRAY,
            on_change=_choose_file,
            wrap=True,
        )
    else:
        st.selectbox(
            label,
            keys,
            format_func=lambda key: mine.held[key].name,
            key=TRAY,
            on_change=_choose_file,
            width=420,
        )
    if held := mine.current:
        st.button(
            "Put away",
            icon=":material/close:",
            help=f"The server forgets {plain(held.name)}.",
            on_click=mine.put_away,
            args=(mine.chosen,),
        )
    if len(keys) > SIDE_BY_SIDE:
        st.button(
            "Put all away",
            icon=":material/delete_sweep:",
            help=f"The server forgets all {len(keys)} files.",
            on_click=mine.put_all_away,
        )


def _session() -> str:
    """Another one after each restart of the server, and for each page that is loaded anew."""
    found: str = st.session_state.setdefault("session", secrets.token_hex(8))
    return found


def _take_news(mine: Tray, refused: dict[str, str], lost: list[str]) -> None:
    """Keeps the names of files that the uploader refused, or that a session took with it."""
    mine.refuse(
        {name: widget_refusal(reason) for name, reason in refused.items()} | dict.fromkeys(lost, LOST)
    )
    if refused:
        _empty_uploader()
    if refused or lost:
        st.rerun()


def _label(held: Held) -> str:
    icon = ":material/block:" if held.refusal else ":material/radiology:"
    return f"{icon} {plain(held.name)}"


def _choose_file() -> None:
    mine = tray()
    st.session_state.pop(PHANTOM, None)
    mine.chosen = st.session_state[TRAY] or mine.chosen


def chosen_radiograph() -> Source | None:
    """What the user chose: a file in hand, or a sample; before anything was chosen, a sample."""
    mine = tray()
    guesses.settle()
    with folded("choose", "Another radiograph: yours, or a sample"):
        upload, strip = st.columns([2, 3], gap="medium")
    with upload:
        files = st.file_uploader(
            "Your radiographs (PNG, JPEG, TIFF, WebP, BMP, HEIC or DICOM; they stay in memory)",
            accept_multiple_files=True,
            key=f"uploader {st.session_state.get('uploads', 0)}",
        )
    if files:
        st.session_state.pop(PHANTOM, None)
        mine.take([File(file.getvalue(), file.name) for file in files])
        _empty_uploader()
        st.rerun()
    with strip:
        sample = _chosen_sample(mine)
    source = None
    if phantom := st.session_state.get(PHANTOM):
        source = phantom_source(phantom)
    elif mine.chosen is not None:
        source = source_of(mine.chosen)
    elif sample:
        source = sample_source(sample)
        if guesses.is_due(picture_of(source)):
            source = replace(source, subject=_number_of(sample))
    if source:
        _follow_link(source)
    return source


def phantom_source(recipe: Recipe) -> Source:
    """A patient of the page Phantoms, to be looked at."""
    done = renderings().render(recipe)
    return Source(f"Phantom {recipe.seed}", done.file, rendering=done)


def source_of(key: str) -> Source:
    """A file in hand, to be looked at."""
    held = tray().held[key]
    return Source(held.name, held.file, key, held)


def choose(key: str) -> None:
    """From now on that file in hand, or that sample, is looked at; nothing changes where there is none."""
    st.session_state.pop(PHANTOM, None)
    if key in tray().held:
        tray().chosen = key
    elif any(sample.key == key for sample in list_samples()):
        st.session_state[SAMPLE], tray().chosen = key, None


def step(by: int) -> None:
    """The next case is looked at: the next file in hand while one is looked at, else the next sample.

    Args:
        by: How many on; after the last comes the first.
    """
    mine, keys = tray(), []
    with refusals():
        keys = list(mine.held) if mine.chosen else [sample.key for sample in list_samples()]
    if keys:
        chosen = mine.chosen or st.session_state.get(SAMPLE)
        choose(keys[(keys.index(chosen) + by if chosen in keys else 0) % len(keys)])


def sample_source(sample: Sample) -> Source:
    """A sample, to be looked at."""
    return Source(f"Sample “{sample.title}”", _sample_file(sample.path), sample=sample.key)


@st.cache_resource(max_entries=16, show_spinner=False)
def _sample_file(path: Path) -> File:
    """Kept with its hash."""
    return File(path.read_bytes(), path.name)


def _empty_uploader() -> None:
    """The tray holds what came, so that the uploader begins anew, under another key."""
    st.session_state.uploads = st.session_state.get("uploads", 0) + 1


def _chosen_sample(mine: Tray) -> Sample | None:
    with refusals():
        samples = {sample.key: sample for sample in list_samples()}
        numbers = {str(number): key for number, key in enumerate(samples, start=1)}
        chosen = link.settle(SAMPLE, [*samples, *numbers], next(iter(samples)))
        st.session_state[SAMPLE] = chosen = numbers.get(chosen, chosen)
        if word := link.take(PHANTOM):
            st.session_state[PHANTOM] = read_recipe(word)
        elif word == "":
            st.session_state.pop(PHANTOM, None)
        other = bool(mine.chosen or PHANTOM in st.session_state)  # than a sample is looked at
        by_title: dict[str, str] = {}
        for sample in samples.values():  # of a series, its first day
            by_title.setdefault(_title_of(sample), sample.key)
        # A closed popover does not take over what the server sets, and would send back what it held before:
        # so the choice in it is a widget of its own, which begins without one.
        key = f"{SAMPLES} beside a file" if other else SAMPLES
        if not other:
            st.session_state[key] = _title_of(samples[chosen])
        with st.popover("Look at a sample instead") if other else st.container():
            st.pills(
                "Or a sample: rendered phantoms, whose truth is known",
                list(by_title),
                key=key,
                on_change=_choose_sample,
                args=(key, by_title),
                help=term("phantom"),
                wrap=True,
            )
        if other:
            return None
        sample = samples[chosen]
        if sample.series:
            _choose_day(sample)
        return sample
    return None


def _title_of(sample: Sample) -> str:
    """What a sample's button says: no word of its truth where that is to be guessed."""
    return _number_of(sample, day=False) if guesses.is_on() else sample.series or sample.title


def _number_of(sample: Sample, *, day: bool = True) -> str:
    """A sample's name without its truth: its place, of a series the first one's."""
    first = series_of(sample.key)[0] if sample.series else sample
    number = [each.key for each in list_samples()].index(first.key) + 1
    return f"Sample {number}, day {sample.day:g}" if day and sample.series else f"Sample {number}"


def _choose_day(sample: Sample) -> None:
    """Of a series, the radiograph of which day is looked at."""
    days = {f"Day {each.day:g}": each.key for each in series_of(sample.key)}
    st.session_state[DAYS] = next(name for name, key in days.items() if key == sample.key)
    st.segmented_control(
        "Radiograph of", list(days), key=DAYS, on_change=_choose_sample, args=(DAYS, days), required=True
    )


def sample_of(source: Source) -> Truth | None:
    """The sample or phantom that is looked at, with its truth; of a file what is known, None for nothing."""
    if source.rendering:
        return source.rendering.sample
    if source.held and source.held.label:
        return Labelled(source.held.label, LABELS[source.held.label])
    return next((each for each in list_samples() if each.key == source.sample), None)


def truth_for(source: Source, analysis: Analysis) -> Truth | None:
    """What answers are right or wrong by: none to a picture that the gate refused, whatever it shows."""
    return None if analysis.refused else sample_of(source)


def series_of(key: str | None) -> list[Sample]:
    """The samples of one chest over time, to which a sample belongs; none for one on its own."""
    samples = list_samples()
    series = next((each.series for each in samples if each.key == key), "")
    return [each for each in samples if series and each.series == series]


def _choose_sample(key: str, by_title: dict[str, str]) -> None:
    if title := st.session_state[key]:
        choose(by_title[title])


def answer(source: Source, bundle: Loaded) -> Case | None:
    """Reads and analyses what was chosen, saying what is being done; a refusal stands in its place."""
    held = source.held
    if source.file is None:
        _refuse(source, held.refusal if held and held.refusal else LOST)
        return None
    reading = reading_of(source)
    place = st.empty()
    if case := service().kept(source.file, bundle, reading):
        return case
    with refusals():
        try:
            with place.status("Reading the file") as status:
                return read(source, source.file, bundle, lambda text: status.update(label=text))
        except SeveralFramesError as error:
            place.empty()
            _choose_frame(source, source.file, error.frames)
        except RadiographError as error:
            if source.key and not may_pass(error):
                tray().mark_refused(source.key, str(error))
            _refuse(source, str(error))
            if may_pass(error):
                st.button(
                    "Try again",
                    icon=":material/refresh:",
                    on_click=tries().forget,
                    args=(picture_of(source),),
                )
        finally:
            place.empty()
    return None


def read(source: Source, file: File, bundle: Loaded, tell: Tell) -> Case:
    """Reads and analyses a picture, unless its decoder has failed again and again in this session.

    Args:
        source: The picture.
        file: Its bytes.
        bundle: Whom to ask.
        tell: Called with a sentence whenever something else begins.

    Raises:
        ThoraxLensError: As `Service.read`; DecoderError also where nothing is tried any more.
    """
    return tries().read(picture_of(source), lambda: service().read(file, bundle, tell, reading_of(source)))


def tries() -> Tries:
    """The session's own."""
    found: Tries = st.session_state.setdefault("tries", Tries())
    return found


def reading_of(source: Source) -> Reading:
    """How what was chosen is to be read."""
    return Reading(
        frame=source.held.frame if source.held else None,
        cut_margins=st.session_state.get("cut margins"),
        way=_ways().get(picture_of(source), AS_IT_IS),
        insist=insisted(source),
    )


def _follow_link(source: Source) -> None:
    """Reads a sample as the address says, and says in the address how it is read.

    The address says nothing of how a file of the user's lies: whoever opens the link does not have it.
    """
    if margins := link.take(MARGINS):
        st.session_state["cut margins"] = margins.lower() == CUT
    elif margins == "":
        st.session_state["cut margins"] = None
    laid, asked = link.take(LAID), link.take(INSIST)
    if source.travels and laid is not None:
        lay(source, laid_way(laid) or AS_IT_IS)
    if source.travels and asked is not None:
        insist(source, on=asked.lower() == "true")
    reading = reading_of(source)
    cut = {True: CUT, False: LEFT, None: None}[reading.cut_margins]
    way = laid_word(reading.way) if source.travels else None
    asked_all_the_same = "true" if source.travels and reading.insist else None
    link.tell(**{MARGINS: cut, SAMPLE: _sample_word(source), LAID: way, INSIST: asked_all_the_same})
    link.tell(**{PHANTOM: recipe_word(source.rendering.recipe) if source.rendering else None})


def _sample_word(source: Source) -> str | None:
    """The sample in the address; nothing for the first of them, and for a file; its number for a guess."""
    keys = [each.key for each in list_samples()]
    if source.sample in (None, keys[0]):
        return None
    return str(keys.index(source.sample) + 1) if guesses.is_on() else source.sample


def _ways() -> dict[str, Way]:
    """How pictures are laid, by `picture_of`; those that nobody turned are not there."""
    found: dict[str, Way] = st.session_state.setdefault("ways", {})
    return found


def picture_of(source: Source) -> str:
    """Which picture of which file: another file of the same name does not lie the same way."""
    frame = source.held.frame if source.held else None
    return f"{source.file.sha256 if source.file else ''}:{frame}"


def insisted(source: Source) -> bool:
    """Whether the networks are asked about this picture although the gate refuses it."""
    return picture_of(source) in st.session_state.get(INSISTED, set())


def insist(source: Source, *, on: bool) -> None:
    """From now on they are asked about this picture, or not."""
    kept: set[str] = st.session_state.setdefault(INSISTED, set())
    (kept.add if on else kept.discard)(picture_of(source))


def lay(source: Source, way: Way) -> None:
    """From now on the picture is read so."""
    if way == AS_IT_IS:
        _ways().pop(picture_of(source), None)
    else:
        _ways()[picture_of(source)] = way


def put_away(key: str) -> None:
    """Lets go of a file."""
    tray().put_away(key)


def _refuse(source: Source, sentence: str) -> None:
    st.error(f"**{plain(source.subject)}**: {plain(sentence)}", icon=":material/block:")


def _choose_frame(source: Source, file: File, frames: int) -> None:
    """Small pictures of what a file holds, to choose from."""
    st.info(
        f"**{plain(source.subject)}** holds {frames} pictures. Choose the one to read.",
        icon=":material/photo_library:",
    )
    first = 0
    if frames > SHOWN_FRAMES:
        pages = [
            f"{start + 1}–{min(start + SHOWN_FRAMES, frames)}" for start in range(0, frames, SHOWN_FRAMES)
        ]
        first = SHOWN_FRAMES * pages.index(st.selectbox("Pictures", pages))
    shown = range(first, min(first + SHOWN_FRAMES, frames))
    for column, frame in zip(st.columns(6) * 2, shown, strict=False):
        with column:
            _smallpicture_of(source, file, frame)


def _smallpicture_of(source: Source, file: File, frame: int) -> None:
    readable = False
    with refusals():
        st.image(
            _preview(file, file.sha256, frame),
            caption=f"Picture {frame + 1}",
            alt=f"Picture {frame + 1} of the file, made small",
        )
        readable = True
    st.button(
        f"Read picture {frame + 1}",
        key=f"frame {frame}",
        on_click=tray().choose_frame,
        args=(source.key, frame),
        disabled=not readable,
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _preview(_file: File, sha256: str, frame: int) -> Any:
    """Kept by the file's hash: Streamlit would hash all of its bytes for each picture."""
    return preview(_file, frame)


def other_frame(source: Source) -> None:
    """Back to the choice, where the file holds several pictures."""
    with st.container():
        if source.held and source.held.frame is not None:
            st.button(
                "Choose another picture of this file",
                icon=":material/photo_library:",
                on_click=tray().choose_frame,
                args=(source.key, None),
            )
