"""The expressions of wire packs: what they say, what they refuse, and that no text makes them grow or run away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlx.wire.compile import expr
from sqlx.wire.compile.emit import Source
from sqlx.wire.compile.expr import Name
from sqlx.wire.compile.fuel import Fuel
from sqlx.wire.compile.functions import FUNCTIONS
from sqlx.wire.errors import PackError

VARIABLES: dict[str, tuple[str, Any]] = {
    "n": ("int", 7),
    "s": ("text", "abc"),
    "b": ("bytes", b"\x01\x02\x03"),
    "flag": ("bool", True),
    "items": ("list", [1, None, "x", b"y"]),
    "table": ("map", {"a": "1", "n": 5}),
    "anything": ("any", 3),
}
SCOPE = {name: Name(f"v[{index}]", type_) for index, (name, (type_, _)) in enumerate(VARIABLES.items())}
VALUES = [*(value for _, value in VARIABLES.values()), Fuel()]


def compiled(text: str, wanted: str = "any") -> Callable[[list[Any]], Any]:
    source = Source()
    source.line(f"return {expr.Emitter(source, SCOPE, '$.here').emit(expr.parse(text, '$.here'), wanted)[0]}")
    return source.build("v")


def evaluate(text: str) -> Any:
    return compiled(text)(VALUES)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("0x80", 128),
        ("'it\\'s \\\\ \\n'", "it's \\ \n"),
        ("x'00ff'", b"\x00\xff"),
        ("x''", b""),
        ("true", True),
        ("null", None),
        ("[1, 'a', null]", [1, "a", None]),
        ("[]", []),
        ("n", 7),
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("7 / 2", 3),
        ("-7 / 2", -4),
        ("7 % 4", 3),
        ("1 << 3 | 1", 9),
        ("6 & 3 | 8", 10),
        ("256 >> 4", 16),
        ("1 << 64", 1),
        ("10 - 2 - 3", 5),
        ("'a' + 'b' + s", "ababc"),
        ("b + x'04'", b"\x01\x02\x03\x04"),
        ("n = 7", True),
        ("n != 7", False),
        ("n < 8 and n >= 7", True),
        ("not flag or n > 1", True),
        ("not n = 8", True),
        ("1 and 2", True),
        ("s or n", True),
        ("'b' in s", True),
        ("null in items", True),
        ("'z' in table", False),
        ("s = null", False),
        ("1 = null", False),
        ("1 != null", True),
        ("table['nothing'] = null", True),
        ("'x' if n > 5 else 'y'", "x"),
        ("1 if false else 2 if false else 3", 3),
        ("s[1]", "b"),
        ("b[1]", 2),
        ("b[1:]", b"\x02\x03"),
        ("b[:2]", b"\x01\x02"),
        ("b[:]", b"\x01\x02\x03"),
        ("items[2]", "x"),
        ("table['a']", "1"),
        ("table['missing']", None),
        ("anything * 2", 6),
        ("len(s) + len(b) + len(items)", 10),
        ("int('12')", 12),
        ("int('many', -1)", -1),
        ("word('INSERT 0 5', -1)", "5"),
        ("word('one', 3)", ""),
        ("pairs('r=a=b,i=5', ',', '=')['r']", "a=b"),
        ("get(table, 'none', 'else')", "else"),
        ("until(x'616200ff', x'00')", b"ab"),
        ("null_bitmap([null, 1, null], 0)", b"\x05"),
        ("null_bitmap([1, null, 1, 1, 1, 1, 1, null], 2)", b"\x08\x02"),
        ("hex(sha256(bytes('')))[:8]", "e3b0c442"),
    ],
)
def test_value(text: str, value: Any) -> None:
    found = evaluate(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected a value"),
        ("1 +", "expected a value"),
        ("1 2", "expected 'end'"),
        ("(1", "expected ')'"),
        ("[1, 2", "expected ']'"),
        ("'open", "cannot read"),
        ("x'0'", "expected 'end'"),
        ("a.b", "cannot read"),
        ("n ; 1", "cannot read"),
        ("lambda: 0", "expected 'end'"),
        ("nobody", "nothing here is called 'nobody'; there are anything, b"),
        ("__import__('os')", "no function is called '__import__'"),
        ("eval('1')", "no function is called 'eval'"),
        ("len()", "len takes 1 arguments, not 0"),
        ("len(s, s)", "len takes 1 arguments, not 2"),
        ("n()", "no function is called 'n'"),
        ("'a' + 1", "this is an int where a text is expected"),
        ("1 + 'a'", "this is a text where an int is expected"),
        ("s * 3", "this is a text where an int is expected"),
        ("[1] + [2]", "a list cannot be added to"),
        ("-s", "this is a text where an int is expected"),
        ("s < 'b'", "this is a text where an int is expected"),
        ("s = 1", "a text never equals an int"),
        ("n[0]", "an int has no parts"),
        ("table[1]", "this is an int where a text is expected"),
        ("table[1:2]", "a map cannot be sliced"),
        ("s['a']", "this is a text where an int is expected"),
        ("1 in n", "nothing is in an int"),
        ("1 in null", "nothing is in null"),
        ("sha256(s)", "this is a text where bytes is expected"),
        ("(" * 50 + "1" + ")" * 50, "nests at most 40 deep"),
        ("not " * 50 + "true", "nests at most 40 deep"),
        ("[" * 50 + "]" * 50, "nests at most 40 deep"),
        ("s" + "[s" * 50 + "]" * 50, "nests at most 40 deep"),
        ("1 if true else " * 45 + "1", "nests at most 40 deep"),
        ("+".join(["1"] * 900), "at most 200 words and signs, not 1799"),
        ("s" + "[0]" * 600, "at most 200 words and signs"),
        ("1" * 2001, "at most 2000 characters"),
    ],
)
def test_refused(text: str, reason: str) -> None:
    """What is wrong with an expression is told when it is loaded, with the place where it stands."""
    with pytest.raises(PackError) as caught:
        compiled(text)
    assert reason in caught.value.reason
    assert caught.value.path == "$.here"


@pytest.mark.parametrize("value", [1, None, ["n"], {"n": 1}])
def test_an_expression_is_a_text(value: Any) -> None:
    with pytest.raises(PackError, match="an expression is a text"):
        expr.parse(value, "$")


@pytest.mark.parametrize(("text", "wanted"), [("s", "int"), ("n", "text"), ("[1]", "map"), ("b", "bool")])
def test_the_wanted_type_is_checked(text: str, wanted: str) -> None:
    with pytest.raises(PackError, match="where"):
        compiled(text, wanted)


def test_a_choice_between_two_types_agrees_with_everything() -> None:
    """Its type is not that of one branch: what does not fit is told where it is used."""
    assert evaluate("(1 if flag else 'a') = 1") is True
    with pytest.raises(TypeError):
        evaluate("'b' + (1 if flag else 'a')")


@pytest.mark.parametrize("text", ["['a'][0] * 99999999999", "['%99999999999d'][0] % 5", "[b][0] * 99999999999"])
def test_arithmetic_is_for_numbers(text: str) -> None:
    """What stands in a list has no type to check beforehand; a text must not be multiplied all the same."""
    with pytest.raises(TypeError, match="a number is expected"):
        evaluate(text)


def test_no_literal_becomes_code() -> None:
    """Texts and names of a pack reach Python as values only."""
    hostile = "\\'); raise SystemExit #"
    assert evaluate(f"'{hostile}'") == "'); raise SystemExit #"


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_each_function_checks_how_it_is_called(name: str) -> None:
    with pytest.raises(PackError, match=f"{name} takes"):
        compiled(f"{name}({', '.join(['n'] * 9)})")


@given(st.text(max_size=60) | st.text(alphabet="ns+-*()[]'x0 ,=<>:%&|", max_size=60))
def test_any_text_compiles_or_is_refused(text: str) -> None:
    """Whatever a stranger writes is an expression or a PackError, never another exception."""
    try:
        compiled(text)
    except PackError as error:
        assert error.path == "$.here"


# -- random expressions against a reference: every node carries its own evaluation


@dataclass(frozen=True)
class Reference:
    """The text of an expression, and what it must give."""

    text: str
    value: Callable[[Mapping[str, Any]], Any]


def _leaf(type_: str) -> st.SearchStrategy[Reference]:
    literals = {
        "int": st.integers(0, 2**40).map(lambda n: Reference(str(n), lambda _: n)),
        "text": st.text("abc \n'\\", max_size=6).map(lambda t: Reference(_quoted(t), lambda _: t)),
        "bytes": st.binary(max_size=6).map(lambda b: Reference(f"x'{b.hex()}'", lambda _: b)),
        "bool": st.booleans().map(lambda b: Reference(str(b).lower(), lambda _: b)),
    }
    names = [name for name, (known, _) in VARIABLES.items() if known == type_]
    return literals[type_] | st.sampled_from(names).map(lambda name: Reference(name, lambda v: v[name]))


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def _two(left: Reference, right: Reference, operator: str, apply: Callable[[Any, Any], Any]) -> Reference:
    return Reference(f"({left.text} {operator} {right.text})", lambda v: apply(left.value(v), right.value(v)))


def _expressions(type_: str, depth: int) -> st.SearchStrategy[Reference]:
    if depth == 0:
        return _leaf(type_)
    same = _expressions(type_, depth - 1)
    condition = _expressions("bool", depth - 1)
    choice = st.builds(_choice, condition, same, same)
    return _leaf(type_) | choice | _compound(type_, depth)


def _choice(condition: Reference, yes: Reference, no: Reference) -> Reference:
    text = f"({yes.text} if {condition.text} else {no.text})"
    return Reference(text, lambda v: yes.value(v) if condition.value(v) else no.value(v))


ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "<<": lambda a, b: a * 2 ** (b % 64),
    ">>": lambda a, b: a // 2 ** (b % 64),
}
COMPARISON: dict[str, Callable[[int, int], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
LOGIC: dict[str, Callable[[bool, bool], bool]] = {"and": lambda a, b: a & b, "or": lambda a, b: a | b}


def _operator(
    operands: st.SearchStrategy[Reference], table: Mapping[str, Callable[[Any, Any], Any]]
) -> st.SearchStrategy[Reference]:
    return st.builds(
        lambda left, right, word: _two(left, right, word, table[word]),
        operands,
        operands,
        st.sampled_from(sorted(table)),
    )


def _compound(type_: str, depth: int) -> st.SearchStrategy[Reference]:
    numbers, texts = _expressions("int", depth - 1), _expressions("text", depth - 1)
    if type_ == "int":
        return _operator(numbers, ARITHMETIC) | texts.map(
            lambda part: Reference(f"len({part.text})", lambda v: len(part.value(v)))
        )
    if type_ == "bool":
        conditions = _expressions("bool", depth - 1)
        negated = conditions.map(lambda part: Reference(f"(not {part.text})", lambda v: not part.value(v)))
        return _operator(numbers, COMPARISON) | _operator(conditions, LOGIC) | negated
    joined = _operator(_expressions(type_, depth - 1), {"+": lambda a, b: a + b})
    cut = st.builds(_slice, _expressions(type_, depth - 1), st.integers(0, 4), st.integers(0, 4))
    return joined | cut


def _slice(part: Reference, start: int, stop: int) -> Reference:
    return Reference(f"{part.text}[{start}:{stop}]", lambda v: part.value(v)[start:stop])


@given(st.sampled_from(["int", "text", "bytes", "bool"]).flatmap(lambda type_: _expressions(type_, 3)))
def test_random_expressions_agree_with_the_reference(reference: Reference) -> None:
    expected = reference.value({name: value for name, (_, value) in VARIABLES.items()})
    found = evaluate(reference.text)
    assert (found, type(found)) == (expected, type(expected))
