"""A ZIP of somebody's own labelled images."""
