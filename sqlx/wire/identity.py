"""Who connects, and how a password that changes is fetched."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from inspect import iscoroutine
from typing import Any, NamedTuple

from sqlx.wire.errors import WireError
from sqlx.wire.link import Ask, Steps


class Identity(NamedTuple):
    """Who connects, and to what. `options` are the pack's own. A password may be fetched for each connection anew."""

    user: str
    password: str | Callable[[], Any] | None
    database: str
    options: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"<Identity {self.user!r} {self.database!r}>"

    def fetched(self) -> Steps[Identity]:
        """With the password that was fetched for one connection, where it has to be. Raises WireError for what is none,
        and whatever its source raises."""
        if not callable(self.password):
            return self
        return self._replace(password=_password((yield Ask(self.password))))


def _password(fetched: Any) -> str:
    """The password that somebody was asked for. Raises WireError for what is none, and shows nothing of it."""
    if isinstance(fetched, str) and not re.search("[\0\ud800-\udfff]", fetched):
        return fetched
    kind = type(fetched).__name__
    if isinstance(fetched, str):
        kind = "a text with a NUL character" if "\0" in fetched else "a text with half a character"
    if iscoroutine(fetched):
        kind = "a coroutine, which only asyncio awaits"
        fetched.close()
    del fetched
    raise WireError("usage", f"password() gave no text but {kind}", outcome="not_run")
