"""Every knob of training, with its reason. A configuration is saved beside what it produced."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from core.models.head import Pooling
from core.preprocessing import Preprocessing


@dataclass(frozen=True)
class Stage:
    """A stretch of pretraining at one resolution.

    Attributes:
        size_px: Side of the input: low first, because most of what is learnt there stays true.
        epochs: How many.
        images: Images drawn for one epoch, balanced over classes and, within each, over sources. Best
            a multiple of the batch: a last, smaller one would be traced anew, and normalised by few images.
        learning_rate: The peak; it rises over the first tenth and falls to nothing on a cosine.
    """

    size_px: int
    epochs: int
    images: int
    learning_rate: float


@dataclass(frozen=True)
class PretrainConfig:
    """How a backbone learns what chest radiographs look like.

    Attributes:
        stages: In order, from fresh weights.
        further: In order, where the bases of a bundle learn on: at the size that is served, which a base that
            has learnt at a lower one takes long to get used to.
        unnormalised: Factor of the learning rate where a base without batch normalisation learns on: at the
            full rate VGG16 fell to a coin within 1,408 images.
        batch: Images a step.
        weight_decay: Of AdamW, decoupled (Loshchilov & Hutter 2019, arXiv:1711.05101).
        dropout: Before the three-class output, which is thrown away afterwards.
        reframed: Share of draws that are framed and processed as another source might (`networks.framing`).
        seed: Of sampling, augmentation and initial weights.
    """

    stages: tuple[Stage, ...] = (Stage(96, 12, 2496, 1e-3), Stage(224, 2, 1504, 3e-4))
    further: tuple[Stage, ...] = (Stage(224, 6, 1408, 3e-4),)
    unnormalised: float = 0.1
    batch: int = 32
    weight_decay: float = 1e-3
    dropout: float = 0.2
    reframed: float = 0.75
    seed: int = 7


@dataclass(frozen=True)
class TransferConfig:
    """How a head learns on the frozen features of a base (the study's recipe, section by section).

    Attributes:
        epochs: At most; early stopping ends it sooner.
        patience: Epochs without a better validation loss before it stops. A cosine is best run to its end:
            ResNet50's best epoch was the last one.
        batch: Feature vectors a step, an image's copies together (the study: 10). With copies there are so
            many that small steps take minutes and reach no further.
        learning_rate: Of AdamW (the study: 5e-4 of Adam, for its batches).
        cosine: Whether that is the peak, from which it falls on a cosine over all epochs, and not constant.
        weight_decay: Of AdamW, decoupled.
        dropout: Of hidden units while learning.
        standardised: Whether features are shifted and scaled before the head learns, so that each counts
            alike but for what differs from copy to copy of an image (`train.fitting.transfer.standard`);
            folded into the head afterwards. Without it channels with large values learn, and others wait.
        consistency: Weight of the squared difference between what a head says of a copy and of the image. The
            smallest of 6, 12 and 20 with which the probability of normal validation films, a fifth cut off,
            moves by 0.05 at most (mean of five backbones, four copies); more costs ROC AUC.
        copies: Copies of each training image, framed and processed as another source might, the second half
            of them only cut, whose features are cached beside the plain one's; each takes as long again.
        seed: Of augmentation, shuffling and initial weights.
    """

    epochs: int = 40
    patience: int = 40
    batch: int = 256
    learning_rate: float = 1e-3
    cosine: bool = True
    weight_decay: float = 0.1
    dropout: float = 0.3
    standardised: bool = True
    consistency: float = 6.0
    copies: int = 2
    seed: int = 7


@dataclass(frozen=True)
class FindingsConfig:
    """How the stand-in findings network learns.

    Attributes:
        stages: As in pretraining; images are phantoms, and the labelled radiographs where there are any.
        further: In order, where a bundle's network learns on.
        batch: Images a step.
        weight_decay: Of AdamW.
        phantoms: Rendered for training, as the held-out ones are.
        crowded: Rendered for training with more findings each.
        held_out: Rendered for validation.
        seed: Of sampling and augmentation.
    """

    stages: tuple[Stage, ...] = (
        Stage(128, 12, 4000, 1e-3),
        Stage(160, 3, 12000, 8e-4),
        Stage(224, 1, 6000, 3e-4),
    )
    further: tuple[Stage, ...] = (Stage(160, 2, 12000, 6e-4), Stage(224, 1, 8000, 3e-4))
    batch: int = 32
    weight_decay: float = 1e-3
    phantoms: int = 2000
    crowded: int = 10_000
    held_out: int = 1000
    seed: int = 7


@dataclass(frozen=True)
class LungsConfig:
    """How the lung network learns: on phantoms first, then on masks drawn by people as well.

    Attributes:
        size_px: Side of its input.
        phantoms: Rendered for training.
        first: Epochs on phantoms, of as many draws as there are phantoms.
        then: Epochs of half phantoms, half masks drawn by people; none without such masks.
        images: Draws of such an epoch.
        folds: Of the cross-validation over the masks drawn by people.
        batch: Images a step.
        learning_rate: The peak of each part.
        seed: Of sampling, augmentation and initial weights.
    """

    size_px: int = 128
    phantoms: int = 1000
    first: int = 8
    then: int = 8
    images: int = 640
    folds: int = 5
    batch: int = 16
    learning_rate: float = 2e-3
    seed: int = 7


@dataclass(frozen=True)
class GateConfig:
    """How the gate learns.

    Attributes:
        size_px: Side of its input.
        members: Networks that differ by the chance of their training, each taught by all of it; the gate is
            their mean.
        epochs: How many.
        images: Draws of an epoch.
        frontal: Share of draws that are frontal chest radiographs, in every way that one can lie.
        nothing: Share that are made of noise, shapes and pieces; the rest are odd pictures, each kind alike.
        batch: Images a step.
        learning_rate: The peak.
        weight_decay: Of AdamW.
        seed: Of sampling, changes and initial weights.
    """

    size_px: int = 96
    members: int = 2
    epochs: int = 6
    images: int = 5120
    frontal: float = 0.5
    nothing: float = 0.17
    batch: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    seed: int = 7


@dataclass(frozen=True)
class TrainConfig:
    """The whole of it.

    Attributes:
        preprocessing: What a radiograph goes through before any network, in training and in serving.
        pooling: "average", or "flatten" as in the study.
        phantoms: Phantoms that join the pretraining, an eighth of them for validation and one held
            back; without a data folder a quarter each.
        pretrain: First stage: of bases from scratch, and of those of a bundle that learn on.
        transfer: Second stage.
        findings: The findings network.
        lungs: The lung network.
        left_out_retrained: Keys of backbones whose base, too, is trained anew for each source that is left
            out, as the heads of all are: eight pretrainings for two sources of either class, so it wants
            a GPU.
        left_out_least: Images of a class that a source must have to be left out for it; few measure nothing.
        other_pneumonia: Test images of another pneumonia to measure, at most so many of each source; None for
            all.
        framed: Test images of either class to frame and process otherwise, to see which answers move.
        calibration: Training images from which int8's ranges are found, where faster arithmetic is measured;
            with none it is not.
    """

    preprocessing: Preprocessing = field(default_factory=lambda: Preprocessing(cut_margins=True))
    pooling: Pooling = "average"
    phantoms: int = 2400
    pretrain: PretrainConfig = field(default_factory=PretrainConfig)
    transfer: TransferConfig = field(default_factory=TransferConfig)
    findings: FindingsConfig = field(default_factory=FindingsConfig)
    lungs: LungsConfig = field(default_factory=LungsConfig)
    left_out_retrained: tuple[str, ...] = ()
    left_out_least: int = 50
    other_pneumonia: int | None = 200
    framed: int = 120
    calibration: int = 200


DEFAULT = TrainConfig()

# The study: 150 px, its Flatten head, pixels as they are.
STUDY = TrainConfig(
    preprocessing=Preprocessing(size_px=150, border_share=0.0, equalise=False),
    pooling="flatten",
    pretrain=PretrainConfig(
        stages=(Stage(96, 12, 2496, 1e-3), Stage(150, 2, 1504, 3e-4)),
        further=(Stage(150, 4, 1408, 3e-4),),
        reframed=0.0,
    ),
    transfer=TransferConfig(
        epochs=200,
        patience=20,
        batch=10,
        learning_rate=5e-4,
        cosine=False,
        weight_decay=0.0,
        dropout=0.0,
        standardised=False,
        consistency=0.0,
        copies=0,
    ),
    findings=FindingsConfig(
        stages=(Stage(112, 12, 4000, 1e-3), Stage(150, 4, 12000, 8e-4)), further=(Stage(150, 4, 8000, 6e-4),)
    ),
)

# A few minutes on two cores: proves that every step works, and teaches a network next to nothing. Margins
# stay: chance orders its few validation images, and with margins not backwards, which no ensemble may be.
TINY = TrainConfig(
    preprocessing=Preprocessing(size_px=96),
    phantoms=96,
    pretrain=PretrainConfig(stages=(Stage(80, 1, 8, 1e-3),), further=(Stage(96, 1, 8, 1e-3),), batch=8),
    transfer=TransferConfig(epochs=8, patience=4, batch=32, learning_rate=5e-4, copies=1),
    findings=FindingsConfig(
        stages=(Stage(64, 2, 4, 1e-3),),
        further=(Stage(64, 1, 4, 1e-3),),
        batch=4,
        phantoms=16,
        crowded=8,
        held_out=6,
    ),
    lungs=LungsConfig(size_px=64, phantoms=24, first=1, then=1, images=16, folds=2, batch=8),
    left_out_least=1,
    other_pneumonia=20,
    framed=2,
    calibration=0,
)

# What the third generation had, about: fourteen times as many draws as `DEFAULT`, which take a GPU minutes
# and two cores a day, in batches that keep a GPU busy; and twice the copies.
GPU = replace(
    DEFAULT,
    pretrain=PretrainConfig(further=(Stage(224, 13, 9216, 4e-4),), batch=64),
    transfer=TransferConfig(copies=4),
)

PRESETS = {"default": DEFAULT, "gpu": GPU, "study": STUDY, "tiny": TINY}
