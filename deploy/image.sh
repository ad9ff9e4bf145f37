#!/bin/sh
# The steps that make the image. The Dockerfile RUNs them, and deploy/replay.sh runs the very same without Docker.
# All are run in a folder that holds what .dockerignore lets through.
#
#   image.sh models            everything, in .venv, and the engine's files, in .cache/openvino
#   image.sh packages VENV     what serving needs, in a virtual environment of its own, without pip
#   image.sh app VENV FOLDER   the app with its prepared models
#   image.sh check VENV FOLDER the app is ready, and nothing that trains is there
set -eu

PYTHON="${PYTHON:-python3.11}"

models() {
  make models PYTHON="$PYTHON" VENV=.venv
}

packages() { # with the pip of the full environment: the other one is to have none
  "$PYTHON" -m venv --without-pip "$1"
  .venv/bin/python -m pip --python "$1/bin/python" --disable-pip-version-check install --quiet --no-cache-dir \
    -r requirements-serve.txt
}

app() {
  mkdir -p "$2/.cache"
  cp -R app.py serve.py core pages assets .streamlit LICENSE "$2"
  cp -R .cache/openvino "$2/.cache"
  find "$2" -name __pycache__ -prune -exec rm -rf {} +
  "$1/bin/python" -m compileall -q "$2" # the server cannot write there
  chmod -R go=u-w "$2" "$1"
}

check() {
  cd "$2"
  "$1/bin/python" -c '
import importlib.util, sys
from core.readiness import Readiness
there = [name for name in ("tensorflow", "keras", "torch", "torchxrayvision", "pip") if importlib.util.find_spec(name)]
sys.exit(f"not for serving: {there}" if there else Readiness().problem())'
}

"$@"
