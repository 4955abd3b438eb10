"""Packs that extend another for engines that speak its protocol: what their makers document is what the packs say."""

from __future__ import annotations

import pytest

import sqlx.dbapi
from sqlx.kernel.errors import classify
from sqlx.wire import registry
from sqlx.wire.errors import WireError
from tests.servers.server import Server

PORTS = {
    "cockroachdb": 26257, "yugabytedb": 5433, "redshift": 5439, "materialize": 6875, "questdb": 8812,
    "tidb": 4000, "oceanbase": 2881, "vitess": 3306, "citus": 5432,
}  # fmt: skip
ISOLATION = {
    "cockroachdb": {"read committed", "serializable"},
    "redshift": {"serializable"},
    "materialize": {"serializable"},
    "singlestore": {"read committed"},
    "oceanbase": {"read committed", "repeatable read", "serializable"},
    "cratedb": set(),
}
RELATIVES = sorted({*registry.shipped_packs()} - {"postgresql", "mysql", "mariadb", "sqlite"})
SAME_HOST = {"timescaledb", "citus", "percona"}  # the ancestor's own server, with something added


def test_schemes_lead_to_the_packs_that_name_them() -> None:
    named = {scheme: name for name in registry.shipped_packs() for scheme in registry.load(name).schemes}
    assert named == registry.shipped_schemes()


@pytest.mark.parametrize("name", RELATIVES)
def test_no_relative_is_looked_for_at_its_ancestors_socket(name: str) -> None:
    """`name://` without a host would log in to another engine, which may well be there."""
    assert bool(registry.load(name).default_socket) == (name in SAME_HOST)


@pytest.mark.parametrize(("name", "port"), PORTS.items())
def test_ports(name: str, port: int) -> None:
    assert registry.load(name).default_port == port


@pytest.mark.parametrize(("name", "levels"), ISOLATION.items())
def test_isolation_levels(name: str, levels: set[str]) -> None:
    """A level that the server takes for another one is not offered."""
    assert set(registry.load(name).session["isolation"]) == levels


@pytest.mark.parametrize("name", ["cockroachdb", "yugabytedb", "redshift", "cratedb", "tidb", "pglite", "oceanbase"])
def test_no_two_phase_commit(name: str) -> None:
    assert "two_phase" not in registry.load(name).session


@pytest.mark.parametrize("name", ["redshift", "cratedb"])
def test_no_savepoints(name: str) -> None:
    assert not {"savepoint", "release", "rollback_to"} & registry.load(name).session.keys()


@pytest.mark.parametrize("name", ["cratedb", "pglite"])
def test_requests_to_cancel_are_not_sent_to_a_server_that_knows_none(name: str) -> None:
    pack = registry.load(name)
    assert "cancel" not in pack.flows and "cancel_with" not in pack.session


@pytest.mark.parametrize(
    ("name", "code", "state", "retry"),
    [
        ("tidb", 9007, "HY000", "serialization"),
        ("tidb", 8022, "HY000", "serialization"),
        ("tidb", 8028, "HY000", "serialization"),
        ("tidb", 9003, "HY000", "overload"),
        ("tidb", 1213, "40001", "deadlock"),
        ("mysql", 9007, "HY000", None),
        ("oceanbase", 6235, "25000", "serialization"),
        ("cockroachdb", None, "40001", "serialization"),
        ("yugabytedb", None, "40P01", "deadlock"),
    ],
)
def test_what_may_be_tried_again(name: str, code: int | None, state: str, retry: str | None) -> None:
    error = WireError("server", "failed", sqlstate=state, code=code)
    assert classify(error, registry.load(name))[1] == retry


@pytest.mark.parametrize(
    ("ancestor", "schemes"),
    [("postgres", ["timescaledb", "citus", "yugabytedb", "neon"]), ("mariadb", ["percona", "tidb", "oceanbase"])],
)
def test_a_relative_speaks_with_its_ancestors_server(
    ancestor: str, schemes: list[str], request: pytest.FixtureRequest
) -> None:
    """The protocol is the same: connect, bind, and undo."""
    server: Server = request.getfixturevalue(ancestor)
    rest = server.url().partition("://")[2]
    for scheme in schemes:
        with sqlx.dbapi.connect(f"{scheme}://{rest}") as connection:
            assert connection.cursor().execute("SELECT ?", (7,)).fetchone() == (7,)
            connection.rollback()
