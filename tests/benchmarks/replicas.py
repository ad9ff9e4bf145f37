"""Analyses a second, one process against two behind nginx: `python tests/benchmarks/replicas.py [SECONDS]`.

Visitors upload a radiograph, wait for the whole page, and upload the next. Two of them stay at each replica,
so that four ask at once either way. Needs nginx, and the models prepared; all of it stays on 127.0.0.1.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(PROJECT / "tests"))

from replicas import Proxy, proxy  # noqa: E402
from visitor import Visitor  # noqa: E402

FILE = (PROJECT / "assets" / "samples" / "covid-mild.png").read_bytes()
EACH = 2  # visitors a replica
SECONDS = 15.0
MOST = 55  # files in hand: a session takes 60


def answered(visitors: Sequence[Visitor], seconds: float) -> float:
    """Analyses a second, over all visitors at once; the first of each does not count."""
    counts = [0] * len(visitors)
    gate = threading.Barrier(len(visitors))
    until = [0.0]

    def ask(place: int) -> None:
        page = visitors[place].analyse("first.png", FILE)
        if gate.wait() == 0:
            until[0] = time.monotonic() + seconds
        gate.wait()
        while time.monotonic() < until[0] and counts[place] < MOST:
            name = f"{place}-{counts[place]}.png"
            page = visitors[place].analyse(name, FILE, page)
            assert any(each.WhichOneof("type") == "download_button" for each in page), "no analysis"
            counts[place] += time.monotonic() < until[0]

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(visitors))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def spread(running: Proxy, stack: ExitStack) -> list[Visitor]:
    """Visitors who came through the proxy, as many at each replica."""
    homes: dict[str, list[Visitor]] = {place: [] for place in running.replicas}
    while any(len(there) < EACH for there in homes.values()):
        visitor = Visitor(running.url, running.tls)
        visitor.fetch("/healthz")
        time.sleep(0.1)  # a request is written down when it is over
        there = homes[running.log.read_text().splitlines()[-1].split()[1]]
        if len(there) < EACH:
            there.append(stack.enter_context(visitor))
    return [visitor for there in homes.values() for visitor in there]


def resident_mb(process_id: int) -> float:
    """Resident memory of a process."""
    lines = Path(f"/proc/{process_id}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1000


def main(seconds: float = SECONDS) -> None:
    """Prints what was measured, and how busy the machine was before."""
    busy = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, proxy(Path(folder)) as running:
        with ExitStack() as stack:
            alone = [Visitor(f"http://{running.replicas[0]}") for _ in range(EACH * len(running.replicas))]
            one = answered([stack.enter_context(each) for each in alone], seconds)
        with ExitStack() as stack:
            two = answered(spread(running, stack), seconds)
        memory = [resident_mb(each.pid) for each in running.processes]
    print(f"{os.cpu_count()} cores, load {busy:.1f} before")
    print(f"one process: {one:.2f} analyses a second; two behind nginx: {two:.2f} ({two / one:.2f} x)")
    print(f"resident afterwards: {', '.join(f'{each:.0f} MB' for each in memory)}")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:2]))
