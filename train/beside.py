"""What a run learns, one network beside another: a process a core gets further than one on all cores.

ResNet50 at 112 px and in bfloat16 learnt from 70 images a second in two processes of one thread, and from 48
in one of two threads (two cores with AVX-512); and a graph is traced on one core whatever the others do.
"""

from __future__ import annotations

import os
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from threading import Thread

from core.backbones import BACKBONE_BY_KEY
from core.processes import side_by_side
from train.data import Progress
from train.pipeline import (
    Run,
    pretrain_backbones,
    train_findings_network,
    train_lung_network,
    transfer_backbones,
)

AT_ONCE = 2  # each holds a network, its gradients and a batch: some gigabytes at 224 px
# Those that take longest come first, so that the processes end together.
NETWORKS = ("vgg16", "findings", "xception", "resnet50", "densenet121", "inceptionv3", "lungs")
THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")

Message = tuple[str, int, int] | str | None  # how far something is; a sentence; nothing more follows


def choose_at_once() -> int:
    """How many processes suit this machine: one where there is a GPU or a single core."""
    from train.networks import has_gpu

    return 1 if has_gpu() else min(AT_ONCE, os.cpu_count() or 1)


def learn(run: Run, masks: Path | None, at_once: int = AT_ONCE) -> None:
    """Trains all networks of a run; what is trained already stays.

    Args:
        run: The run.
        masks: Folder of lung masks drawn by people, or None.
        at_once: Processes; with one, everything happens in this one.

    Raises:
        ThoraxLensError: As the steps do; what has begun beside is finished first.
    """
    if at_once == 1:
        for network in NETWORKS:
            learn_network(run, network, masks)
        return
    _ = run.squares  # read once, not by every process
    told: SimpleQueue[Message] = get_context("spawn").SimpleQueue()
    teller = Thread(target=_retell, args=(run, told))
    teller.start()
    alone = replace(run, watch=_watch, report=_say)
    jobs = [(alone, network, masks) for network in NETWORKS]
    threads = max(1, (os.cpu_count() or 1) // at_once)
    try:
        for _ in side_by_side(learn_network, jobs, at_once, _begin, (told, threads)):
            pass  # each leaves its result in the run's folder
    finally:
        told.put(None)
        teller.join()


def learn_network(run: Run, network: str, masks: Path | None) -> None:
    """Trains one of `NETWORKS`: a backbone with its head, and the heads that know less sources."""
    from train.loso import leave_sources_out

    if network == "findings":
        train_findings_network(run)
    elif network == "lungs":
        train_lung_network(run, masks)
    else:
        backbones = (BACKBONE_BY_KEY[network],)
        if run.init == "scratch":
            pretrain_backbones(run, backbones)
        transfer_backbones(run, backbones)
        leave_sources_out(run, backbones=backbones)


def _retell(run: Run, told: SimpleQueue[Message]) -> None:
    """Passes on what the processes say, until nothing follows."""
    bars: dict[str, Progress] = {}
    sentences: set[str] = set()  # every process audits the data, and says what it left out
    while (message := told.get()) is not None:
        if isinstance(message, str):
            if message not in sentences:
                run.report(message)
            sentences.add(message)
        else:
            title, done, total = message
            if title not in bars:
                bars[title] = run.watch(title)
            bars[title](done, total)


# From here on: in a process beside.

_told: SimpleQueue[Message]


def _begin(told: SimpleQueue[Message], threads: int) -> None:
    global _told
    _told = told
    os.environ.update(dict.fromkeys(THREADS, str(threads)))  # read when the frameworks are imported


def _say(sentence: str) -> None:
    _told.put(sentence)


def _watch(title: str) -> Progress:
    return lambda done, total: _told.put((title, done, total))
