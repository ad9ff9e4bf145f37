"""A case that was kept beside the one on screen: what both say, and how they differ, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from core.analysis.results import Analysis
from core.display.markdown import plain
from core.display.third_answer_wording import ANSWERS
from core.display.wording import listed, signed
from core.gate import sentences
from core.gate.verdict import Verdict
from core.gate.way import AS_IT_IS, Way
from core.models.severity import SeverityScore
from core.models.third_answer import Answer, rate_key
from core.reading.warning import ReadingWarning
from core.vocabulary import ENSEMBLE

Row = tuple[str, str, str, str]
HARDLY = 0.02  # a probability that moves less hardly moves
HARDLY_POINTS = 0.1  # of extent and opacity


@dataclass(frozen=True)
class Model:
    """What one model said.

    Attributes:
        name: For people.
        probability: P(COVID-19), in [0, 1].
        threshold: From which on it answers COVID-19.
    """

    name: str
    probability: float
    threshold: float

    @property
    def positive(self) -> bool:
        """Whether it reads the picture as COVID-19."""
        return self.probability >= self.threshold

    @property
    def answer(self) -> str:
        """What it reads the picture as."""
        return "COVID-19" if self.positive else "normal"


@dataclass(frozen=True)
class Kept:
    """What there is to say of a case, without its picture and without anything that networks computed inside.

    Attributes:
        identity: The same for the same picture, read alike by the same models.
        name: Of the file or the sample, and how it was read where that is not as usual: plain text.
        bundle: Title of the models: plain text.
        refusal: Why the gate refuses it, in a sentence; empty where it does not.
        models: What they said, by key, the ensemble first; none where they were not asked.
        severity: Extent and opacity, by name.
        third_answers: By key of the model and by error rate in per cent.
        findings: Scores by name, as in `core.vocabulary.FINDINGS`.
    """

    identity: str
    name: str
    bundle: str
    refusal: str = ""
    models: dict[str, Model] = field(default_factory=dict)
    severity: dict[str, SeverityScore] = field(default_factory=dict)
    third_answers: dict[str, dict[str, Answer]] = field(default_factory=dict)
    findings: dict[str, float] = field(default_factory=dict)

    @property
    def decision(self) -> str:
        """What became of it, in a few words."""
        if not self.models:
            return "refused by the gate, not asked"
        said = f"read as {self.models[ENSEMBLE].answer}"
        return f"refused by the gate, asked all the same: {said}" if self.refusal else said

    def at_threshold(self, threshold: float | None) -> Kept:
        """The same at one threshold for all models; None for each model's own."""
        if threshold is None:
            return self
        models = {key: replace(model, threshold=threshold) for key, model in self.models.items()}
        return replace(self, models=models)


def keep(
    identity: str,
    subject: str,
    bundle: str,
    gate: tuple[Verdict, Sequence[ReadingWarning]],
    analysis: Analysis | None,
) -> Kept:
    """What to keep of a case.

    Args:
        identity: The same for the same picture, read alike by the same models.
        subject: Its full name.
        bundle: Title of the models.
        gate: The gate's verdict, and what the picture's file says of it.
        analysis: What the models say; None where they were not asked.
    """
    refusal = sentences.refusal(*gate) if gate[0].refused else ""
    if analysis is None:
        return Kept(identity, subject, bundle, refusal)
    decision = analysis.decision
    models = {ENSEMBLE: Model("The ensemble", decision.probability, decision.threshold)} | {
        each.backbone.key: Model(each.backbone.name, each.probability, each.threshold)
        for each in analysis.readings
    }
    return Kept(
        identity,
        subject,
        bundle,
        refusal,
        models,
        {score.name: score for score in analysis.severity},
        analysis.third_answers,
        {finding.name: finding.score for finding in analysis.findings},
    )


def full_name(subject: str, frame: int | None, way: Way, *, cut: bool) -> str:
    """What a case is called, so that two readings of one picture have two names.

    Args:
        subject: What the headline calls it.
        frame: Which picture of the file, from 0; None where it holds but one.
        way: How it was laid.
        cut: Whether its margins were cut.
    """
    parts = [f"picture {frame + 1}"] if frame is not None else []
    parts += [sentences.manner(way)] if way != AS_IT_IS else []
    parts += ["margins cut"] if cut else []
    return f"{subject} ({', '.join(parts)})" if parts else subject


def differences(pinned: Kept, present: Kept, error_rate: float) -> list[str]:
    """How the present case differs from the pinned one, in clauses of Markdown, most important first.

    Args:
        pinned: The one before.
        present: The one on screen.
        error_rate: Of the third answers.
    """
    said = []
    if bool(pinned.refusal) != bool(present.refusal):
        out, through = (pinned, present) if pinned.refusal else (present, pinned)
        said.append(f"the gate refuses {plain(out.name)} and lets {plain(through.name)} pass")
    elif pinned.refusal:
        said.append("the gate refuses both")
    if pinned.bundle != present.bundle:
        said.append(
            f"other models answer: {plain(pinned.bundle)} before, {plain(present.bundle)} now, so that "
            "numbers differ for that reason, too"
        )
    silent = [each for each in (pinned, present) if not each.models]
    if silent:
        names = " and ".join(plain(each.name) for each in silent)
        said.append(f"no network was asked about {names}, so there are no numbers to compare")
        return said
    return [*said, *_numbers(pinned, present, error_rate)]


