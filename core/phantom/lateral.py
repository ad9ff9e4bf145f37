"""A phantom's chest from its side: the same anatomy, projected across the body.

Organs that a frontal view knows by their depth along the ray are taken for as deep as that, about a plane of
their own, and projected anew. Ribs are tubes in space, and turned; so are vessels, which are drawn anew. Arms
are raised, as for such a view. It never shows a disease: it is there to be told from a frontal view.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np

from core.phantom import acquisition, film, organs, skeleton, vessels
from core.phantom.anatomy import SIDES, Anatomy, draw_anatomy
from core.phantom.render import Phantom
from core.phantom.scene import BONE_PER_MM, SOFT_PER_MM
from core.phantom.shapes import Array, Frame, Tubes, ellipsoid, smoothstep, tube_paths
from core.phantom.spec import PhantomSpec, streams

_APART_MM = 2.0  # sagittal planes that are added up
# Where the middle of each organ lies before that of the rib cage, in shares of its depth.
_FORWARD = {"heart": 0.15, "mediastinum": -0.08, "vessels": -0.2, "dome": 0.17, "back": -0.56}
_SIDEWAYS = np.pi / 2 + 0.06  # nobody stands so well that the ribs of both sides lie behind one another
_DEEP = 0.25  # of the rib cage's half width: from where on a ray counts as one through the lungs
_MARROW = (0.8, 0.75)  # a bone's core, as `tube_paths` takes it


def render_lateral(spec: PhantomSpec) -> Phantom:
    """Renders a lateral radiograph of the patient whom a recipe describes, in health.

    Args:
        spec: The recipe of a normal chest; its aspect is that of this picture, and its extras are letters and
            collimation alone.

    Returns:
        The radiograph; its shorter side has `spec.size_px` pixels. Whether the patient faces left or right is
        drawn. Its lung field is where both lungs together are deep along the ray, and it has no findings.

    Raises:
        ValueError: If the recipe is of any disease.
    """
    if spec.label != "normal" or spec.findings:
        raise ValueError("a phantom seen from the side is always normal")
    random = streams(spec.seed)
    a = draw_anatomy(random["anatomy"], spec.portable, spec.child)
    frame = _frame(spec, a, random["frame"])
    air = _aerated(frame, a)
    path, air = _leant(frame, a, (_attenuation(frame, a, air, random["texture"]), air), random["frame"])
    lungs = air > _DEEP * a.half_width
    technique = acquisition.draw_technique(random["noise"], a)
    grey = acquisition.take(frame, path, path, lungs, technique, random["noise"])
    if random["frame"].random() < 0.5:
        grey, lungs = grey[:, ::-1], lungs[:, ::-1]
    if spec.extras:
        grey = film.label_film(frame, grey, a, random["devices"])
    return Phantom(
        pixels=np.clip(grey, 0, 1).astype(np.float32),
        lungs=lungs,
        masks={},
        findings=frozenset(),
        extent=0.0,
        extent_score=0.0,
        opacity_score=0.0,
        label="normal",
        spacing_mm=frame.pitch_mm * a.stature,
        spec=spec,
    )


def _frame(spec: PhantomSpec, a: Anatomy, rng: np.random.Generator) -> Frame:
    """The patient's front is to the right, and x is what is depth elsewhere."""
    width, height = max(1.0, spec.aspect), max(1.0, 1 / spec.aspect)
    view_mm = max((a.lung_height + rng.uniform(0, 90)) / height,
                  (a.depth + a.chest_wall + rng.uniform(0, 100)) / width)  # fmt: skip
    centre = (rng.normal(0, 10), 0.5 * a.lung_height + rng.normal(0, 12))
    shape = (round(spec.size_px * height), round(spec.size_px * width))
    return Frame(*shape, pitch_mm=view_mm / spec.size_px, centre=centre, tilt=0.0)


def _leant(frame: Frame, a: Anatomy, images: tuple[Array, Array], rng: np.random.Generator) -> list[Array]:
    """A trunk leans and bends: each row is moved forwards or backwards."""
    lean, bend = rng.normal(0.12, 0.1), rng.normal(14, 8)
    level = (frame.y[:, 0] - 0.5 * a.lung_height) / a.lung_height
    forwards = lean * level * a.lung_height + bend * (np.square(2 * level) - 0.4)
    rows = [(frame.x[0], frame.x[0] - each) for each in forwards]
    return [
        np.stack([np.interp(x, here, row) for (here, x), row in zip(rows, image, strict=True)])
        for image in images
    ]


