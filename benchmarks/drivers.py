"""The drivers measured: PEP 249 all of them, so an adapter is a connect function and a placeholder.

Names that begin with `~` are references written in C, shown for scale; ours is pure Python and is held against the
others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Driver(NamedTuple):
    """`connect(url)` opens a connection without TLS; `mark` is the driver's placeholder; `stream` makes a cursor that
    does not keep all rows."""

    connect: Callable[[str], Any]
    mark: str
    stream: Callable[[Any], Any]


def _parts(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {"host": parts.hostname, "port": parts.port, "user": parts.username, "password": parts.password}


def _sqlx(url: str) -> Any:
    import sqlx.dbapi

    return sqlx.dbapi.connect(url) if url.startswith("sqlite") else sqlx.dbapi.connect(url, sslmode="disable")


def _pg8000(url: str) -> Any:
    import pg8000.dbapi

    return pg8000.dbapi.connect(database=urlsplit(url).path[1:], ssl_context=False, **_parts(url))


def _psycopg(url: str) -> Any:
    import psycopg

    return psycopg.connect(dbname=urlsplit(url).path[1:], sslmode="disable", gssencmode="disable", **_parts(url))


def _pymysql(url: str) -> Any:
    import pymysql

    return pymysql.connect(database=urlsplit(url).path[1:], ssl_disabled=True, **_parts(url))


def _sqlite3(url: str) -> Any:
    import sqlite3

    return sqlite3.connect(url.removeprefix("sqlite:///"))


def _plain(connection: Any) -> Any:
    return connection.cursor()


def _sqlx_stream(connection: Any) -> Any:
    return connection.cursor(stream=True)


def _pymysql_stream(connection: Any) -> Any:
    from pymysql.cursors import SSCursor

    return connection.cursor(SSCursor)


def _named(connection: Any) -> Any:
    return connection.cursor("benchmark")


OURS = Driver(_sqlx, "?", _sqlx_stream)
DRIVERS: dict[str, dict[str, Driver]] = {
    "postgres": {
        "sqlx": OURS,
        "pg8000": Driver(_pg8000, "%s", _plain),
        "~psycopg 3 (C)": Driver(_psycopg, "%s", _named),
    },
    "mariadb": {"sqlx": OURS, "PyMySQL": Driver(_pymysql, "%s", _pymysql_stream)},
    "sqlite": {"sqlx": OURS, "~sqlite3 (C)": Driver(_sqlite3, "?", _plain)},
}
