"""`sqlx pack list | show | check`: the wire packs there are, what one says, and what is wrong with one."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from sqlx.cli.cells import has_colour
from sqlx.cli.endings import Exit, Failure
from sqlx.wire import registry
from sqlx.wire.compile.findings import Finding, alternatives

Section = dict[str, Any]


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="the shipped packs: name, URL schemes, how each was verified")
    show = actions.add_parser("show", help="a shipped pack as JSON, with what it inherits")
    show.add_argument("name", metavar="NAME", help="a pack's name, as `list` gives it")
    show.add_argument("section", metavar="SECTION", nargs="?", help="a section or a part of one: types.default")
    check = actions.add_parser("check", help="all that is wrong with a pack of yours; exit code 1 if it cannot run")
    check.add_argument("files", metavar="FILE", nargs="+", help="a pack in JSON")


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "list":
        return _list()
    if arguments.action == "show":
        return _show(arguments.name, arguments.section)
    return _check(arguments.files)


def _list() -> int:
    rows = [("NAME", "SCHEMES", "VERIFIED")]
    for name in registry.shipped_packs():
        pack = registry.load(name)
        rows.append((name, ", ".join(pack.schemes), _verified(pack)))
    widths = [max(len(row[index]) for row in rows) for index in range(2)]
    for name, schemes, verified in rows:
        print(f"{name:{widths[0]}}  {schemes:{widths[1]}}  {verified}")
    return Exit.OK


def _verified(pack: registry.Pack) -> str:
    """In words: `live (1.2, 3.4); transcript (5.6)`."""
    ways: dict[str, list[str]] = {}
    for entry in pack.verified:
        ways.setdefault(entry["how"], []).extend(filter(None, [entry.get("version")]))
    told = [f"{how} ({', '.join(versions)})" if versions else how for how, versions in ways.items()]
    return "; ".join(told) or "unverified"


def _show(name: str, section: str | None) -> int:
    if name not in registry.shipped_packs():
        raise Failure(f"no shipped pack is called {name!r}{alternatives(name, registry.shipped_packs())}")
    value: Any = registry.resolve(registry.read_source(registry.pack_folder() / f"{name}.wire.json"))
    for key in section.split(".") if section else ():
        if not isinstance(value, dict) or key not in value:
            near = alternatives(key, value) if isinstance(value, dict) else ""
            raise Failure(f"the pack {name} has no {section!r}: nothing there is called {key!r}{near}")
        value = value[key]
    text = json.dumps(value, indent=2, ensure_ascii=False)
    print(_coloured(text) if has_colour(sys.stdout) else text)
    return Exit.OK


def _coloured(text: str) -> str:
    from pygments import highlight
    from pygments.formatters import TerminalFormatter
    from pygments.lexers import JsonLexer

    return str(highlight(text, JsonLexer(), TerminalFormatter())).rstrip("\n")


def _check(files: list[str]) -> int:
    return max(_check_one(file) for file in files)


def _check_one(file: str) -> Exit:
    from sqlx.wire.errors import PackError
    from sqlx.wire.language.check import check, read_file

    try:
        findings = check(read_file(file))
    except PackError as error:
        findings = [Finding(error.path, error.reason)]
    for finding in findings:
        print(f"{file}: {finding}")
    errors = sum(finding.severity == "error" for finding in findings)
    if errors:
        counted = "1 error" if errors == 1 else f"{errors} errors"
        print(f"{file}: {counted} to put right before this pack can run", file=sys.stderr)
        return Exit.FAILED
    print(f"{file}: this pack can run", file=sys.stderr)
    return Exit.OK
