"""What went wrong, as people should see it."""

from __future__ import annotations

import sys
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from sqlx.cli.cells import RED, cut, has_colour, paint, printable, terminal_width, width_of
from sqlx.cli.endings import Failure
from sqlx.kernel.errors import number_in

if TYPE_CHECKING:
    from sqlx.dbapi import Error
    from sqlx.kernel.errors import WireError

GENERAL = "HY000"  # the SQLSTATE that says no more than that something went wrong


def show(error: BaseException, sql: str = "", out: TextIO | None = None) -> None:
    """Print an error to `out` (stderr): a sentence, its place in `sql`, what the server added, what to do."""
    stream = out or sys.stderr
    label = paint("error:", RED, has_colour(stream))
    with suppress(OSError):  # whoever has closed stderr does not want to know
        print(label, "\n".join(describe(error, sql)), file=stream, flush=True)


def describe(error: BaseException, sql: str = "") -> list[str]:
    """The lines that tell of an error; `sql` is the text that its position counts in."""
    from sqlx.dbapi import Error
    from sqlx.kernel.errors import PackError, WireError

    if isinstance(error, Error | WireError):
        return _describe_answer(error, sql)
    if isinstance(error, OSError):
        return [_describe_system(error)]
    if isinstance(error, Failure | PackError):
        return [printable(str(error), "\n")]
    frame = traceback.extract_tb(error.__traceback__)[-1]
    said = f"{type(error).__name__}: {printable(str(error))}"
    return [f"this is a defect of sqlx, not of what you asked for: {said} ({frame.filename}:{frame.lineno})"]


def _describe_answer(error: Error | WireError, sql: str) -> list[str]:
    state = error.code if error.sqlstate in (None, GENERAL) else error.sqlstate
    lines = [printable(error.message, "\n") + ("" if state is None else f" ({printable(str(state))})")]
    position = number_in(error.fields, "position")
    if position and sql:
        lines += excerpt(sql, position, terminal_width())
    said = ((name, error.fields.get(name, "")) for name in ("detail", "where", "hint"))
    return lines + [f"{name}: {printable(text, chr(10))}" for name, text in said if text and text not in error.message]


def _describe_system(error: OSError) -> str:
    reason = (error.strerror or str(error) or type(error).__name__).lower()
    if error.filename is None:
        return f"the output cannot be written: {reason}"
    return f"{printable(str(error.filename))}: {reason}"


def excerpt(sql: str, position: int, width: int) -> list[str]:
    """The line of `sql` with the character at `position` (from 1), and below it a caret; `width` cells at most."""
    at = min(max(position - 1, 0), len(sql))
    start = sql.rfind("\n", 0, at) + 1
    number = sql.count("\n", 0, start) + 1
    before, behind = (_flat(part) for part in (sql[start:at], sql[at:].partition("\n")[0]))
    label = f"line {number}: "
    room = width - len(label) - 1
    if width_of(before) > room * 2 // 3:
        before = "…" + _last_cells(before, room * 2 // 3)
    line = cut(before + behind, room)
    return [label + line, " " * (len(label) + width_of(before)) + "^"]


def _flat(text: str) -> str:
    return printable(text.replace("\t", " ").rstrip("\r"))


def _last_cells(text: str, cells: int) -> str:
    kept = text[-cells:]
    while width_of(kept) > cells:
        kept = kept[1:]
    return kept
