"""`python -m train`: see `train.cli`."""

from train.cli import app

app(prog_name="python -m train")
