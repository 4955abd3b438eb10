"""`sqlx pack list | show | check`: the wire packs there are, what one says, and what is wrong with one."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlx.cli.cells import has_colour, printable
from sqlx.cli.endings import Exit, Failure
from sqlx.wire import registry
from sqlx.wire.compile.findings import Finding, alternatives
from sqlx.wire.errors import PackError

if TYPE_CHECKING:
    from sqlx.wire.language.own_packs import OwnFile

Section = dict[str, Any]


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="the packs there are: name, URL schemes, how each was verified")
    show = actions.add_parser("show", help="a pack as JSON, with what it inherits")
    show.add_argument("name", metavar="NAME", help="a pack's name, as `list` gives it")
    show.add_argument("section", metavar="SECTION", nargs="?", help="a section or a part of one: types.default")
    check = actions.add_parser("check", help="all that is wrong with a pack of yours; exit code 1 if it cannot run")
    check.add_argument("files", metavar="FILE", nargs="+", help="a pack in JSON, or the name of one of yours")


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "list":
        return _list()
    if arguments.action == "show":
        return _show(arguments.name, arguments.section)
    return _check(arguments.files)


def _list() -> int:
    """Shipped packs, then those of the user's own; what is wrong with these goes to stderr, a line each."""
    rows = [("NAME", "SCHEMES", "VERIFIED")]
    rows += [_row(registry.load(name)) for name in registry.shipped_packs()]
    wrong = 0
    for file in _own_files():
        try:
            pack = _usable(file)
        except PackError as error:
            print(printable(f"{file.path}: {error}"), file=sys.stderr)
            wrong += 1
        else:
            rows.append((pack.name, ", ".join(file.schemes), _verified(pack)))
    widths = [max(len(row[index]) for row in rows) for index in range(2)]
    for name, schemes, verified in rows:
        print(printable(f"{name:{widths[0]}}  {schemes:{widths[1]}}  {verified}"))
    return Exit.FAILED if wrong else Exit.OK


def _row(pack: registry.Pack) -> tuple[str, str, str]:
    return pack.name, ", ".join(pack.schemes), _verified(pack)


def _own_files() -> list[OwnFile]:
    """The files in the folders of SQLX_PACKS; the models are loaded only where there are some."""
    if not os.environ.get("SQLX_PACKS"):
        return []
    from sqlx.wire.language.own_packs import files

    try:
        return files()
    except PackError as error:
        raise Failure(str(error)) from None


def _usable(file: OwnFile) -> registry.Pack:
    """Its pack, once it is said what it cannot have. Raises PackError, for a scheme that two packs have too."""
    from sqlx.wire.language import own_packs

    pack = own_packs.usable(file)
    for scheme in file.schemes:
        own_packs.pack_of(scheme)
    for remark in own_packs.remarks(file):
        print(printable(remark), file=sys.stderr)
    return pack


def _verified(pack: registry.Pack) -> str:
    """In words: `live (1.2, 3.4); transcript (5.6)`."""
    ways: dict[str, list[str]] = {}
    for entry in pack.verified:
        version = entry.get("version", "").removeprefix(f"{pack.title} ")
        ways.setdefault(entry["how"], []).extend(filter(None, [version]))
    told = [f"{how} ({', '.join(versions)})" if versions else how for how, versions in ways.items()]
    return "; ".join(told) or "unverified"


def _show(name: str, section: str | None) -> int:
    value: Any = registry.resolve(_source(name))
    for key in section.split(".") if section else ():
        if not isinstance(value, dict) or key not in value:
            near = alternatives(key, value) if isinstance(value, dict) else ""
            raise Failure(f"the pack {name} has no {section!r}: nothing there is called {key!r}{near}")
        value = value[key]
    text = json.dumps(value, indent=2, ensure_ascii=False)
    print(_coloured(text) if has_colour(sys.stdout) else text)
    return Exit.OK


def _source(name: str) -> Section:
    """What a pack's file says, the shipped one's first."""
    if name in registry.shipped_packs():
        return registry.read_source(registry.pack_folder() / f"{name}.wire.json")
    own = _own_names()
    if name not in own:
        near = alternatives(name, [*registry.shipped_packs(), *own])
        raise Failure(f"no pack is called {name!r}{near}")
    from sqlx.wire.language.check import read_file

    return read_file(own[name])


def _own_names() -> dict[str, Path]:
    return {file.name: file.path for file in _own_files() if file.name}


def _coloured(text: str) -> str:
    from pygments import highlight
    from pygments.formatters import TerminalFormatter
    from pygments.lexers import JsonLexer

    return str(highlight(text, JsonLexer(), TerminalFormatter())).rstrip("\n")


def _check(files: list[str]) -> int:
    own = _own_names()
    return max(_check_one(file if Path(file).exists() else str(own.get(file, file))) for file in files)


def _check_one(file: str) -> Exit:
    from sqlx.wire.language.check import check, read_file

    try:
        findings = check(read_file(file))
    except PackError as error:
        findings = [Finding(error.path, error.reason)]
    for finding in findings:
        print(printable(f"{file}: {finding}"))
    errors = sum(finding.severity == "error" for finding in findings)
    if errors:
        counted = "1 error" if errors == 1 else f"{errors} errors"
        print(f"{file}: {counted} to put right before this pack can run", file=sys.stderr)
        return Exit.FAILED
    print(f"{file}: this pack can run", file=sys.stderr)
    return Exit.OK
