"""Pretraining on a GPU: as `train.fitting.pretrain`, in PyTorch, many times as fast."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as functional
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from core.models.backbones import Backbone
from core.models.engine.keras import build_base, load_weights, save_weights
from core.vocabulary import CLASSES
from core.whole_file import replacing
from train.config import PretrainConfig, Stage
from train.data.images import Images
from train.networks.learning import (
    Batches,
    Watched,
    has_batch_normalization,
    of_split,
    seed_everything,
    warm_cosine,
    watched_images,
)
from train.networks.torch_base import TorchBase
from train.tools.logs import Log, open_log
from train.tools.processes import cores
from train.tools.progress import Reporter

SETTLED = 16  # batches on which normalisations are measured anew at the end
Given = tuple[Tensor, Tensor]


class _Network(nn.Module):
    """A base, and what turns its output into logits of `CLASSES`, which is thrown away afterwards."""

    def __init__(self, base: TorchBase, dropout: float) -> None:
        super().__init__()
        self.base, self._dropout = base, dropout
        self._output = nn.Linear(base.channels, len(CLASSES))

    def forward(self, images: Tensor) -> Tensor:
        with torch.autocast(images.device.type, torch.bfloat16, enabled=images.is_cuda):
            found = self.base(images)
        pooled = functional.dropout(found.float().mean((2, 3)), self._dropout, self.training)
        return self._output(pooled)  # type: ignore[no-any-return]


class _Steps(Dataset[Given]):
    """Batches by their step, channels first, as processes beside draw them."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, step: int) -> Given:
        images, labels = self._batches[step]
        return torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(labels)


def pretrain_on_torch(
    backbone: Backbone,
    images: Images,
    config: PretrainConfig,
    folder: Path,
    reporter: Reporter,
    start: Path | None = None,
) -> Path:
    """Trains a backbone on three classes and keeps its base.

    A base without batch normalisation gets one behind each convolution, whether it is fresh or learns on, so
    that the rate of the others suits it; it is folded in at the end.

    Args:
        backbone: Which.
        images: Of the splits train and val; others are left alone.
        config: The knobs; `unnormalised` is not needed here.
        folder: Where checkpoints and the result go; an interrupted run resumes from it.
        reporter: Told the steps of each stage, and a sentence after each epoch.
        start: A file with the weights of a base that is to learn on; None for fresh ones.

    Returns:
        The safetensors file of the base's weights, `<key>.base.safetensors` in the folder.
    """
    result = folder / f"{backbone.key}.base.safetensors"
    if result.is_file():
        return result
    folder.mkdir(parents=True, exist_ok=True)
    seed_everything(config.seed)
    torch.manual_seed(config.seed)  # Keras seeds its own backend alone
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    stages = config.further if start else config.stages
    keras_base = build_base(backbone, stages[-1].size_px)
    if start:
        load_weights(keras_base, start, base_only=True)
    base = TorchBase(keras_base, normalised=not has_batch_normalization(keras_base))
    network = _Network(base, config.dropout).to(device)
    learnt = images.take(of_split(images, "train"))
    for index, stage in enumerate(stages):
        batches = Batches(learnt, backbone, stage, config)
        if index == 0 and start:
            base.begin_normalised(_to(device, _Steps(batches)[0])[0])
        file = folder / f"{backbone.key}.stage{index}.pt"
        before = sum(earlier.epochs for earlier in stages[:index])
        watched = watched_images(backbone, images, stage.size_px)
        course = _Course(network, stage, config, file)
        with open_log(folder / "logs" / backbone.key, before + course.epochs + 1) as log:
            course.run(batches, watched, reporter, log, before)
    _settle(network, Batches(learnt, backbone, stages[-1], config))
    base.write_back(keras_base)
    with replacing(result) as partial:
        save_weights(keras_base, partial)
    return result


