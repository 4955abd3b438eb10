"""The sample database: a bookshop in one file, to try things on."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from sqlx import dbapi
from sqlx.wire.registry import Pack, load, shipped_packs

Progress: TypeAlias = Callable[[str, int, int], None]

VERSION = 1  # raised when the schema or the rows change
MARK = 0x53514C58  # the file's application id: `SQLX`
SIZE = 12  # megabytes that are needed to make it
CHUNK = 5000  # rows between two reports of progress

SCHEMA = """
CREATE TABLE categories (
    id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES categories, name TEXT NOT NULL UNIQUE);
CREATE TABLE publishers (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, country TEXT NOT NULL);
CREATE TABLE authors (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, born INTEGER, country TEXT NOT NULL);
CREATE TABLE books (
    id INTEGER PRIMARY KEY, isbn CHAR(13) NOT NULL UNIQUE, title VARCHAR(200) NOT NULL, subtitle VARCHAR(200),
    category_id INTEGER NOT NULL REFERENCES categories, publisher_id INTEGER NOT NULL REFERENCES publishers,
    published DATE NOT NULL, pages INTEGER NOT NULL CHECK (pages > 0), price DECIMAL(8, 2) NOT NULL CHECK (price >= 0),
    stock INTEGER NOT NULL DEFAULT 0 CHECK (stock >= 0));
CREATE TABLE book_authors (
    book_id INTEGER NOT NULL REFERENCES books, author_id INTEGER NOT NULL REFERENCES authors,
    position INTEGER NOT NULL, PRIMARY KEY (book_id, author_id)) WITHOUT ROWID;
CREATE TABLE employees (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, job TEXT NOT NULL, manager_id INTEGER REFERENCES employees,
    hired DATE NOT NULL, salary DECIMAL(10, 2) NOT NULL);
CREATE TABLE customers (
    id INTEGER PRIMARY KEY, given_name TEXT NOT NULL, family_name TEXT NOT NULL, email VARCHAR(120) NOT NULL UNIQUE,
    phone VARCHAR(20), birthday DATE, country TEXT NOT NULL, joined DATE NOT NULL,
    newsletter BOOLEAN NOT NULL DEFAULT 0);
CREATE TABLE addresses (
    id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('home', 'work')), street TEXT NOT NULL, postcode VARCHAR(10) NOT NULL,
    city TEXT NOT NULL, country TEXT NOT NULL, UNIQUE (customer_id, kind));
CREATE TABLE orders (
    id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers,
    address_id INTEGER NOT NULL REFERENCES addresses, employee_id INTEGER REFERENCES employees,
    ordered_at TIMESTAMP NOT NULL, status TEXT NOT NULL
        CHECK (status IN ('new', 'paid', 'shipped', 'delivered', 'returned', 'cancelled')),
    shipping DECIMAL(8, 2) NOT NULL, note TEXT);
CREATE TABLE order_lines (
    order_id INTEGER NOT NULL REFERENCES orders ON DELETE CASCADE, line INTEGER NOT NULL,
    book_id INTEGER NOT NULL REFERENCES books, quantity INTEGER NOT NULL CHECK (quantity > 0),
    price DECIMAL(8, 2) NOT NULL, discount INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (order_id, line)) WITHOUT ROWID;
CREATE TABLE payments (
    id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders, method TEXT NOT NULL,
    amount DECIMAL(10, 2) NOT NULL, paid_at TIMESTAMP NOT NULL);
CREATE TABLE shipments (
    id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL UNIQUE REFERENCES orders, carrier TEXT NOT NULL, tracking TEXT,
    shipped_at TIMESTAMP NOT NULL, delivered_at TIMESTAMP);
CREATE TABLE reviews (
    id INTEGER PRIMARY KEY, book_id INTEGER NOT NULL REFERENCES books,
    customer_id INTEGER NOT NULL REFERENCES customers,
    rating INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5), title TEXT, body TEXT, written_at TIMESTAMP NOT NULL,
    UNIQUE (book_id, customer_id));
"""

INDEXES_AND_VIEWS = """
CREATE INDEX books_by_title ON books (title);
CREATE INDEX books_by_category ON books (category_id);
CREATE INDEX book_authors_by_author ON book_authors (author_id);
CREATE INDEX customers_by_name ON customers (family_name, given_name);
CREATE INDEX orders_by_customer ON orders (customer_id);
CREATE INDEX orders_by_time ON orders (ordered_at);
CREATE INDEX order_lines_by_book ON order_lines (book_id);
CREATE INDEX payments_by_order ON payments (order_id);
CREATE INDEX reviews_by_customer ON reviews (customer_id);
CREATE VIEW order_totals AS
    SELECT o.id AS order_id, o.customer_id, o.ordered_at, o.status, count(*) AS lines,
        round(sum(l.quantity * l.price) + o.shipping, 2) AS total
    FROM orders AS o JOIN order_lines AS l ON l.order_id = o.id GROUP BY o.id;
