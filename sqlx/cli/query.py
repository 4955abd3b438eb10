"""`sqlx query`: run SQL, and print results while they arrive."""

from __future__ import annotations

import argparse
import sys
from itertools import count
from pathlib import Path

from sqlx.cli.cells import YELLOW, cut, has_colour, paint, printable
from sqlx.cli.endings import Exit, Failure, UsageError
from sqlx.cli.formats import FORMATS, SAMPLE, Format
from sqlx.cli.login import add_place, connect
from sqlx.cli.report import show
from sqlx.dbapi import Connection, Cursor, Error
from sqlx.kernel.scanner import scanner_of

SEVERITY = 20  # cells that a notice's severity takes at most

Parameters = list[str] | dict[str, str] | None


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Run SQL and print what it returns. A script of several statements prints its results one after another. "
        "Each statement is committed at once, unless --no-autocommit asks for one transaction around all."
    )
    add_place(parser)
    parser.add_argument("sql", metavar="SQL", nargs="?", help="what to run; - or nothing reads it from stdin")
    parser.add_argument("-f", "--file", metavar="FILE", help="run what stands in this file, in UTF-8")
    parser.add_argument(
        "--format", choices=FORMATS, help="how to print rows: a table on a terminal, csv elsewhere if left out"
    )
    parser.add_argument(
        "-p", "--param", metavar="VALUE", action="append", help="a text to bind to the next ? of the SQL"
    )
    parser.add_argument(
        "-n", "--named", metavar="NAME=VALUE", action="append", help="a text to bind to :NAME in the SQL"
    )
    parser.add_argument("--limit", metavar="N", type=_number, help="print no more than N rows of a result")
    parser.add_argument("--timeout", metavar="S", type=_seconds, help="cancel a statement after so many seconds")
    parser.add_argument(
        "--autocommit",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="commit each statement at once (the default), or all together at the end, or none",
    )


def run(arguments: argparse.Namespace) -> int:
    sql = _read_sql(arguments)
    parameters = _read_parameters(arguments)
    writer = open_format(arguments.format)
    code, outcome = Exit.OK, ""
    try:
        how = {"autocommit": arguments.autocommit, "statement_timeout": arguments.timeout, "pack": arguments.pack}
        with connect(arguments.url, **how) as connection:
            single = arguments.limit is not None and _is_single(connection, sql)
            try:
                changed = print_results(connection, sql, parameters, writer, arguments.limit, single)
                outcome = _outcome(connection) if changed and _is_any(connection, sql) else ""
            except Error as error:
                outcome = _left_by(error, connection, sql)
                raise
    except Error as error:
        sys.stdout.flush()
        show(error, sql)
        code = Exit.FAILED
    if outcome:
        sys.stdout.flush()
        print(outcome, file=sys.stderr)
    return code


def open_format(name: str | None) -> Format:
    """A format on stdout by its name; without one, a table on a terminal and CSV elsewhere."""
    terminal = sys.stdout.isatty()
    if hasattr(sys.stdout, "reconfigure"):
        # Half a surrogate pair, which json may hold, is written as json writes it; files are in UTF-8.
        sys.stdout.reconfigure(encoding=None if terminal else "utf-8", errors="backslashreplace")
    return FORMATS[name or ("table" if terminal else "csv")](sys.stdout)


def print_results(
    connection: Connection,
    sql: str,
    parameters: Parameters,
    writer: Format,
    limit: int | None = None,
    single: bool = False,
) -> bool:
    """Run and print, a part at a time; True when a statement returned no rows, and so may have changed something.

    `single` says that the SQL is one statement: what is behind the limit need not be read to find another result.
    Raises `sqlx.dbapi.Error`.
    """
    changed = False
    with connection.cursor(stream=True) as cursor:
        cursor.execute(sql, parameters)
        for number in count(2):
            _print_notices(cursor)
            if cursor.description is not None:
                if _print_rows(cursor, writer, limit) and single:
                    break
            else:
                changed = True
                writer.tell(_effect(cursor.rowcount))
            if not cursor.nextset():
                break
            writer.head(number)
        _print_notices(cursor)
    return changed


