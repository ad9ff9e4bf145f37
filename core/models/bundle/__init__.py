"""A bundle: the folder of models that the app serves."""
