"""Several radiographs of one patient over time, in words: what changed, and whether errors explain it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby, pairwise

from core.analysis.course import MAX_FILMS, Change, turn_limit, turns
from core.display.markdown import plain
from core.display.pinned import HARDLY_POINTS, Kept, Model, moves
from core.display.truth import fits, mark
from core.display.wording import count_word, listed
from core.models.severity import SeverityName, SeverityScore
from core.vocabulary import ENSEMBLE

SCORES: tuple[SeverityName, ...] = ("extent", "opacity")

NEVER_VALIDATED = (
    "These networks were never validated for follow-up, and no reading of theirs says how a patient is."
)
FILLED = "A filled mark lies at or above its model's threshold, its dotted line; an open one, below."
FINDINGS = (
    "Each finding's 0.5 is its threshold. How far two readings of a finding differ while lungs stay "
    "the same, nobody has measured."
)
TURNS = (
    "Turns on the way are picked after looking, so each step between them is held against the largest "
    "difference among all readings, which errors alone exceed in one course in twenty at most."
)
HOW_TO_DATE = (
    "Tick the radiographs of this patient. Time is drawn to scale once all of them have a day's number, or "
    "all a date; what a DICOM header says is taken, and only days since the first are shown."
)
MIXED = (
    "Some radiographs have a day's number and others a date, so they are drawn in the order given and not to "
    "scale: give all of them a number, or all a date."
)
TOO_FEW = "A curve needs two radiographs with an answer."
TOO_MANY = f"A curve holds at most {MAX_FILMS} radiographs: the first {MAX_FILMS} that are ticked are drawn."
SAME_PATIENT = "The DICOM files among them that name a patient all name the same one."


@dataclass(frozen=True)
class Film:
    """One radiograph of a course.

    Attributes:
        key: Of the file in hand, or of the sample.
        name: Of the file or the sample: plain text.
        day: When it was taken; None where nobody knows.
        kept: What was said of it; None where it was not read.
        problem: Why it was not read, in a sentence; empty where it was.
        truth: Extent and opacity as they are, by name; none where nobody knows.
        label: What it shows, as of a sample; empty where nobody knows.
    """

    key: str
    name: str
    day: float | None = None
    kept: Kept | None = None
    problem: str = ""
    truth: Mapping[str, float] = field(default_factory=dict)
    label: str = ""

    @property
    def models(self) -> dict[str, Model]:
        """What the models said, by key; none where they were not asked."""
        return self.kept.models if self.kept else {}

    @property
    def severity(self) -> dict[str, SeverityScore]:
        """Extent and opacity, by name; none where they were not measured."""
        return self.kept.severity if self.kept else {}

    @property
    def findings(self) -> dict[str, float]:
        """Scores of findings, by name."""
        return self.kept.findings if self.kept else {}

    @property
    def reason(self) -> str:
        """Why there is no answer, or why it deserves no belief; empty where neither is so."""
        return self.problem or (self.kept.refusal if self.kept else "")


@dataclass(frozen=True, eq=False)
class Course:
    """Radiographs of one patient, oldest first.

    Attributes:
        films: Those that were read, or could not be.
        to_scale: Whether their days are known; otherwise there is only their order.
    """

    films: tuple[Film, ...]
    to_scale: bool

    @cached_property
    def places(self) -> list[float]:
        """Of each on the axis: its day, or its number from 1."""
        return [
            film.day if self.to_scale and film.day is not None else float(number)
            for number, film in enumerate(self.films, start=1)
        ]

    @cached_property
    def labels(self) -> list[str]:
        """What each is called: "day 3", or "radiograph 2"; two of one day are told apart."""
        kind = "day" if self.to_scale else "radiograph"
        plain_labels = [f"{kind} {place:g}" for place in self.places]
        return [
            f"{label} ({plain_labels[: at + 1].count(label)})" if plain_labels.count(label) > 1 else label
            for at, label in enumerate(plain_labels)
        ]

    def labelled(self) -> Iterator[tuple[str, Film]]:
        """Each with what it is called."""
        return zip(self.labels, self.films, strict=True)

    @property
    def asked(self) -> list[int]:
        """Which of them the models were asked about."""
        return [at for at, film in enumerate(self.films) if film.models]

    def models(self) -> dict[str, str]:
        """Names of all models that said something, by key, the ensemble first."""
        return {key: model.name for film in self.films for key, model in film.models.items()}


def changes(course: Course) -> list[str]:
    """What changed from the first to the last, and whether errors explain it: sentences of Markdown."""
    said = [sentence for name in SCORES for sentence in _score(course, name)]
    if len(course.asked) > 1:
        said += [_ensemble(course), _backbones(course)]
    return said


def _score(course: Course, name: SeverityName) -> Iterator[str]:
    known = [(label, film.severity[name]) for label, film in course.labelled() if name in film.severity]
    if len(known) < 2:
        return
    (first, before), (last, now) = known[0], known[-1]
    change = Change(before.value, now.value, now.mean_absolute_error)
    if abs(change.step) < HARDLY_POINTS:
        earlier, later = f"{before.value:.1f}", f"{now.value:.1f}"
        if earlier == later:
            moved = f"is {now.value:.1f} of {now.maximum:g} on {first} and on {last}"
        else:
            moved = f"hardly changes: {earlier} of {now.maximum:g} on {first}, {later} on {last}"
        yield f"**{name.capitalize()} {moved}.**{_on_the_way(known)}"
        return
    yield (
        f"**{name.capitalize()} {moves(before.value, now.value, 1)} of {now.maximum:g}** between {first} and "
        f"{last}, by {abs(change.step):.1f}: {verdict(change)}.{_on_the_way(known)}"
    )


def verdict(change: Change) -> str:
    """A change beside the differences that errors alone would make."""
    if change.is_within_error:
        return (
            "**within the error to expect**, for two readings of unchanged lungs differ by "
            f"{change.expected:.1f} on average"
        )
    if change.is_clear:
        return (
            "**more than the error to expect**, for only one pair of readings of unchanged lungs in twenty "
            f"differs by more than {change.limit:.1f}"
        )
    return (
        "**perhaps more than error**, for two readings of unchanged lungs differ by "
        f"{change.expected:.1f} on average, and one pair in twenty by more than {change.limit:.1f}"
    )


def _on_the_way(known: Sequence[tuple[str, SeverityScore]]) -> str:
    """Of a course that turns: from turn to turn, which are picked after looking."""
    values, error = [score.value for _, score in known], known[0][1].mean_absolute_error
    turning = turns(values, Change(0, 0, error).expected)
    if not turning:
        return ""
    legs, limit = [], turn_limit(len(values), error, len(SCORES))
    for one, other in pairwise((0, *turning, len(values) - 1)):
        step = values[other] - values[one]
        way = "up" if step > 0 else "down"
        why = "more than the error" if abs(step) > limit else "errors may explain it"
        legs.append(f"{way} by {abs(step):.1f} to {known[other][0]} ({why})")
    return f" On the way it goes {', then '.join(legs)}."


def _ensemble(course: Course) -> str:
    said = [(label, film.models[ENSEMBLE]) for label, film in course.labelled() if film.models]
    before, now = said[0][1].probability, said[-1][1].probability
    alike = f"{before:.2f}" == f"{now:.2f}"
    moved = f"is {now:.2f} at both ends" if alike else moves(before, now, 2)
    runs = [
        (answer, [label for label, _ in run]) for answer, run in groupby(said, lambda each: each[1].answer)
    ]
    spans = [f"{answer} {_span(labels)}" for answer, labels in runs]
    return f"**The ensemble's P(COVID-19) {moved}**; it reads {', then '.join(spans)}."


def _span(labels: Sequence[str]) -> str:
    return f"on {labels[0]}" if len(labels) == 1 else f"from {labels[0]} to {labels[-1]}"


def _backbones(course: Course) -> str:
    ends = [
        (course.labels[at], [model for key, model in course.films[at].models.items() if key != ENSEMBLE])
        for at in (course.asked[0], course.asked[-1])
    ]
    if all(len(backbones) == 1 for _, backbones in ends):
        return f"The backbone reads {' and '.join(f'{only.answer} on {label}' for label, (only,) in ends)}."
    return f"Of the backbones, COVID-19 is read by {' and by '.join(_count(*end) for end in ends)}."


def _count(label: str, backbones: Sequence[Model]) -> str:
    read, asked = sum(model.positive for model in backbones), count_word(len(backbones))
    some = f"all {asked}" if read == len(backbones) else f"{count_word(read)} of the {asked}"
    return f"{some} on {label}"


def judged(course: Course) -> str | None:
    """Which answers are right: a sentence of Markdown; None where nobody knows the truth."""
    known = [(called, film) for called, film in course.labelled() if film.models and fits(film.label)]
    if not known:
        return None
    wrong = [
        called
        for called, film in known
        if not mark(film.label, positive=film.models[ENSEMBLE].positive).right
    ]
    backbones = [
        mark(film.label, positive=model.positive).right
        for _, film in known
        for key, model in film.models.items()
        if key != ENSEMBLE
    ]
    truths = " and ".join(
        dict.fromkeys("COVID-19" if film.label == "covid" else "normal" for _, film in known)
    )
    ensemble = f"is wrong on {listed(wrong)}" if wrong else "is right on all of them"
    return (
        f"**Truth: {truths}.** The ensemble {ensemble}; of {len(backbones)} answers of backbones, "
        f"{len(backbones) - sum(backbones)} are wrong."
    )


def reckoning(course: Course) -> str:
    """How the error of a difference comes about, and what it leaves out."""
    errors = {
        name: film.severity[name].mean_absolute_error
        for film in course.films
        for name in SCORES
        if name in film.severity
    }
    if not errors:
        return NEVER_VALIDATED
    one = " and ".join(f"{error:.1f} ({name})" for name, error in errors.items())
    picked = f"{TURNS} " if len(course.films) > 2 else ""
    return (
        f"One reading lies {one} off on average. Two with independent errors differ by √2 times that on "
        "average and, if errors are normal, by more than 3.5 times that once in twenty. "
        f"{picked}The errors on films of one patient are likely alike, so that a true change may show "
        f"sooner; but exposure, position and breath change a reading while the lungs stay the same. "
        f"{NEVER_VALIDATED}"
    )


def strangers_words(names: Sequence[str], others: Sequence[str]) -> str:
    """That files name different patients: a sentence of Markdown.

    Args:
        names: Of the files that name another patient.
        others: Of those that name the patient.
    """
    verb, which = ("names", "it") if len(names) == 1 else ("name", "them")
    return (
        f"By the Patient IDs in their headers, {listed([*map(plain, names)])} {verb} another patient than "
        f"{listed([*map(plain, others)])}: a curve of two patients means nothing, so untick {which}, unless "
        "you know that the IDs are wrong."
    )