def _numbers(pinned: Kept, present: Kept, error_rate: float) -> Iterator[str]:
    common = [key for key in present.models if key in pinned.models]

    def step(key: str) -> float:
        return present.models[key].probability - pinned.models[key].probability

    changed = [key for key in common if present.models[key].answer != pinned.models[key].answer]
    changed.sort(key=lambda key: (key != ENSEMBLE, -abs(step(key))))
    for key in changed:
        before, now = pinned.models[key], present.models[key]
        yield (
            f"**{now.name} {moves(before.probability, now.probability, 3 if _alike(before, now) else 2)}** "
            f"and changes its answer to {now.answer}"
        )
    for name, score in present.severity.items():
        earlier = pinned.severity.get(name)
        if earlier and abs(score.value - earlier.value) >= HARDLY_POINTS:
            yield f"{name} {moves(earlier.value, score.value, 1)} of {score.maximum:g}"
    yield from _third(pinned, present, error_rate)
    rest = sorted((key for key in common if key not in changed), key=lambda key: -abs(step(key)))
    moving = [key for key in rest if abs(step(key)) >= HARDLY]
    for key in moving:
        before, now = pinned.models[key], present.models[key]
        said = moves(before.probability, now.probability, 2)
        yield f"{_mid(now.name)} {said} and still reads {now.answer}"
    still = [_mid(present.models[key].name) for key in rest if key not in moving]
    if still:
        yield f"{listed(still)} hardly {'move' if len(still) > 1 else 'moves'}"


def _third(pinned: Kept, present: Kept, error_rate: float) -> Iterator[str]:
    key = rate_key(error_rate)
    changed = []
    for model, said in present.third_answers.items():
        before, now = pinned.third_answers.get(model, {}).get(key), said.get(key)
        if before and now and before != now and model == ENSEMBLE:
            yield f"the ensemble's third answer goes from “{ANSWERS[before]}” to “{ANSWERS[now]}”"
        elif before and now and before != now and model in present.models:
            changed.append(present.models[model].name)
    if changed:
        yield f"{listed(changed)} {'change' if len(changed) > 1 else 'changes'} the third answer"


def _alike(before: Model, now: Model) -> bool:
    return f"{before.probability:.2f}" == f"{now.probability:.2f}"


def moves(before: float, now: float, digits: int) -> str:
    """That a number rises or falls, from where and to where."""
    verb = "rises" if now > before else "falls"
    return f"{verb} from {before:.{digits}f} to {now:.{digits}f}"


def _mid(name: str) -> str:
    """A model's name inside of a sentence."""
    return name[0].lower() + name[1:] if name.startswith("The ") else name


def sentence(clauses: Sequence[str]) -> str:
    """Clauses as one sentence."""
    text = "; ".join(clauses)
    at = 2 if text.startswith("**") else 0
    return f"{text[:at]}{text[at : at + 1].upper()}{text[at + 1 :]}." if text else ""


def beside(pinned: Kept, present: Kept, error_rate: float) -> list[dict[str, str]]:
    """Rows of a table: what both say, line by line, and the difference; its cells and heads are Markdown."""
    heads = f"Pinned: {plain(pinned.name)}", f"Now: {plain(present.name)}"
    rows = [
        ("Decision", pinned.decision, present.decision, ""),
        *_model_rows(pinned, present, error_rate),
        *_severity_rows(pinned, present),
    ]
    return [dict(zip(("", *heads, "Difference"), row, strict=True)) for row in rows]


def _model_rows(pinned: Kept, present: Kept, error_rate: float) -> Iterator[Row]:
    for key in present.models | pinned.models:
        models = pinned.models.get(key), present.models.get(key)
        name = next(each.name for each in models if each)
        difference = _step([each.probability if each else None for each in models], 2)
        yield name, _cell(pinned, key, error_rate), _cell(present, key, error_rate), difference


def _cell(case: Kept, model: str, error_rate: float) -> str:
    """A model's probability, answer, and third answer."""
    if model not in case.models:
        return "–"
    third = case.third_answers.get(model, {}).get(rate_key(error_rate))
    said = case.models[model]
    return f"{said.probability:.2f}, {said.answer}{f'; {ANSWERS[third]}' if third else ''}"


def _severity_rows(pinned: Kept, present: Kept) -> Iterator[Row]:
    for name in present.severity | pinned.severity:
        scores = pinned.severity.get(name), present.severity.get(name)
        before, now = (f"{each.value:.1f} of {each.maximum:g}" if each else "–" for each in scores)
        yield name.capitalize(), before, now, _step([each.value if each else None for each in scores], 1)


def _step(values: Sequence[float | None], digits: int) -> str:
    before, now = values
    if before is None or now is None:
        return ""
    return signed(now - before, digits)
