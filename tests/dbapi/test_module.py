"""What PEP 249 says of the module: globals, exceptions, type objects, constructors.

And that little is loaded for it.
"""

from __future__ import annotations

import datetime
import pickle
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sqlx import aio, dbapi

ROOT = Path(__file__).parents[2]
NOT_LOADED = (
    "pydantic",
    "sqlglot",
    "keyring",
    "textual",
    "opentelemetry",
    "cryptography",
    "asyncio",
    "sqlx.aio",
    "sqlx.catalog",
)


def test_globals() -> None:
    assert (dbapi.apilevel, dbapi.threadsafety, dbapi.paramstyle) == ("2.0", 2, "qmark")


def test_everything_public_is_exported_once_and_in_order() -> None:
    for module in (dbapi, aio):
        assert len(set(module.__all__)) == len(module.__all__)
        assert all(hasattr(module, name) for name in module.__all__)


def test_the_asyncio_face_has_the_same_exceptions() -> None:
    """And notifications: `except sqlx.aio.IntegrityError` catches what `sqlx.dbapi` calls so."""
    for name, value in vars(dbapi).items():
        if isinstance(value, type) and (issubclass(value, Exception) or value is dbapi.Notification):
            assert getattr(aio, name) is value and name in aio.__all__


def test_what_is_loaded_later_is_listed() -> None:
    """In a process of its own: whoever has asked for a name before has loaded it."""
    program = "import sqlx, sys; print(set(sqlx.__all__) <= set(dir(sqlx)), 'sqlx.wire' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "True False\n"


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("InterfaceError", "Error"),
        ("DatabaseError", "Error"),
        ("DataError", "DatabaseError"),
        ("OperationalError", "DatabaseError"),
        ("IntegrityError", "DatabaseError"),
        ("InternalError", "DatabaseError"),
        ("ProgrammingError", "DatabaseError"),
        ("NotSupportedError", "DatabaseError"),
    ],
)
def test_exceptions_stand_in_the_order_of_the_pep(name: str, base: str) -> None:
    assert getattr(dbapi, name).__bases__ == (getattr(dbapi, base),)
    assert issubclass(dbapi.Error, Exception) and issubclass(dbapi.Warning, Exception)
    assert not issubclass(dbapi.Warning, dbapi.Error)


def test_errors_carry_what_the_server_said_and_survive_pickling() -> None:
    fields = {"detail": "d", "hint": "h", "position": "8", "constraint": "c", "table": "t", "column": "k"}
    error = dbapi.IntegrityError("no", sqlstate="23505", code=7, fields=fields, retry="deadlock", outcome="rolled_back")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is dbapi.IntegrityError
    for each in (error, copy):
        assert (each.sqlstate, each.code, each.retry, each.outcome) == ("23505", 7, "deadlock", "rolled_back")
        assert (each.detail, each.hint, each.position, each.constraint, each.table, each.column) == (
            "d",
            "h",
            8,
            "c",
            "t",
            "k",
        )
        assert str(each) == "no\ndetail: d\nhint: h"


def test_an_error_without_fields_has_none() -> None:
    error = dbapi.Error("no")
    assert str(error) == "no"
    assert (error.sqlstate, error.code, error.detail, error.hint, error.position, error.retry) == (None,) * 6


def test_a_type_equals_its_group_and_itself() -> None:
    int4, int8 = dbapi.TypeObject("NUMBER", "int4", 23), dbapi.TypeObject("NUMBER", "int8", 20)
    assert int4 == dbapi.NUMBER and int8 == dbapi.NUMBER
    assert int4 != dbapi.STRING and int4 != int8
    assert int4 == dbapi.TypeObject("NUMBER", "int4", 23)
    assert hash(int4) == hash(dbapi.NUMBER)
    assert int4 != 23
    assert {dbapi.STRING, dbapi.BINARY, dbapi.NUMBER, dbapi.DATETIME, dbapi.ROWID, int4} == {
        dbapi.STRING, dbapi.BINARY, dbapi.NUMBER, dbapi.DATETIME, dbapi.ROWID,
    }  # fmt: skip
    assert dbapi.TypeObject("", "point", 600) not in (dbapi.STRING, dbapi.NUMBER, dbapi.BINARY)
    assert "int4" in repr(int4)


def test_constructors() -> None:
    assert dbapi.Date(2002, 12, 25) == datetime.date(2002, 12, 25)
    assert dbapi.Time(13, 45, 30) == datetime.time(13, 45, 30)
    assert dbapi.Timestamp(2002, 12, 25, 13, 45, 30) == datetime.datetime(2002, 12, 25, 13, 45, 30)
    assert dbapi.Binary(b"Something") == b"Something"
    ticks = time.mktime((2002, 12, 25, 13, 45, 30, 0, 0, 0))
    assert dbapi.DateFromTicks(ticks) == datetime.date(2002, 12, 25)
    assert dbapi.TimeFromTicks(ticks) == datetime.time(13, 45, 30)
    assert dbapi.TimestampFromTicks(ticks) == datetime.datetime(2002, 12, 25, 13, 45, 30)


def test_a_first_query_loads_little() -> None:
    program = f"""
import sys
import sqlx.dbapi
connection = sqlx.dbapi.connect("sqlite://")
assert connection.cursor().execute("select 1").fetchone() == (1,)
connection.close()
print(*[name for name in {NOT_LOADED} if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.split() == []


def test_the_blocking_twins_are_what_their_sources_make_of_them() -> None:
    run = subprocess.run(
        [sys.executable, "scripts/async_to_sync.py", "--check"], capture_output=True, text=True, cwd=ROOT
    )
    assert (run.returncode, run.stderr) == (0, "")
