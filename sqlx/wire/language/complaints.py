"""What pydantic found wrong with a pack, in words and at JSON paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sqlx.wire.compile.compiler import STEPS
from sqlx.wire.compile.findings import Finding, alternatives
from sqlx.wire.language.pack import PackModel
from sqlx.wire.language.parts import Part

Section = dict[str, Any]
Models = Mapping[int, type[Part]]


def held_against_models(source: Section) -> tuple[list[Finding], Section | None]:
    """The findings, and the pack without what no model knows; None where more than that is wrong."""
    models: dict[int, type[Part]] = {}
    try:
        PackModel.model_validate(source, context=models)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False)
        findings = dict.fromkeys(_finding(error, source, models) for error in errors)
        superfluous = all(error["type"] == "extra_forbidden" for error in errors)
        return list(findings), _without(source, errors) if superfluous else None
    return [], source


def _finding(error: ErrorDetails, source: Section, models: Models) -> Finding:
    path, holder = "$", None
    value: Any = source
    for step in error["loc"]:
        if isinstance(value, dict) and step in value:
            path, holder, value = f"{path}.{step}", value, value[str(step)]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            path, holder, value = f"{path}[{step}]", None, value[step]
    model = models.get(id(holder)) if error["type"] == "extra_forbidden" else models.get(id(value))
    return Finding(path, _words(error, value, path, model))


def _words(error: ErrorDetails, value: Any, path: str, model: type[Part] | None) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        key = path.rpartition(".")[2]
        return f"there is no key {key!r} here{alternatives(key, _keys(model))}"
    if kind == "missing":
        return f"the key {error['loc'][-1]!r} is missing here"
    if kind.startswith("union_tag"):
        return _no_choice(value)
    if kind == "literal_error":
        return f"{value!r:.80} is none of {str(context['expected']).replace(' or ', ', ')}"
    if error["loc"] and error["loc"][-1] == "[key]":
        return f"the key {str(error['input'])!r:.80} is not written as keys are here: {context.get('pattern', '')}"
    words = _WORDS.get(kind)
    said = words(context) if words is not None else error["msg"].lower()
    return f"this is {said}, not {_shown(value)}"


def _keys(model: type[Part] | None) -> list[str]:
    fields = model.model_fields if model is not None else {}
    return [field.alias or name for name, field in fields.items()]


def _no_choice(value: Any) -> str:
    if isinstance(value, dict) and value:
        key = str(next(iter(value)))
        return f"no step is called {key!r}{alternatives(key, STEPS)}"
    return f"this has a form that is not known here: {_shown(value)}"


def _shown(value: Any) -> str:
    names = {dict: "an object", list: "a list", type(None): "null"}
    return names.get(type(value)) or f"{value!r:.80}"


_WORDS: dict[str, Callable[[Any], str]] = {
    "string_type": lambda context: "a text",
    "int_type": lambda context: "a whole number",
    "float_type": lambda context: "a number",
    "bool_type": lambda context: "true or false",
    "list_type": lambda context: "a list",
    "dict_type": lambda context: "an object",
    "model_type": lambda context: "an object",
    "string_pattern_mismatch": lambda context: f"written {context['pattern']}",
    "string_too_short": lambda context: f"a text of at least {context['min_length']} character(s)",
    "string_too_long": lambda context: f"a text of at most {context['max_length']} character(s)",
    "too_short": lambda context: f"a list or an object of at least {context['min_length']}",
    "too_long": lambda context: f"a list of at most {context['max_length']}",
    "greater_than_equal": lambda context: f"at least {context['ge']}",
    "less_than_equal": lambda context: f"at most {context['le']}",
}


def _without(source: Section, errors: list[ErrorDetails]) -> Section:
    """A copy without the values that errors point at."""
    superfluous = {id(holder): keys for holder, keys in _holders(source, errors)}
    copy: Section = _copied(source, superfluous)
    return copy


def _holders(source: Section, errors: list[ErrorDetails]) -> Iterator[tuple[Any, set[str]]]:
    found: dict[int, tuple[Any, set[str]]] = {}
    for error in errors:
        holder: Any = source
        value: Any = source
        for step in error["loc"]:
            if (isinstance(value, dict) and step in value) or (isinstance(value, list) and isinstance(step, int)):
                holder, value = value, value[step]  # type: ignore[index]
        found.setdefault(id(holder), (holder, set()))[1].add(str(error["loc"][-1]))
    yield from found.values()


def _copied(value: Any, superfluous: Mapping[int, set[str]]) -> Any:
    if isinstance(value, dict):
        dropped = superfluous.get(id(value), ())
        return {key: _copied(item, superfluous) for key, item in value.items() if key not in dropped}
    return [_copied(item, superfluous) for item in value] if isinstance(value, list) else value
