"""`python -m core.maps --help`."""

from __future__ import annotations

from core.maps.command import main

if __name__ == "__main__":
    raise SystemExit(main())
