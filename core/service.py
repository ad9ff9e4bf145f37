"""What all sessions of a server share: loaded bundles, recent analyses, and a bound on work at once."""

from __future__ import annotations

import gc
import hashlib
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from core.analysis.changed import Changed, ask_changed
from core.analysis.load import Models, load_models
from core.analysis.results import Analysis
from core.analysis.run import analyse, look
from core.display.picture import Picture, first_picture, sharp_picture, thumbnail
from core.errors import NotAskedError, SeveralFramesError
from core.evaluation.coverage import Coverage, measure_coverage
from core.evaluation.evidence import Evidence, measure_evidence
from core.evaluation.named_findings import NamedFinding, results_on_named_findings
from core.evaluation.predictions import read_predictions
from core.evaluation.strata import (
    FalseFinding,
    OtherDisease,
    results_on_normals,
    results_on_other_diseases,
)
from core.evaluation.trials import Trials, read_trials
from core.gate.sentences import refusal
from core.gate.verdict import Verdict
from core.gate.way import AS_IT_IS, Way, lay_radiograph
from core.models.bundle.files import manifest_sha256
from core.progress import Progress
from core.reading.decoder_pool import read_radiograph_isolated, start_decoder
from core.reading.radiograph import Radiograph, pixels_to_display
from core.reading.warning import ReadingWarning

AT_ONCE = 2  # analyses; on two cores a third would only make all slower
KEPT = 64  # recent analyses, each with a picture of at most 0.5 MB and feature maps of 0.8 MB
KEPT_OF_MANY = 60  # beside these, of files that were read with many others and that nobody looked at yet
PATIENCE_S = 2.0  # of whoever reads many files, while others click
KEPT_SHARP = 8  # pictures that somebody zoomed into, of at most 1.2 MB each
KEPT_CHANGED = 512  # answers to changed radiographs, of a few numbers each
REFUSED_PX = 700
PREVIEW_PX = 200

Tell = Callable[[str], None]
Kept = TypeVar("Kept")


