"""What a run learns, one network beside another: two processes get further than one with twice the threads.

ResNet50 at 112 px and in bfloat16 learns from 70 images a second in two processes of one thread, and from 48
in one of two threads (two cores with AVX-512); and a graph is traced on one core whatever the others do.
"""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from threading import Thread

from threadpoolctl import threadpool_limits

from core.models.backbones import BACKBONE_BY_KEY, BACKBONES
from train.run import Run
from train.steps import pretrain_backbones, train_findings_network, train_lung_network, transfer_backbones
from train.tools.processes import cores, side_by_side
from train.tools.progress import Tally

AT_ONCE = 2  # each holds a network, its gradients and a batch: some gigabytes at 224 px
# Those that take longest come first, so that the processes end together.
NETWORKS = (BACKBONES[0].key, "findings", *(each.key for each in reversed(BACKBONES[1:])), "lungs")
THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")

Message = tuple[str, int, int] | str | None  # how far something is; a sentence; nothing more follows


def choose_at_once() -> int:
    """How many processes suit this machine: one where there is a GPU or a single core."""
    from train.networks.learning import has_gpu

    return 1 if has_gpu() else min(AT_ONCE, cores())


def learn(run: Run, masks: Path | None, at_once: int = AT_ONCE) -> None:
    """Trains all networks of a run, and the heads that know fewer sources; what is trained already stays.

    Args:
        run: The run.
        masks: Folder of lung masks drawn by people, or None.
        at_once: Processes; with one, everything happens in this one.

    Raises:
        ThoraxLensError: As the steps do.
    """
    # Here, because a process beside sets its threads before it loads Keras.
    from train.trials.left_out import leave_sources_out

    if at_once == 1:
        for network in NETWORKS:
            learn_network(run, network, masks)
    else:
        _learn_beside(run, masks, at_once)
    leave_sources_out(run)


def _learn_beside(run: Run, masks: Path | None, at_once: int) -> None:
    from train.trials.left_out import draw_trials, gather_pool

    trials = draw_trials(run.records, run.config.left_out_least)
    _ = run.squares  # read once, and not by two processes at once
    if trials:
        gather_pool(run)
    told: SimpleQueue[Message] = get_context("spawn").SimpleQueue()
    teller = Thread(target=_retell, args=(run, told), daemon=True)  # an error leaves it waiting
    teller.start()
    alone = replace(run, watch=_watch, report=_say)
    vars(alone)["records"] = run.records  # audited already
    jobs = [(alone, network, masks, bool(trials)) for network in NETWORKS]
    threads = max(1, cores() // at_once)
    for _ in side_by_side(_learn_one, jobs, at_once, _begin, (told, threads)):
        pass  # each leaves its result in the run's folder
    told.put(None)
    teller.join()


def learn_network(run: Run, network: str, masks: Path | None) -> None:
    """Trains one of `NETWORKS`: a backbone with its head."""
    if network == "findings":
        train_findings_network(run)
    elif network == "lungs":
        train_lung_network(run, masks)
    else:
        backbones = (BACKBONE_BY_KEY[network],)
        if run.init in ("scratch", "bundled"):
            pretrain_backbones(run, backbones)
        transfer_backbones(run, backbones)


def _retell(run: Run, told: SimpleQueue[Message]) -> None:
    """Passes on what the processes say, until nothing follows."""
    bars: dict[str, Tally] = {}
    try:
        while (message := told.get()) is not None:
            if isinstance(message, str):
                run.report(message)
            else:
                title, done, total = message
                if title not in bars:
                    bars[title] = run.watch(title)
                bars[title](done, total)
    except BaseException:
        for _ in iter(told.get, None):
            pass  # though nobody hears them, they must not wait to be heard
        raise


# From here on: in a process beside.

_told: SimpleQueue[Message]


def _begin(told: SimpleQueue[Message], threads: int) -> None:
    global _told
    _told = told
    os.environ.update(dict.fromkeys(THREADS, str(threads)))  # read when the frameworks are imported
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # or the first takes all of its memory
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # as train.__main__ does
    threadpool_limits(threads)


def _learn_one(run: Run, network: str, masks: Path | None, left_out: bool) -> None:
    from train.trials.left_out import leave_sources_out

    learn_network(run, network, masks)
    if left_out and network in BACKBONE_BY_KEY:
        leave_sources_out(run, backbones=(BACKBONE_BY_KEY[network],))


def _say(sentence: str) -> None:
    _told.put(sentence)


def _watch(title: str) -> Tally:
    return lambda done, total: _told.put((title, done, total))
