"""Which seeds serve what: no phantom that measures was learnt from, and none serves two ends.

The ranges are disjoint (a test holds that); whoever draws phantoms takes seeds from the front of one.
"""

from __future__ import annotations

SEEDS = {
    "samples": range(200, 600),  # the radiographs that come with the app
    "reference": range(4_242, 4_243),  # the image of a bundle's self-test
    "pretraining": range(10_000, 20_000),  # join the pretraining, or are all the data there are
    "lungs": range(300_000, 350_000),  # teach the lung network
    "lungs_held_out": range(350_000, 360_000),  # measure it
    "gate": range(400_000, 410_000),  # teach the gate what a frontal chest is
    "gate_held_out": range(410_000, 420_000),  # measure it
    "laterals": range(420_000, 430_000),  # teach the gate what a chest from the side is
    "laterals_held_out": range(430_000, 440_000),  # measure that
    "findings": range(500_000, 600_000),  # teach findings
    "crowded": range(600_000, 700_000),  # teach findings, with more of them each
    "severity": range(900_000, 910_000),  # extent and opacity are fitted to, where nobody scored radiographs
    "findings_held_out": range(1_000_000, 1_100_000),  # measure the findings network
    "comparison": range(2_000_000, 2_010_000),  # measured on the page Compare
    "studio": range(2_100_000, 2_110_000),  # patients of the page Phantoms
    "shortcuts": range(
        2_200_000, 2_210_000
    ),  # heads of the page Shortcuts learn from these, and are measured
}


def take_seeds(purpose: str, count: int) -> range:
    """The first seeds of a range.

    Args:
        purpose: A key of `SEEDS`.
        count: How many.

    Raises:
        ValueError: If the range does not hold so many: they would serve something else as well.
    """
    seeds = SEEDS[purpose]
    if count > len(seeds):
        raise ValueError(f"there are {len(seeds)} seeds for {purpose}, not {count}")
    return seeds[:count]
