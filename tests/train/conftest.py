"""What holds for every test of training."""

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _full_precision_afterwards() -> Iterator[None]:
    """Fails a test that leaves Keras in bfloat16, since the network of the next would answer otherwise."""
    yield
    if keras := sys.modules.get("keras"):
        assert keras.mixed_precision.global_policy().name == "float32"
