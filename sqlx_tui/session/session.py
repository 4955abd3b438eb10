"""One database that is worked with: the connection for what is written, and the eyes for the tree."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sqlx.aio import Connection, connect
from sqlx.catalog.aio import Catalog
from sqlx.dbapi.exceptions import Error
from sqlx.kernel.errors import PackError, WireError
from sqlx.kernel.options import ConnectOptions, Secret, parse
from sqlx.kernel.scanner import Scanner, scanner_of

FAREWELL = 2.0  # seconds that a server gets to say goodbye

_PASSWORD = re.compile(r"(?<=://)([^/@:?]*):.*@", re.DOTALL)


def without_password(url: str) -> str:
    """The URL with no password in it, for a screen that others may see. What may be one counts as one."""
    return _PASSWORD.sub(r"\1@", url)


def password_in(url: str, pack: str | None = None) -> str:
    """The password that a URL has, for a field that does not show it."""
    try:
        password = parse(url, pack=pack, environment=False).password
    except (WireError, PackError):
        return ""
    return password.reveal() if isinstance(password, Secret) else ""


class Session:
    """Made by `open_session`. `place` says where it is, `engine` what it speaks to, `sql` is its pack's
    section of that name."""

    def __init__(
        self, url: str, password: str | None, options: ConnectOptions, connection: Connection, pack: str | None = None
    ) -> None:
        self._url = url
        self._password = password
        self._pack = pack
        self._catalog: Catalog | None = None
        self._asking = asyncio.Lock()
        self.connection = connection
        self.is_embedded = bool(options.pack.embedded)
        self.sql: Mapping[str, Any] = options.pack.sql
        self.scanner: Scanner = scanner_of(options.pack)
        self.engine = f"{options.pack.title} {connection.server_version.split(' ')[0]}".strip()
        self.place = _place(options)

    async def catalog(self) -> Catalog:
        """The catalog, over a connection of its own, so that the tree opens while a statement runs.

        An engine in this process keeps temporary tables and databases in memory to one connection: there it is shared.
        """
        async with self._asking:
            if self._catalog is not None and not self._catalog.connection.closed:
                return self._catalog
            own = self.connection if self.is_embedded else await _connect(self._url, self._password, self._pack)
            self._catalog = Catalog(own)
            return self._catalog

    def forget(self) -> None:
        """Read the catalog anew when it is asked for."""
        if self._catalog is not None:
            self._catalog.refresh()

    @property
    def address(self) -> tuple[str, str | None]:
        """The URL and the password, to connect again."""
        return self._url, self._password

    async def close(self) -> None:
        """Close both connections; one whose server does not answer is left to itself."""
        catalog, self._catalog = self._catalog, None
        for connection in {self.connection, *([catalog.connection] if catalog is not None else [])}:
            with suppress(Error, TimeoutError):
                await asyncio.wait_for(connection.close(), FAREWELL)


async def open_session(url: str, password: str | None = None, pack: str | None = None) -> Session:
    """Connect, with `password` where the URL has none. Raises `sqlx.dbapi.Error` with a sentence for people."""
    connection = await _connect(url, password, pack)
    return Session(url, password, parse(url, pack=pack), connection, pack)


async def _connect(url: str, password: str | None, pack: str | None) -> Connection:
    # The IDE's own default; what the URL says of it stands.
    autocommit = None if "autocommit=" in url else True
    own = Secret(password, "the password field") if password and _wants_password(url, pack) else None
    return await connect(url, password=own, autocommit=autocommit, pack=pack)


def _wants_password(url: str, pack: str | None) -> bool:
    """Whether a password from elsewhere is for this URL: it has none, and its engine knows of passwords."""
    try:
        options = parse(url, pack=pack)
    except (WireError, PackError):
        return False
    return not options.has_password and not options.pack.embedded


def _place(options: ConnectOptions) -> str:
    database = options.database or ""
    if options.pack.embedded:
        return database.rpartition("/")[2]
    return f"{options.user}@{','.join(map(str, options.places))}/{database}"
