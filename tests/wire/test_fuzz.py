"""A slice of what `make fuzz` does: damaged conversations of each engine, the same ones in every run."""

from __future__ import annotations

import pytest

from tests.thoroughness import examples
from tests.wire import fuzz

RUNS = examples(500, 5000)  # of each engine; `make fuzz` has a million


@pytest.mark.parametrize("engine", fuzz.ENGINES)
def test_a_server_that_goes_wrong_gives_errors_and_nothing_else(engine: str) -> None:
    """WireErrors, within bounds of time and memory; what breaks the conversation closes the link."""
    told = fuzz.told_by_another_process(engine, range(RUNS))
    assert told.findings == []
    assert told.ends.total() == RUNS


def test_what_no_server_may_bring_about_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search would see another exception than a WireError."""

    def careless(*_: object) -> object:
        raise IndexError("out of step")

    monkeypatch.setattr(fuzz, "_prepare_process", lambda engine: None)
    monkeypatch.setattr("sqlx.wire.machine.Machine.exchange", careless)
    told = fuzz.run("postgresql", range(50))
    assert told.findings and "IndexError: out of step" in told.findings[0]
