"""The options that variables and files give, by what a pack's `environment` says of them, from the lowest level up:
option files, variables, the service that is asked for; and passwords by place.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from sqlx.kernel.environment.option_files import OptionFiles
from sqlx.kernel.environment.password_file import Passwords, Wanted, names_of
from sqlx.kernel.environment.service_file import service
from sqlx.kernel.environment.text_files import Said, expanded
from sqlx.kernel.errors import Misuse, PackError, did_you_mean
from sqlx.kernel.known_options import names, overlaid
from sqlx.kernel.option_values import converted
from sqlx.kernel.places import Place
from sqlx.wire import registry
from sqlx.wire.registry import Pack, Section

VARIABLE = "SQLX_ENVIRONMENT"  # false: nothing is read where nobody asks for it


def surroundings(pack: Pack, known: Mapping[str, Section], named: Mapping[str, Any]) -> dict[str, Any]:
    """What variables and files say of a connection; `named` is what a URL and keywords say of it. Raises Misuse."""
    rules = pack.environment
    if not is_read(pack, known, named):
        _refuse_files(pack, named)
        return {}
    reader = _Reader(known)
    levels = [reader.option_files(rules.get("option_files"), named), reader.variables(rules.get("variables", {}))]
    below = overlaid([*levels, named])
    levels.append(reader.service(rules.get("service_file"), below))
    return _without_socket(overlaid(levels), named)


def is_read(pack: Pack, known: Mapping[str, Section], named: Mapping[str, Any]) -> bool:
    """Whether variables and files count: as the option, or else a variable of our own, says.

    Where neither does they count for shipped packs. Another one could name what it likes, and tell it to its server.
    """
    if "environment" in named:
        return bool(named["environment"])
    said = os.environ.get(VARIABLE)
    return bool(converted(VARIABLE, known["environment"], said)) if said else registry.is_shipped(pack)


def with_passwords(pack: Pack, values: Mapping[str, Any], places: Iterable[Place]) -> tuple[Place, ...]:
    """The places with their passwords out of the password file. Raises Misuse for a file that is no text."""
    rule = pack.environment["password_file"]
    path = expanded(values.get(rule["option"]) or rule["path"])
    if path is None:
        return tuple(places)
    file, found = Passwords(path), []
    for place in places:
        port = place.port or next(iter(values["port"] or ()), None) or pack.default_port
        usual = pack.default_socket.replace("{port}", str(port))
        hosts = names_of(place.host, place.socket, usual)
        wanted = Wanted(hosts, str(port), values["database"] or values["user"], values["user"])
        found.append(place._replace(password=file.find(wanted), unread=file.unread))
    return tuple(found)


class _Reader:
    """Takes words to the options that they mean."""

    def __init__(self, known: Mapping[str, Section]) -> None:
        self._known = known
        self._names = names(known)

    def variables(self, rules: Mapping[str, Any]) -> dict[str, Any]:
        given = ((name, os.environ.get(name)) for name in rules)
        return self._level([Said(name, text, name) for name, text in given if text], rules)

    def option_files(self, rule: Section | None, named: Mapping[str, Any]) -> dict[str, Any]:
        if rule is None:
            return {}
        files = OptionFiles(rule["groups"])
        own = named.get(rule["option"])
        if own:
            files.read_named(own)
        else:
            files.read_usual(rule["paths"])
        words = rule["words"]
        return self._level([said for said in files.said if said.word in words], words)

    def service(self, rule: Section | None, below: Mapping[str, Any]) -> dict[str, Any]:
        name = below.get(rule["option"]) if rule else None
        if rule is None or not name:
            return {}
        own = below.get(rule["file_option"])
        # A file that is named stands for the first of those that are looked into.
        found = service(name, [own, *rule["paths"][1:]] if own else rule["paths"])
        ignored = rule.get("ignored", ())
        found = [said for said in found if said.word not in ignored]
        for said in found:
            if said.word not in self._names or self._names[said.word] in (rule["option"], "environment"):
                near = did_you_mean(said.word, self._names)
                raise Misuse(f"{said.where}: a service has no option {said.word!r} here{near}")
        return self._level(found, {})

    def _level(self, found: Iterable[Said], rules: Mapping[str, Any]) -> dict[str, Any]:
        level: dict[str, Any] = {}
        for said in found:
            rule = rules.get(said.word, said.word)
            option = self._option(rule if isinstance(rule, str) else rule["option"])
            value = said.value if isinstance(rule, str) else _translated(said, rule["values"])
            if value:
                level[option] = self._converted(option, value, said.where)
        if level.get("host") and level.get("socket"):
            # Their tools take the socket for this machine, and have it by default beside any other host.
            del level["host" if level["host"] == "localhost" else "socket"]
        return level

    def _option(self, word: str) -> str:
        if word not in self._names:
            raise PackError("$.environment", f"it means an option {word!r} that there is not")
        return self._names[word]

    def _converted(self, option: str, value: str, where: str) -> Any:
        if self._known[option].get("kind") == "seconds" and value.startswith("-"):
            value = "0"  # to their tools a negative time is no limit
        try:
            return converted(option, self._known[option], value, where)
        except Misuse as error:
            raise Misuse(f"{where}: {error.message}") from None


def _translated(said: Said, values: Mapping[str, str]) -> str:
    found = values.get(said.value.lower())
    if found is None:
        raise Misuse(f"{said.where}: {said.word} is one of {', '.join(filter(None, values))}")
    return found


def _without_socket(below: dict[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """Who names a port means a host that listens on it, not the socket of a file."""
    if "port" in named and "host" not in named:
        below.pop("socket", None)
    return below


def _refuse_files(pack: Pack, named: Mapping[str, Any]) -> None:
    forbids = "environment=false forbids that: leave one out"
    if not registry.is_shipped(pack):
        forbids = "a pack that is not shipped reads nothing without environment=true"
    for rule in (pack.environment.get(key, {}) for key in ("service_file", "password_file", "option_files")):
        for name in (rule.get("option"), rule.get("file_option")):
            if name and named.get(name):
                raise Misuse(f"{name} names something to be read, and {forbids}")
