"""What in a pack can never be reached, and what can never be left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlx.wire.compile.findings import Finding
from sqlx.wire.compile.places import WAITING, beginnings, each, everywhere, inner, kind, message_of, walk

Section = Mapping[str, Any]
ENTRANCES = ("connect", "cancel")  # flows that are run by name


def unreachable(source: Section) -> Iterator[Finding]:
    """Flows that nothing calls, steps behind an end, branches behind one that takes all, `expect`s without an end."""
    yield from _uncalled_flows(source)
    for path, steps in beginnings(source):
        yield from _dead_steps(steps, path)
    for path, step in everywhere(source):
        if isinstance(step, dict) and "expect" in step:
            yield from _endless(step["expect"], path)
            yield from _hidden_branches(step["expect"], path, source.get("messages", {}).get("server", {}))
    yield from _waits_in_send(source)


def _uncalled_flows(source: Section) -> Iterator[Finding]:
    flows = source.get("flows", {})
    others = [place for place in beginnings(source) if not place[0].startswith("$.flows.")]
    waiting = [(f"$.flows.{name}", flows[name]) for name in ENTRANCES if name in flows] + others
    reached = {name for name in ENTRANCES if name in flows}
    while waiting:
        path, steps = waiting.pop()
        called = {step["call"] for _, step in walk(steps, path) if isinstance(step, dict) and "call" in step}
        new = sorted((called & flows.keys()) - reached)
        reached.update(new)
        waiting.extend((f"$.flows.{name}", flows[name]) for name in new)
    for name in flows.keys() - reached:
        yield Finding(f"$.flows.{name}", f"nothing calls the flow {name!r}, and it is none of {', '.join(ENTRANCES)}")


def _dead_steps(steps: Any, path: str) -> Iterator[Finding]:
    ended = ""
    for place, step in each(steps, path):
        if ended:
            yield Finding(place, f"this is never reached: the step before it ends with `{ended}`")
            return
        for below, others in inner(step, place):
            yield from _dead_steps(others, below)
        ended = _end(step)


def _end(step: Any) -> str:
    """The word with which a step leaves for good; empty where something may follow it."""
    word = kind(step, "done", "fail", "until_closed")
    if word is not None:
        return word
    if isinstance(step, dict) and "if" in step:
        ways = [step.get("then", []), step.get("else", [])]
    elif isinstance(step, dict) and "cases" in step:
        ways = [*step["cases"].values(), step.get("otherwise", [])]
    else:
        return ""
    ends = [_end_of(steps) for steps in ways]
    return ends[0] if all(ends) else ""


def _end_of(steps: Any) -> str:
    return next((end for _, step in each(steps, "") if (end := _end(step))), "")


def _endless(branches: Section, path: str) -> Iterator[Finding]:
    if not any(_leaves(steps) for steps in branches.values()) and not all(map(_end_of, branches.values())):
        yield Finding(f"{path}.expect", "nothing leaves this `expect`: no branch says `done`")


def _leaves(steps: Any) -> bool:
    """Whether steps leave the `expect` around them; a `done` inside another one leaves only that."""
    for place, step in each(steps, ""):
        if kind(step, "done", "until_closed"):
            return True
        nested = isinstance(step, dict) and "expect" in step
        if not nested and any(_leaves(others) for _, others in inner(step, place)):
            return True
    return False


def _hidden_branches(branches: Section, path: str, messages: Section) -> Iterator[Finding]:
    """Branches behind one that takes every message of their tag."""
    taken: dict[Any, str] = {}
    for pattern in branches:
        message = messages.get(message_of(pattern))
        if message is None:
            continue
        tags = message.get("tag")
        own = tags if isinstance(tags, list) else [tags]
        earlier = {taken[tag] for tag in own if tag in taken}
        if earlier and all(tag in taken for tag in own):
            before = " and ".join(repr(name) for name in sorted(earlier))
            yield Finding(
                f"{path}.expect.{pattern}", f"this is never reached: {before} before it takes all such messages"
            )
        elif "[" not in pattern and "when" not in message:
            taken.update(dict.fromkeys(own, pattern))


def _waits_in_send(source: Section) -> Iterator[Finding]:
    for path, steps in beginnings(source):
        half = path.endswith(".send") and path.startswith(("$.commands.", "$.segment."))
        if half or path.endswith(".does"):
            for place, step in walk(steps, path):
                word = kind(step, *WAITING)
                if word is not None:
                    why = "what a command sends cannot: let `replies` do it" if half else "what a message does cannot"
                    yield Finding(place, f"`{word}` waits, and {why}")