def _print_rows(cursor: Cursor, writer: Format, limit: int | None) -> bool:
    """Print the rows of one result; True when there are more than the limit."""
    writer.begin([column[0] for column in cursor.description or ()])
    printed = 0
    while rows := cursor.fetchmany(SAMPLE if limit is None else min(SAMPLE, limit - printed)):
        printed += len(rows)
        writer.write(rows)
    note = f"{printed} row{'' if printed == 1 else 's'}"
    more = printed == limit and cursor.fetchone() is not None
    writer.end(note + (", and there are more" if more else ""))
    return more


def _is_single(connection: Connection, sql: str) -> bool:
    return len(scanner_of(connection.pack).statements(sql)) == 1


def _is_any(connection: Connection, sql: str) -> bool:
    """Whether there is a statement in it, and not comments alone."""
    return bool(scanner_of(connection.pack).words(sql, 1))


def _effect(rowcount: int) -> str:
    if rowcount < 0:
        return "done"
    return f"{rowcount} row{'' if rowcount == 1 else 's'} affected"


def _outcome(connection: Connection) -> str:
    """What became of the changes; they are the connection's to commit where no autocommit was asked for."""
    if not connection.autocommit:
        connection.commit()
        return "committed as one transaction"
    if connection.in_transaction:
        connection.rollback()
        return "rolled back: the SQL began a transaction and did not commit it"
    return "committed (autocommit)"


def _left_by(error: Error, connection: Connection, sql: str) -> str:
    """What became of the changes when a statement failed; empty where that is not known, or there were none."""
    if connection.in_transaction or (not connection.autocommit and error.outcome == "rolled_back"):
        return "rolled back"
    if (
        connection.autocommit
        and not connection.closed
        and error.outcome == "unknown"
        and not _is_single(connection, sql)
    ):
        return "what stood before the failing statement is committed (autocommit)"
    return ""


def _print_notices(cursor: Cursor) -> None:
    for _, notice in cursor.messages:
        label = cut(printable(notice.fields.get("severity", "warning").lower()), SEVERITY)
        print(paint(f"{label}:", YELLOW, has_colour(sys.stderr)), printable(notice.message, "\n"), file=sys.stderr)
    cursor.messages.clear()


# -- what to run


def _read_sql(arguments: argparse.Namespace) -> str:
    if arguments.file is not None and arguments.sql is not None:
        raise UsageError("SQL is given twice, as an argument and by --file")
    sql = _source(arguments.file, arguments.sql)
    if not sql.strip():
        raise UsageError("there is no SQL to run")
    return sql


def _source(file: str | None, sql: str | None) -> str:
    if file is not None:
        return _decoded(Path(file).read_bytes(), file)
    if sql is None and sys.stdin.isatty():
        raise UsageError("there is no SQL to run: write it behind the URL, name a file by -f, or pipe it in")
    if sql is None or sql == "-":
        return _decoded(sys.stdin.buffer.read(), "what came from stdin")
    return _decoded(sql.encode(errors="surrogateescape"), "the SQL argument")


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Failure(f"{name} is not UTF-8: byte 0x{data[error.start]:02x} in line {line}") from None


def _read_parameters(arguments: argparse.Namespace) -> Parameters:
    if arguments.param and arguments.named:
        raise UsageError("-p binds ? and -n binds :name; one statement has one kind of them")
    if not arguments.named:
        return arguments.param or None
    named: dict[str, str] = {}
    for each in arguments.named:
        name, equals, value = each.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"-n takes NAME=VALUE, not {each!r}")
        if name in named:
            raise UsageError(f"-n gives {name} twice")
        named[name] = value
    return named


def _number(word: str) -> int:
    if not word.isdecimal() or len(word) > 18:
        raise argparse.ArgumentTypeError(f"a number of rows is meant, not {word!r}")
    return int(word)


def _seconds(word: str) -> float:
    try:
        seconds = float(word)
    except ValueError:
        seconds = 0
    if not 0 < seconds < 1e9:
        raise argparse.ArgumentTypeError(f"a number of seconds above 0 is meant, not {word!r}")
    return seconds
