"""How much a run tests: `make test` what is quick, `make test-all` every server there is and many more examples."""

from __future__ import annotations

import os

THOROUGH = os.environ.get("SQLX_TEST_FETCH") == "1"


def examples(few: int, many: int) -> int:
    """How many examples of something are tried in this run."""
    return many if THOROUGH else few
