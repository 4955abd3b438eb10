"""How the tests of types write a value down and read it back both ways."""

from __future__ import annotations

from typing import Any

from sqlx import dbapi

PLAIN, BOUND = "SELECT c FROM t", "SELECT c FROM t WHERE 1 = ?"  # without parameters it comes as text, with them binary


def column(connection: dbapi.Connection, type_: str) -> dbapi.Cursor:
    """A cursor on a connection whose table `t` has one column `c` of this type and no rows."""
    cursor = connection.cursor()
    cursor.execute("DROP TABLE IF EXISTS t")
    return cursor.execute(f"CREATE TEMPORARY TABLE t (c {type_} NULL)")


def read(cursor: dbapi.Cursor) -> Any:
    """The value of the only row: equal in value and type whether it was read with parameters or without."""
    plain = cursor.execute(PLAIN).fetchall()
    bound = cursor.execute(BOUND, (1,)).fetchall()
    assert told(plain) == told(bound)
    return plain[0][0]


def told(value: Any) -> Any:
    """A value with all that a comparison leaves out: types, the sign of zero, NaN, a decimal's digits, the fold."""
    if isinstance(value, list | tuple):
        return type(value), [told(item) for item in value]
    if isinstance(value, dict):
        return dict, [(key, told(item)) for key, item in value.items()]
    if isinstance(value, set):
        return set, sorted(value)
    return type(value), repr(value)
