"""From data to a bundle: `python -m train --help`."""
