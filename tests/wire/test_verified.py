"""What packs say of how they were verified is what these tests do."""

from __future__ import annotations

import pytest

from sqlx.wire import registry
from tests.servers.fleet import ENGINES


def live(pack: str) -> set[str]:
    return {entry["version"] for entry in registry.load(pack).verified if entry["how"] == "live"}


def named(pack: str, version: str) -> str:
    """An engine and its version without the patch level, which differs from day to day and from machine to machine."""
    return f"{registry.load(pack).title} {version.rpartition('.')[0]}"


@pytest.mark.parametrize("kind", sorted({engine.kind for engine in ENGINES.values()}))
def test_the_servers_of_the_tests_are_listed_and_no_others(kind: str) -> None:
    """A version that no test runs against is not verified, whoever once tried it by hand."""
    engines = [engine for engine in ENGINES.values() if engine.kind == kind]
    if any(engine.missing() for engine in engines):
        pytest.skip("no server: a version that is listed has not been fetched")
    assert live(kind) == {named(kind, engine.version()) for engine in engines}
