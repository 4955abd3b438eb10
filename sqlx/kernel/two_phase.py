"""Two-phase commit, by PEP 249's optional extension, in the words of the pack's `session.two_phase`.

xid                a literal, with {format_id} and {gtrid:hex} or {gtrid:base64}, {bqual:…} in it
begin              the statements that open a transaction under an {xid}; left out: the session's own begin
prepare            the statements that end its first phase
commit, rollback   the second phase
commit_active, rollback_active   the end of one that was not prepared
gone               the SQLSTATEs of a second phase that came too late: somebody else has ended the transaction
foreign            the literal for an id that another program has named in its own way, with {gtrid}
recover            {sql, columns}: what is prepared; `format_id, gtrid, bqual`, or `gtrid_length, bqual_length, data`
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlx.kernel.errors import Mistake, WireError
from sqlx.kernel.transactions import Transactions
from sqlx.wire.link import Link, Steps

LONGEST = 64  # characters of each part of a transaction id, by X/Open XA


class Xid(NamedTuple):
    """A transaction id of the X/Open XA kind.

    `format_id` is None for one that another program has named in its own way.
    """

    format_id: int | None
    gtrid: str
    bqual: str


def xid(format_id: int, gtrid: str, bqual: str) -> Xid:
    """A transaction id. Raises Mistake for parts that no server takes."""
    if not isinstance(format_id, int) or not 0 <= format_id < 2**31:
        raise Mistake(f"format_id is a number from 0 to {2**31 - 1}, {format_id!r:.80} is not")
    for name, part in (("gtrid", gtrid), ("bqual", bqual)):
        if not (isinstance(part, str) and len(part) <= LONGEST and all(" " <= character <= "~" for character in part)):
            raise Mistake(f"{name} has up to {LONGEST} printable ASCII characters, {part!r} has not")
    return Xid(format_id, gtrid, bqual)


class TwoPhase:
    """The transaction of a session that is to be committed in two phases.

    Raises Mistake for calls in the wrong order.
    """

    def __init__(self, link: Link, transactions: Transactions) -> None:
        self._link = link
        self._transactions = transactions
        self._words: Mapping[str, Any] = link.pack.session.get("two_phase") or {}
        self.active: Xid | None = None
        self.prepared = False

    def begin(self, xid: Xid) -> Steps[None]:
        self._check_supported()
        if not isinstance(xid, Xid) or xid.format_id is None:
            raise Mistake("a two-phase transaction begins under an id that xid() has made")
        if self.active is not None or self._link.state != "idle":
            raise Mistake("a transaction is open already", "commit or roll back first")
        if self._transactions.autocommit and "begin" not in self._words:
            raise Mistake("a two-phase transaction needs autocommit off", "set connection.autocommit = False first")
        if "begin" in self._words:
            yield from self._run("begin", xid)
        else:
            yield from self._link.query(self._transactions.begin_text)
        self.active = xid
        self._transactions.in_two_phases = True

    def prepare(self) -> Steps[None]:
        if self.active is None or self.prepared:
            raise Mistake("there is no two-phase transaction to prepare", "call tpc_begin() first")
        self._check_committable()
        yield from self._run("prepare", self.active)
        self.prepared = True

    def finish(self, verb: str, xid: Xid | None) -> Steps[None]:
        """`verb` is `commit` or `rollback`; `xid` names one that was recovered, None is this session's own."""
        self._check_supported()
        if xid is not None and xid != self.active:
            if self.active is not None or self._link.state != "idle":
                raise Mistake("another transaction can be finished only outside of one", "commit or roll back first")
            if not isinstance(xid, Xid):
                raise Mistake("a transaction is named by what xid() has made, or tpc_recover() has found")
            yield from self._transactions.step_out()
            yield from self._run(verb, xid)
            return
        if self.active is None:
            raise Mistake("there is no two-phase transaction", "call tpc_begin() first")
        if self.prepared:
            try:
                yield from self._run(verb, self.active)
            except WireError as error:
                if error.sqlstate in self._words.get("gone", ()):
                    self._forget()
                raise
        elif verb == "commit":
            self._check_committable()
            yield from self._run("commit_active", self.active)
        elif not self._is_gone():
            yield from self._run("rollback_active", self.active, best=True)
        self._forget()

    def _forget(self) -> None:
        self.active, self.prepared = None, False
        self._transactions.in_two_phases = False

    def recover(self) -> Steps[list[Xid]]:
        """The transactions that are prepared in this database and wait for their second phase."""
        self._check_supported()
        how = self._words["recover"]
        was_idle = self._link.state == "idle"
        reply = yield from self._link.query(how["sql"])
        if was_idle:
            yield from self._transactions.rollback()
        try:
            return [_recovered(dict(zip(how["columns"], row, strict=True))) for row in reply.results[0].rows]
        except (ValueError, TypeError) as error:
            self._link.abort()
            sentence = "the server tells of prepared transactions what cannot be understood"
            raise WireError("protocol", sentence, outcome="not_run") from error

    def refuse(self, what: str) -> None:
        """Raises Mistake: a two-phase transaction stands in the way of `what`."""
        raise Mistake(
            f"{what} does not go with a two-phase transaction", "finish it with tpc_commit() or tpc_rollback()"
        )

    def _check_committable(self) -> None:
        """Raises WireError for a transaction that has failed or is gone."""
        self._transactions.check_committable()
        if self._is_gone():
            raise Mistake(
                "the two-phase transaction has ended already, and is neither prepared nor committed",
                "call tpc_rollback(), and begin anew",
            )

    def _is_gone(self) -> bool:
        """Whether something else than this class has ended what was not prepared."""
        return "begin" not in self._words and self._link.state == "idle"

    def _check_supported(self) -> None:
        if not self._words:
            raise WireError("unsupported", "this engine has no two-phase transactions", outcome="not_run")

    def _run(self, verb: str, xid: Xid, *, best: bool = False) -> Steps[None]:
        """Run the statements of a verb; with `best` the last one counts, whatever becomes of those before it."""
        literal = _literal(self._words, xid)
        *first, last = (text.replace("{xid}", literal) for text in self._words[verb])
        for text in first:
            try:
                yield from self._link.query(text)
            except WireError as error:
                if not (best and error.kind == "server"):
                    raise
        yield from self._transactions.finish(last, keeps=not verb.startswith("rollback"))


