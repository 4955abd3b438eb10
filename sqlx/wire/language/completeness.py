"""What a pack must have beside what its models ask for, and what it has that nothing uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlx.wire.builtin_options import not_its_own
from sqlx.wire.compile.findings import Finding, alternatives
from sqlx.wire.compile.places import everywhere, message_of
from sqlx.wire.compile.program import BUILTIN_VARIABLES

Section = Mapping[str, Any]
# What the session asks of a server, and when.
COMMANDS = {
    "query": "runs a text",
    "ping": "asks whether the server is there",
    "quit": "says goodbye",
}
PARAMETER_COMMANDS = {
    "prepare": "prepares a statement",
    "execute": "runs a prepared statement",
    "release": "forgets a prepared statement",
}
PORTAL_COMMANDS = {"fetch": "reads the next part of a result", "close_portal": "ends a result that is read in parts"}
RUN_COMMANDS = {
    "run": "runs a statement with parameters that was not prepared before",
    "run_again": "runs the statement of the last `run` in the same batch with other values",
    "identify": "finds out which process of the server answers, for `session.direct`",
}
BEGIN_COMMAND = {"begin": "opens a transaction in the same batch as a statement"}

# What is written into the statements of a session.
HOLES = {
    "savepoint": "name",
    "release": "name",
    "rollback_to": "name",
    "begin_isolation": "level",
    "set_isolation": "level",
    "statement_timeout": "milliseconds",
}

SCROLL_HOLES = {
    "declare": ("name", "query"),
    "declare_held": ("name", "query"),
    "fetch": ("name", "count"),
    "move": ("name", "row"),
}

_HOLE = re.compile(r"\{([a-z_]+)\}")
_WORD = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def missing(source: Section) -> Iterator[Finding]:
    """Sections, flows and commands without which nothing runs."""
    if "default" not in source.get("types", {}):
        yield Finding("$.types", "there is no rule `default`, for types that no other rule is for")
    if "default" not in source["errors"]["classes"]:
        yield Finding("$.errors.classes", "there is no `default`, for what no other class is for")
    if "parameters" not in source:
        yield Finding("$", "there is no section `parameters`: no value can be bound", "note")
    if not source.get("schemes"):
        yield Finding("$", "there are no `schemes`: the pack runs only where it is named", "note")
    if source.get("embedded") is None:
        yield from _missing_of_server(source)


def _missing_of_server(source: Section) -> Iterator[Finding]:
    for name in ("server", "client"):
        if name not in source.get("framing", {}):
            yield Finding("$.framing", f"there is no framing `{name}`")
    flows, commands, session = source.get("flows", {}), source.get("commands", {}), source["session"]
    if "connect" not in flows:
        yield Finding("$.flows", "there is no flow `connect`, which opens a connection")
    if "cancel" not in flows:
        yield Finding("$.flows", "there is no flow `cancel`: a statement that runs cannot be stopped", "note")
    if session.get("state") is None:
        yield Finding("$.session", "there is no `state`, which tells whether a transaction is open")
    described = any("columns" in message for message in source.get("messages", {}).get("server", {}).values())
    if described and "columns" not in source:
        yield Finding("$", "there is no section `columns`, which says what a column's definition means")
    wanted = COMMANDS | (PARAMETER_COMMANDS if "parameters" in source else {})
    scroll = bool(session.get("scroll"))
    wanted |= PORTAL_COMMANDS if session.get("portals") or scroll else {}
    wanted |= RUN_COMMANDS if session.get("direct") or scroll else {}
    wanted |= BEGIN_COMMAND if session.get("begin") else {}
    for name, meaning in wanted.items():
        if name not in commands:
            yield Finding("$.commands", f"there is no command `{name}`, which {meaning}")
    known = COMMANDS | PARAMETER_COMMANDS | PORTAL_COMMANDS | RUN_COMMANDS | BEGIN_COMMAND
    for name in commands.keys() - known.keys():
        yield Finding(f"$.commands.{name}", f"nothing runs the command {name!r}{alternatives(name, known)}", "note")


def misleading(source: Section) -> Iterator[Finding]:
    """What can be read and does not mean what it seems to."""
    for name in source.get("variables", {}).keys() & BUILTIN_VARIABLES.keys():
        yield Finding(f"$.variables.{name}", f"every connection has a variable {name!r} already")
    for name in source.get("constants", {}).keys() & {*source.get("variables", {}), *BUILTIN_VARIABLES}:
        yield Finding(f"$.constants.{name}", f"a variable has the name {name!r} too, and hides this constant")
    for name, entry in source.get("types", {}).items():
        yield from _unreachable_rules(entry, f"$.types.{name}")
    yield from not_its_own(source.get("options", {}), bool(source.get("embedded")))
    for name, option in source.get("options", {}).items():
        if option["kind"] in ("choice", "choices", "permits") and not option.get("choices"):
            yield Finding(f"$.options.{name}", f"a `{option['kind']}` has `choices`")
        if option.get("contents") and option["kind"] != "path":
            yield Finding(f"$.options.{name}.contents", "only a `path` has `contents`")
        if option.get("contents") and "default" in option:
            yield Finding(f"$.options.{name}.default", "which file is read and sent is for the user to say")
    for name, framing in source.get("framing", {}).items():
        if "ends" in framing and "size" in framing:
            yield Finding(f"$.framing.{name}.size", "a body has a `size` or `ends` with a text, not both")
    for key, hole in HOLES.items():
        text = source["session"].get(key)
        if text is not None and _HOLE.findall(text) != [hole]:
            yield Finding(f"$.session.{key}", f"this statement has one hole, {{{hole}}}")
    for key, text in (source["session"].get("scroll") or {}).items():
        if sorted(_HOLE.findall(text)) != sorted(SCROLL_HOLES[key]):
            yield Finding(f"$.session.scroll.{key}", f"this statement has the holes {', '.join(SCROLL_HOLES[key])}")
    for name, query in source.get("catalog", {}).items():
        for hole in sorted({hole for line in query["sql"] for hole in _HOLE.findall(line)} - {"schema"}):
            yield Finding(f"$.catalog.{name}.sql", f"{{{hole}}} stands for nothing; {{schema}} is the quoted name")
    for place, step in everywhere(source):
        if isinstance(step, dict) and step.get("event") == "notice" and "with" in step:
            yield Finding(f"{place}.with", "a notice says what the message's `error` says, and takes no values")
    for index, entry in enumerate(source.get("verified", [])):
        if entry["how"] == "live" and not entry.get("version"):
            yield Finding(f"$.verified[{index}]", "a pack verified `live` says with which `version`")


def _unreachable_rules(entry: Any, path: str) -> Iterator[Finding]:
    rules = entry if isinstance(entry, list) else [entry]
    for index, rule in enumerate(rules[:-1]):
        if "when" not in rule:
            yield Finding(f"{path}[{index + 1}]", "this is never reached: the rule before it has no `when`")
    if "when" in rules[-1]:
        where = f"{path}[{len(rules) - 1}]" if isinstance(entry, list) else path
        yield Finding(
            f"{where}.when", "the last rule for a type has no `when`: what it does not hold would have no rule"
        )


def unused(source: Section) -> Iterator[Finding]:
    """Notes of what nothing refers to."""
    steps = [step for _, step in everywhere(source) if isinstance(step, dict)]
    sent = {step["send"] for step in steps if "send" in step}
    sent |= {message for step in steps for message in step.get("pull", {}).values()}
    yield from _unnamed(source.get("messages", {}).get("client", {}), sent, "$.messages.client", "sends the message")
    server = source.get("messages", {}).get("server", {})
    yield from _unnamed(server, _received(source), "$.messages.server", "expects the message")
    words = _words({key: source.get(key) for key in _SPEAKING})
    for section, does in (
        ("variables", "uses the variable"),
        ("structs", "uses the struct"),
        ("integers", "uses the integer"),
    ):
        yield from _unnamed(source.get(section, {}), words, f"$.{section}", does)
    framings = {"server", "client", *_words(server), *_words(source.get("messages", {}).get("client", {}))}
    keys = ("framing", "reads", "writes")
    framings |= {step[key] for _, step in everywhere(source) if isinstance(step, dict) for key in keys if key in step}
    yield from _unnamed(source.get("framing", {}), framings, "$.framing", "uses the framing")


_SPEAKING = (
    "structs", "framing", "messages", "always", "idle", "flows", "commands", "segment", "columns", "types",
    "parameters", "sql", "session",
)  # fmt: skip


def _unnamed(section: Section, used: set[str], path: str, does: str) -> Iterator[Finding]:
    for name in section:
        if name not in used:
            yield Finding(f"{path}.{name}", f"nothing {does} {name!r}", "note")


def _received(source: Section) -> set[str]:
    found = {*source.get("always", {}), *source.get("idle", {})}
    for _, step in everywhere(source):
        if isinstance(step, dict):
            found.update(message_of(pattern) for pattern in step.get("expect", {}))
            found.update(name for key in ("gather", "result") if isinstance(name := step.get(key), str))
    return found


def _words(value: Any) -> set[str]:
    """Every word in every text of a part of a pack, and the variables that it sets."""
    if isinstance(value, str):
        return set(_WORD.findall(value))
    if isinstance(value, dict):
        changed = [value["set"]] if isinstance(value.get("set"), dict) else []
        return {name for part in changed for name in part}.union(*(_words(item) for item in value.values()))
    return set().union(*(_words(item) for item in value)) if isinstance(value, list) else set()
