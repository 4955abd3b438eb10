"""The options that a connection has whatever its engine is, and what a pack may not say of them.

A pack is data from a stranger. What the caller says of his own line, `sslmode=verify-full` for one, reaches whoever
obeys it under that word, and what is secret stays secret: so no word that has a meaning here means anything else in a
pack, and of the options of a line over a socket a pack says nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlx.wire.compile.findings import Finding
from sqlx.wire.registry import Section, merge

PARAM_STYLES = ("qmark", "named", "format", "pyformat", "numeric", "native")
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
TARGETS = ("any", "read-write", "read-only", "primary", "standby", "prefer-standby")
MAX_KEEPALIVE = 32767  # seconds: what the system takes
MAX_PROBES = 127

# Of every engine. A pack may give one of these another default.
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
_WORDS = {
    word
    for table in (COMMON, EMBEDDED, REMOTE)
    for name, option in table.items()
    for word in (name, *option.get("alias", ()))
}
# What `connect` itself is given by, and where options are kept.
RESERVED = ("dsn", "pack", "places", "extra")


def of_every_pack(embedded: bool) -> dict[str, Section]:
    """The options of every engine that runs in this process, or of every other one."""
    return merge(COMMON, EMBEDDED if embedded else REMOTE)


def not_its_own(options: Mapping[str, Section], embedded: bool) -> Iterator[Finding]:
    """What a pack's `options` say of words that are not theirs to define, or that two of them have."""
    meant: dict[str, str] = {}
    for name, option in options.items():
        path = f"$.options.{name}"
        if name in COMMON:
            yield from _more_than_a_default(name, option, of_every_pack(embedded)[name], path)
            continue
        for word in dict.fromkeys((name, *option.get("alias", ()))):
            where = path if word == name else f"{path}.alias"
            if word in RESERVED or word in _WORDS:
                yield Finding(where, f"{word!r} means something to `connect` already: this option needs another name")
            elif meant.setdefault(word, name) != name:
                yield Finding(where, f"{word!r} means the option {meant[word]!r} already: each name means one option")


def _more_than_a_default(name: str, option: Section, usual: Section, path: str) -> Iterator[Finding]:
    said = {key for key, value in option.items() if key != "default" and value != usual.get(key)}
    for key in sorted(said):
        yield Finding(f"{path}.{key}", f"of {name!r}, which every engine has, a pack may change the `default` alone")
