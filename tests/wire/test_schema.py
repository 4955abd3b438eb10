"""What is published about the pack language is what the models say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sqlx.wire.compile.compiler import STEPS
from sqlx.wire.language.pack import PackModel, json_schema
from sqlx.wire.language.steps import WORDS
from sqlx.wire.registry import Pack

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("script", ["generate_pack_schema.py", "generate_pack_docs.py"])
def test_what_is_published_is_what_the_models_say(script: str) -> None:
    """The files in docs/ were generated after the last change of the models."""
    command = [sys.executable, str(ROOT / "scripts" / script), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_reference_of_the_schema_leads_somewhere() -> None:
    """An editor can follow each."""
    schema = json_schema()
    assert {reference.removeprefix("#/$defs/") for reference in references(schema)} <= set(schema["$defs"])


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(item) for item in value.values()))
    return set().union(*(references(item) for item in value)) if isinstance(value, list) else set()


def test_every_key_is_explained() -> None:
    """Each key of each object has a sentence."""
    silent = [
        f"{name}.{key}"
        for name, definition in json_schema()["$defs"].items()
        for key, value in definition.get("properties", {}).items()
        if not value.get("description", "").endswith((".", "`"))
    ]
    assert silent == []


def test_the_models_and_the_record_have_the_same_sections() -> None:
    """What a check takes is what a connection is given."""
    sections = {field.alias or name for name, field in PackModel.model_fields.items()}
    assert sections - {"$schema"} == set(Pack.__dataclass_fields__)


def test_the_models_and_the_compiler_know_the_same_steps() -> None:
    """A step is in the schema if and only if it compiles."""
    definitions = json_schema()["$defs"]
    choices = [choice["$ref"].rpartition("/")[2] for choice in definitions["Step"]["oneOf"]]
    first = {next(iter(definitions[name]["properties"])) for name in choices if name != "Word"}
    assert first | set(WORDS) == STEPS
    assert set(definitions["Word"]["enum"]) == set(WORDS)


def test_the_schema_is_json() -> None:
    """It says nothing that Python alone can say."""
    assert json.loads(json.dumps(json_schema())) == json_schema()