class _Course:
    """One stage of learning, resumed from its checkpoint.

    Attributes:
        epochs: How many it has behind it.
    """

    def __init__(self, network: _Network, stage: Stage, config: PretrainConfig, file: Path) -> None:
        self.epochs = 0
        self._network, self._stage, self._file = network, stage, file
        plain = [each for each in network.parameters() if each.requires_grad and each.ndim == 1]
        kernels = [each for each in network.parameters() if each.requires_grad and each.ndim > 1]
        groups: list[dict[str, Any]] = [
            {"params": kernels, "weight_decay": config.weight_decay},
            {"params": plain, "weight_decay": 0.0},
        ]
        self._optimizer = torch.optim.AdamW(groups, lr=0.0, eps=1e-7)
        if file.is_file():
            held = torch.load(file, weights_only=True)
            network.load_state_dict(held["network"])
            self._optimizer.load_state_dict(held["optimizer"])
            torch.set_rng_state(held["random"])
            self.epochs = held["epochs"]

    def run(self, batches: Batches, watched: Watched, reporter: Reporter, log: Log, before: int) -> None:
        """Learns the epochs that are left."""
        tally, steps = reporter.watch("steps"), len(batches)
        rates = warm_cosine(self._stage.learning_rate, self._stage.epochs * steps)
        for epoch in range(self.epochs, self._stage.epochs):
            batches.start(epoch)
            self._network.train()
            total = 0.0
            for step, (images, labels) in enumerate(self._given(batches)):
                rate = float(rates(epoch * steps + step))
                total += self._step(images, labels, rate) / steps
                tally(epoch * steps + step + 1, self._stage.epochs * steps)
            figures = {"loss": total, "val_accuracy": _accuracy(self._network, watched)}
            self._keep(epoch + 1)
            log(before + epoch + 1, figures | {"learning_rate": rate})
            said = ", ".join(f"{name} {value:.3f}" for name, value in figures.items())
            reporter.report(f"{self._stage.size_px} px, epoch {epoch + 1} of {self._stage.epochs}: {said}")

    def _given(self, batches: Batches) -> Iterator[Given]:
        device = next(self._network.parameters()).device
        workers = max(1, cores() - 1) if device.type == "cuda" else 0
        for given in DataLoader(
            _Steps(batches), batch_size=None, num_workers=workers, pin_memory=workers > 0
        ):
            yield _to(device, given)

    def _step(self, images: Tensor, labels: Tensor, rate: float) -> float:
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        loss = functional.cross_entropy(self._network(images), labels)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._optimizer.step()
        return float(loss.detach())

    def _keep(self, epochs: int) -> None:
        held = {
            "network": self._network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "epochs": epochs,
        }
        with replacing(self._file) as partial:
            torch.save(held, partial)


def _to(device: torch.device, given: Given) -> Given:
    images, labels = (each.to(device, non_blocking=True) for each in given)
    return images.contiguous(memory_format=torch.channels_last), labels


@torch.no_grad()
def _accuracy(network: _Network, watched: Watched) -> float:
    """Of validation images, the share that is named right."""
    network.eval()
    scaled, labels = watched
    device = next(network.parameters()).device
    right = 0
    for start in range(0, len(labels), 32):
        images = torch.from_numpy(scaled[start : start + 32]).permute(0, 3, 1, 2).to(device)
        found = network(images).argmax(1).cpu().numpy()
        right += int((found == labels[start : start + 32]).sum())
    return right / max(1, len(labels))


@torch.no_grad()
def _settle(network: _Network, batches: Batches) -> None:
    """Measures the statistics of batch normalisation anew, as `settle_batch_normalization` does."""
    device = next(network.parameters()).device
    network.train()
    for norm in network.base.normalisations:
        norm.reset_running_stats()
        norm.momentum = None  # all batches count alike
    steps = _Steps(batches)
    for step in range(min(SETTLED, len(steps))):
        network(_to(device, steps[step])[0])
    network.eval()
