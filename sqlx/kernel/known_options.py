"""Which options there are, of every engine and of a pack; and one set of them out of many levels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlx.kernel.errors import Misuse, did_you_mean
from sqlx.kernel.option_values import converted
from sqlx.kernel.placeholders import PARAM_STYLES
from sqlx.wire.registry import Pack, Section, merge

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")

# Options of every engine, in the words of a pack's `options`; a pack may say more of one, or give another default.
COMMON: dict[str, Section] = {
    "database": {"kind": "text", "alias": ["dbname", "db"]},
    "autocommit": {"kind": "bool", "default": False},
    "isolation": {"kind": "text", "alias": ["isolation_level"]},
    "paramstyle": {"kind": "choice", "choices": list(PARAM_STYLES), "default": "qmark"},
    "connect_timeout": {"kind": "seconds", "default": 30.0},
    "statement_timeout": {"kind": "seconds"},
    "application_name": {"kind": "text"},
}
# Beside them, those of engines that run in this process, and of those that are spoken to over a socket.
EMBEDDED: dict[str, Section] = {"database": {"kind": "path", "default": ":memory:"}}
REMOTE: dict[str, Section] = {
    "host": {"kind": "text", "alias": ["hostname"]},
    "port": {"kind": "int", "from": 1, "to": 65535},
    "socket": {"kind": "path", "alias": ["unix_socket"]},
    "user": {"kind": "text", "alias": ["username"]},
    "password": {"kind": "text", "secret": True, "alias": ["passwd"]},
    "sslmode": {"kind": "choice", "choices": list(SSL_MODES)},
    "sslrootcert": {"kind": "path"},
    "sslcert": {"kind": "path"},
    "sslkey": {"kind": "path"},
    "sslpassword": {"kind": "text", "secret": True},
    "allow_cleartext": {"kind": "choice", "choices": ["unverified-tls"]},
}


def known_options(pack: Pack) -> dict[str, Section]:
    """The options that a URL of this pack, and `connect`, may give."""
    return merge(merge(COMMON, EMBEDDED if pack.embedded else REMOTE), pack.options)


def merged(known: dict[str, Section], levels: Iterable[Mapping[str, Any]], pack: Pack) -> dict[str, Any]:
    """All levels in one, the last on top; a host or socket replaces whatever place was named below it."""
    names = {alias: name for name, option in known.items() for alias in (name, *option.get("alias", ()))}
    whole: dict[str, Any] = {}
    for level in levels:
        found: dict[str, Any] = {}
        for key, value in level.items():
            name = names.get(key)
            if name is None:
                raise Misuse(f"{pack.title or pack.name} has no option {key!r}{did_you_mean(key, names)}")
            if name in found:
                raise Misuse(f"{key} says again what another name of {name} says")
            found[name] = converted(name, known[name], value)
        if "host" in found or "socket" in found:
            whole.pop("host", None)
            whole.pop("socket", None)
        whole |= found
    return whole
