"""The parts of a URL.

    scheme://user:password@host:port/database?option=value&...
    scheme://user@first:port,second,[::1]:port/database
    scheme://user@%2Fpath%2Fof%2Fsocket/database       scheme:///database?socket=/path        scheme://user@[::1]/database
    scheme:///relative/file     scheme:////absolute/file     scheme://            (engines that run in this process)

`scheme+sqlx` means `scheme`.
Reserved characters in a name or a password are percent-encoded. Nothing of the URL's user, password or port is ever
repeated in an error: a character that should have been encoded can turn one into the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

from sqlx.kernel.errors import Misuse
from sqlx.wire.registry import Pack


def split_scheme(dsn: str, known: Callable[[], str]) -> tuple[str, str]:
    """The scheme of a URL, and what stands behind its `://`; `known` says which schemes there are. Raises Misuse."""
    scheme, separator, rest = dsn.partition("://")
    if not separator or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme):
        raise Misuse(f"a URL begins with its scheme, as in scheme://user@host/database {known()}")
    base, plus, driver = scheme.lower().partition("+")
    if plus and driver != "sqlx":
        raise Misuse(f"the scheme asks for the driver {driver!r}: write {base}://")
    return base, rest


def url_levels(scheme: str, rest: str, pack: Pack) -> tuple[dict[str, str], dict[str, str]]:
    """What the URL says before its `?`, and behind it: options by name, as texts. Raises Misuse."""
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
    places = [_host_and_port(each) for each in where.split(",")]
    host, port = (",".join(each) for each in zip(*places, strict=True))
    if not port.strip(","):
        port = ""
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
