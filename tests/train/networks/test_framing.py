"""Framing: what another source does to a picture, and nothing where it is switched off."""

from dataclasses import fields, replace

import numpy as np
import pytest

from core.preprocessing import Preprocessing, network_input
from train.networks.framing import CUT_ALONE, Framing, framing_of, reframe, view

PICTURE = np.add.outer(np.linspace(0, 150, 96), 50 + 40 * np.sin(np.arange(96) / 3)).astype(np.uint8)
SHARES = [each.name for each in fields(Framing) if each.name not in ("cut", "border")]
NOTHING = Framing(**dict.fromkeys(SHARES, 0.0))


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_nothing_happens_where_all_is_switched_off() -> None:
    assert (reframe(PICTURE, random(), NOTHING) == PICTURE).all()


@pytest.mark.parametrize("change", SHARES)
def test_each_change_changes_the_picture_and_keeps_its_kind(change: str) -> None:
    changed = reframe(PICTURE, random(4), replace(NOTHING, **{change: 1.0}))
    assert changed.dtype == np.uint8 and changed.ndim == 2
    assert changed.shape != PICTURE.shape or (changed != PICTURE).any()


def test_a_cut_leaves_as_much_as_it_says() -> None:
    cuts = [reframe(PICTURE, random(seed), replace(NOTHING, cropped=1.0)) for seed in range(60)]
    sides = np.array([cut.shape for cut in cuts]) / 96
    assert sides.min() >= 0.6 - 1 / 96 and sides.min() < 0.65 and sides.max() > 0.95
    assert len({int(cut[0, 0]) for cut in cuts}) > 10  # anywhere, not from the middle


def test_the_same_randomness_gives_the_same_picture() -> None:
    first, again, other = (reframe(PICTURE, random(seed)) for seed in (1, 1, 2))
    assert (first == again).all()
    assert first.shape != other.shape or (first != other).any()


def test_a_view_is_what_serving_sees() -> None:
    recipe = Preprocessing(size_px=48)
    seen = view(PICTURE, recipe)
    assert np.abs(seen / 255 - network_input(PICTURE.astype(np.float32) / 255, recipe)).max() <= 0.5 / 255


@pytest.mark.parametrize(("copies", "changed"), [(1, "y"), (2, "yn"), (3, "yyn"), (4, "yynn")])
def test_the_second_half_of_the_copies_is_only_cut(copies: int, changed: str) -> None:
    found = [framing_of(copy, copies) for copy in range(1, copies + 1)]
    assert "".join("y" if each == Framing() else "n" for each in found) == changed
    assert all(each in (Framing(), CUT_ALONE) for each in found)


def test_what_is_only_cut_is_a_part_of_the_picture() -> None:
    for seed in range(8):
        part = reframe(PICTURE, random(seed), CUT_ALONE)
        assert min(part.shape) >= 0.69 * len(PICTURE)
        places = np.lib.stride_tricks.sliding_window_view(PICTURE, part.shape)
        assert (places == part).all(axis=(2, 3)).any()
