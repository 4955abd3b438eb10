"""Warnings that a server only counts: what they say has to be asked for."""

from __future__ import annotations

from collections.abc import Callable

from sqlx.kernel.errors import WireError
from sqlx.wire.link import Link, Steps, WireNotice


class Diagnostics:
    """Asks for the warnings of the last statement, if there were any."""

    def __init__(self, link: Link, tell: Callable[[WireNotice], None]) -> None:
        self._link = link
        self._tell = tell
        self._rule = link.pack.session.get("warnings")

    def fetch(self) -> Steps[None]:
        """Tell what the server warned of. What it does not tell is let go: the statement itself has succeeded."""
        if self._rule is None or not self._link.variables.get(self._rule["count"]):
            return
        try:
            reply = yield from self._link.query(self._rule["sql"])
        except WireError as error:
            if error.kind != "server":
                raise
            return
        names = self._rule["columns"]
        for row in reply.results[0].rows if reply.results else ():
            if len(row) == len(names):
                said = dict(zip(names, row, strict=True))
                self._tell(WireNotice(str(said["message"]), None, said["code"], {"severity": str(said["severity"])}))
