# Generated from tests/aio/test_password_source.py by scripts/async_to_sync.py; do not edit.
"""A password that is fetched: once for each connection that is opened, and never kept."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from sqlx.dbapi import InterfaceError, OperationalError, connect
from tests.servers.proxy import Proxy
from tests.servers.server import Server


class Fetched:
    """Counts how often it is asked, and answers with what it was given; an error is raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self) -> Any:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer


def without_password(server: Server) -> str:
    return server.url(password="")


def test_it_is_asked_once_a_connection(server: Server) -> None:
    fetched = Fetched(server.users[server.engine.method][1])
    private = {"sslmode": "verify-full", "sslrootcert": server.ca_path}
    for number in (1, 2):
        with connect(without_password(server), password=fetched, **private) as connection:
            connection.ping()
        assert fetched.asked == number


def test_it_may_change(postgres: Server) -> None:
    fetched = Fetched("yesterday's", postgres.users["scram"][1])
    with pytest.raises(OperationalError, match="password"):
        connect(without_password(postgres), password=fetched)
    with connect(without_password(postgres), password=fetched) as connection:
        connection.ping()


def test_once_even_where_tls_is_tried_and_left(postgres: Server) -> None:
    user, password = postgres.users["plain_only"]
    fetched = Fetched(password)
    url = postgres.url("plain_only", user=user, password="", sslmode="prefer")
    with connect(url, password=fetched) as connection:
        connection.ping()
    assert fetched.asked == 1


def test_the_connection_that_cancels_asks_for_its_own(mariadb: Server) -> None:
    fetched = Fetched(mariadb.users["native"][1])
    with connect(without_password(mariadb), password=fetched) as connection:
        cursor = connection.cursor()
        with pytest.raises(OperationalError, match="took longer"):
            cursor.execute("SELECT sleep(60)", timeout=0.2)
        assert fetched.asked >= 2
        connection.rollback()
        cursor.execute("SELECT 7")
        assert cursor.fetchone() == (7,)


@pytest.mark.parametrize("error", [KeyError("vault"), TimeoutError("vault"), OSError("vault"), InterfaceError("vault")])
def test_what_it_raises_comes_out_unchanged(postgres: Server, error: Exception) -> None:
    with Proxy(postgres.host, postgres.port) as between:
        with pytest.raises(type(error)) as caught:
            connect(postgres.url(port=between.port, password=""), password=Fetched(error))
        assert caught.value is error
        assert between.sent == b""


@pytest.mark.parametrize(
    ("answer", "said"),
    [(None, "NoneType"), (b"s3cr3t", "bytes"), (5, "int"), ("s3cr3t\0", "a text with a NUL character")],
)
def test_what_is_no_password_is_refused(postgres: Server, answer: Any, said: str) -> None:
    with pytest.raises(InterfaceError) as caught:
        connect(without_password(postgres), password=Fetched(answer))
    assert caught.value.message == f"password() gave no text but {said}"


def test_an_error_while_cancelling_costs_the_connection_only(mariadb: Server) -> None:
    """Whoever waits for the statement is told of that."""
    fetched = Fetched(mariadb.users["native"][1], KeyError("vault"))
    connection = connect(without_password(mariadb), password=fetched)
    with pytest.raises(KeyError, match="vault"):
        connection.cancel()
    connection.ping()
    connection.close()


def test_it_is_not_kept(mariadb: Server) -> None:
    """Neither its answer nor the answer to the next connection, which cancels."""
    secret = "".join(["pw-", "native"])
    assert mariadb.users["native"][1] == secret
    connection = connect(without_password(mariadb), password=Fetched("".join(["pw-", "native"])))
    connection.ping()
    gc.collect()
    kept = _texts_below(connection)
    connection.close()
    assert secret not in kept and "native" in kept


def _texts_below(start: object) -> set[str]:
    """All texts that can be reached from a connection without leaving what is its own."""
    seen: set[int] = set()
    texts: set[str] = set()
    left: list[object] = [start]
    while left and len(seen) < 100_000:
        each = left.pop()
        if id(each) in seen or isinstance(each, type | Fetched) or callable(each):
            continue
        seen.add(id(each))
        if isinstance(each, str):
            texts.add(each)
        else:
            left.extend(gc.get_referents(each))
    return texts
