"""Whether a model knows the disease or the source."""
