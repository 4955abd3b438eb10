"""How a command ends when it does not do what it should."""

from __future__ import annotations

from enum import IntEnum


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