CREATE VIEW monthly_sales AS
    SELECT strftime('%Y-%m', ordered_at) AS month, count(*) AS orders, round(sum(total), 2) AS revenue
    FROM order_totals WHERE status NOT IN ('cancelled', 'returned') GROUP BY month;
CREATE VIEW bestsellers AS
    SELECT b.id AS book_id, b.title, sum(l.quantity) AS copies, round(sum(l.quantity * l.price), 2) AS revenue,
        (SELECT round(avg(r.rating), 2) FROM reviews AS r WHERE r.book_id = b.id) AS rating
    FROM books AS b JOIN order_lines AS l ON l.book_id = b.id GROUP BY b.id ORDER BY copies DESC;
"""


class SampleError(Exception):
    """The sample database cannot be made; the message says why, and what to do."""


def sample_path() -> Path:
    """Where the sample database belongs: the user's data folder for this program."""
    from platformdirs import user_data_path

    return user_data_path("sqlx", appauthor=False) / "sample.db"


def sample_url(path: str | os.PathLike[str]) -> str:
    """The URL of a sample database."""
    from urllib.parse import quote

    return f"{_engine().schemes[0]}:///{quote(os.fspath(path))}"


def make_sample(path: str | os.PathLike[str], progress: Progress | None = None) -> bool:
    """Make the sample database unless it is there already; True when it was made.

    The file appears whole or not at all. `progress` is called with a table, the rows written so far, and the rows there
    will be. Raises SampleError: another file stands there, or there is no room for this one.
    """
    path = Path(path)
    if _is_there(path):
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise SampleError(_no_room(path, error.strerror or str(error))) from None
    os.close(handle)
    try:
        _fill(Path(name), progress or (lambda table, done, total: None))
        _put_in_place(Path(name), path)
    except (dbapi.Error, OSError) as error:
        raise SampleError(_no_room(path, str(error))) from None
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)
    return True


def _is_there(path: Path) -> bool:
    """Whether this version of the sample stands there. Raises SampleError for anything but an older one."""
    if not path.exists():
        return False
    try:
        with dbapi.connect(pack=_engine(), database=str(path), mode="ro") as connection:
            cursor = connection.cursor()
            [(mark,)] = cursor.execute("PRAGMA application_id")
            [(version,)] = cursor.execute("PRAGMA user_version")
    except dbapi.Error as error:
        raise SampleError(f"{path} is not the sample database ({error}): move it, or name another path") from None
    if mark != MARK:
        raise SampleError(f"{path} is not the sample database but another: move it, or name another path")
    return bool(version == VERSION)


def _engine() -> Pack:
    """The engine that runs in this process."""
    return next(pack for pack in map(load, shipped_packs()) if pack.embedded)


def _fill(path: Path, progress: Progress) -> None:
    from sqlx.cli.sample_rows import Bookshop

    tables = Bookshop().tables()
    total = sum(map(len, tables.values()))
    done = 0
    with dbapi.connect(pack=_engine(), database=str(path), foreign_keys=True, autocommit=True) as connection:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = off; PRAGMA synchronous = off; BEGIN")  # who fails here leaves no file
        cursor.execute(SCHEMA)
        for table, rows in tables.items():
            marks = ", ".join("?" * len(rows[0]))
            for start in range(0, len(rows), CHUNK):
                progress(table, done, total)
                chunk = rows[start : start + CHUNK]
                cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", chunk)
                done += len(chunk)
        cursor.execute(INDEXES_AND_VIEWS)
        cursor.execute(f"PRAGMA application_id = {MARK}; PRAGMA user_version = {VERSION}; COMMIT; ANALYZE")
        progress("", done, total)


def _put_in_place(made: Path, path: Path) -> None:
    """Rename the file once its content is on the disk; the folder's entry follows."""
    umask = os.umask(0)
    os.umask(umask)
    os.chmod(made, 0o666 & ~umask)
    with open(made, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(made, path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _no_room(path: Path, reason: str) -> str:
    return (
        f"the sample database cannot be written to {path}: {reason}; "
        f"make about {SIZE} MB of room in {path.parent}, or name another path"
    )