def _aerated(frame: Frame, a: Anatomy) -> Array:
    """Lung along each ray, both together, in mm: its sagittal planes, without what else lies in them."""
    front, apart = _frontal(frame, a)
    hulls = [organs.lung(front, a, side, np.zeros_like(front.x)).hull for side in SIDES]
    solids = {
        "heart": organs.heart(front, a),
        "mediastinum": 0.8 * organs.mediastinum(front, a),
        "vessels": organs.great_vessels(front, a),
        "dome": np.maximum(*(organs.dome(front, a, side) for side in SIDES)),
        "back": np.where(np.abs(front.x) < 17, 0.28 * a.depth + 22, 0.0),  # the spine, and muscle behind it
    }
    total = np.zeros_like(frame.x)
    for plane in range(0, front.width, apart):
        inside = np.max([_within(frame, hull[:, plane], 0.0) for hull in hulls], axis=0)
        for name, depth in solids.items():
            inside = inside * (1 - _within(frame, depth[:, plane], _FORWARD[name] * a.depth))
        total += inside * apart * front.pitch_mm
    return total


def _frontal(frame: Frame, a: Anatomy) -> tuple[Frame, int]:
    """The same rows seen from the front, as wide as the rib cage, and every how many columns to take one."""
    width = int(2 * a.half_width / frame.pitch_mm) + 1
    front = Frame(frame.height, width, frame.pitch_mm, (0.0, frame.centre[1]), 0.0)
    return front, max(1, round(_APART_MM / frame.pitch_mm))


def _within(frame: Frame, depth: Array, middle: float) -> Array:
    """How far each pixel of a sagittal plane lies in an organ, (height, width) in [0, 1].

    Args:
        frame: The pixels.
        depth: (height,), of the organ in that plane, in mm.
        middle: Where the middle of its depth lies, in mm.
    """
    soft = max(frame.pitch_mm, 1.0)
    return smoothstep(depth[:, None] / 2 - np.abs(frame.x - middle), -soft, soft) * (depth[:, None] > 0)


def _attenuation(frame: Frame, a: Anatomy, air: Array, rng: np.random.Generator) -> Array:
    """The line integral of the attenuation coefficient along each ray, (height, width), without unit."""
    body = _body(frame, a)
    density = np.clip(a.lung_density * (1 + 0.06 * vessels.parenchyma(frame, rng)), 0.01, 1)
    air = np.minimum(air, np.maximum(body - 24, 0))
    trees = [vessels.vessel_tree(a, side, rng, scale) for side in SIDES for scale in (1.0, 0.7)]
    branches = tube_paths(frame, Tubes.joined(trees).turned(_SIDEWAYS))
    missing = air * (1 - density) - np.minimum(branches + 0.6 * _hila(frame, a), 0.25 * air) * (1 - density)
    missing = missing - np.minimum(0.4 * _arch(frame, a), 0.2 * air) + _airway(frame, a)
    soft = np.maximum(body - missing, 0)
    return np.asarray(SOFT_PER_MM * soft + BONE_PER_MM * a.bone_density * _bones(frame, a) * (body > 0))


def _body(frame: Frame, a: Anatomy) -> Array:
    """Width of the body along each ray, arms raised, in mm."""

    def half_depth(y: Array) -> Array:
        chest = 0.5 * a.depth + 7 + 0.4 * a.chest_wall
        belly = 0.47 * a.body_depth - chest
        return chest * (0.55 + 0.45 * smoothstep(y, -70, 70)) + belly * smoothstep(y, 150, 290)

    def width(y: Array) -> Array:
        return 2 * (a.half_width + a.chest_wall) * (0.42 + 0.58 * smoothstep(y, -60, 90))

    u = np.square(frame.x / frame.along_y(half_depth))
    trunk = frame.along_y(width) * np.sqrt(np.maximum(0, 1 - u * u))
    radius = 40 + 0.5 * a.chest_wall
    lean = np.sin(frame.along_y(lambda y: 0.25 + 0.004 * y)) * 60
    arm = np.sqrt(np.maximum(0, 1 - np.square((frame.x - 18 + lean) / radius)))
    arms = 3.4 * radius * arm * frame.along_y(lambda y: 1 - smoothstep(y, 10 + a.shoulders, 85 + a.shoulders))
    chin = ellipsoid(frame, (35, a.chin - 55), (85, 62, 66))
    breasts = ellipsoid(
        frame, (0.5 * a.depth, 0.64 * a.lung_height), (8 + 0.9 * a.breast, 36 + 0.45 * a.breast, 75)
    )
    return np.asarray(np.maximum(np.sqrt(trunk**2 + arms**2 + chin**2), breasts * (a.breast > 0)))


