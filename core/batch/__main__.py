"""`python -m core.batch --help`."""

from __future__ import annotations

from core.batch.command import main

if __name__ == "__main__":
    raise SystemExit(main())
