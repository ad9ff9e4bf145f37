"""How good the models are: measures with intervals, comparisons, evidence."""
