"""Arrays as JSON holds them, between two processes of one server."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray


def pack(values: NDArray[Any]) -> dict[str, Any]:
    """An array of any shape, as float32."""
    data = np.ascontiguousarray(values, dtype=np.float32)
    return {"shape": list(data.shape), "data": base64.b64encode(data.tobytes()).decode("ascii")}


def unpack(packed: dict[str, Any]) -> NDArray[np.float32]:
    """The same array again."""
    data = np.frombuffer(base64.b64decode(packed["data"]), dtype=np.float32)
    return data.reshape(packed["shape"]).copy()
