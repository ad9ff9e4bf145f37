"""The backbones as a table: to add one is to add a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

PixelScale = Literal["caffe", "tf", "torch"]


@dataclass(frozen=True)
class Backbone:
    """One convolutional network that serves as a frozen feature extractor.

    Attributes:
        key: Name in files, tables and URLs.
        name: Name as its authors write it.
        builder: Import path of the Keras constructor, `module:function`.
        feature_layer: Layer whose output A, (h, w, channels), Grad-CAM explains.
        pool: Factor of the max pooling between A and the head (1: none).
        channels: Channels of A.
        scale: How the network's authors scaled pixels ("caffe", "tf" or "torch").
        parameters: Parameters without the head.
        paper: Reference to cite.
        url: Where the paper is.
        colour: The backbone's colour everywhere in the app (Okabe & Ito's palette).
        dash: Its line style, so that no chart needs colour to be read.
        pattern: Of its bars, for the same reason (Plotly's names).
        symbol: Of its points, likewise: one that Plotly has filled and open, and no star, which is truth.
    """

    key: str
    name: str
    builder: str
    feature_layer: str
    pool: int
    channels: int
    scale: PixelScale
    parameters: int
    paper: str
    url: str
    colour: str
    dash: str
    pattern: str
    symbol: str


BACKBONES: tuple[Backbone, ...] = (
    Backbone(
        key="vgg16",
        name="VGG16",
        builder="keras.applications:VGG16",
        feature_layer="block5_conv3",
        pool=2,
        channels=512,
        scale="caffe",
        parameters=14_714_688,
        paper="Simonyan & Zisserman 2015",
        url="https://arxiv.org/abs/1409.1556",
        colour="#E69F00",
        dash="solid",
        pattern="",
        symbol="square",
    ),
    Backbone(
        key="densenet121",
        name="DenseNet121",
        builder="keras.applications:DenseNet121",
        feature_layer="relu",
        pool=1,
        channels=1024,
        scale="torch",
        parameters=7_037_504,
        paper="Huang et al. 2017",
        url="https://arxiv.org/abs/1608.06993",
        colour="#56B4E9",
        dash="dash",
        pattern="/",
        symbol="diamond",
    ),
    Backbone(
        key="inceptionv3",
        name="InceptionV3",
        builder="keras.applications:InceptionV3",
        feature_layer="mixed10",
        pool=1,
        channels=2048,
        scale="tf",
        parameters=21_802_784,
        paper="Szegedy et al. 2016",
        url="https://arxiv.org/abs/1512.00567",
        colour="#009E73",
        dash="dot",
        pattern=".",
        symbol="triangle-up",
    ),
    Backbone(
        key="resnet50",
        name="ResNet50",
        builder="keras.applications:ResNet50",
        feature_layer="conv5_block3_out",
        pool=1,
        channels=2048,
        scale="caffe",
        parameters=23_587_712,
        paper="He et al. 2016",
        url="https://arxiv.org/abs/1512.03385",
        colour="#CC79A7",
        dash="dashdot",
        pattern="x",
        symbol="cross",
    ),
    Backbone(
        key="xception",
        name="Xception",
        builder="keras.applications:Xception",
        feature_layer="block14_sepconv2_act",
        pool=1,
        channels=2048,
        scale="tf",
        parameters=20_861_480,
        paper="Chollet 2017",
        url="https://arxiv.org/abs/1610.02357",
        colour="#D55E00",
        dash="longdash",
        pattern="-",
        symbol="triangle-down",
    ),
)

BACKBONE_BY_KEY = {backbone.key: backbone for backbone in BACKBONES}

# Channel order of each constant follows the network's own input: BGR for "caffe", RGB for "torch".
_CAFFE_MEAN = np.array([103.939, 116.779, 123.68], dtype=np.float32)
_TORCH_MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
_TORCH_STD = np.array([0.229, 0.224, 0.225], dtype=np.float32)


def scale_pixels(grey: NDArray[np.float32], scale: PixelScale) -> NDArray[np.float32]:
    """Turns grey pixels into the three channels that a backbone was designed for.

    Args:
        grey: (..., h, w), float32 in [0, 1].
        scale: The convention, as in `keras.applications.imagenet_utils.preprocess_input`.

    Returns:
        (..., h, w, 3), float32.

    Raises:
        ValueError: If there is no such convention.
    """
    channels = np.repeat(grey[..., np.newaxis], 3, axis=-1)
    if scale == "tf":
        return channels * np.float32(2) - np.float32(1)
    if scale == "torch":
        return (channels - _TORCH_MEAN) / _TORCH_STD
    if scale == "caffe":
        return channels * np.float32(255) - _CAFFE_MEAN
    raise ValueError(f"expected a scale of pixels, got {scale!r}")
