"""Everything ThoraxLens knows, importable without Streamlit, TensorFlow or PyTorch."""
