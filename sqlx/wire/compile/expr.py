"""The expressions of wire packs: a small pure language, parsed and typed when a pack is loaded.

    1  0x80  'text'  x'00ff'  true  false  null  [1, 2]  literals
    name                                                  a field, an argument, a variable, a constant (in this order)
    x[1]  x[1:9]  m['key']                                index (null where a map lacks the key), slice
    f(x, y)                                               a function of FUNCTIONS
    - * / %  + -  << >>  &  |  = != < <= > >= in          arithmetic, bits, comparison; + also joins texts and bytes
    not  and  or  a if condition else b

It cannot loop, import, or reach attributes. What it may grow is bounded by the text of the expression and the values
it is given. Types are the words of `Type`; `any` is what stands in a list or a map and agrees with everything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlx.wire import crypto
from sqlx.wire.compile import fuel, functions
from sqlx.wire.compile.emit import Source
from sqlx.wire.errors import PackError

MAX_LENGTH = 2000
MAX_DEPTH = 40
MAX_TOKENS = 200  # so that the tree, and the code made of it, stay within what Python itself can nest

_TOKEN = re.compile(
    r"\s*(?:(?P<int>0x[0-9a-fA-F]+|\d+)|x'(?P<hex>(?:[0-9a-fA-F]{2})*)'|'(?P<text>(?:[^'\\]|\\.)*)'"
    r"|(?P<name>[a-zA-Z_][a-zA-Z0-9_]*)|(?P<op><<|>>|!=|<=|>=|[-+*/%&|=<>()\[\],:]))"
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "'": "'", "\\": "\\"}
_LEVELS = (("=", "!=", "<", "<=", ">", ">=", "in"), ("|",), ("&",), ("<<", ">>"), ("+", "-"), ("*", "/", "%"))


class Name(NamedTuple):
    """Where a name stands at run time: a Python expression of our own making, and its type."""

    code: str
    type: str


Scope = Mapping[str, Name]


class Node(NamedTuple):
    """A node of the tree: `kind` is literal, list, name, call, index, slice, unary, binary, if."""

    kind: str
    value: Any
    parts: tuple[Node, ...] = ()


def parse(text: str, path: str) -> Node:
    """The tree of one expression. Raises PackError at `path`."""
    if not isinstance(text, str):
        raise PackError(path, f"an expression is a text, not {text!r}")
    if len(text) > MAX_LENGTH:
        raise PackError(path, f"an expression has at most {MAX_LENGTH} characters")
    parser = _Parser(_tokens(text, path), path)
    node = parser.expression(0)
    parser.expect("end")
    return node


def _tokens(text: str, path: str) -> list[tuple[str, Any]]:
    tokens: list[tuple[str, Any]] = []
    position = 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            raise PackError(path, f"cannot read {stripped[position : position + 12]!r} in the expression {text!r}")
        kind = match.lastgroup or ""
        tokens.append(_token(kind, match[kind]))
        position = match.end()
    if any(
        value.bit_length() > fuel.MAX_BITS for kind, value in tokens if kind == "literal" and isinstance(value, int)
    ):
        raise PackError(path, f"a number in an expression has at most {fuel.MAX_BITS} bits")
    if len(tokens) > MAX_TOKENS:
        raise PackError(path, f"an expression has at most {MAX_TOKENS} words and signs, not {len(tokens)}")
    return [*tokens, ("end", "the end")]


def _token(kind: str, raw: str) -> tuple[str, Any]:
    if kind == "int":
        return "literal", int(raw, 0) if raw.startswith("0x") else int(raw)
    if kind == "hex":
        return "literal", bytes.fromhex(raw)
    if kind == "text":
        return "literal", re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), raw)
    if kind == "name" and raw in ("true", "false", "null"):
        return "literal", {"true": True, "false": False, "null": None}[raw]
    if kind == "name" and raw not in ("if", "else", "and", "or", "not", "in"):
        return "name", raw
    return raw, raw


class _Parser:
    def __init__(self, tokens: list[tuple[str, Any]], path: str) -> None:
        self.tokens = tokens
        self.path = path
        self.at = 0

    def take(self, *kinds: str) -> str | None:
        if self.tokens[self.at][0] in kinds:
            self.at += 1
            return self.tokens[self.at - 1][0]
        return None

    def expect(self, kind: str) -> None:
        if not self.take(kind):
            raise PackError(self.path, f"expected {kind!r}, found {self.tokens[self.at][1]!r}")

    def expression(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise PackError(self.path, f"an expression nests at most {MAX_DEPTH} deep")
        node = self.either(depth)
        if self.take("if"):
            condition = self.either(depth)
            self.expect("else")
            return Node("if", None, (condition, node, self.expression(depth + 1)))
        return node

    def either(self, depth: int) -> Node:
        node = self.both(depth)
        while self.take("or"):
            node = Node("binary", "or", (node, self.both(depth)))
        return node

    def both(self, depth: int) -> Node:
        node = self.negated(depth)
        while self.take("and"):
            node = Node("binary", "and", (node, self.negated(depth)))
        return node

    def negated(self, depth: int) -> Node:
        if self.take("not"):
            if depth > MAX_DEPTH:
                raise PackError(self.path, f"an expression nests at most {MAX_DEPTH} deep")
            return Node("unary", "not", (self.negated(depth + 1),))
        return self.level(0, depth)

    def level(self, number: int, depth: int) -> Node:
        if number == len(_LEVELS):
            return self.signed(depth)
        node = self.level(number + 1, depth)
        while operator := self.take(*_LEVELS[number]):
            node = Node("binary", operator, (node, self.level(number + 1, depth)))
        return node

    def signed(self, depth: int) -> Node:
        if self.take("-"):
            return Node("unary", "-", (self.postfix(depth),))
        return self.postfix(depth)

    def postfix(self, depth: int) -> Node:
        node = self.atom(depth)
        while self.take("["):
            start = None if self.tokens[self.at][0] == ":" else self.expression(depth + 1)
            if self.take(":"):
                stop = None if self.tokens[self.at][0] == "]" else self.expression(depth + 1)
                none = Node("literal", None)
                node = Node("slice", None, (node, start or none, stop or none))
            elif start is not None:
                node = Node("index", None, (node, start))
            self.expect("]")
        return node

    def atom(self, depth: int) -> Node:
        kind, value = self.tokens[self.at]
        self.at += 1
        if kind == "literal":
            return Node("literal", value)
        if kind == "(":
            node = self.expression(depth + 1)
            self.expect(")")
            return node
        if kind == "[":
            return Node("list", None, tuple(self.listed("]", depth)))
        if kind != "name":
            raise PackError(self.path, f"expected a value, found {value!r}")
        if not self.take("("):
            return Node("name", value)
        return Node("call", value, tuple(self.listed(")", depth)))

    def listed(self, end: str, depth: int) -> list[Node]:
        """Expressions between commas, up to `end`."""
        parts: list[Node] = []
        while not self.take(end):
            parts.append(self.expression(depth + 1))
            if not self.take(","):
                self.expect(end)
                break
        return parts


def names(node: Node) -> set[str]:
    """Every name that the expression reads."""
    found = {node.value} if node.kind == "name" else set()
    return found.union(*(names(part) for part in node.parts))


def grows(node: Node) -> bool:
    """Whether the value may be larger than what the expression reads."""
    if node.kind == "call":
        function = functions.FUNCTIONS.get(node.value)
        return function is None or function.result not in ("int", "bool")
    grown = node.kind == "list" or (node.kind == "binary" and node.value in ("+", "-", "*", "<<"))
    return grown or any(map(grows, node.parts))


def is_kept(name: Name) -> bool:
    """Whether a name is that of a variable which may hold much."""
    return name.code.startswith("v[") and name.type not in ("int", "bool")


class Emitter:
    """Types an expression against a scope and writes it as Python."""

    def __init__(self, source: Source, scope: Scope, path: str) -> None:
        self.source = source
        self.scope = scope
        self.path = path

    def emit(self, node: Node, wanted: str = "any") -> tuple[str, str]:
        """The Python text of `node` and its type. Raises PackError when it is not of the type that is `wanted`."""
        code, type_ = getattr(self, f"_{node.kind}")(node)
        if not agrees(type_, wanted):
            raise PackError(self.path, f"this is {_article(type_)} where {_article(wanted)} is expected")
        return code, type_

    def _literal(self, node: Node) -> tuple[str, str]:
        value = node.value
        if value is None or isinstance(value, bool):
            return repr(value), "null" if value is None else "bool"
        if isinstance(value, int):
            return repr(value), "int"
        return self.source.constant(value), "text" if isinstance(value, str) else "bytes"

    def _list(self, node: Node) -> tuple[str, str]:
        return f"[{', '.join(self.emit(part)[0] for part in node.parts)}]", "list"

    def _name(self, node: Node) -> tuple[str, str]:
        found = self.scope.get(node.value)
        if found is None:
            raise PackError(
                self.path, f"nothing here is called {node.value!r}; there are {', '.join(sorted(self.scope))}"
            )
        return found.code, found.type

    def _call(self, node: Node) -> tuple[str, str]:
        function = functions.FUNCTIONS.get(node.value)
        if function is None:
            raise PackError(
                self.path, f"no function is called {node.value!r}; there are {', '.join(sorted(functions.FUNCTIONS))}"
            )
        if not len(function.arguments) - function.optional <= len(node.parts) <= len(function.arguments):
            raise PackError(self.path, f"{node.value} takes {len(function.arguments)} arguments, not {len(node.parts)}")
        parts = [self.emit(part, wanted)[0] for part, wanted in zip(node.parts, function.arguments, strict=False)]
        if node.value in crypto.FUNCTIONS or any(map(self._kept, node.parts)):
            return f"{self.source.constant(functions.METERED[node.value])}({', '.join(('v', *parts))})", function.result
        return f"{self.source.constant(function.call)}({', '.join(parts)})", function.result

    def _kept(self, node: Node) -> bool:
        """Whether a variable is read that may hold much: what is in messages and arguments was measured as it came."""
        found = (self.scope.get(name) for name in names(node))
        return any(known is not None and is_kept(known) for known in found)

    def _index(self, node: Node) -> tuple[str, str]:
        value, type_ = self.emit(node.parts[0])
        if type_ == "map":
            return f"{value}.get({self.emit(node.parts[1], 'text')[0]})", "any"
        if type_ not in ("bytes", "text", "list", "any"):
            raise PackError(self.path, f"{_article(type_)} has no parts")
        wanted = "any" if type_ == "any" else "int"
        return f"{value}[{self.emit(node.parts[1], wanted)[0]}]", {"bytes": "int", "text": "text"}.get(type_, "any")

    def _slice(self, node: Node) -> tuple[str, str]:
        value, type_ = self.emit(node.parts[0])
        if type_ not in ("bytes", "text", "list", "any"):
            raise PackError(self.path, f"{_article(type_)} cannot be sliced")
        start, stop = (self.emit(part, "int")[0] for part in node.parts[1:])
        return f"{value}[{start}:{stop}]", type_

    def _unary(self, node: Node) -> tuple[str, str]:
        if node.value == "not":
            return f"(not {self.emit(node.parts[0])[0]})", "bool"
        return f"(-{self.emit(node.parts[0], 'int')[0]})", "int"

    def _if(self, node: Node) -> tuple[str, str]:
        condition = self.emit(node.parts[0])[0]
        (yes, first), (no, second) = self.emit(node.parts[1]), self.emit(node.parts[2])
        return f"({yes} if {condition} else {no})", _either(first, second)

    def _binary(self, node: Node) -> tuple[str, str]:
        operator, (left, right) = node.value, node.parts
        if operator in ("and", "or"):
            return self._logic(operator, left, right)
        if operator in ("=", "!=", "in"):
            return self._compare(operator, left, right)
        if operator in ("<", "<=", ">", ">="):
            return f"({self.emit(left, 'int')[0]} {operator} {self.emit(right, 'int')[0]})", "bool"
        if operator == "+":
            return self._plus(left, right)
        first, second = self._number(left), self._number(right)
        if operator in ("<<", ">>"):
            return f"({first} {operator} ({second} & 63))", "int"
        return f"({first} {'//' if operator == '/' else operator} {second})", "int"

    def _logic(self, operator: str, left: Node, right: Node) -> tuple[str, str]:
        (first, one), (second, other) = self.emit(left), self.emit(right)
        code = f"({first} {operator} {second})"
        return code if one == other == "bool" else f"{self.source.constant(bool)}{code}", "bool"

    def _number(self, node: Node) -> str:
        """An operand of arithmetic. A type known only at run time is looked at there: `*` and `%` make texts of any
        size."""
        code, type_ = self.emit(node, "int")
        return code if type_ != "any" else f"{self.source.constant(_whole)}({code})"

    def _compare(self, operator: str, left: Node, right: Node) -> tuple[str, str]:
        (first, one), (second, other) = self.emit(left), self.emit(right)
        if operator == "in" and other not in ("list", "map", "text", "bytes", "any"):
            raise PackError(self.path, f"nothing is in {_article(other)}")
        if operator != "in" and not (agrees(one, other) or agrees(other, one)):
            raise PackError(self.path, f"{_article(one)} never equals {_article(other)}")
        return f"({first} {'==' if operator == '=' else operator} {second})", "bool"

    def _plus(self, left: Node, right: Node) -> tuple[str, str]:
        first, type_ = self.emit(left)
        if type_ not in ("int", "text", "bytes", "any"):
            raise PackError(self.path, f"{_article(type_)} cannot be added to")
        second = self.emit(right, type_)[0]
        if type_ == "int":
            return f"({first} + {second})", type_
        return f"{self.source.constant(fuel.joined)}(v, {first}, {second})", type_


def _whole(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError(f"a number is expected, not {type(value).__name__}")
    return value


def _either(first: str, second: str) -> str:
    """The type of what is one of two."""
    if first == second or second == "null":
        return first
    return second if first == "null" else "any"


def agrees(type_: str, wanted: str) -> bool:
    """Whether a value of `type_` may stand where `wanted` is expected. Everything may be null, and a bool counts as an
    int."""
    return wanted == type_ or "any" in (wanted, type_) or type_ == "null" or (type_ == "bool" and wanted == "int")


def _article(type_: str) -> str:
    return {"int": "an int", "any": "anything", "null": "null", "bytes": "bytes"}.get(type_, f"a {type_}")
