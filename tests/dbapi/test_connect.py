"""Connections that cannot be had: each a PEP 249 exception whose sentence says what to do."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from sqlx import aio, dbapi
from tests.servers.server import Server


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    ("dsn", "said"),
    [
        (None, "no URL"),
        ("", "scheme"),
        ("localhost/test", "scheme"),
        ("sqlit://", "sqlite"),
        ("oracle://localhost/test", "known schemes"),
        ("sqlite://host/file", "without a host"),
        ("postgresql://localhost:99999/test", "port"),
        ("postgresql://localhost/test?no_such_option=1", "no_such_option"),
        ("postgresql://localhost/test?connect_timeout=soon", "connect_timeout"),
    ],
)
def test_a_url_that_cannot_be_meant_is_an_interface_error(dsn: str | None, said: str) -> None:
    with pytest.raises(dbapi.InterfaceError, match=said) as caught:
        dbapi.connect(dsn)
    assert caught.value.outcome == "not_run"


def test_a_refused_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(dbapi.OperationalError, match=str(port)) as caught:
        dbapi.connect(f"postgresql://somebody@127.0.0.1:{port}/test")
    assert caught.value.outcome == "not_run"


def test_a_host_that_is_not_known_is_named() -> None:
    with pytest.raises(dbapi.OperationalError, match=r"nowhere\.invalid") as caught:
        dbapi.connect("postgresql://somebody@nowhere.invalid/test")
    assert caught.value.hint


@pytest.mark.parametrize("host", ["db..example.org", ".example.org", "a" * 64 + ".example.org"])
@pytest.mark.parametrize("seconds", [0, 30])
def test_what_cannot_be_a_host_s_name_is_told_at_once(host: str, seconds: int) -> None:
    """Python refuses it before anybody is asked, in words that speak of its codecs."""

    async def connect() -> None:
        await aio.connect("postgresql://somebody@/test", host=host, connect_timeout=seconds)

    with pytest.raises(dbapi.OperationalError, match="a part of the name is empty, too long"):
        dbapi.connect("postgresql://somebody@/test", host=host, connect_timeout=seconds)
    with pytest.raises(dbapi.OperationalError, match="a part of the name is empty, too long"):
        asyncio.run(connect())


@pytest.mark.parametrize("asked", [False, True])
def test_a_password_that_cannot_be_sent_is_not_shown(postgres: Server, asked: bool) -> None:
    secret = "geheim\udc80x"
    with pytest.raises(dbapi.InterfaceError, match="half") as caught:
        dbapi.connect(postgres.url(), password=(lambda: secret) if asked else secret)
    assert "udc80" not in str(caught.value) and "geheim" not in str(caught.value)


def test_a_connection_may_take_many_days(postgres: Server) -> None:
    dbapi.connect(postgres.url(), connect_timeout=3e6).close()


def test_a_connection_that_idled_too_long_can_be_tried_again(postgres: Server) -> None:
    with contextlib.closing(dbapi.connect(postgres.url())) as connection:
        connection.cursor().execute("SET idle_in_transaction_session_timeout = 1")
        with pytest.raises(dbapi.OperationalError) as caught:
            list(connection.notifies(timeout=30))
        assert (caught.value.sqlstate, caught.value.retry) == ("25P03", "connection")


def test_a_wrong_password_is_not_repeated(postgres: Server) -> None:
    user, _ = postgres.users["scram"]
    with pytest.raises(dbapi.OperationalError) as caught:
        dbapi.connect(postgres.url(), password="not-the-one")
    assert caught.value.sqlstate == "28P01"
    assert user in str(caught.value)
    assert "not-the-one" not in str(caught.value)


def test_a_missing_database_is_named(postgres: Server) -> None:
    with pytest.raises(dbapi.OperationalError, match="no_such_database") as caught:
        dbapi.connect(postgres.url(), database="no_such_database")
    assert caught.value.sqlstate == "3D000"


def test_a_file_that_is_no_database_is_named(tmp_path: object) -> None:
    with pytest.raises(dbapi.OperationalError, match="no folder"):
        dbapi.connect(f"sqlite:///{tmp_path}/no/such/file")


def test_the_connect_timeout_bounds_the_handshake(silent: int) -> None:
    begun = time.monotonic()
    with pytest.raises(dbapi.OperationalError, match=r"took longer than 0\.3 s") as caught:
        dbapi.connect(f"postgresql://somebody@127.0.0.1:{silent}/test", connect_timeout=0.3)
    assert time.monotonic() - begun < 3
    assert caught.value.outcome == "not_run"


def test_keywords_win_over_the_url(postgres: Server) -> None:
    user, password = postgres.users["scram"]
    with dbapi.connect(
        "postgresql://nobody:nothing@nowhere.invalid:1/none",
        host=postgres.host, port=postgres.port, user=user, password=password, database=postgres.database,
    ) as connection:  # fmt: skip
        assert connection.cursor().execute("SELECT current_user").fetchone() == (user,)


def test_an_isolation_level_that_is_none_is_refused_at_connect(postgres: Server) -> None:
    with pytest.raises(dbapi.InterfaceError, match="serializable"):
        dbapi.connect(postgres.url(), isolation_level="chaos")


@pytest.mark.parametrize("level", ["serializable", "repeatable read", "read committed"])
def test_transactions_have_the_isolation_level_asked_for(postgres: Server, level: str) -> None:
    with dbapi.connect(postgres.url(), isolation_level=level) as connection:
        assert connection.cursor().execute("SHOW transaction_isolation").fetchone() == (level,)


def test_a_connection_that_was_not_closed_warns_and_closes() -> None:
    connection = dbapi.connect("sqlite://")
    with pytest.warns(ResourceWarning, match="not closed"):
        del connection
