"""`sqlx ...`: finds the command, and turns whatever goes wrong into a sentence.

Each command is a module of this folder with `configure(parser)` and `run(arguments) -> int`, imported when called.
What was asked for goes to stdout, everything said about it to stderr.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from enum import IntEnum
from typing import NoReturn

# The command and what it is for; its module has the same name.
COMMANDS = {
    "pack": "look at wire packs, and check one of your own",
}


class Exit(IntEnum):
    """What the exit code of a command says."""

    OK = 0
    FAILED = 1
    USAGE = 2
    INTERRUPTED = 130


class Failure(Exception):
    """A command cannot do what it should; the message says why, and what to do."""


class UsageError(Failure):
    """The command line cannot be meant."""


def main(argv: list[str] | None = None) -> int:
    """Run one command; its exit code. Never raises but SystemExit, which `--help` and argument errors end with."""
    try:
        code = _run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        return _reader_gone()
    except Exception as error:
        return _failed(error)


def _run(argv: list[str]) -> int:
    parser = _parser()
    name = next((word for word in argv if not word.startswith("-")), None)
    if name not in COMMANDS:
        parser.parse_args(argv)
        parser.print_help(sys.stderr)
        return Exit.USAGE
    command = importlib.import_module(f"sqlx.cli.{name}")
    command.configure(parser.commands[name])
    code: int = command.run(parser.parse_args(argv))
    return code


class _Parser(argparse.ArgumentParser):
    """A parser whose commands are known by name; each is filled in when it is called."""

    commands: dict[str, argparse.ArgumentParser]

    def error(self, message: str) -> NoReturn:
        self.exit(Exit.USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _parser() -> _Parser:
    parser = _Parser(prog="sqlx", description="Databases from the command line.")
    parser.add_argument("--version", action="version", version=f"sqlx {_version()}")
    subparsers = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    parser.commands = {name: subparsers.add_parser(name, help=summary) for name, summary in COMMANDS.items()}
    return parser


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("sqlx-os")
    except PackageNotFoundError:
        return "(not installed)"


def _failed(error: Exception) -> int:
    from sqlx.cli.report import show

    show(error)
    return Exit.USAGE if isinstance(error, UsageError) else Exit.FAILED


def _reader_gone() -> int:
    """Whoever read our output has had enough: nothing more can be written, not even when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.OK
