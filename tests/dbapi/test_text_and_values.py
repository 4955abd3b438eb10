"""Values travel beside the text of a statement, never in it: what attacks on quoting and interpolation look for.

Each is held against what passes on the wire: the text that the server parses is the same whatever the values are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sqlx import dbapi
from tests.servers.proxy import Proxy
from tests.servers.server import Server

HOSTILE = [
    "",
    "'",
    "\\",
    "\\'",
    "'; DROP TABLE users; --",
    "\n; SELECT 1 -- ",
    "?",
    ":name",
    "$1",
    "%s",
    "$tag$ ? $tag$",
    "/* ",
    "\ubf27\\' OR 1=1 -- ",
    "縗' OR 1=1 -- ",
]
SERVERS = ["postgres", "mariadb"]


@pytest.fixture(params=SERVERS)
def watched(request: pytest.FixtureRequest, proxy: Callable[[Server], Proxy]) -> Iterator[tuple[Any, Proxy]]:
    """A connection to each server in clear, and the proxy that sees what passes."""
    server: Server = request.getfixturevalue(request.param)
    between = proxy(server)
    with dbapi.connect(server.url(host=between.host, port=between.port, sslmode="disable")) as connection:
        yield connection, between


def sent_by(between: Proxy, run: Callable[[], Any]) -> tuple[bytes, Any]:
    """What the client sends meanwhile, and what the call returns."""
    before = len(between.sent)
    result = run()
    return between.sent[before:], result


def test_a_minus_before_a_negative_number_is_no_comment(watched: tuple[Any, Proxy]) -> None:
    """CVE-2024-1597, CVE-2024-27289: `-%s` with -1, and a string with a line break behind it."""
    connection, between = watched
    cursor = connection.cursor()
    sql, values = "SELECT 1 -CAST(? AS SIGNED), ? -- end", (-1, "\n, (SELECT 'leak')")
    if "postgres" in connection.pack.name:
        sql = sql.replace("SIGNED", "integer").replace(", ?", ", ?::text")
    sent, row = sent_by(between, lambda: cursor.execute(sql, values).fetchone())
    assert row == (2, values[1])
    assert b"--1" not in sent and b"-(-1)" not in sent and b"- -1" not in sent


@pytest.mark.parametrize("value", HOSTILE)
def test_no_text_leaves_its_place(watched: tuple[Any, Proxy], value: str) -> None:
    """The first run sends the text with the server's own marks in it; the second only the value."""
    connection, between = watched
    cursor = connection.cursor()
    sql = "SELECT CONCAT('[', ?, ']')" if connection.pack.name == "mariadb" else "SELECT '[' || ?::text || ']'"
    cursor.execute(sql, ("harmless",))
    sent, row = sent_by(between, lambda: cursor.execute(sql, (value,)).fetchone())
    assert row == (f"[{value}]",)
    assert b"SELECT" not in sent or value.encode() in sent  # what a value says, only the value says


@pytest.mark.parametrize("make", [list, tuple, set, dict], ids=lambda each: each.__name__)
def test_a_container_is_a_value_or_refused(watched: tuple[Any, Proxy], make: type) -> None:
    """CVE-2024-36039, CVE-2025-65896, GHSA-m75w-33c4-7v8q: strings in containers, keys of mappings."""
    connection, between = watched
    inner = {"a') OR 1=1 -- ": "b\\', 'c"} if make is dict else make(["a') OR 1=1 -- ", "\\', (SELECT 1)) -- "])
    cursor = connection.cursor()

    def run() -> Any:
        try:
            cast = "?" if connection.pack.name == "mariadb" else "?::jsonb" if make is dict else "?::text[]"
            return cursor.execute(f"SELECT {cast}", (inner,)).fetchone()[0]
        except dbapi.DataError as error:
            return error

    sent, found = sent_by(between, run)
    if isinstance(found, dbapi.DataError):
        assert found.outcome == "not_run"
        assert b"OR 1=1" not in sent
    else:
        found = json.loads(found) if isinstance(found, str) else found
        assert found == (inner if make is dict else list(inner))
    assert b"SELECT ('a" not in sent


def test_backslashes_mean_nothing_in_either_mode(mariadb: Server) -> None:
    """NO_BACKSLASH_ESCAPES switched in mid-session: values do not pass through literals, and markers are found as the
    server reads its text now."""
    with dbapi.connect(mariadb.url()) as connection:
        cursor = connection.cursor()
        for mode, literal in (("", r"'it\'s ?'"), ("NO_BACKSLASH_ESCAPES", r"'it\'"), ("", r"'it\'s ?'")):
            cursor.execute(f"SET sql_mode = '{mode}'")
            for value in HOSTILE:
                row = cursor.execute(f"SELECT {literal}, ?", (value,)).fetchone()
                assert row is not None and row[1] == value


def test_backslashes_mean_nothing_where_strings_do_not_conform(postgres: Server) -> None:
    """standard_conforming_strings=off: the server tells, and the scanner follows."""
    with dbapi.connect(postgres.url()) as connection:
        cursor = connection.cursor()
        for mode, literal in (("on", r"'it\'"), ("off", r"'it\'s ?'"), ("on", r"'it\'")):
            cursor.execute(f"SET standard_conforming_strings = {mode}")
            for value in HOSTILE:
                assert (cursor.execute(f"SELECT {literal}, ?::text", (value,)).fetchone() or ())[1] == value


@pytest.mark.parametrize("raw", [b"\xbf\x5c\x27 OR 1=1 -- ", b"\x81'", b"\xaa\\", bytes(range(256))])
def test_bytes_are_bytes_in_every_encoding(watched: tuple[Any, Proxy], raw: bytes) -> None:
    """GHSA-x4f8-9hx9-hpp9: the second half of a character that swallows a quote."""
    connection, _ = watched
    cursor = connection.cursor()
    if connection.pack.name == "mariadb":
        cursor.execute("CREATE TEMPORARY TABLE raw (data varbinary(300), word varchar(300) CHARACTER SET gbk)")
    else:
        cursor.execute("CREATE TEMPORARY TABLE raw (data bytea, word text)")
    cursor.execute("INSERT INTO raw VALUES (?, ?)", (raw, "縗' OR 1=1"))
    assert cursor.execute("SELECT data, word FROM raw").fetchall() == [(raw, "縗' OR 1=1")]


def test_half_a_character_is_refused(watched: tuple[Any, Proxy]) -> None:
    """A text made with surrogateescape has no encoding: it is not sent as something else."""
    connection, between = watched
    text = b"\xbf\x5c' OR 1=1".decode("utf-8", "surrogateescape")

    def run() -> None:
        with pytest.raises(dbapi.DataError) as caught:
            connection.cursor().execute("SELECT ?", (text,))
        assert caught.value.outcome == "not_run"
        with pytest.raises(dbapi.DataError):
            connection.cursor().execute(f"SELECT '{text}'")

    sent, _ = sent_by(between, run)
    assert sent == b""
