"""`sqlx demo`: the sample database in the IDE, or without a terminal a short tour of it."""

from __future__ import annotations

import argparse
import shutil
import sys

from sqlx.catalog import Catalog
from sqlx.cli.cells import BOLD, has_colour, paint
from sqlx.cli.endings import Exit, Failure
from sqlx.cli.formats import Table
from sqlx.cli.main import main
from sqlx.cli.query import print_results
from sqlx.cli.report import show
from sqlx.cli.sample import SampleError, make_sample, sample_path, sample_url
from sqlx.dbapi import Connection, Error, connect

QUERIES = {
    "What sells best": "SELECT title, copies, revenue, rating FROM bestsellers LIMIT 5",
    "Who buys most": """\
SELECT given_name, family_name, country, count(*) AS orders, phone
FROM customers AS c JOIN orders AS o ON o.customer_id = c.id
GROUP BY c.id ORDER BY orders DESC, c.id LIMIT 5""",
    "How the last months went": "SELECT * FROM monthly_sales ORDER BY month DESC LIMIT 4",
}
MISTAKE = """\
SELECT title, prize
FROM books"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Open a sample database, a bookshop in one file, in the IDE. It is made on first use. "
        "Without a terminal, print a short tour of it instead."
    )


def run(arguments: argparse.Namespace) -> int:
    path = sample_path()
    try:
        made = make_sample(path, _tell_progress if sys.stderr.isatty() else None)
    except SampleError as error:
        raise Failure(f"{error} (by XDG_DATA_HOME)") from None
    if made:
        print(f"the sample database is now at {path}", file=sys.stderr)
    url = sample_url(path)
    if sys.stdin.isatty() and sys.stdout.isatty():
        return main(["tui", url])
    with connect(url, autocommit=True) as connection:
        _tour(connection, url)
    return Exit.OK


def _tell_progress(table: str, done: int, total: int) -> None:
    end = "" if done < total else "\n"
    print(f"\rmaking the sample database: {done * 100 // total} %", end=end, file=sys.stderr, flush=True)


def _tour(connection: Connection, url: str) -> None:
    print(f"A tour of the sample database, a bookshop in one file:\n  {url}")
    _head("What is there")
    _print_relations(connection)
    for title, sql in QUERIES.items():
        _head(title, sql)
        print_results(connection, sql, None, Table(sys.stdout))
    _head("What a mistake looks like", MISTAKE)
    try:
        print_results(connection, MISTAKE, None, Table(sys.stdout))
    except Error as error:
        show(error, MISTAKE, sys.stdout)
    _head("Go on by yourself")
    program = _program()
    print(f'  {program} tui {url}\n  {program} query {url} "SELECT ..."\n  {program} --help')


def _program() -> str:
    """What to type for this program: its name is not enough where its environment is not active."""
    if shutil.which("sqlx"):
        return "sqlx"
    return f"{sys.executable} -m sqlx" if sys.argv[0].endswith("__main__.py") else sys.argv[0]


def _head(title: str, sql: str = "") -> None:
    print("\n" + paint(title, BOLD, has_colour(sys.stdout)))
    if sql:
        print(*(f"  {line}" for line in sql.splitlines()), sep="\n")


def _print_relations(connection: Connection) -> None:
    catalog = Catalog(connection)
    rows = [
        (relation.name, relation.kind, ", ".join(column.name for column in catalog.columns(relation)))
        for schema in catalog.schemas()
        for relation in catalog.relations(schema)
    ]
    table = Table(sys.stdout)
    table.begin(["name", "kind", "columns"])
    table.write(rows)
    table.end(f"{len(rows)} tables and views")
