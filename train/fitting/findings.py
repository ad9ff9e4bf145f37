"""The stand-in findings network: torchxrayvision's own DenseNet121, trained on phantoms and labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evaluation.metrics import roc_auc, youden_threshold
from core.evaluation.named_findings import known_findings
from core.models.engine.keras import write_tensors
from core.models.findings import sigmoid
from core.phantom.spec import draw_later_findings
from core.preprocessing import Preprocessing, network_input
from core.vocabulary import FINDINGS, FIRST_FINDINGS, PHANTOM
from core.whole_file import replacing
from train.config import FindingsConfig, Stage
from train.data.images import Images, to_bytes
from train.data.records import MANY, Record
from train.networks.augment import GENTLE, augment, plain
from train.networks.framing import view
from train.tools.cache import map_cached, short_hash
from train.tools.logs import open_log
from train.tools.processes import has_bfloat16
from train.tools.progress import Report, Reporter, Tally

# Validation radiographs with a finding, and without it, from which on they alone choose its operating point.
MIN_LABELLED = 20

# Of each class of a hospital as many draws as of so many phantoms, a radiograph at most as often as so many.
CLASS_DRAWS, MOST_TIMES = 1250, 4.0

COVERED = 0.12  # of the draws hide the lungs, and then nothing is to be found

# Crowded phantoms show none to five findings, and what is small or easily mistaken more often than the rest.
CROWD = (0.08, 0.20, 0.26, 0.22, 0.14, 0.10)
HARD = {
    "Nodule": 3.0, "Lung Lesion": 3.0, "Fracture": 3.0, "Mass": 2.0, "Pleural_Thickening": 2.0,
    "Atelectasis": 2.0, "Infiltration": 1.5, "Pneumonia": 1.5, "Consolidation": 1.5, "Fibrosis": 1.3,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class LabelledSquares:
    """Images with findings.

    Attributes:
        squares: (n, s, s), uint8.
        labels: (n, 18), float32: 1, 0, or NaN where nobody knows.
        weights: (n,), how often each is drawn beside the others; a phantom's is 1.
    """

    squares: NDArray[np.uint8]
    labels: NDArray[np.float32]
    weights: NDArray[np.float64]

    def joined(self, other: LabelledSquares) -> LabelledSquares:
        """Both, one after the other."""
        return LabelledSquares(
            np.concatenate([self.squares, other.squares]),
            np.concatenate([self.labels, other.labels]),
            np.concatenate([self.weights, other.weights]),
        )


@dataclass(frozen=True, eq=False)
class FindingsData:
    """What the findings network learns from, and what measures it.

    Attributes:
        train: What it learns from.
        phantoms: Validation phantoms.
        labelled: Validation radiographs; may be empty.
    """

    train: LabelledSquares
    phantoms: LabelledSquares
    labelled: LabelledSquares


@dataclass(frozen=True)
class FindingsFit:
    """A trained findings network.

    Attributes:
        file: Its weights.
        operating_points: The probability that Youden's index prefers, per finding: on validation radiographs
            where `MIN_LABELLED` have it and have not, else on these and the validation phantoms.
        phantom_auc: ROC AUC per finding on validation phantoms (NaN where only one class is there).
        labelled_auc: The same on labelled radiographs, where `MIN_LABELLED` have the finding.
    """

    file: Path
    operating_points: tuple[float, ...]
    phantom_auc: dict[str, float]
    labelled_auc: dict[str, float]


def load_phantoms(
    seeds: Sequence[int],
    preprocessing: Preprocessing,
    cache: Path,
    progress: Tally | None = None,
    *,
    crowded: bool = False,
) -> LabelledSquares:
    """Renders phantoms with findings: six in eight a mixture, one COVID-like, one another pneumonia.

    Args:
        seeds: One a phantom.
        preprocessing: What the network will see.
        cache: Folder in which they are kept.
        progress: Called with (done, total).
        crowded: All of them with more findings, the hard ones more often: an image teaches more, and a
            prevalence that holds nowhere.
    """
    kinds = ("crowded",) if crowded else ("covid", "pneumonia", *("findings",) * 6)
    jobs = [(seed, kinds[index % len(kinds)], preprocessing) for index, seed in enumerate(seeds)]
    drawn = [str(seeds[0]), str(len(seeds)), *(["crowded"] if crowded else [])]
    parts = [preprocessing.model_dump_json(), *drawn]
    file = cache / f"findings-{short_hash(parts)}.npz"
    squares, labels = map_cached(_phantom, jobs, file, progress)
    return LabelledSquares(squares, labels, np.ones(len(jobs)))


def _phantom(job: tuple[int, Any, Preprocessing]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    from core.phantom import draw_spec, render

    seed, kind, preprocessing = job
    crowded = kind == "crowded"
    spec = draw_spec(seed, label="findings" if crowded else kind, size_px=preprocessing.size_px)
    phantom = render(replace(spec, findings=draw_crowd(seed)) if crowded else spec)
    square = to_bytes(network_input(phantom.pixels, preprocessing))
    return square, np.array([name in phantom.findings for name in FINDINGS], dtype=np.float32)


def draw_crowd(seed: int) -> tuple[tuple[str, float], ...]:
    """The findings of a crowded phantom: pairs of a name and a severity in [0.25, 1]."""
    random = np.random.default_rng([seed, 77])
    weights = np.array([HARD.get(name, 1.0) for name in FIRST_FINDINGS])
    count = int(random.choice(len(CROWD), p=CROWD))
    chosen = random.choice(len(FIRST_FINDINGS), count, replace=False, p=weights / weights.sum())
    crowd = {FIRST_FINDINGS[number]: float(random.uniform(0.25, 1)) for number in chosen}
    return tuple((crowd | draw_later_findings(seed)).items())


def labelled_squares(images: Images, split: str) -> LabelledSquares:
    """The radiographs of a split of which somebody says what is to be seen, or that nothing is.

    Args:
        images: Radiographs; phantoms are left out.
        split: Of which.
    """
    known = {
        index: labels
        for index, record in enumerate(images.records)
        if record.split == split and (labels := known_labels(record)) is not None
    }
    seen = [view(square, images.preprocessing) for square in images.squares[list(known)]]
    side = images.preprocessing.size_px
    return LabelledSquares(
        np.array(seen, dtype=np.uint8).reshape(-1, side, side),
        np.array(list(known.values()), dtype=np.float32).reshape(-1, len(FINDINGS)),
        draw_weights([images.records[index] for index in known]),
    )


def draw_weights(records: Sequence[Record]) -> NDArray[np.float64]:
    """How often each radiograph is drawn, so that none is known to be ill or well by where it was taken.

    Of a hospital the normal ones are drawn as often as the others, together; one that has only either is left
    out, and so are sources that gather from many places, of which nobody knows.

    Args:
        records: Radiographs of which something is known.

    Returns:
        (n,), 0 for what is left out.
    """
    kinds = [(record.hospital or record.source, record.label == "normal") for record in records]
    counts = Counter(kinds)

    def weight(place: str, normal: bool) -> float:
        fewer = min(counts[place, True], counts[place, False])
        return 0.0 if place == MANY else min(CLASS_DRAWS, MOST_TIMES * fewer) / counts[place, normal]

    return np.array([weight(*kind) for kind in kinds])


def known_labels(record: Record) -> NDArray[np.float32] | None:
    """What `known_findings` says of a radiograph, (18,); None of a phantom."""
    return None if record.source == PHANTOM else known_findings(record.label, record.findings)


def train_findings(
    data: FindingsData, config: FindingsConfig, folder: Path, reporter: Reporter, start: Path | None = None
) -> FindingsFit:
    """Trains the network, chooses operating points and stores it.

    Args:
        data: What it learns from, and what measures it.
        config: The knobs.
        folder: Where checkpoints and `findings.safetensors` go; an interrupted run resumes from it.
        reporter: Told the steps of each stage, and a sentence after each epoch.
        start: A file with the weights of a network that is to learn on; None for a fresh one.
    """
    import torch

    from core.models.engine.keras import read_tensors
    from core.models.engine.torchxrayvision import build_findings_network, load_findings_network

    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "findings.safetensors"
    if not file.is_file():
        torch.manual_seed(config.seed)
        network = load_findings_network(read_tensors(start)) if start else build_findings_network()
        network = network.to(memory_format=torch.channels_last)
        config = replace(config, stages=config.further) if start else config
        job = _Job(data.train, config, folder, reporter.watch("Findings: steps"), reporter.report)
        for index in range(len(config.stages)):
            _run(network, index, job)
        _save(network, file)
    network = load_findings_network(read_tensors(file))
    size_px = data.train.squares.shape[1]
    on_phantoms = predict(network, data.phantoms.squares, size_px)
    on_labelled = predict(network, data.labelled.squares, size_px)
    return FindingsFit(
        file=file,
        operating_points=_operating_points(
            (data.labelled.labels, on_labelled), (data.phantoms.labels, on_phantoms)
        ),
        phantom_auc=finding_aucs(data.phantoms.labels, on_phantoms, 1),
        labelled_auc=finding_aucs(data.labelled.labels, on_labelled, MIN_LABELLED),
    )


@dataclass(frozen=True, eq=False)
class _Job:
    """What all stages share: what is learnt from, the knobs, where results go, who is told."""

    data: LabelledSquares
    config: FindingsConfig
    folder: Path
    tally: Tally
    report: Report


@dataclass(frozen=True, eq=False)
class _Learner:
    """A network with what moves it: all that the next epoch depends on."""

    network: Any
    optimizer: Any
    schedule: Any

    @property
    def _parts(self) -> dict[str, Any]:
        return {"network": self.network, "optimizer": self.optimizer, "schedule": self.schedule}

    def save(self, checkpoint: Path, epochs: int) -> None:
        """Keeps it, with so many epochs behind it."""
        import torch

        state = {name: part.state_dict() for name, part in self._parts.items()} | {"epoch": epochs}
        with replacing(checkpoint) as partial:
            torch.save(state, partial)

    def resume(self, checkpoint: Path) -> int:
        """Puts it where a checkpoint says; returns how many epochs it has behind it."""
        import torch

        if not checkpoint.is_file():
            return 0
        state = torch.load(checkpoint, weights_only=True)
        for name, part in self._parts.items():
            part.load_state_dict(state[name])
        return int(state["epoch"])

    def step(self, grey: NDArray[np.float32], labels: NDArray[np.float32]) -> float:
        """Learns from squares (n, s, s) in [0, 1] and their labels (n, 18); returns the loss."""
        import torch

        truth = torch.from_numpy(labels)
        with torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16()):
            logits = self.network.classifier(self.network.features2(_scaled(grey)))
        known = ~torch.isnan(truth)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits.float()[known], truth[known])
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
        return float(loss.detach())


def _run(network: Any, index: int, job: _Job) -> None:
    """One stage, or what is left of it."""
    import torch

    config, stage = job.config, job.config.stages[index]
    steps = -(-stage.images // config.batch)
    optimizer = torch.optim.AdamW(network.parameters(), stage.learning_rate, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, stage.learning_rate, total_steps=stage.epochs * steps + 1, pct_start=0.15
    )
    learner = _Learner(network, optimizer, schedule)
    checkpoint = job.folder / f"findings.stage{index}.pt"
    first = learner.resume(checkpoint)
    before = sum(earlier.epochs for earlier in config.stages[:index])
    if first == stage.epochs:
        return
    with open_log(job.folder / "logs" / "findings", before + first + 1) as log:
        for epoch in range(first, stage.epochs):
            loss = _learn(learner, epoch, stage, job)
            log(before + epoch + 1, {"loss": loss, "learning_rate": float(schedule.get_last_lr()[0])})
            learner.save(checkpoint, epoch + 1)
            job.report(f"findings, {stage.size_px} px, epoch {epoch + 1} of {stage.epochs}: loss {loss:.4f}")


def _learn(learner: _Learner, epoch: int, stage: Stage, job: _Job) -> float:
    """One epoch; returns its mean loss."""
    batch, data = job.config.batch, job.data
    steps = -(-stage.images // batch)
    random = np.random.default_rng((job.config.seed, stage.size_px, epoch))
    drawn = random.choice(len(data.squares), stage.images, p=data.weights / data.weights.sum())
    learner.network.train()
    losses = []
    for step in range(steps):
        rows = drawn[step * batch : (step + 1) * batch]
        grey = np.stack([augment(data.squares[row], stage.size_px, random, GENTLE) for row in rows])
        labels = data.labels[rows]
        for index in np.flatnonzero(random.random(len(rows)) < COVERED):
            _cover(grey[index], random)
            labels[index, ~np.isnan(labels[index])] = 0
        losses.append(learner.step(grey, labels))
        job.tally(epoch * steps + step + 1, stage.epochs * steps)
    return float(np.mean(losses))


def _cover(grey: NDArray[np.float32], random: np.random.Generator) -> None:
    """Hides the lungs of a square (s, s), and what lies between, under one grey: about where they are."""
    left, right, top, bottom = random.uniform((0.04, 0.8, 0.02, 0.75), (0.2, 0.96, 0.15, 0.95)) * len(grey)
    grey[int(top) : int(bottom), int(left) : int(right)] = random.choice((0.0, random.random()))


def _scaled(grey: NDArray[np.float32]) -> Any:
    """Squares (n, s, s) in [0, 1] as torchxrayvision scales them, (n, 1, s, s)."""
    import torch

    scaled = torch.from_numpy(grey * np.float32(2048) - np.float32(1024))[:, None]
    return scaled.to(memory_format=torch.channels_last)


def _save(network: Any, file: Path) -> None:
    tensors = {name: value.detach().contiguous().numpy() for name, value in network.state_dict().items()}
    with replacing(file) as partial:
        write_tensors(partial, tensors, {name: 0 for name, value in tensors.items() if value.ndim == 4})


def predict(network: Any, squares: NDArray[np.uint8], size_px: int, batch: int = 32) -> NDArray[np.float32]:
    """Raw outputs, (n, 18), of squares (n, s, s), uint8."""
    import torch

    parts = [np.empty((0, len(FINDINGS)), dtype=np.float32)]
    network.eval()
    with torch.inference_mode():
        for start in range(0, len(squares), batch):
            grey = np.stack([plain(square, size_px) for square in squares[start : start + batch]])
            parts.append(network.classifier(network.features2(_scaled(grey))).numpy())
    return np.concatenate(parts)


Answered = tuple[NDArray[np.float32], NDArray[np.float32]]  # labels and raw outputs, (n, 18) each


def _operating_points(labelled: Answered, phantoms: Answered) -> tuple[float, ...]:
    """Chosen on radiographs where enough of them have a finding, and have not; else on phantoms, too."""
    both = [np.concatenate(each) for each in zip(labelled, phantoms, strict=True)]
    points = []
    for column in range(len(FINDINGS)):
        labels = labelled[0][:, column]
        enough = min((labels == 1).sum(), (labels == 0).sum()) >= MIN_LABELLED
        points.append(_operating_point(*(each[:, column] for each in (labelled if enough else both))))
    return tuple(points)


def _operating_point(labels: NDArray[np.float32], logits: NDArray[np.float32]) -> float:
    known = ~np.isnan(labels)
    probabilities = sigmoid(logits[known])
    if len(set(labels[known])) < 2:
        return 0.5
    return float(np.clip(youden_threshold(labels[known], probabilities), 1e-4, 1 - 1e-4))


def finding_aucs(
    labels: NDArray[np.float32], logits: NDArray[np.float32], positives: int
) -> dict[str, float]:
    """ROC AUC of each finding that has at least so many positives, and a negative."""
    aucs = {}
    for name, column, scores in zip(FINDINGS, labels.T, logits.T, strict=True):
        known = ~np.isnan(column)
        if (column[known] == 1).sum() >= positives and (column[known] == 0).any():
            aucs[name] = roc_auc(column[known], scores[known])
    return aucs
