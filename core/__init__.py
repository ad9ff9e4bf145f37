"""Everything ThoraxLens knows, importable without Streamlit, TensorFlow or PyTorch."""

import sys

# With this package OpenVINO and NNCF tell their makers of each start and conversion, through Google
# Analytics, unless somebody forbids it. None makes its import fail, and both then use a stub; it has to stand
# here before either is imported.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
