"""`python -m train`: see `train.cli`."""

import logging
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before anything imports TensorFlow
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of repeated tracing

from train.cli import app  # noqa: E402

app(prog_name="python -m train")
