"""A chest laid out on the detector, which lesions alter and which attenuates the beam."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.phantom import organs, skeleton, vessels
from core.phantom.anatomy import SIDES, Anatomy
from core.phantom.choices import Place
from core.phantom.shapes import Array, Frame, smoothstep
from core.phantom.spec import Streams

Mask = NDArray[np.bool_]

# Linear attenuation in 1/mm at about 65 keV (Hubbell & Seltzer, NIST XCOM: water 0.020, cortical bone 0.055;
# bone adds what it exceeds the soft tissue that it displaces).
SOFT_PER_MM = 0.0203
BONE_PER_MM = 0.038
RAMP = 0.04  # of a lung's height: half of the way over which one third passes into the next


@dataclass(eq=False)
class Scene:
    """The chest in projection; arrays are (height, width). Lesions write to it.

    Attributes:
        frame: The pixels.
        anatomy: The chest.
        lungs: Right and left.
        body: Thickness of the body, in mm.
        heart: Thickness of the heart, in mm.
        vessels: Path through the lungs' vessels, in mm.
        texture: Unevenness of the lung, variance about 1.
        air: Path through airways and bowel gas, in mm.
        opacity: Share of the lung's air along the ray that is replaced by fluid or cells.
        lucency: Density of what is aerated against the healthy lung's.
        vessel_gain: Calibre of vessels against the healthy lung's.
        extra: Path through soft tissue added, negative for air, in mm.
        rib_curves: Centre lines of displaced ribs, by side and number.
    """

    frame: Frame
    anatomy: Anatomy
    lungs: tuple[organs.Lung, organs.Lung]
    body: Array
    heart: Array
    vessels: Array
    texture: Array
    air: Array
    opacity: Array
    lucency: Array
    vessel_gain: Array
    extra: Array
    rib_curves: dict[tuple[int, int], Array] = field(default_factory=dict)

    @property
    def lung_field(self) -> Mask:
        """Both lung fields."""
        return self.lungs[0].field | self.lungs[1].field

    def fill(self, share: Array) -> None:
        """Replaces a share of the air that is left in the lungs."""
        self.opacity = 1 - (1 - self.opacity) * (1 - np.clip(share, 0, 0.99))


def place_weight(scene: Scene, place: Place) -> Array:
    """How far each pixel belongs to a third of a lung, (height, width) in [0, 1].

    The six weights of a pixel in the lungs sum to 1: a third ends gradually, so that what is taken away from
    it leaves no edge.

    Args:
        scene: The chest.
        place: Side and zone.
    """
    side, zone = place
    lung = scene.lungs[0 if side == "right" else 1]
    begins = {"upper": None, "middle": 1 / 3, "lower": 2 / 3}[zone]
    ends = {"upper": 1 / 3, "middle": 2 / 3, "lower": None}[zone]
    first = 1.0 if begins is None else smoothstep(lung.level, begins - RAMP, begins + RAMP)
    last = 0.0 if ends is None else smoothstep(lung.level, ends - RAMP, ends + RAMP)
    own = (scene.frame.x < 0) == (lung.side < 0)
    return np.asarray((first - last) * own)


def lay_out(frame: Frame, anatomy: Anatomy, streams: Streams) -> Scene:
    """Projects a healthy chest."""
    heart = organs.heart(frame, anatomy)
    solids = np.maximum(
        np.maximum(heart, organs.mediastinum(frame, anatomy)), organs.great_vessels(frame, anatomy)
    )
    solids = solids + 0.5 * organs.hila(frame, anatomy)
    right, left = (organs.lung(frame, anatomy, side, solids) for side in SIDES)
    rng = streams["texture"]
    trees = [vessels.lung_vessels(frame, anatomy, side, rng) for side in SIDES]
    zeros, ones = np.zeros_like(frame.x), np.ones_like(frame.x)
    return Scene(
        frame=frame,
        anatomy=anatomy,
        lungs=(right, left),
        body=organs.body_depth(frame, anatomy),
        heart=heart,
        vessels=np.where(frame.x < 0, trees[0], trees[1]),
        texture=vessels.parenchyma(frame, rng),
        air=organs.airways(frame, anatomy) + organs.gas(frame, anatomy, rng),
        opacity=zeros,
        lucency=ones,
        vessel_gain=ones.copy(),
        extra=zeros.copy(),
    )


def bones(scene: Scene) -> Array:
    """Path through bone, in mm of cortical bone."""
    frame, a = scene.frame, scene.anatomy
    ribs = skeleton.rib_cage(frame, a, scene.rib_curves)
    girdle = skeleton.clavicles(frame, a) + skeleton.shoulder_girdle(frame, a)
    return np.asarray((1.25 * ribs + 1.4 * girdle + skeleton.spine(frame, a)) * a.bone_density)


def attenuation(scene: Scene, bone: Array) -> Array:
    """The line integral of the attenuation coefficient along each ray, (height, width), without unit."""
    aerated = scene.lungs[0].chord + scene.lungs[1].chord
    room = np.maximum(scene.body - 24, 0)
    aerated = np.minimum(aerated, room)
    density = np.clip(scene.anatomy.lung_density * scene.lucency * (1 + 0.06 * scene.texture), 0.01, 1)
    vessels = np.minimum(scene.vessels * scene.vessel_gain, 0.3 * aerated) * (1 - density)
    missing = (aerated * (1 - density) - vessels) * (1 - scene.opacity)
    soft = np.maximum(scene.body - missing - np.minimum(scene.air, 0.6 * scene.body) + scene.extra, 0)
    return np.asarray(SOFT_PER_MM * soft + BONE_PER_MM * bone * (scene.body > 0))
