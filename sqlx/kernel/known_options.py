"""Which options there are, of every engine and of a pack; and one set of them out of many levels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlx.kernel.errors import Misuse, did_you_mean
from sqlx.kernel.option_values import converted
from sqlx.kernel.placeholders import PARAM_STYLES
from sqlx.wire.registry import Pack, Section, merge

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
TARGETS = ("any", "read-write", "read-only", "primary", "standby", "prefer-standby")
MAX_KEEPALIVE = 32767  # seconds: what the system takes
MAX_PROBES = 127

# Options of every engine, in the words of a pack's `options`; a pack may say more of one, or give another default.
COMMON: dict[str, Section] = {
    "database": {"kind": "text", "alias": ["dbname", "db"]},
    "autocommit": {"kind": "bool", "default": False},
    "isolation": {"kind": "text", "alias": ["isolation_level"]},
    "paramstyle": {"kind": "choice", "choices": list(PARAM_STYLES), "default": "qmark"},
    "connect_timeout": {"kind": "seconds", "default": 30.0},
    "statement_timeout": {"kind": "seconds"},
    "prepare_threshold": {"kind": "int", "from": 0, "to": 1_000_000, "default": 2},
    "prepared_max": {"kind": "int", "from": 1, "to": 10_000, "default": 100},
    "application_name": {"kind": "text"},
}
# Beside them, those of engines that run in this process, and of those that are spoken to over a socket.
EMBEDDED: dict[str, Section] = {"database": {"kind": "path", "default": ":memory:"}}
REMOTE: dict[str, Section] = {
    "host": {"kind": "text", "alias": ["hostname"]},
    "hostaddr": {"kind": "text"},
    "port": {"kind": "ports"},
    "socket": {"kind": "path", "alias": ["unix_socket"]},
    "user": {"kind": "text", "alias": ["username"]},
    "password": {"kind": "text", "secret": True, "callable": True, "alias": ["passwd"]},
    "sslmode": {"kind": "choice", "choices": list(SSL_MODES)},
    "sslrootcert": {"kind": "path"},
    "sslcert": {"kind": "path"},
    "sslkey": {"kind": "path"},
    "sslpassword": {"kind": "text", "secret": True},
    "environment": {"kind": "bool", "default": True},
    "allow_cleartext": {"kind": "choice", "choices": ["unverified-tls"]},
    "target_session_attrs": {"kind": "choice", "choices": list(TARGETS), "default": "any"},
    "load_balance_hosts": {"kind": "choice", "choices": ["disable", "random"], "default": "disable"},
    "keepalives": {"kind": "bool", "default": True},
    "keepalives_idle": {"kind": "int", "from": 0, "to": MAX_KEEPALIVE, "default": 0},
    "keepalives_interval": {"kind": "int", "from": 0, "to": MAX_KEEPALIVE, "default": 0},
    "keepalives_count": {"kind": "int", "from": 0, "to": MAX_PROBES, "default": 0},
    "tcp_user_timeout": {"kind": "int", "from": 0, "to": 2**31 - 1, "default": 0},
}

_REPLACES = {
    "host": ("host", "hostaddr", "socket"),
    "socket": ("host", "hostaddr", "socket"),
    "hostaddr": ("socket",),  # the host keeps its name: its certificate is held against that
}


def known_options(pack: Pack) -> dict[str, Section]:
    """The options that a URL of this pack, and `connect`, may give."""
    return merge(merge(COMMON, EMBEDDED if pack.embedded else REMOTE), pack.options)


def names(known: Mapping[str, Section]) -> dict[str, str]:
    """Every word for an option -> its name."""
    return {alias: name for name, option in known.items() for alias in (name, *option.get("alias", ()))}


def level(known: Mapping[str, Section], given: Mapping[str, Any], pack: Pack, origin: str = "") -> dict[str, Any]:
    """Options by name, with the values that were meant; `origin` says who gave them. Raises Misuse."""
    words = names(known)
    found: dict[str, Any] = {}
    for key, value in given.items():
        name = words.get(key)
        if name is None:
            raise Misuse(f"{pack.title or pack.name} has no option {key!r}{did_you_mean(key, words)}")
        if name in found:
            raise Misuse(f"{key} says again what another name of {name} says")
        found[name] = converted(name, known[name], value, origin)
    return found


def overlaid(levels: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """All levels in one, the last on top; a host or socket replaces whatever place was named below it."""
    whole: dict[str, Any] = {}
    for each in levels:
        for name in _REPLACES.keys() & each.keys():
            for below in _REPLACES[name]:
                whole.pop(below, None)
        whole |= each
    return whole
