"""Shortcuts on purpose: marks that betray the disease, heads that learn them, and how to tell."""
