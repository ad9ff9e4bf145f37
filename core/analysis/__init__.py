"""One analysis: a radiograph in, everything the app says about it out."""
