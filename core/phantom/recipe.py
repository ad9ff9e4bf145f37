"""A patient of the page Phantoms as somebody sets it with sliders, and the one word that says all of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

from core.phantom.chests import Chests, chest_key
from core.phantom.choices import Choices, Place, Side, Zone
from core.phantom.render import Phantom, render
from core.phantom.seeds import SEEDS, take_seeds
from core.phantom.spec import PhantomLabel, PhantomSpec
from core.vocabulary import FINDINGS

Disease = Literal["none", "covid", "pneumonia"]
PATIENTS = len(SEEDS["studio"])
# Of the shorter side: while a slider moves, to be asked about, and of files to take along.
COARSE_PX, FULL_PX, SAVED_PX = 128, 320, 1024
MAX_WORD = 1000  # characters of a recipe in a link; all findings and knobs together need 600
_BETWEEN, _IS = "~", "_"  # neither of which a browser writes otherwise in an address
_FLAGS = {"0": False, "1": True}


@dataclass(frozen=True)
class Knob:
    """A number that somebody can set.

    Attributes:
        name: Of the field of `Recipe`.
        label: For people.
        low: At least.
        high: At most.
        step: Of the slider.
        unit: Behind the number.
        help: What it does.
    """

    name: str
    label: str
    low: float
    high: float
    step: float
    unit: str
    help: str


EXTENT = Knob("extent", "Extent", 0, 80, 1, "% of the lungs", "Share of the lung fields that it involves.")
DENSITY = Knob("density", "Density", 10, 80, 1, "%", "Share of the air that it replaces in its core.")
HABITUS = Knob("habitus", "Habitus", -1.5, 2, 0.1, "SD", "From thin to stout; 0 is an average adult.")
INSPIRATION = Knob("inspiration", "Inspiration", -2, 1.5, 0.1, "SD", "From shallow to deep; 0 is average.")
ROTATION = Knob("rotation", "Rotation", -10, 10, 0.5, "degrees", "About the patient's long axis.")
EXPOSURE = Knob(
    "exposure", "Exposure", -2, 2, 0.25, "stops", "Each stop doubles the quanta and darkens the picture."
)
KNOBS = {each.name: each for each in (EXTENT, DENSITY, HABITUS, INSPIRATION, ROTATION, EXPOSURE)}
SEVERITY = Knob("severity", "Severity", 5, 100, 5, "%", "From hardly there to as bad as it is rendered.")


@dataclass(frozen=True)
class Recipe:
    """All that fixes a patient of the page.

    Attributes:
        seed: From 0, below `PATIENTS`: which person this is, and what noise the picture has.
        disease: The air-space disease.
        extent: In per cent of the lung fields.
        density: Of the disease, in per cent of the air that it replaces in its core.
        side: Where it lies, or "both".
        zone: Which third of the lungs it prefers, or "any".
        findings: Others, each with its severity in per cent, in the order of `FINDINGS`.
        habitus: In standard deviations; None for the seed's own.
        inspiration: The same.
        rotation: In degrees; None for the seed's own.
        exposure: In stops beyond the seed's own.
        portable: A bedside AP view, or an upright PA view.
        extras: Whether letters, borders, wires and tubes may appear.
    """

    seed: int = 0
    disease: Disease = "covid"
    extent: float = 30
    density: float = 45
    side: Side | Literal["both"] = "both"
    zone: Zone | Literal["any"] = "any"
    findings: tuple[tuple[str, float], ...] = ()
    habitus: float | None = 0.0
    inspiration: float | None = 0.0
    rotation: float | None = 0.0
    exposure: float = 0.0
    portable: bool = False
    extras: bool = False

    @property
    def label(self) -> PhantomLabel:
        """What the phantom is called: a disease without extent is none."""
        if self.disease != "none" and self.extent > 0:
            return self.disease
        return "findings" if self.findings else "normal"

    @property
    def ill(self) -> bool:
        """Whether there is anything to take away."""
        return self.label != "normal"

    def spec(self, size_px: int = FULL_PX) -> PhantomSpec:
        """As the renderer takes it.

        Args:
            size_px: Of the shorter side.
        """
        return PhantomSpec(
            take_seeds("studio", PATIENTS)[self.seed],
            size_px,
            self.label,
            findings=tuple((name, severity / 100) for name, severity in self.findings),
            extent=self.extent / 100,
            portable=self.portable,
            child=False,
            extras=self.extras,
        )

    def choices(self, spared: tuple[Place, ...] = ()) -> Choices:
        """What is chosen besides.

        Args:
            spared: Thirds of the lungs from which the disease is taken away.
        """
        return Choices(
            habitus=self.habitus,
            inspiration=self.inspiration,
            rotation_deg=self.rotation,
            exposure=self.exposure,
            density=self.density / 100,
            side=None if self.side == "both" else self.side,
            zone=None if self.zone == "any" else self.zone,
            spared=spared,
        )

    def render(
        self, size_px: int = FULL_PX, chests: Chests | None = None, spared: tuple[Place, ...] = ()
    ) -> Phantom:
        """The patient's radiograph with its truth.

        Args:
            size_px: Of the shorter side.
            chests: Where chests are kept, which changes no pixel.
            spared: Thirds of the lungs from which the disease is taken away.
        """
        return render(self.spec(size_px), self.choices(spared), chests)

    def has_chest(self, chests: Chests, size_px: int = FULL_PX) -> bool:
        """Whether the chest is kept, so that this patient takes half the time.

        Args:
            chests: Where chests are kept.
            size_px: Of the shorter side.
        """
        spec = self.spec(size_px)
        return chests.has(chest_key(spec, self.choices(), dict(spec.findings or ())))

    def without_disease(self) -> Recipe:
        """The same patient without disease and findings: the same person, position, exposure and noise."""
        return replace(self, disease="none", findings=())

    def of_patient(self, number: int) -> Recipe:
        """The same disease, view and exposure in another patient, whose body and position the seed draws.

        Args:
            number: From 0, counted from this patient on.
        """
        seed = (self.seed + number) % PATIENTS
        return replace(self, seed=seed, habitus=None, inspiration=None, rotation=None)


CHOICES: dict[str, tuple[str, ...]] = {
    "disease": get_args(Disease),
    "side": ("both", *get_args(Side)),
    "zone": ("any", *get_args(Zone)),
}


def recipe_word(recipe: Recipe) -> str:
    """A recipe as one word for a link: what differs from the usual one, and nothing else; "usual" if nothing.

    Args:
        recipe: Of one patient.
    """
    usual, parts = Recipe(), []
    for each in fields(Recipe):
        value = getattr(recipe, each.name)
        if each.name == "findings":
            parts += [f"{name.replace(' ', '-')}{_IS}{severity:g}" for name, severity in value]
        elif value != getattr(usual, each.name):
            parts.append(f"{each.name}{_IS}{_written(value)}")
    return _BETWEEN.join(parts) or "usual"


def _written(value: Any) -> str:
    if value is None:
        return "drawn"
    if isinstance(value, str):
        return value
    return f"{int(value)}" if isinstance(value, bool) else f"{value:g}"


def read_recipe(word: str) -> Recipe | None:
    """The recipe that a word says; None where it says none. Nothing in it is trusted.

    Args:
        word: From a link.
    """
    if len(word) > MAX_WORD:
        return None
    values: dict[str, Any] = {}
    findings: dict[str, float] = {}
    for part in [] if word == "usual" else word.split(_BETWEEN):
        name, _, said = part.rpartition(_IS)
        finding, value = name.replace("-", " "), _read(name, said)
        if finding in FINDINGS and (severity := _number(said, SEVERITY)) is not None:
            findings[finding] = severity
        elif value is not None:
            values[name] = value
        elif said == "drawn" and name in ("habitus", "inspiration", "rotation"):
            values[name] = None
        else:
            return None
    return Recipe(**values, findings=tuple((each, findings[each]) for each in FINDINGS if each in findings))


def _read(name: str, said: str) -> Any:
    """A setting's value; None where it cannot be that."""
    if name in KNOBS:
        return _number(said, KNOBS[name])
    if name in CHOICES:
        return said if said in CHOICES[name] else None
    if name in ("portable", "extras"):
        return _FLAGS.get(said)
    if name == "seed" and said.isascii() and said.isdigit() and len(said) < 9:
        return int(said) if int(said) < PATIENTS else None
    return None


def _number(said: str, knob: Knob) -> float | None:
    try:
        number = float(said)
    except ValueError:
        return None
    return number if math.isfinite(number) and knob.low <= number <= knob.high else None
