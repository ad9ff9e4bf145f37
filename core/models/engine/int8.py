"""Int8 inference: the ranges of a network's activations, and how they become a part of its graph.

Weights are stored as int8 already. What int8 adds is where activations are rounded, and between which
limits: that takes images to find (`train.bundle.calibrate`), and kilobytes to say. A server puts those limits
into the network that it derives, so it needs neither the images nor what found the limits (Jacob et al. 2018,
arXiv:1712.05877, section 2).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import openvino
from openvino import opset13 as operations
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import EngineError

KERNEL_LEVELS = 255  # -127 to 127, as weights are stored
Index = Annotated[int, Field(ge=0)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Rounding(_Entry):
    """One place where activations are rounded.

    Attributes:
        operation: Whose output it is, as a place in the graph's order.
        output: Which of its outputs.
        consumers: Operations that get it rounded, each with the number of its input.
        low: The lower limit, of all channels or of each.
        high: The upper limit.
        levels: How many values there are.
    """

    operation: Index
    output: Index
    consumers: list[tuple[Index, Index]] = Field(min_length=1)
    low: list[float] = Field(min_length=1)
    high: list[float] = Field(min_length=1)
    levels: int = Field(ge=2, le=256)


class Ranges(_Entry):
    """Everything that int8 adds to a network.

    Attributes:
        graph: From `fingerprint`, of the graph that the places count in.
        roundings: Of activations.
        kernels: Operations whose weights are rounded, as places in the graph's order.
    """

    graph: str
    roundings: list[Rounding]
    kernels: list[Index]


def read_ranges(path: Path) -> Ranges:
    """Reads a bundle's file of ranges.

    Raises:
        EngineError: If it is damaged.
    """
    try:
        return Ranges.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise EngineError(f"{path.name} is damaged; restore the bundle.") from error


def fingerprint(operations_in_order: Sequence[Any]) -> str:
    """Tells one graph from another: SHA-256 of the types, shapes and inputs of its operations in order."""
    place = {each.get_friendly_name(): index for index, each in enumerate(operations_in_order)}
    lines = [
        f"{each.get_type_name()} {[str(output.get_partial_shape()) for output in each.outputs()]} "
        f"{[place[value.get_node().get_friendly_name()] for value in each.input_values()]}"
        for each in operations_in_order
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def quantise(model: openvino.Model, ranges: Ranges) -> None:
    """Puts ranges into a network, from which the engine makes int8 arithmetic.

    Args:
        model: The network in float32, as `core.models.engine.derive` saved it; changed in place.
        ranges: Of the same graph.

    Raises:
        EngineError: If they are of another graph, as after an update of what derives networks.
    """
    ordered = model.get_ordered_ops()
    if fingerprint(ordered) != ranges.graph:
        raise EngineError(
            "its int8 ranges are of another graph; measure them again with `python -m train precisions`."
        )
    for each in ranges.roundings:
        value = ordered[each.operation].output(each.output)
        rank = len(value.get_partial_shape())
        rounded = _round(value, _limits(each.low, rank), _limits(each.high, rank), each.levels)
        for consumer, port in each.consumers:
            ordered[consumer].input(port).replace_source_output(rounded)
    for index in ranges.kernels:
        _round_kernel(ordered[index])
    model.validate_nodes_and_infer_types()


def _limits(values: Sequence[float], rank: int) -> np.ndarray:
    """One limit for all, or one for each channel, which is the second axis."""
    limits = np.array(values, dtype=np.float32)
    return limits.reshape([1, -1] + [1] * (rank - 2)) if limits.size > 1 else limits.reshape(())


def _round(value: Any, low: np.ndarray, high: np.ndarray, levels: int) -> Any:
    limits = [operations.constant(each) for each in (low, high, low, high)]
    return operations.fake_quantize(value, *limits, levels).output(0)


def _round_kernel(convolution: Any) -> None:
    """Rounds weights to the 255 levels of each output channel, on which they were stored."""
    kernel = convolution.input_value(1)
    values = kernel.get_node().get_data()
    channels = 2 if convolution.get_type_name() == "GroupConvolution" else 1
    others = tuple(range(channels, values.ndim))
    largest = np.maximum(np.abs(values).max(axis=others, keepdims=True), np.float32(1e-12))
    rounded = _round(kernel, -largest, largest, KERNEL_LEVELS)
    convolution.input(1).replace_source_output(rounded)
