"""Which options there are, of every engine and of a pack; and one set of them out of many levels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlx.kernel.errors import Misuse, PackError, did_you_mean
from sqlx.kernel.option_values import converted
from sqlx.wire.builtin_options import not_its_own, of_every_pack
from sqlx.wire.registry import Pack, Section, merge

_REPLACES = {
    "host": ("host", "hostaddr", "socket"),
    "socket": ("host", "hostaddr", "socket"),
    "hostaddr": ("socket",),  # the host keeps its name: its certificate is held against that
}

# Words of other drivers that are near to none here, or near to the wrong one: what to say instead, to a server.
_ELSEWHERE = {
    "charset": "text is always UTF-8: leave it out",
    "client_encoding": "text is always UTF-8: leave it out",
    "timeout": "connect_timeout bounds connecting, statement_timeout each statement",
    "read_timeout": "statement_timeout bounds each statement",
    "ssl": "sslmode says how the line is secured",
    "ssl_ca": "sslrootcert names the authorities that are trusted",
    "ssl_cert": "sslcert names this client's certificate",
    "ssl_key": "sslkey names its private key",
}


def known_options(pack: Pack) -> dict[str, Section]:
    """The options that a URL of this pack, and `connect`, may give. Raises PackError for a pack that says of others'
    options what it may not."""
    for finding in not_its_own(pack.options, bool(pack.embedded)):
        raise PackError(finding.path, finding.message)
    return merge(of_every_pack(bool(pack.embedded)), pack.options)


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
            meant = "" if pack.embedded else _ELSEWHERE.get(key, "")
            near = "" if meant else did_you_mean(key, words)
            raise Misuse(f"{pack.title or pack.name} has no option {key!r}{near}", meant)
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
