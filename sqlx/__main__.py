"""`python -m sqlx` is the command `sqlx`."""

from __future__ import annotations

import sys

from sqlx.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
