"""Experiments on phantoms: twins, and what of a difference is the disease."""