def _literal(words: Mapping[str, Any], xid: Xid) -> str:
    if xid.format_id is None:
        return _foreign(words.get("foreign"), xid.gtrid)
    text = str(words["xid"]).replace("{format_id}", str(xid.format_id))
    for name, part in (("gtrid", xid.gtrid), ("bqual", xid.bqual)):
        raw = part.encode()
        text = text.replace(f"{{{name}:hex}}", raw.hex()).replace(f"{{{name}:base64}}", base64.b64encode(raw).decode())
    return text


def _foreign(form: str | None, gtrid: str) -> str:
    """An id that was made by another program, perhaps not by a friend."""
    if form is None or "\\" in gtrid or not gtrid.isprintable():
        raise Mistake(
            f"the id {gtrid!r} was not made by xid(), and cannot be written here", "use the program that made it"
        )
    return form.replace("{gtrid}", gtrid.replace("'", "''"))


def _recovered(row: dict[str, Any]) -> Xid:
    """Raises ValueError or TypeError for a row that tells of none."""
    if "data" not in row:
        found = Xid(row["format_id"], row["gtrid"], row["bqual"])
    else:
        data, length = row["data"], row["gtrid_length"]
        if isinstance(data, bytes):
            data = data.decode("latin-1")
        found = Xid(row["format_id"], data[:length], data[length : length + row["bqual_length"]])
    if not (isinstance(found.format_id, int | None) and isinstance(found.gtrid, str) and isinstance(found.bqual, str)):
        raise TypeError("the parts of an id are a number and two texts")
    return found
