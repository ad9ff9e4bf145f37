"""The methods that show where a network looked, as tables: to add one is to add a row, and its heat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.explain.gradcam import gradcam, gradcam_on_layer
from core.explain.gradcam_plus_plus import gradcam_plus_plus, gradcam_plus_plus_on_layer
from core.explain.hirescam import hirescam, hirescam_on_layer
from core.explain.layercam import layercam, layercam_on_layer
from core.explain.method import Explainer, Map, Method, Questioner
from core.explain.occlusion import occlusion
from core.explain.rise import rise
from core.explain.saliency import smoothgrad
from core.explain.scorecam import (
    faster_scorecam,
    faster_scorecam_on_layer,
    scorecam,
    scorecam_on_layer,
)
from core.models.head import Head

# At once, out of what a network has said already.
EXPLAINERS: tuple[Explainer, ...] = (
    Explainer(
        key="gradcam",
        name="Grad-CAM",
        heat=gradcam,
        on_layer=gradcam_on_layer,
        meaning="Where what the network found speaks for the class, weighted over the whole image.",
        misleads="One weight a channel for the whole picture: a channel that matters in one place lends its "
        "heat to every place where it is active.",
        paper="Selvaraju et al. 2017",
        url="https://arxiv.org/abs/1610.02391",
    ),
    Explainer(
        key="hirescam",
        name="HiResCAM",
        heat=hirescam,
        on_layer=hirescam_on_layer,
        meaning="Where what the network found speaks for the class, each place with a weight of its own.",
        misleads="Behind an average over all places it is Grad-CAM, number by number: two names that agree"
        " are no second witness. Only behind max pooling do the two differ.",
        paper="Draelos & Carin 2020",
        url="https://arxiv.org/abs/2011.08891",
    ),
    Explainer(
        key="layercam",
        name="LayerCAM",
        heat=layercam,
        on_layer=layercam_on_layer,
        meaning="Where channels that speak for the class are active; what speaks against it is left out.",
        misleads="Nothing can cool it: a place that speaks for and against the class at once looks as hot as "
        "one that only speaks for it.",
        paper="Jiang et al. 2021",
        url="https://doi.org/10.1109/TIP.2021.3089943",
    ),
    Explainer(
        key="gradcam_plus_plus",
        name="Grad-CAM++",
        heat=gradcam_plus_plus,
        on_layer=gradcam_plus_plus_on_layer,
        meaning="Where channels that speak for the class are active, each weighted by its positive "
        "derivatives.",
        misleads="Only positive derivatives count, so that there is heat for either class, also for the one "
        "that the network does not answer.",
        paper="Chattopadhyay et al. 2018",
        url="https://arxiv.org/abs/1710.11063",
    ),
)
# By asking a network again and again about changed pictures.
QUESTIONERS: tuple[Questioner, ...] = (
    Questioner(
        key="occlusion",
        name="Occlusion",
        look=occlusion,
        meaning="Where the answer falls when a grey patch covers the place.",
        misleads="A grey patch is something that no radiograph shows; and where two places say the same, "
        "covering one of them changes nothing.",
        paper="Zeiler & Fergus 2014",
        url="https://arxiv.org/abs/1311.2901",
    ),
    Questioner(
        key="rise",
        name="RISE",
        look=rise,
        meaning="What was visible when random halves of the picture got a high answer.",
        misleads="A few hundred masks leave noise, which looks like blobs; and a picture half of which is"
        " grey is like none that the network learnt from.",
        paper="Petsiuk et al. 2018",
        url="https://arxiv.org/abs/1806.07421",
    ),
    Questioner(
        key="faster_scorecam",
        name="Faster-Score-CAM",
        look=faster_scorecam,
        on_layer=faster_scorecam_on_layer,
        meaning="Where the channels that vary most are active, each weighted by the answer to what it shows.",
        misleads="Every weight is positive: where the answers to all masks are alike, it shows all that the "
        "network found, whatever that speaks for.",
        paper="tabayashi0117 2020, after Wang et al. 2020",
        url="https://github.com/tabayashi0117/Score-CAM",
    ),
    Questioner(
        key="smoothgrad",
        name="SmoothGrad",
        look=smoothgrad,
        meaning="Which greys push the answer, up or down: the mean gradient over noisy copies, unsigned.",
        misleads="Edges light up whatever the network learnt: shuffle its weights, and much of the map stays "
        "(Adebayo et al. 2018).",
        paper="Smilkov et al. 2017, after Simonyan et al. 2014",
        url="https://arxiv.org/abs/1706.03825",
    ),
    Questioner(
        key="scorecam",
        name="Score-CAM",
        look=scorecam,
        on_layer=scorecam_on_layer,
        meaning="Where any channel is active, each weighted by the answer to what it shows.",
        misleads="Every weight is positive: where the answers to all masks are alike, it shows all that the "
        "network found, whatever that speaks for.",
        paper="Wang et al. 2020",
        url="https://arxiv.org/abs/1910.01279",
    ),
)
EXPLAINER_BY_KEY = {explainer.key: explainer for explainer in EXPLAINERS}
QUESTIONER_BY_KEY = {each.key: each for each in QUESTIONERS}
METHOD_BY_KEY: dict[str, Method] = {**EXPLAINER_BY_KEY, **QUESTIONER_BY_KEY}


def explain(
    features: NDArray[np.floating], head: Head, explainer: Explainer = EXPLAINERS[0]
) -> tuple[Map, float]:
    """Where a backbone looked.

    Args:
        features: A, (h, w, channels).
        head: What follows it.
        explainer: By which method.

    Returns:
        The heatmap, (h, w), scaled to [0, 1] by its peak, and the peak before that; a map without heat stays
        0 everywhere, with a peak of 0.
    """
    return scaled(explainer.heat(features.astype(np.float32, copy=False), head))


def scaled(heat: Map) -> tuple[Map, float]:
    """A map scaled to [0, 1] by its peak, and that peak; a map without heat stays 0 everywhere."""
    peak = float(heat.max())
    return (heat / np.float32(peak) if peak > 0 else np.zeros_like(heat)), peak
