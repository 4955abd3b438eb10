"""Which statements are asked about before they run."""

from __future__ import annotations

import pytest

from sqlx.kernel.options import parse
from sqlx.kernel.scanner import scanner_of
from sqlx_tui.session.session import without_password
from sqlx_tui.session.statements import danger, in_text

SCANNER = scanner_of(parse("postgresql://h").pack)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM t",
        "delete from t -- where id = 1",
        "UPDATE t SET a = 'WHERE'",
        "UPDATE t SET a = (SELECT b FROM u WHERE u.id = t.id)",
        "WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone WHERE a = 1",
        "WITH x AS (SELECT 1 WHERE true) DELETE FROM t USING x",
        "/* why */ DELETE FROM t RETURNING id",
        "TRUNCATE t",
        "DROP TABLE t",
        "drop schema s CASCADE",
        "DROP DATABASE d",
    ],
)
def test_what_cannot_be_taken_back_is_asked_about(sql: str) -> None:
    assert danger(SCANNER, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM t WHERE id = 1",
        "UPDATE t SET a = 1 WHERE b IN (SELECT c FROM u)",
        "SELECT * FROM t FOR UPDATE",
        "SELECT 'DELETE FROM t'",
        "INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 1",
        "WITH gone AS (DELETE FROM t WHERE old RETURNING *) SELECT * FROM gone",
        "CREATE TRIGGER x BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION f()",
        "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u ON DELETE CASCADE ON UPDATE CASCADE",
        "DROP INDEX i",
        "GRANT UPDATE, DELETE ON t TO somebody",
        "SELECT update FROM t",
    ],
)
def test_everything_else_runs_at_once(sql: str) -> None:
    assert danger(SCANNER, sql) is None


def test_statements_know_where_they_begin() -> None:
    text = "SELECT 1; \n -- two\n SELECT ';' ;"
    assert [(each.sql, text[each.offset :][: len(each.sql)]) for each in in_text(SCANNER, text)] == [
        ("SELECT 1", "SELECT 1"),
        ("SELECT ';'", "SELECT ';'"),
    ]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://user:secret@host/db", "postgresql://user@host/db"),
        ("postgresql://user:se@c/r:e?t@host/db", "postgresql://user@host/db"),
        ("postgresql://user@host/db", "postgresql://user@host/db"),
        ("sqlite:////path/to/file.db", "sqlite:////path/to/file.db"),
    ],
)
def test_a_shown_url_has_no_password(url: str, shown: str) -> None:
    assert without_password(url) == shown
