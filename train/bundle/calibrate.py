"""Finds the ranges that a network's activations take on training images, with NNCF."""

from __future__ import annotations

import io
import logging
import os
import warnings
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray

from core.models.engine.int8 import Ranges, Rounding, fingerprint

KERNEL_INPUT = 1
ROUNDING = "FakeQuantize"
KERNELS = ("Convolution", "GroupConvolution")
LEFT_OUT = ("MatMul",)  # the head: a thousandth of the time, and it turns errors into probabilities


def find_ranges(model: openvino.Model, batches: Sequence[NDArray[np.float32]]) -> Ranges:
    """Where a network's activations are to be rounded for int8, and between which limits.

    NNCF says where, and watches what each activation reaches; its own rounding of weights is left out, since
    they are on int8's levels as they are stored, and so is its correction of biases.

    Args:
        model: The network, as `core.models.engine.derive` saved it; stays as it is.
        batches: Inputs of the network, (1, ...) each, of training images.
    """
    ordered = model.get_ordered_ops()
    places = {each.get_friendly_name(): index for index, each in enumerate(ordered)}
    quantised = _quantised(model, batches)
    return Ranges(
        graph=fingerprint(ordered),
        roundings=list(_roundings(quantised, places)),
        kernels=sorted(
            places[each.get_friendly_name()]
            for each in quantised.get_ordered_ops()
            if each.get_type_name() in KERNELS
            and each.input_value(KERNEL_INPUT).get_node().get_type_name() != "Constant"
        ),
    )


def _quantised(model: openvino.Model, batches: Sequence[NDArray[np.float32]]) -> openvino.Model:
    os.environ.setdefault("NNCF_CI", "1")  # or it reports its use to its makers
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):  # it draws a bar of its own
        warnings.simplefilter("ignore")  # of packages that NNCF would like beside it
        import nncf
        from nncf.quantization.advanced_parameters import AdvancedQuantizationParameters, OverflowFix

        nncf.set_log_level(logging.ERROR)
        return nncf.quantize(
            model.clone(),
            nncf.Dataset(batches),
            subset_size=len(batches),
            ignored_scope=nncf.IgnoredScope(types=list(LEFT_OUT), validate=False),
            advanced_parameters=AdvancedQuantizationParameters(
                overflow_fix=OverflowFix.DISABLE,  # of processors without VNNI, where int8 is not used
                disable_bias_correction=True,
            ),
        )


def _roundings(quantised: openvino.Model, places: dict[str, int]) -> Iterable[Rounding]:
    for each in quantised.get_ordered_ops():
        if each.get_type_name() != ROUNDING:
            continue
        value = each.input_value(0)
        low, high = (_digits(each.input_value(port).get_node().get_data()) for port in (1, 2))
        yield Rounding(
            operation=places[value.get_node().get_friendly_name()],
            output=value.get_index(),
            consumers=sorted(_consumers(each, places)),
            low=low,
            high=high,
            levels=each.get_attributes()["levels"],
        )


def _consumers(rounding: Any, places: dict[str, int]) -> Iterable[tuple[int, int]]:
    for target in rounding.output(0).get_target_inputs():
        yield places[target.get_node().get_friendly_name()], target.get_index()


def _digits(limits: NDArray[np.float32]) -> list[float]:
    """To six digits, which is finer than any of 256 levels needs."""
    return [float(f"{limit:.6g}") for limit in limits.reshape(-1)]
