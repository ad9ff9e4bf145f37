"""A Ray cluster of two local nodes, for tests; they are skipped where Ray is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core.batch import crew

NODES = 2


@pytest.fixture
def address(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Of a cluster of two nodes of one core each, which finds the random bundle if the test asks for it."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install -r requirements-ray.txt")
    if "random_bundle" in request.fixturenames:
        folder: Path = request.getfixturevalue("random_bundle")
        monkeypatch.setenv("THORAXLENS_BUNDLES", str(folder.parent))
    monkeypatch.setenv("HOME", str(tmp_path))  # by which `workers_of` knows its workers
    monkeypatch.setenv(crew.REPORTS, "0")
    from ray.cluster_utils import Cluster

    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    for _ in range(NODES - 1):
        nodes.add_node(num_cpus=1)
    try:
        yield nodes.address
    finally:
        nodes.shutdown()


def workers_of(kind: type, home: Path) -> list[int]:
    """The processes of workers that run here now, of the cluster that was started with a home of its own."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            ours = f"HOME={home}\0".encode() in (process / "environ").read_bytes()
            if ours and (process / "cmdline").read_bytes().startswith(f"ray::{kind.__name__}".encode()):
                found.append(int(process.name))
    return found
