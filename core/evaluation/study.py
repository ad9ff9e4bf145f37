"""What the original study published, and what is wrong with it (Solis Calero 2021)."""

from __future__ import annotations

from dataclasses import dataclass

from core.models.backbones import BACKBONES


@dataclass(frozen=True)
class StudyResult:
    """A row of the study's results.

    Attributes:
        model: As we call it.
        figures: By the keys of `DECISIONS`; only what was published, or follows from its table.
        flaw: What a reader has to know.
    """

    model: str
    figures: dict[str, float]
    flaw: str


_SOURCES = "330 images, each of whose sources tells the class; the study's “sensitivity” is that of normal. "
_SVM = "99 of the 330 images, split by image, so that a patient can be on both sides. "
_SEVERITY = {
    "accuracy": 0.9696969696969697,
    "sensitivity": 0.9565217391304348,
    "specificity": 0.9736842105263158,
    "ppv": 0.9166666666666666,
    "f1": 0.9361702127659575,
}
# Accuracy, and COVID-19 images found of 86 at a threshold of 0.5, in the order of the table of backbones.
_PUBLISHED = ((0.955, 71), (0.970, 76), (0.991, 84), (0.961, 82), (0.997, 86))
SINGLE = tuple(
    StudyResult(
        backbone.name,
        {"accuracy": accuracy, "sensitivity": found / 86},
        f"{_SOURCES}At 0.5 it finds {found} of 86 COVID-19 images.",
    )
    for backbone, (accuracy, found) in zip(BACKBONES, _PUBLISHED, strict=True)
)
SVMS = (
    StudyResult("SVM, five probabilities", dict.fromkeys(_SEVERITY, 1.0), _SVM),
    StudyResult("SVM, 18 findings", _SEVERITY, _SVM + "torchxrayvision was given pixels on the wrong scale."),
    StudyResult(
        "SVM, all 23",
        _SEVERITY,
        _SVM + "Printed from the predictions of the row above: this SVM was never fitted. Fitted, it is 1.0.",
    ),
)
SLIPS = (
    "**The third SVM was never fitted.** Its row was printed from the predictions of the second. Fitted to "
    "the same split, all five figures are 1.0.",
    "**Sensitivity is that of normal.** In the tables of the backbones the positive class is the healthy "
    "one. For COVID-19, at a threshold of 0.5, VGG16 finds 71 of 86 images, not nearly all.",
    "**The first 33 images.** The table of losses and accuracies covers the first 33 of 330 images, "
    "which were not shuffled.",
    "**Wrong scale.** torchxrayvision expects pixels from -1024 to 1024 and was given others: its “Lung "
    "Opacity” is higher for normal chests than for COVID-19.",
    "**Split by image.** Images of one patient can be on both sides of the split.",
    "**Source is label.** Its COVID-19 images and its normal images come from different collections, the "
    "normal ones of children. What that is worth stands at the top of this page.",
)
