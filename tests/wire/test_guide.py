"""The pack that docs/wire-packs.md teaches runs, as a stranger would run it, against a server that speaks in lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import sqlx.dbapi
from tests.wire.line_server import line_server

GUIDE = Path(__file__).parents[2] / "docs" / "wire-packs.md"


@pytest.fixture
def port() -> Iterator[int]:
    """Where a line engine listens."""
    with line_server() as port:
        yield port


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The guide's pack in a file."""
    found = re.search(r"```json\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert found
    file = tmp_path / "lines.wire.json"
    file.write_text(found[1])
    return file


def test_the_guides_pack_runs(port: int, pack: Path) -> None:
    """Connect, execute, fetch, fail, go on, close."""
    with sqlx.dbapi.connect(f"lines://anna:secret@127.0.0.1:{port}", pack=pack) as connection:
        cursor = connection.cursor()
        cursor.execute("select 5")
        assert (cursor.fetchall(), cursor.rowcount) == ([("5",)], 1)
        assert [column[0] for column in cursor.description or ()] == ["one"]
        with pytest.raises(sqlx.dbapi.ProgrammingError, match="no statement begins with selekt"):
            cursor.execute("selekt 5")
        cursor.execute("select 6")
        assert cursor.fetchone() == ("6",)


def test_the_guides_pack_tells_a_wrong_password(port: int, pack: Path) -> None:
    """The server's own words reach the caller."""
    with pytest.raises(sqlx.dbapi.DatabaseError, match="no such account"):
        sqlx.dbapi.connect(f"lines://anna:wrong@127.0.0.1:{port}", pack=pack)


def test_a_pack_with_a_fault_does_not_connect(port: int, pack: Path) -> None:
    """It is checked before anything is sent; the error names the place."""
    pack.write_text(pack.read_text().replace('{"send": "login"', '{"send": "logn"'))
    with pytest.raises(sqlx.dbapi.Error, match=r"\$\.flows\.connect\[1\].*'logn'; did you mean 'login'"):
        sqlx.dbapi.connect(f"lines://anna:secret@127.0.0.1:{port}", pack=pack)
