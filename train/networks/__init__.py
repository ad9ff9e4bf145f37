"""Keras networks that learn."""
