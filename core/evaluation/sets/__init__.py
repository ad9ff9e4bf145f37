"""Images to compare on: somebody's own, or phantoms."""
