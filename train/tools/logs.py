"""TensorBoard logs: the course of each training, for `tensorboard --logdir`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

Log = Callable[[int, Mapping[str, float]], None]


@contextmanager
def open_log(folder: Path, first: int) -> Iterator[Log]:
    """Gives what is called with an epoch (from 1 on) and its figures by name.

    Where tensorboard or torch is not installed, as on a machine that has no more than pretraining needs,
    nothing is written: a log is an aid, and never what stops a training.

    Args:
        folder: Of this part of the training.
        first: The first epoch that will be told. What an interrupted run said of it and later ones is
            withdrawn.
    """
    if not (find_spec("tensorboard") and find_spec("torch")):
        yield lambda epoch, figures: None
        return
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder), purge_step=first) as writer:

        def log(epoch: int, figures: Mapping[str, float]) -> None:
            for name, figure in figures.items():
                writer.add_scalar(name, figure, epoch)
            writer.flush()

        yield log
