"""What a batch is worth: `python tests/benchmarks/batch.py FOLDER [FILES] [--ray]`.

The rate is that of rows made side by side against that of analyses one after another, of the same files, in
turns and in one process. Both read files in decoders, ask the gate, and analyse. The files are taken as they
are, and once more at the size at which clinics keep them. `--ray` compares two nodes with one.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

PROJECT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(PROJECT))

from core.analysis.load import load_models  # noqa: E402
from core.analysis.run import analyse, look  # noqa: E402
from core.batch.analyst import Analyst  # noqa: E402
from core.batch.crew import REPORTS  # noqa: E402
from core.batch.engine import Task, local_engine, usable_cores  # noqa: E402
from core.batch.sources import find_sources  # noqa: E402
from core.project import SHIPPED, bundles_folder  # noqa: E402
from core.reading.decoder_pool import DecoderPool  # noqa: E402

CLINIC_PX = 2800  # the longer side of a computed radiograph
TURN = 8  # files in a row, before the other way has its turn


def enlarge(data: bytes) -> bytes:
    """The same picture as a PNG of the size of a clinic's."""
    image = Image.open(io.BytesIO(data)).convert("L")
    scale = CLINIC_PX / max(image.size)
    grey = np.asarray(image.resize([round(side * scale) for side in image.size]), np.float32)
    grain = np.random.default_rng(0).normal(
        0, 1.5, grey.shape
    )  # a detector's: smooth greys decode in no time
    out = io.BytesIO()
    Image.fromarray(np.clip(grey + grain, 0, 255).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


def rates(files: Sequence[bytes]) -> list[tuple[float, float]]:
    """Seconds for the same files one after another, and side by side; a pair a turn."""
    folder = bundles_folder() / SHIPPED
    alone, together = load_models(folder), load_models(folder, side_by_side=True)
    cores = usable_cores()
    decoders = DecoderPool(cores)
    engine = local_engine(Analyst(together, decoders, ask_all=True), cores)

    def one_by_one(turn: Sequence[bytes]) -> None:
        for data in turn:
            radiograph = decoders.read(data, "x")
            analyse(radiograph, alone, verdict=look(radiograph, alone))

    def side_by_side(turn: Sequence[bytes]) -> None:
        tasks = [Task(place, "x", "", data) for place, data in enumerate(turn)]
        assert all(row["status"] in ("answered", "refused") for _, row in engine(tasks))

    pairs = []
    for start in range(0, len(files), TURN):
        turn = files[start : start + TURN]
        pairs.append((seconds(one_by_one, turn), seconds(side_by_side, turn)))
    decoders.close()
    return pairs[1:] or pairs  # the first starts decoders and wakes the engine up


def seconds(work: Callable[[Sequence[bytes]], None], turn: Sequence[bytes]) -> float:
    """How long some work takes."""
    start = time.perf_counter()
    work(turn)
    return time.perf_counter() - start


def show_rates(files: Sequence[bytes], what: str) -> None:
    """Prints the rates of both ways, and their ratio."""
    pairs = rates(files)
    one, many = (TURN * len(pairs) / sum(each) for each in zip(*pairs, strict=True))
    ratio = statistics.median(one / many for one, many in pairs)
    print(
        f"{what}: {one:.2f} a second one by one, {many:.2f} side by side, {ratio:.2f} times (median of turns)"
    )


@contextmanager
def cluster(cores: Sequence[int]) -> Iterator[str]:
    """A local Ray cluster with a node for each of so many cores; gives its address."""
    os.environ[REPORTS] = "0"
    from ray.cluster_utils import Cluster

    first, *others = cores
    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": first, "include_dashboard": False})
    for each in others:
        nodes.add_node(num_cpus=each)
    try:
        yield nodes.address
    finally:
        nodes.shutdown()


def timed_batch(folder: Path, address: str) -> float:
    """Rows a second on a cluster, from the journal's first row on: starting workers does not count."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "core.batch", str(folder), "--out", f"{out}/t.jsonl"]
        process = subprocess.Popen([*command, "--engine", "ray", "--ray-address", address], cwd=PROJECT)
        journal, began, rows = Path(out) / "t.jsonl.partial", 0.0, 0
        while process.poll() is None:
            done = journal.read_bytes().count(b"\n") - 1 if journal.exists() else 0
            if done > 0 and not began:
                began, rows = time.perf_counter(), done
            time.sleep(0.02)
        total = len(find_sources([str(folder)]))
        return (total - rows) / (time.perf_counter() - began)


def show_ray(folder: Path) -> None:
    """Prints rows a second on two nodes of one core, and on one node of two, in turns."""
    found: dict[tuple[int, ...], list[float]] = {(1, 1): [], (2,): []}
    for _ in range(2):
        for cores, speeds in found.items():
            with cluster(cores) as address:
                speeds.append(timed_batch(folder, address))
    two, one = (statistics.mean(found[cores]) for cores in ((1, 1), (2,)))
    print(f"Ray: {two:.2f} a second on two nodes, {one:.2f} on one with the same cores: {two / one:.2f}")


def main() -> None:
    """Prints what was measured, and how busy the machine was before."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", type=int, nargs="?", default=80)
    parser.add_argument("--ray", action="store_true")
    options = parser.parse_args()
    print(f"{usable_cores()} cores, load {os.getloadavg()[0]:.1f} before")
    if options.ray:
        show_ray(options.folder)
        return
    files = [each.read() for each in find_sources([str(options.folder)])[: options.files]]
    show_rates(files, "As they are")
    show_rates([enlarge(each) for each in files[: options.files // 2]], f"At {CLINIC_PX} px")


if __name__ == "__main__":
    main()
