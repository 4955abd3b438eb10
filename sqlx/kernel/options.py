"""From a URL and keyword arguments to connection options.

    scheme://user:password@host:port/database?option=value&...
    scheme://user@%2Fpath%2Fof%2Fsocket/database       scheme:///database?socket=/path        scheme://user@[::1]/database
    scheme:///relative/file     scheme:////absolute/file     scheme://            (engines that run in this process)

Keyword arguments stand above the URL's options, these above what stands before its path. `scheme+sqlx` means `scheme`.
Reserved characters in a name or a password are percent-encoded. Nothing of the URL's user, password or port is ever
repeated in an error: a character that should have been encoded can turn one into the other.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from sqlx.kernel.errors import Misuse
from sqlx.kernel.placeholders import PARAM_STYLES
from sqlx.wire import registry
from sqlx.wire.registry import Pack, Section

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")

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

_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")


class Secret:
    """A text that shows itself to no one who does not ask for it by `reveal()`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "'***'"

    def __str__(self) -> str:
        return "***"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is not pickled")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ConnectOptions:
    """All that is known before a connection is opened: `host` and `port`, or `socket`, or neither (`pack.embedded`).

    Timeouts are in seconds, None for no limit. `extra` has every option that only this pack knows, with its default.
    """

    pack: Pack
    host: str | None = None
    port: int | None = None
    socket: str | None = None
    user: str | None = None
    password: Secret | None = None
    database: str | None = None
    sslmode: str = "disable"
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
    extra: Mapping[str, Any] = field(default_factory=dict)

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
        raise Misuse(f"no URL says which engine to speak to: scheme://user@host/database {_known_schemes()}")
    scheme, rest = _scheme(dsn.strip()) if dsn is not None else ("", "")
    chosen = _own_pack(pack) if pack is not None else registry.load(_pack_name(scheme))
    known = _known_options(chosen)
    url = _url_levels(scheme, rest, chosen)
    levels = [*url, {name: value for name, value in keywords.items() if value is not None}]
    return _complete(chosen, known, _merge(known, levels, chosen))


# -- the URL


def _scheme(dsn: str) -> tuple[str, str]:
    scheme, separator, rest = dsn.partition("://")
    if not separator or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme):
        raise Misuse(f"a URL begins with its scheme, as in scheme://user@host/database {_known_schemes()}")
    base, plus, driver = scheme.lower().partition("+")
    if plus and driver != "sqlx":
        raise Misuse(f"the scheme asks for the driver {driver!r}: write {base}://")
    return base, rest


def _pack_name(scheme: str) -> str:
    schemes = registry.shipped_schemes()
    if scheme not in schemes:
        raise Misuse(f"no engine has the scheme {scheme!r}{_did_you_mean(scheme, schemes)} {_known_schemes()}")
    return schemes[scheme]


def _known_schemes() -> str:
    return f"(known schemes: {', '.join(sorted(registry.shipped_schemes()))})"


def _own_pack(pack: Pack | str | os.PathLike[str]) -> Pack:
    if isinstance(pack, Pack):
        return pack
    from sqlx.wire.language.check import load_file  # the models are loaded for a stranger's pack only

    return load_file(pack)


def _url_levels(scheme: str, rest: str, pack: Pack) -> tuple[dict[str, str], dict[str, str]]:
    """What the URL says before its `?`, and behind it."""
    if "#" in rest:
        raise Misuse("a # in a URL has to be written %23")
    before, _, query = rest.partition("?")
    authority, _, path = before.partition("/")
    named = {"database": _decode(path, "database")} if path else {}
    if pack.embedded:
        if authority:
            raise Misuse(
                f"this engine runs in this process, without a host: {scheme}:///relative or {scheme}:////absolute"
            )
    elif "@" in path + query:
        raise Misuse("there is an @ behind the URL's host: in names and passwords write / as %2F, ? as %3F, @ as %40")
    else:
        named |= _authority(authority)
    return named, _query(query)


def _authority(authority: str) -> dict[str, str]:
    who, _, where = authority.rpartition("@")
    user, colon, password = who.partition(":")
    host, port = _host_and_port(where)
    found = {name: _decode(text, name) for name, text in (("user", user), ("host", host), ("port", port)) if text}
    return found | ({"password": _decode(password, "password")} if colon else {})


