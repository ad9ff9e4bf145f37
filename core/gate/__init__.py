"""Whether a picture is one that the networks can be asked about."""
