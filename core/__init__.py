"""Everything ThoraxLens knows, importable without Streamlit, TensorFlow or PyTorch."""

import sys

# With this package OpenVINO tells its makers of each start and conversion, through Google Analytics, unless
# somebody forbids it; it does without where Python says that there is none.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