def _host_and_port(where: str) -> tuple[str, str]:
    if where.startswith("["):
        host, bracket, port = where[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise Misuse("an IPv6 address in a URL stands in brackets, with the port behind them: [::1]:5000")
        port = port[1:]
    else:
        host, _, port = where.partition(":")
    if ":" in port:
        raise Misuse("an IPv6 address in a URL stands in brackets, as in [::1]:5000")
    if port and not (re.fullmatch("[0-9]{1,5}", port) and 1 <= int(port) <= 65535):
        raise Misuse(
            "the URL's port is not a number from 1 to 65535; in a password, write / as %2F, ? as %3F, @ as %40"
        )
    return host, port


def _query(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, query.split("&")):
        name, equals, value = part.partition("=")
        name = _decode(name, "option")
        if not equals:
            raise Misuse("an option in the URL has no value: write option=value, and & between two")
        if name in found:
            raise Misuse(f"the URL says {name}= twice")
        found[name] = _decode(value, name)
    return found


def _decode(text: str, what: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise Misuse(f"in the URL's {what} a % does not begin an encoded character: write % as %25")
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise Misuse(f"the URL's {what} is not percent-encoded UTF-8") from None


# -- options by name


def _known_options(pack: Pack) -> dict[str, Section]:
    return registry.merge(registry.merge(COMMON, EMBEDDED if pack.embedded else REMOTE), pack.options)


def _merge(known: dict[str, Section], levels: Iterable[Mapping[str, Any]], pack: Pack) -> dict[str, Any]:
    """All levels in one, the last on top; a host or socket replaces whatever place was named below it."""
    names = {alias: name for name, option in known.items() for alias in (name, *option.get("alias", ()))}
    merged: dict[str, Any] = {}
    for level in levels:
        found: dict[str, Any] = {}
        for key, value in level.items():
            name = names.get(key)
            if name is None:
                raise Misuse(f"{pack.title or pack.name} has no option {key!r}{_did_you_mean(key, names)}")
            if name in found:
                raise Misuse(f"{key} says again what another name of {name} says")
            found[name] = _converted(name, known[name], value)
        if "host" in found or "socket" in found:
            merged.pop("host", None)
            merged.pop("socket", None)
        merged |= found
    return merged


def _did_you_mean(word: str, choices: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word.lower(), list(choices), 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _converted(name: str, option: Section, value: Any) -> Any:
    kind = option.get("kind", "text")
    secret = option.get("secret", False)
    if secret and isinstance(value, Secret):
        return value
    try:
        converted = _KINDS[kind](value, option)
    except (ValueError, TypeError) as error:
        said = "" if secret else f", not {value!r:.80}"
        raise Misuse(f"{name} is {error}{said}") from None
    if isinstance(converted, str) and "\0" in converted:
        raise Misuse(f"{name} holds a NUL character, which no option may")
    return Secret(str(converted)) if secret else converted


def _text(value: Any, option: Section) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def _path(value: Any, option: Section) -> str:
    if not isinstance(value, str | os.PathLike) or isinstance(os.fspath(value), bytes):
        raise ValueError("a path")
    return os.path.expanduser(os.fspath(value))


def _bool(value: Any, option: Section) -> bool:
    word = str(value).lower()
    if word not in _TRUE + _FALSE:
        raise ValueError("true or false")
    return word in _TRUE


def _int(value: Any, option: Section) -> int:
    low, high = option.get("from", -(2**63)), option.get("to", 2**63 - 1)
    what = f"a number from {low} to {high}" if "to" in option else "a whole number"
    is_text = isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,20}", value, re.ASCII)
    if isinstance(value, bool) or not (isinstance(value, int) or is_text) or not low <= int(value) <= high:
        raise ValueError(what)
    return int(value)


def _seconds(value: Any, option: Section) -> float | None:
    try:
        seconds = math.nan if isinstance(value, bool) else float(value)
    except (ValueError, TypeError):
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise ValueError("a number of seconds, 0 for no limit")
    return seconds or None


def timeout_of(value: Any) -> float | None:
    """A timeout in seconds as a caller gives it: None and 0 are no limit. Raises Misuse."""
    try:
        return None if value is None else _seconds(value, {})
    except ValueError as error:
        raise Misuse(f"a timeout is {error}, not {value!r:.80}") from None


def _choice(value: Any, option: Section) -> str:
    if value not in option["choices"]:
        raise ValueError(f"one of {', '.join(option['choices'])}")
    return str(value)


_KINDS = {"text": _text, "path": _path, "bool": _bool, "int": _int, "seconds": _seconds, "choice": _choice}


# -- what was left open


def _complete(pack: Pack, known: dict[str, Section], given: dict[str, Any]) -> ConnectOptions:
    values: dict[str, Any] = {name: given.get(name, option.get("default")) for name, option in known.items()}
    if not pack.embedded:
        values |= _place(pack, values)
        values["user"] = _os_user() if values["user"] is None else values["user"]
        values["sslmode"] = values["sslmode"] or _default_sslmode(values["host"])
    fields = ConnectOptions.__dataclass_fields__
    extra = {name: value for name, value in values.items() if name not in fields}
    return ConnectOptions(pack=pack, extra=extra, **{name: value for name, value in values.items() if name in fields})


def _place(pack: Pack, values: Mapping[str, Any]) -> dict[str, Any]:
    """Where the server listens: `host` and `port`, or `socket`.

    A host that is a path is a socket; the folder of a socket stands for the one the engine keeps there. Without either
    it is the engine's own socket if this machine has it, else localhost.
    """
    host, socket, port = values["host"], values["socket"], values["port"] or pack.default_port
    usual = pack.default_socket.replace("{port}", str(port))
    if host and socket:
        raise Misuse("a server has a host or a socket, and both are given")
    if host and host.startswith("/"):
        host, socket = None, host
    if host and "," in host:
        raise Misuse("one connection has one host, and the text has a comma in it")
    if not host and not socket and (usual != pack.default_socket or not values["port"]) and os.path.exists(usual):
        socket = usual
    if not socket:
        return {"host": host or "localhost", "port": port, "socket": None}
    if usual and os.path.isdir(socket):
        socket = os.path.join(socket, os.path.basename(usual))
    return {"host": None, "port": None, "socket": socket}


def _os_user() -> str:
    from getpass import getuser

    try:
        return getuser()
    except (KeyError, OSError, ImportError):
        raise Misuse("no user is given, and the operating system has no name for this one: user=...") from None


def _default_sslmode(host: str | None) -> str:
    if host is None:
        return "disable"
    from sqlx.wire.tls import default_mode

    return default_mode(host)
