"""What is remembered about a text: how the server sees it, and what kind of statement it is."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Generic, TypeVar

from sqlx.kernel.errors import Mistake
from sqlx.kernel.placeholders import Named, Native, is_by_name, prepare_text
from sqlx.kernel.scanner import scanner_of
from sqlx.wire.link import Link

K = TypeVar("K")
V = TypeVar("V")

TEXTS = 512  # texts remembered a session
LONGEST = 65536  # characters of a text worth remembering
QUERIES = {"SELECT", "VALUES", "TABLE", "WITH", "SHOW", "EXPLAIN", "DESCRIBE", "DESC"}
CHANGES = {"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"}


class Recent(Generic[K, V]):
    """A mapping that forgets what was used longest ago."""

    __slots__ = ("_bound", "_entries")

    def __init__(self, bound: int) -> None:
        self._entries: OrderedDict[K, V] = OrderedDict()
        self._bound = bound

    def get(self, key: K) -> V | None:
        found = self._entries.get(key)
        if found is not None:
            self._entries.move_to_end(key)
        return found

    def put(self, key: K, value: V) -> V | None:
        """Remember; returns what was forgotten for it."""
        self._entries[key] = value
        return self._entries.popitem(last=False)[1] if len(self._entries) > self._bound else None

    def clear(self) -> list[V]:
        """Forget all; returns what was forgotten."""
        values = list(self._entries.values())
        self._entries.clear()
        return values


class Statement:
    """A text that was looked at. `native` is None where it goes to the server untouched."""

    __slots__ = (
        "alone",
        "bars_transaction",
        "ends_transaction",
        "in_order",
        "native",
        "opens_transaction",
        "redefines",
        "sql",
        "text",
        "unpreparable",
        "wanted",
    )

    def __init__(self, sql: str, native: Native | None) -> None:
        self.sql = sql
        self.native = native
        self.text = sql if native is None else native.text
        self.wanted = 0 if native is None else native.count
        self.in_order = native is not None and not native.by_name and native.order == tuple(range(native.count))
        self.alone = True  # one statement, which the server can prepare
        self.bars_transaction: str | None = None
        self.ends_transaction = False  # by a word for it, in one of its parts at least
        self.opens_transaction = True
        self.redefines = False  # after it, what is prepared may mean something else: see the pack's sql.redefines
        self.unpreparable: str | None = None

    def arrange(self, parameters: Any) -> Any:
        """The values in the server's order. Raises WireError (usage)."""
        if self.in_order and type(parameters) is tuple and len(parameters) == self.wanted:
            return parameters
        assert self.native is not None
        return self.native.arrange(parameters)


class Statements:
    """The texts that one session has seen."""

    def __init__(self, link: Link, paramstyle: str) -> None:
        self._link = link
        self.scanner = scanner_of(link.pack)
        self._paramstyle = paramstyle
        self._seen: Recent[Any, Statement] = Recent(TEXTS)
        sql, session = link.pack.sql, link.pack.session
        self._barred: list[str] = sql.get("no_transaction", [])
        self._unpreparable: list[str] = sql.get("unpreparable", [])
        self._redefining: list[str] = sql.get("redefines", [])
        openers = (session.get("begin"), session.get("commit"), session.get("rollback"))
        self._controls = [text.split()[0] for text in openers if text]

    def plain(self, sql: str) -> Statement:
        """A text that goes to the server as it is. Raises WireError (usage)."""
        if not isinstance(sql, str):
            raise _no_text(sql)
        return self._seen.get(sql) or self._remember(sql, Statement(sql, None))

    def bound(self, sql: str, parameters: Any) -> Statement:
        """A text with markers for these parameters. Raises WireError (usage)."""
        if not isinstance(sql, str):
            raise _no_text(sql)
        by_name = is_by_name(parameters)
        # All that a server's variables decide is what a backslash means.
        mode = self.scanner.mode(self._link.variables) if "\\" in sql else ()
        key = (sql, by_name, mode)
        found = self._seen.get(key)
        if found is None:
            paramstyle = "named" if isinstance(parameters, Named) else self._paramstyle
            native = prepare_text(self.scanner, sql, paramstyle, by_name, self._link.variables)
            found = self._remember(key, Statement(sql, native))
        return found

    def only_reads(self, statement: Statement) -> bool:
        """Whether it is one query, by its words; what the functions do that it calls nobody knows."""
        if not statement.alone:
            return False
        first, *others = self.scanner.words(statement.sql, LONGEST, self._link.variables) or [""]
        return first in QUERIES and (first not in ("WITH", "EXPLAIN") or CHANGES.isdisjoint(others))

    def native(self, text: str) -> Statement:
        """A text of the pack's or of our own, with the server's own placeholders."""
        return self._seen.get((text,)) or self._remember((text,), Statement(text, None))

    def mark(self, number: int) -> str:
        """The server's placeholder for a parameter, from 1."""
        return self.scanner.placeholder.replace("{n}", str(number))

    def _remember(self, key: Any, statement: Statement) -> Statement:
        sql, variables = statement.sql, self._link.variables
        matches = self.scanner.matches
        barred = matches(sql, self._barred, variables)
        statement.bars_transaction = barred
        statement.opens_transaction = barred is None and matches(sql, self._controls, variables) is None
        statement.unpreparable = matches(sql, self._unpreparable, variables)
        parts = [sql[start:end] for start, end in self.scanner.statements(sql, variables)] if ";" in sql else [sql]
        statement.ends_transaction = any(matches(part, self._controls, variables) for part in parts)
        statement.redefines = any(matches(part, self._redefining, variables) for part in parts)
        statement.alone = len(parts) < 2 and statement.unpreparable is None
        if len(sql) <= LONGEST:
            self._seen.put(key, statement)
        return statement

    def refuse_unpreparable(self, statement: Statement) -> None:
        """Raises WireError (usage) for a statement that the server is known not to prepare."""
        if statement.unpreparable is not None:
            raise Mistake(
                f"{statement.unpreparable} cannot be prepared by this server, so it takes no parameters",
                "write the values into the text, and give no parameters",
            )


def _no_text(sql: object) -> Mistake:
    return Mistake(f"SQL is a text, not {type(sql).__name__}")
