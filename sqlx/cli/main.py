"""`sqlx ...`: finds the command, and turns whatever goes wrong into a sentence.

Each command is a module of this folder with `configure(parser)` and `run(arguments) -> int`, imported when called.
What was asked for goes to stdout, everything said about it to stderr.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import NoReturn

from sqlx import __version__
from sqlx.cli.endings import Exit, Failure, UsageError

# The command and what it is for; its module has the same name.
COMMANDS = {
    "demo": "look around in a sample database",
    "query": "run SQL and print what it returns",
    "ping": "see whether a server answers, and how fast",
    "tui": "work with a database in the terminal",
    "pack": "look at wire packs, and check one of your own",
}


def main(argv: list[str] | None = None) -> int:
    """Run one command; its exit code. Never raises but SystemExit, which `--help` and argument errors end with."""
    _open_what_is_closed()
    try:
        code = _run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return _abandon(Failure("interrupted; what was running has been cancelled"), Exit.INTERRUPTED)
    except BrokenPipeError:
        return _abandon(None, Exit.OK)  # whoever read our output has had enough
    except Exception as error:
        return _abandon(error, Exit.FAILED)


def _run(argv: list[str]) -> int:
    parser = _parser()
    if not argv or argv[0] not in COMMANDS:
        parser.parse_args(argv)
        parser.print_help(sys.stderr)
        return Exit.USAGE
    command = importlib.import_module(f"sqlx.cli.{argv[0]}")
    own = parser.commands[argv[0]]
    command.configure(own)
    arguments = own.parse_words(argv[1:])
    try:
        code: int = command.run(arguments)
    except UsageError as error:
        own.error(str(error))
    return code


def _open_what_is_closed() -> None:
    """A standard stream that the caller closed leads nowhere, and its number must not go to a server's socket."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115


class _Parser(argparse.ArgumentParser):
    """A parser whose commands are known by name; each is filled in when it is called."""

    commands: dict[str, _Parser]

    def parse_words(self, words: list[str]) -> argparse.Namespace:
        """Parse what follows the command; options may stand between its arguments, unless these have options too."""
        return self.parse_args(words) if self._subparsers else self.parse_intermixed_args(words)

    def error(self, message: str) -> NoReturn:
        self.exit(Exit.USAGE, f"error: {message}\n`{self.prog} --help` tells more\n")


def _parser() -> _Parser:
    parser = _Parser(prog="sqlx", description="Databases from the command line.")
    parser.add_argument("--version", action="version", version=f"sqlx {__version__}")
    subparsers = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    parser.commands = {name: subparsers.add_parser(name, help=summary) for name, summary in COMMANDS.items()}
    return parser


def _abandon(error: Exception | None, code: Exit) -> int:
    """Say why, and give up what stdout still holds where it cannot be written, lest the interpreter tries again."""
    from sqlx.cli.report import show

    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error is not None:
        show(error)
    return code
