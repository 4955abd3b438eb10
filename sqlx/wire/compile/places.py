"""Where in a pack steps stand, and what stands inside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Section = Mapping[str, Any]
WAITING = ("expect", "call", "gather", "random", "start_tls", "until_closed")


def beginnings(source: Section) -> Iterator[tuple[str, Any]]:
    """(path, steps) of everything that runs: flows, both halves of commands, the segment, what messages do."""
    for name, steps in source.get("flows", {}).items():
        yield f"$.flows.{name}", steps
    for name, command in source.get("commands", {}).items():
        yield f"$.commands.{name}.send", command["send"]
        yield f"$.commands.{name}.replies", command["replies"]
    segment = source.get("segment")
    if segment:
        yield "$.segment.send", segment["send"]
        yield "$.segment.replies", segment["replies"]
    for name, message in source.get("messages", {}).get("server", {}).items():
        if "does" in message:
            yield f"$.messages.server.{name}.does", message["does"]
    for section in ("always", "idle"):
        for name, steps in source.get(section, {}).items():
            yield f"$.{section}.{name}", steps


def each(steps: Any, path: str) -> Iterator[tuple[str, Any]]:
    """(path, step) of one level."""
    if isinstance(steps, list):
        yield from ((f"{path}[{index}]", step) for index, step in enumerate(steps))
    else:
        yield path, steps


def inner(step: Any, path: str) -> Iterator[tuple[str, Any]]:
    """(path, steps) of what stands inside a step."""
    if not isinstance(step, dict):
        return
    for key in ("expect", "cases"):
        yield from ((f"{path}.{key}.{name}", steps) for name, steps in step.get(key, {}).items())
    for key in ("then", "otherwise", *(["else"] if "if" in step else [])):
        if key in step:
            yield f"{path}.{key}", step[key]


def walk(steps: Any, path: str) -> Iterator[tuple[str, Any]]:
    """(path, step) of all levels, outer ones first."""
    for place, step in each(steps, path):
        yield place, step
        for below, others in inner(step, place):
            yield from walk(others, below)


def everywhere(source: Section) -> Iterator[tuple[str, Any]]:
    """(path, step) of all the steps of a pack."""
    for path, steps in beginnings(source):
        yield from walk(steps, path)


def kind(step: Any, *keys: str) -> str | None:
    """Which of `keys` a step is."""
    return next((key for key in keys if step == key or (isinstance(step, dict) and key in step)), None)


def message_of(pattern: str) -> str:
    """The message that a branch of an `expect` names."""
    return pattern.partition("[")[0]