def _hila(frame: Frame, a: Anatomy) -> Array:
    """The vessels that cross at the hila, in mm."""
    s = a.vessel_scale
    return ellipsoid(frame, (-6, 0.4 * a.lung_height), (15 * s, 21 * s, 22 * s), 0.3)


def _arch(frame: Frame, a: Anatomy) -> Array:
    """The aorta, from the heart over the arch down along the spine, in mm."""
    top, turn = 0.2 * a.lung_height, np.linspace(0, np.pi, 9)
    arch = np.stack([2 + 30 * np.cos(turn), top + 32 - 32 * np.sin(turn)], axis=1)
    course = np.array([[26, 0.5 * a.lung_height], *arch, [-0.34 * a.depth, 0.95 * a.lung_height]])
    return _cord(frame, course, 0.7 * a.knob + 2)


def _airway(frame: Frame, a: Anatomy) -> Array:
    """Air in the trachea and the main bronchi, which are seen end on, in mm."""
    fork = 0.33 * a.lung_height
    ends = ellipsoid(frame, (-18, fork + 8), (7, 8, 12)) + ellipsoid(frame, (-16, fork + 24), (6, 6, 12))
    return 0.65 * _cord(frame, np.array([[18, -110.0], [0, 0], [-16, fork]]), 8.5) + 0.6 * ends


def _cord(frame: Frame, course: Array, radius: float) -> Array:
    """Chords through a round cord whose middle runs along points (n, 2) of the picture's plane, in mm."""
    nearest = np.full_like(frame.x, np.inf)
    for start, end in pairwise(course):
        step = end - start
        dx, dy = frame.x - start[0], frame.y - start[1]
        t = np.clip((dx * step[0] + dy * step[1]) / (step @ step), 0, 1)
        nearest = np.minimum(nearest, np.square(dx - t * step[0]) + np.square(dy - t * step[1]))
    return np.asarray(2 * np.sqrt(np.maximum(0, radius**2 - nearest)))


def _bones(frame: Frame, a: Anatomy) -> Array:
    """Path through bone, in mm of cortical bone."""
    ribs = [skeleton.rib_tubes(a, side, number) for side in SIDES for number in range(skeleton.RIBS)]
    cage = tube_paths(frame, Tubes.joined(ribs).turned(_SIDEWAYS), _MARROW)
    return np.asarray(0.9 * cage + _spine(frame, a) + _sternum(frame, a) + _blades(frame, a))


def _spine(frame: Frame, a: Anatomy) -> Array:
    """Vertebral bodies with discs between, and what stands out behind them."""

    def middle(y: Array) -> Array:  # the thoracic spine bends backwards
        return -0.42 * a.depth + 26 * np.square((y - 0.45 * a.lung_height) / (0.7 * a.lung_height))

    x, t = frame.x - frame.along_y(middle), frame.along_y(partial(skeleton.vertebra_share, a))
    depth = frame.along_y(lambda y: 12.5 + 0.016 * np.clip(y, -60, 320))
    within = 1 - smoothstep(np.abs(x) / (depth * (1 + 0.06 * np.cos(2 * np.pi * t))), 0.85, 1.05)
    body = smoothstep(t, 0.0, 0.1) - 0.85 * smoothstep(t, 0.8, 0.94)
    plates = np.exp(-np.square((t - 0.07) / 0.05)) + np.exp(-np.square((t - 0.84) / 0.05))
    arch = np.exp(-np.square((x + 24) / 8)) * (0.6 + 0.4 * np.cos(2 * np.pi * (t - 0.6)))
    return np.asarray(within * (2.0 + 6.5 * body + 2.4 * plates) + 5.0 * arch)


def _sternum(frame: Frame, a: Anatomy) -> Array:
    """The breastbone, edge on."""
    front, height = 0.5 * a.depth, a.lung_height
    course = np.array([[front - 6, 0.13 * height], [front + 6, 0.3 * height], [front + 14, 0.62 * height]])
    return 0.7 * _cord(frame, course, 5)


def _blades(frame: Frame, a: Anatomy) -> Array:
    """Shoulder blades, edge on, and the upper arms, raised."""
    total = np.zeros_like(frame.x)
    for side in SIDES:
        back = -0.5 * a.depth - 2 + 8 * side
        total += 0.6 * _cord(frame, np.array([[back + 26, a.shoulders], [back, a.shoulders + 120]]), 4)
        arm = np.array([[4 + 10 * side, a.shoulders + 25], [50 + 24 * side, -170.0]])
        total += 0.25 * _cord(frame, arm, 12)
    return total
