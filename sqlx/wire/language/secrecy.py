"""Whether a pack could show a secret: no error tells what is made of a password, or of an option that is never shown.

Errors are printed, logged and sent on. What a pack sends its server is another matter, which nobody can check here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlx.wire.compile import expr
from sqlx.wire.compile.expr import Node
from sqlx.wire.compile.findings import Finding
from sqlx.wire.compile.functions import FUNCTIONS
from sqlx.wire.compile.places import everywhere
from sqlx.wire.errors import PackError

Section = Mapping[str, Any]

_HOLE = re.compile(r"\{([^{}]+)\}")
_OPTIONS = Node("name", "options")
_CONDITIONS = ("and", "or", "=", "!=", "<", "<=", ">", ">=", "in")


def told(source: Section) -> Iterator[Finding]:
    """Sentences of errors that hold a secret, or what is made of one."""
    secret = _secret(source)
    for path, text in _sentences(source):
        for name in sorted(_shown(_parsed(text)) & secret):
            yield Finding(path, f"{name} is secret, or made of what is: no error may tell it")


def _secret(source: Section) -> set[str]:
    """Variables that hold a secret, or what was ever made of one, and options that are never shown."""
    hidden = [f"options['{name}']" for name, option in source.get("options", {}).items() if option.get("secret")]
    new = ["password", *(source["session"].get("secrets") or ()), *hidden, *(["options"] if hidden else [])]
    makes: dict[str, list[str]] = {}
    for variable, text in _assignments(source):
        for name in _shown(_parsed(text)):
            makes.setdefault(name, []).append(variable)
    secret: set[str] = set()
    while new:
        name = new.pop()
        if name not in secret:
            secret.add(name)
            new += makes.get(name, ())
    return secret


def _assignments(source: Section) -> Iterator[tuple[str, str]]:
    """(variable, expression) of everything that variables are made of."""
    yield from (source["session"].get("cancel_with") or {}).items()
    for _, step in everywhere(source):
        if isinstance(step, dict):
            yield from step.get("set", {}).items()
            if "put" in step:
                yield from ((step["put"]["map"], step["put"][part]) for part in ("key", "value"))


def _sentences(source: Section) -> Iterator[tuple[str, str]]:
    """(path, expression) of everything that is told in an error, or in a notice."""
    for path, step in everywhere(source):
        if isinstance(step, dict):
            for where, rule in ((f"{path}.fail", step.get("fail")), (f"{path}.else", step.get("else"))):
                if isinstance(rule, dict) and "message" in rule:
                    yield from ((f"{where}.message", text) for text in _HOLE.findall(rule["message"]))
    for name, message in source.get("messages", {}).get("server", {}).items():
        for field, text in (message.get("error") or {}).items():
            yield f"$.messages.server.{name}.error.{field}", text


def _parsed(text: str) -> Node:
    try:
        return expr.parse(text, "$")
    except (PackError, RecursionError):  # told where it is compiled
        return Node("literal", None)


def _shown(node: Node) -> set[str]:
    """The names whose values a value may be made of. A condition tells no text."""
    if node.kind == "name":
        return {node.value}
    if node.kind == "index" and node.parts[0] == _OPTIONS and node.parts[1].kind == "literal":
        return {f"options['{node.parts[1].value}']"}
    if node.value == "not" or node.value in _CONDITIONS:
        return set()
    if node.kind == "call" and node.value in FUNCTIONS and FUNCTIONS[node.value].result == "bool":
        return set()
    parts = node.parts[1:] if node.kind == "if" else node.parts
    return set().union(*map(_shown, parts))
