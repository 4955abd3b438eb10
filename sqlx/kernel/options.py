"""From a URL and keyword arguments to connection options.

Keyword arguments stand above the URL's options, these above what stands before its path, and this above what variables
and files say (`sqlx.kernel.environment`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlx.kernel.chosen_pack import known_schemes, own_pack, pack_of
from sqlx.kernel.environment.levels import is_read, surroundings, with_passwords
from sqlx.kernel.errors import Misuse
from sqlx.kernel.known_options import known_options, level, overlaid
from sqlx.kernel.places import Place, first, places
from sqlx.kernel.secret import Secret, Source
from sqlx.kernel.urls import split_scheme, url_levels
from sqlx.wire.registry import Pack, Section

__all__ = ["ConnectOptions", "Secret", "parse"]

_USED_UP = ("host", "port", "socket", "hostaddr", "sslmode", "environment")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ConnectOptions:
    """All that is known before a connection is opened: the `places` of its server, in the order they are tried.

    `host` and `port`, or `socket`, are those of the first; an engine in this process has none.

    Timeouts are in seconds, None for no limit. `extra` has every option that only this pack knows, with its default.
    """

    pack: Pack
    places: tuple[Place, ...] = ()
    target_session_attrs: str = "any"
    load_balance_hosts: str = "disable"
    user: str | None = None
    password: Secret | Source | None = None
    database: str | None = None
    sslrootcert: str | None = None
    sslcert: str | None = None
    sslkey: str | None = None
    sslpassword: Secret | None = None
    allow_cleartext: str | None = None
    connect_timeout: float | None = None
    statement_timeout: float | None = None
    autocommit: bool = False
    isolation: str | None = None
    paramstyle: str = "qmark"
    prepare_threshold: int = 2
    prepared_max: int = 100
    application_name: str | None = None
    keepalives: bool = True
    keepalives_idle: int = 0
    keepalives_interval: int = 0
    keepalives_count: int = 0
    tcp_user_timeout: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def host(self) -> str | None:
        return first(self.places).host

    @property
    def port(self) -> int | None:
        return first(self.places).port

    @property
    def socket(self) -> str | None:
        return first(self.places).socket

    @property
    def has_password(self) -> bool:
        """Whether there is a password, if only for one of the places."""
        return self.password is not None or any(place.password for place in self.places)

    @property
    def sslmode(self) -> str:
        return first(self.places).sslmode

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "pack"}
        said = ", ".join(f"{name}={value!r}" for name, value in shown.items() if value not in (None, {}))
        return f"ConnectOptions({self.pack.name}: {said})"


def parse(
    dsn: str | None = None, *, pack: Pack | str | os.PathLike[str] | None = None, **keywords: Any
) -> ConnectOptions:
    """Connection options of a URL and keyword arguments; a keyword that is None was not given.

    `pack` runs a pack of the caller's own, by its record or its file, whatever the scheme.
    Raises Misuse (a WireError, usage) that says what to write instead, PackError for a pack that cannot be read.
    """
    if dsn is not None and not isinstance(dsn, str):
        raise Misuse(f"the URL is a text, not {type(dsn).__name__}")
    if dsn is None and pack is None:
        raise Misuse(f"no URL says which engine to speak to: scheme://user@host/database {known_schemes()}")
    scheme, rest = split_scheme(dsn.strip(), known_schemes) if dsn is not None else ("", "")
    chosen = own_pack(pack) if pack is not None else pack_of(scheme)
    known = known_options(chosen)
    url = url_levels(scheme, rest, chosen)
    given = {name: value for name, value in keywords.items() if value is not None}
    named = overlaid([*(level(known, each, chosen, "the URL") for each in url), level(known, given, chosen)])
    below = surroundings(chosen, known, named) if chosen.environment else {}
    return _complete(chosen, known, overlaid([below, named]))


def _complete(pack: Pack, known: dict[str, Section], given: dict[str, Any]) -> ConnectOptions:
    values: dict[str, Any] = {name: given.get(name, option.get("default")) for name, option in known.items()}
    if not pack.embedded:
        values["user"] = _os_user() if values["user"] is None else values["user"]
        values["places"] = places(pack, values)
        if values["password"] is None and "password_file" in pack.environment and is_read(pack, known, given):
            values["places"] = with_passwords(pack, values, values["places"])
        for name in _USED_UP:
            del values[name]
    fields = ConnectOptions.__dataclass_fields__
    extra = {name: value for name, value in values.items() if name not in fields}
    return ConnectOptions(pack=pack, extra=extra, **{name: value for name, value in values.items() if name in fields})


def _os_user() -> str:
    from getpass import getuser

    try:
        return getuser()
    except (KeyError, OSError, ImportError):
        raise Misuse("no user is given, and the operating system has no name for this one: user=...") from None
