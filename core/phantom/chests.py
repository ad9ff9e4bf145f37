"""Chests in health that were laid out lately: whoever changes a disease alone keeps the chest."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace

from core.phantom.anatomy import Anatomy
from core.phantom.choices import Choices
from core.phantom.scene import Scene
from core.phantom.shapes import Array, Frame
from core.phantom.spec import PhantomSpec


@dataclass(frozen=True, eq=False)
class Chest:
    """A chest in health. Several phantoms may share it, so nobody writes to its arrays.

    Attributes:
        frame: The pixels.
        anatomy: As the findings leave it.
        healthy: The scene before any lesion; lesions put new arrays into a scene, and change none.
        bone: Path through bone, (height, width), in mm of cortical bone.
        reference: The line integrals in health, (height, width).
    """

    frame: Frame
    anatomy: Anatomy
    healthy: Scene
    bone: Array
    reference: Array

    def scene(self) -> Scene:
        """A scene to put lesions into."""
        return replace(self.healthy, rib_curves={})


class Chests:
    """Keeps a few; threads may share it.

    Args:
        most: How many, of some 200 bytes a pixel each.
    """

    def __init__(self, most: int) -> None:
        self._most, self._state = most, threading.Lock()
        self._kept: OrderedDict[Hashable, Chest] = OrderedDict()

    def has(self, key: Hashable) -> bool:
        """Whether it keeps a chest."""
        with self._state:
            return key in self._kept

    def get(self, key: Hashable, lay_out: Callable[[], Chest]) -> Chest:
        """A chest, laid out unless it is kept.

        Args:
            key: As of `chest_key`.
            lay_out: Makes it.
        """
        with self._state:
            if found := self._kept.get(key):
                self._kept.move_to_end(key)
                return found
        made = lay_out()
        with self._state:
            self._kept[key] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made


def chest_key(spec: PhantomSpec, choices: Choices, findings: dict[str, float]) -> Hashable:
    """All that a chest in health hangs on: not the label's disease, the exposure, or what lies over it.

    Args:
        spec: The recipe.
        choices: What somebody chose.
        findings: That the phantom shows, with their severities: some change the chest itself.
    """
    body = (choices.habitus, choices.inspiration, choices.rotation_deg)
    view = (spec.size_px, spec.aspect, spec.portable, spec.child)
    return spec.seed, view, body, tuple(sorted(findings.items()))
