"""Passwords that do not stand in the URL: from the environment, or asked of whoever sits at the terminal."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from getpass import getpass
from typing import Any, TypeVar

from sqlx.cli.endings import Failure, UsageError
from sqlx.dbapi import Connection, Error, InterfaceError, OperationalError
from sqlx.dbapi import connect as dbapi_connect
from sqlx.dbapi.exceptions import translate
from sqlx.kernel.errors import PackError, WireError
from sqlx.kernel.options import ConnectOptions, Secret, parse

VARIABLE = "SQLX_PASSWORD"
AUTHORIZATION = "28"  # the SQLSTATE class: invalid authorization specification

T = TypeVar("T")


def add_place(parser: argparse.ArgumentParser) -> None:
    """The arguments that say what to connect to."""
    parser.epilog = "SQLX_PASSWORD holds the password for a URL without one; at a terminal you are asked for it."
    parser.add_argument("url", metavar="URL", help="scheme://user@host/database, or scheme:///file")
    add_pack(parser)


def add_pack(parser: argparse.ArgumentParser) -> None:
    """The argument that names a wire pack."""
    parser.add_argument("--pack", metavar="FILE", help="run this wire pack, whatever the scheme")


def connect(url: str, **options: Any) -> Connection:
    """`sqlx.dbapi.connect`, with a password from `SQLX_PASSWORD` or the terminal where the URL has none.

    Raises UsageError for a URL that cannot be meant, `sqlx.dbapi.Error` when there is no connection to be had.
    """
    pack = options.get("pack")
    return attempt(url, lambda password: dbapi_connect(url, password=password, **options), pack=pack)


def attempt(url: str, opened: Callable[[Secret | None], T], **keywords: Any) -> T:
    """What `opened(password)` gives. Where the server wants a password and none was given, somebody is asked for it."""
    options = read_url(url, **keywords)
    given = options.has_password or options.pack.embedded
    said = None if given else os.environ.get(VARIABLE)
    password = None if said is None else Secret(said, VARIABLE)
    try:
        return opened(password)
    except InterfaceError as error:
        raise UsageError(str(error)) from None
    except OperationalError as error:
        if given or password is not None or not (_wants_password(error) and _somebody_is_there()):
            if error.hint:  # it speaks to programs
                error.fields["hint"] = error.hint.replace("pass password=", f"set {VARIABLE}")
            raise
    return opened(Secret(_ask(f"password of {options.user}: "), "the terminal"))


def read_url(url: str, **keywords: Any) -> ConnectOptions:
    """The options that a URL gives. Raises UsageError."""
    try:
        return parse(url, **keywords)
    except WireError as error:
        raise UsageError(str(translate(error))) from None
    except PackError as error:
        raise UsageError(str(error)) from None


def _ask(prompt: str) -> str:
    try:
        return getpass(prompt)
    except EOFError:
        raise Failure("no password was given") from None


def _wants_password(error: Error) -> bool:
    return (error.sqlstate or "").startswith(AUTHORIZATION) or "password" in error.message.lower()


def _somebody_is_there() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()
