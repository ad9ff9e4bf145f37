"""How many images the bundle that ships was measured on: what pages say of it follows the bundle."""

import numpy as np

from core.evaluation.predictions import read_predictions
from core.models.bundle.files import read_manifest
from core.project import SHIPPED, bundles_folder
from core.vocabulary import TASK


def count_images(split: str) -> int:
    """Images of COVID-19 and normal ones in a split of the shipped bundle's table of predictions."""
    folder = bundles_folder() / SHIPPED
    predictions = read_predictions(folder, read_manifest(folder))
    return int(((predictions.split == split) & np.isin(predictions.label, TASK)).sum())
