"""`sqlx tui [URL]`: the IDE."""

from __future__ import annotations

import argparse
import os
import sys

from sqlx.cli.endings import Exit, UsageError
from sqlx.cli.login import VARIABLE, add_pack


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = "Open a database in the IDE: a tree, an editor, and results as they arrive."
    parser.add_argument("url", nargs="?", metavar="URL", help="the database; without one the IDE asks")
    add_pack(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the IDE until somebody leaves it."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the IDE needs a terminal; `sqlx query` runs SQL without one")
    from sqlx_tui.app import StudioApp

    app = StudioApp(arguments.url, password=os.environ.get(VARIABLE), pack=arguments.pack)
    app.run()
    return Exit.OK if not app.return_code else Exit.FAILED