@dataclass(frozen=True)
class File:
    """A file from anybody: its bytes, and the name that it came with (plain text, never markup)."""

    data: bytes
    name: str

    @cached_property
    def sha256(self) -> str:
        """Of the bytes, in hexadecimal; computed once, for a page runs again with each click."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, eq=False)
class Case:
    """A picture that has been read, and analysed unless the gate refused it.

    Attributes:
        name: Of the file: plain text.
        picture: For the eye.
        spacing_mm: Between pixels of the whole radiograph, in the patient; None where nobody vouches for it.
        verdict: What the gate says of it.
        way: How it was laid before it was read.
        header: What its file says of it, where that matters.
        analysis: What the models say; None where they were not asked.
        thumbnail: For a row among many: a WebP file.
        small: (h, w), uint8, its longer side at most `REFUSED_PX`, where they were not asked; else None.
    """

    name: str
    picture: Picture
    spacing_mm: float | None
    verdict: Verdict
    way: Way
    header: tuple[ReadingWarning, ...]
    analysis: Analysis | None
    thumbnail: bytes = b""
    small: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class Reading:
    """How a file is to be read.

    Attributes:
        frame: Which of its pictures, from 0; None where it should hold but one.
        cut_margins: Whether uniform margins are cut first; None for as the bundle does.
        way: How it is laid first.
        insist: Whether the networks are asked although the gate refuses.
    """

    frame: int | None = None
    cut_margins: bool | None = None
    way: Way = AS_IT_IS
    insist: bool = False


PLAIN = Reading()


@dataclass(frozen=True, eq=False)
class Loaded:
    """A bundle in memory.

    Attributes:
        version: SHA-256 of its manifest, which vouches for all its files.
        models: Its models.
        evidence: How they did on held-out images.
        coverage: What their third answers were worth there.
        other_diseases: What they said to diseases that they were never taught.
        false_findings: What the findings network found on normal radiographs.
        named_findings: How well it found what collections say of their radiographs.
        trials: How they did where a shortcut does not help; None in a bundle without.
    """

    version: str
    models: Models
    evidence: tuple[Evidence, ...]
    coverage: tuple[Coverage, ...]
    other_diseases: tuple[OtherDisease, ...]
    false_findings: tuple[FalseFinding, ...]
    named_findings: tuple[NamedFinding, ...]
    trials: Trials | None


class Service:
    """Loads each bundle once, analyses each file once, and never more than a few at a time."""

    def __init__(self, at_once: int = AT_ONCE, kept: int = KEPT) -> None:
        self._loading = threading.Lock()
        self._loaded: dict[Path, Loaded] = {}
        self._cases: OrderedDict[str, Case] = OrderedDict()
        self._of_many: OrderedDict[str, Case] = OrderedDict()
        self._sharp: OrderedDict[str, Picture] = OrderedDict()
        self._changed: OrderedDict[str, tuple[Changed, ...]] = OrderedDict()
        self._asking_again = threading.Lock()
        self._kept = kept
        self._state = threading.Lock()
        self._places = threading.Semaphore(at_once)
        self._waiting = 0
        self._clicks = 0  # that wait or are worked on
        self._calm = threading.Condition(self._state)  # told when a click or a file in work is done
        self._in_work: set[str] = set()
        self._turns = Turns()

    def load(self, folder: Path, progress: Progress | None = None) -> Loaded:
        """A bundle, from memory unless its manifest has changed.

        After the first, Python's garbage collector leaves the models alone: Streamlit collects after
        each rerun, and walking through them takes 0.5 s.

        Args:
            folder: The bundle's.
            progress: Called with a sentence and the share done when files must be derived first.

        Raises:
            BundleError: If the bundle is damaged.
            EngineError: If its networks cannot be prepared.
        """
        version = manifest_sha256(folder)
        loaded = self._loaded.get(folder)
        if loaded and loaded.version == version:
            return loaded
        with self._loading:
            loaded = self._loaded.get(folder)
            if loaded is None or loaded.version != version:
                start_decoder()
                models = load_models(folder, progress=progress)
                predictions = read_predictions(folder, models.manifest)
                points = models.manifest.findings.operating_points
                loaded = Loaded(
                    version=version,
                    models=models,
                    evidence=measure_evidence(predictions),
                    coverage=measure_coverage(predictions, models.manifest.third_answers),
                    other_diseases=results_on_other_diseases(predictions),
                    false_findings=results_on_normals(predictions, points),
                    named_findings=results_on_named_findings(predictions, points),
                    trials=read_trials(folder, models.manifest),
                )
                self._loaded[folder] = loaded
                gc.unfreeze()  # what was left alone may be a bundle that nobody holds any more
                gc.collect()
                gc.freeze()
            return loaded

    def loaded(self, folder: Path) -> Loaded | None:
        """A bundle that is in memory as its folder has it; None where `load` would have to read it."""
        found = self._loaded.get(folder)
        return found if found and found.version == manifest_sha256(folder) else None

    def kept(self, file: File, loaded: Loaded, reading: Reading = PLAIN) -> Case | None:
        """What `read` returned for this file, bundle and way of reading, while it is remembered."""
        key = _key(file, loaded, reading)
        with self._state:
            found = self._of_many.pop(key, None) or self._cases.get(key)
        if found:
            self._keep(self._cases, key, found, self._kept)
        return found

    def read(self, file: File, loaded: Loaded, tell: Tell, reading: Reading = PLAIN) -> Case:
        """Reads a file, and analyses it unless the gate refuses.

        Args:
            file: The file.
            loaded: The bundle to ask.
            tell: Called with a sentence whenever something else begins.
            reading: How.

        Raises:
            RadiographError: If the file is no radiograph; SeveralFramesError if it holds several and
                `reading` does not say which.
            EngineError: If a network fails.
        """
        if found := self.kept(file, loaded, reading):
            return found
        with self._alone(_key(file, loaded, reading)) as key:
            if found := self.kept(file, loaded, reading):
                return found
            with self._place(tell):
                case = _read_case(file, loaded, tell, reading)
            self._keep(self._cases, key, case, self._kept)
        return case

    def read_among_many(self, file: File, loaded: Loaded, reading: Reading = PLAIN) -> Case:
        """The same for one of many files, which all have to wait for those that somebody clicks on.

        Whoever reads many gets one at a time, in turn with others who do, and not while a click is worked on
        unless that takes very long.

        Raises:
            RadiographError: As `read`.
            EngineError: If a network fails.
        """
        key = _key(file, loaded, reading)
        if found := self._glance(key):
            return found
        with self._turns.take():
            with self._calm:
                self._calm.wait_for(lambda: not self._clicks, PATIENCE_S)
            with self._alone(key):
                if found := self._glance(key):  # it may have been clicked on meanwhile
                    return found
                case = _read_case(file, loaded, _say_nothing, reading)
                self._keep(self._of_many, key, case, KEPT_OF_MANY)
        return case

    def _glance(self, key: str) -> Case | None:
        """What is remembered of a case, without anybody looking at it."""
        with self._state:
            return self._cases.get(key) or self._of_many.get(key)

    def ask(self, file: File, loaded: Loaded, reading: Reading = PLAIN) -> Analysis:
        """What the models say of a file that nobody looks at: no picture is made of it, and nothing kept.

        Args:
            file: The file.
            loaded: The bundle to ask.
            reading: How it is read.

        Raises:
            RadiographError: As `read`; NotAskedError if the gate refuses.
            EngineError: If a network fails.
        """
        if found := self.kept(file, loaded, reading):
            verdict, analysis, header = found.verdict, found.analysis, found.header
        else:
            with self._place(_say_nothing):
                radiograph = _read(file, reading)
                verdict, analysis = _analyse(radiograph, loaded.models, reading, _say_nothing)
            header = radiograph.warnings
        if analysis is None:
            raise NotAskedError(refusal(verdict, header))
        return analysis

    def kept_changed(
        self, file: File, loaded: Loaded, reading: Reading = PLAIN
    ) -> tuple[Changed, ...] | None:
        """What `changed` returned for this file, bundle and way of reading, while it is remembered."""
        return self._changed.get(_key(file, loaded, reading))

    def changed(
        self, file: File, loaded: Loaded, analysis: Analysis, reading: Reading = PLAIN
    ) -> tuple[Changed, ...]:
        """What the models say of a radiograph that is changed; it is read again, for no pixels are kept.

        One is asked about at a time, so that of the places for answers at most one is taken by it.

        Args:
            file: The file.
            loaded: The bundle that analysed it.
            analysis: What it said.
            reading: How the file was read.

        Raises:
            RadiographError: If it cannot be read.
            EngineError: If a network fails.
        """
        with self._asking_again:
            if found := self.kept_changed(file, loaded, reading):
                return found
            with self._place(_say_nothing):
                found = ask_changed(_read(file, reading), loaded.models, analysis)
            self._keep(self._changed, _key(file, loaded, reading), found, KEPT_CHANGED)
        return found

    def read_again(self, file: File, reading: Reading = PLAIN) -> Radiograph:
        """A radiograph's pixels, which are not kept.

        Args:
            file: The file.
            reading: How it is read.

        Raises:
            RadiographError: If it cannot be read.
        """
        return self.in_turn(lambda: _read(file, reading))

    def in_turn(self, work: Callable[[], Kept]) -> Kept:
        """Does other heavy work in one of the places that analyses have.

        Args:
            work: It.
        """
        with self._place(_say_nothing):
            return work()

    def sharp(self, file: File, reading: Reading = PLAIN) -> Picture:
        """The whole radiograph for whoever zooms; the file is read again, for its pixels are not kept.

        Args:
            file: The file.
            reading: How it is read.

        Raises:
            RadiographError: If it cannot be read.
        """
        key = f"{reading.frame}:{reading.way}:{file.sha256}"
        if found := self._sharp.get(key):
            return found
        with self._place(_say_nothing):
            picture = sharp_picture(_read(file, reading))
        self._keep(self._sharp, key, picture, KEPT_SHARP)
        return picture

    def _keep(self, kept: OrderedDict[str, Kept], key: str, found: Kept, most: int) -> None:
        with self._state:
            kept[key] = found
            kept.move_to_end(key)
            while len(kept) > most:
                kept.popitem(last=False)

    @contextmanager
    def _alone(self, key: str) -> Iterator[str]:
        """Waits until nobody else reads the same, for then it is known."""
        with self._calm:
            self._calm.wait_for(lambda: key not in self._in_work)
            self._in_work.add(key)
        try:
            yield key
        finally:
            with self._calm:
                self._in_work.discard(key)
                self._calm.notify_all()

    @contextmanager
    def _place(self, tell: Tell) -> Iterator[None]:
        """Waits for one of the places, and says how many wait before."""
        with self._state:
            self._clicks += 1
        try:
            self._await_place(tell)
            try:
                yield
            finally:
                self._places.release()
        finally:
            with self._calm:
                self._clicks -= 1
                self._calm.notify_all()

    def _await_place(self, tell: Tell) -> None:
        if self._places.acquire(blocking=False):
            return
        with self._state:
            self._waiting += 1
            position = self._waiting
        try:
            tell(f"Busy with others: you are number {position} in the queue")
            self._places.acquire()
        finally:
            with self._state:
                self._waiting -= 1


class Turns:
    """One at a time, in the order of asking: a lock alone may go to the same one again and again."""

    def __init__(self) -> None:
        self._waiting: deque[object] = deque()
        self._next = threading.Condition()

    @contextmanager
    def take(self) -> Iterator[None]:
        """Waits for its turn, which lasts as long as the block."""
        mine = object()
        with self._next:
            self._waiting.append(mine)
            self._next.wait_for(lambda: self._waiting[0] is mine)
        try:
            yield
        finally:
            with self._next:
                self._waiting.popleft()
                self._next.notify_all()


def _key(file: File, loaded: Loaded, reading: Reading) -> str:
    return f"{loaded.version}:{reading}:{file.name}:{file.sha256}"


def _read(file: File, reading: Reading) -> Radiograph:
    radiograph = read_radiograph_isolated(file.data, file.name, reading.frame or 0)
    if reading.frame is None and radiograph.frames > 1:
        raise SeveralFramesError(radiograph.frames)
    return lay_radiograph(radiograph, reading.way)


def _read_case(file: File, loaded: Loaded, tell: Tell, reading: Reading) -> Case:
    tell("Reading the file")
    radiograph = _read(file, reading)
    return _case(radiograph, reading, *_analyse(radiograph, loaded.models, reading, tell))


def preview(file: File, frame: int) -> NDArray[np.uint8]:
    """A small picture of one of a file's frames, (h, w), its longer side at most `PREVIEW_PX`.

    Raises:
        RadiographError: If that frame cannot be read.
    """
    return pixels_to_display(read_radiograph_isolated(file.data, file.name, frame), PREVIEW_PX)


def _say_nothing(text: str) -> None:
    """Where nobody watches the work."""


def _analyse(
    radiograph: Radiograph, models: Models, reading: Reading, tell: Tell
) -> tuple[Verdict, Analysis | None]:
    """What the gate says, and what the models say unless it refuses."""
    tell("Asking the gate what this is")
    verdict = look(radiograph, models)
    analysis = None
    if reading.insist or not verdict.refused:
        tell("Asking the backbones, the findings network and the ensemble")
        analysis = analyse(
            radiograph, models, cut_margins=reading.cut_margins, verdict=verdict, way=reading.way
        )
    return verdict, analysis


def _case(radiograph: Radiograph, reading: Reading, verdict: Verdict, analysis: Analysis | None) -> Case:
    return Case(
        name=radiograph.name,
        picture=first_picture(radiograph),
        spacing_mm=radiograph.spacing_mm,
        verdict=verdict,
        way=reading.way,
        header=radiograph.warnings,
        analysis=analysis,
        thumbnail=thumbnail(radiograph),
        small=None if analysis else pixels_to_display(radiograph, REFUSED_PX),
    )
