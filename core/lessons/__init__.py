"""Guided lessons: a Markdown file each, whose text drives the pages and names figures of the bundle."""
