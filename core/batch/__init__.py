"""Many files: a row each, on this machine or on a cluster, interrupted and taken up again."""
