"""Attacks 33 to 35: however a password comes, whatever goes wrong, nothing that a log may hold shows it; and no option
of a URL reaches for anything but what it is for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sqlx import aio, dbapi
from sqlx.kernel.known_options import known_options
from sqlx.kernel.options import parse
from sqlx.wire import registry
from tests.dbapi.test_authentication import everything_shown
from tests.servers.server import Server

SECRET = "s3cr3t-that-nobody-sees"
Way = Callable[[Server, Path, pytest.MonkeyPatch], dict[str, Any]]


def in_the_url(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    return {"dsn": server.url(password=SECRET)}


def as_a_keyword(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    return {"dsn": server.url(password=""), "password": SECRET}


def fetched(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    return {"dsn": server.url(password=""), "password": lambda: "".join([SECRET])}


def from_a_variable(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("PGPASSWORD", SECRET)
    return {"dsn": server.url(password=""), "environment": True}


def from_a_password_file(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    path = folder / "passwords"
    path.write_text(f"*:*:*:*:{SECRET}\n")
    path.chmod(0o600)
    return {"dsn": server.url(password="", passfile=path), "environment": True}


def from_a_service(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    path = folder / "services"
    path.write_text(f"[x]\npassword={SECRET}\n")
    return {"dsn": server.url(password="", servicefile=path), "service": "x", "environment": True}


WAYS = [in_the_url, as_a_keyword, fetched, from_a_variable, from_a_password_file, from_a_service]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("wrong", ["password", "port", "option", "host"])
@pytest.mark.parametrize("face", ["dbapi", "aio"])
def test_attack_33_no_error_of_connecting_shows_a_password(
    way: Way, wrong: str, face: str, postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in its words, not in the locals of any of our frames."""
    given = way(postgres, tmp_path, monkeypatch)
    given |= {"password": {}, "port": {"port": 1}, "option": {"colour": 1}, "host": {"host": "a.invalid,b.invalid"}}[
        wrong
    ]
    shown = _shown(face, given)
    assert [text for text in shown if SECRET in text] == []
    assert shown


def _shown(face: str, given: dict[str, Any]) -> list[str]:
    """What a failed connect shows. Our own frames, which hold what was given, are not among it."""
    try:
        if face == "dbapi":
            dbapi.connect(**given).close()
        else:
            asyncio.run(_connect(given))
    except dbapi.Error as error:
        return list(everything_shown(error))
    raise AssertionError("nothing went wrong")


async def _connect(given: dict[str, Any]) -> None:
    await (await aio.connect(**given)).close()


@pytest.mark.parametrize(
    ("url", "option", "text"),
    [
        ("mysql://h", "defaults_file", f"password={SECRET}"),
        ("mysql://h", "defaults_file", f"[client]\npassword={SECRET}\nport=x"),
        ("postgresql://h?service=x", "servicefile", f"[x]\n{SECRET}"),
        ("postgresql://h?service=x", "servicefile", f"[x]\npassword={SECRET}\nport=x"),
    ],
)
def test_attack_33_no_error_of_a_file_shows_a_password(url: str, option: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    shown = _shown("dbapi", {"dsn": url, option: path, "environment": True})
    assert [each for each in shown if SECRET in each] == [] and str(path) in shown[0]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_attack_33_no_repr_shows_a_password(
    way: Way, postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = parse(**way(postgres, tmp_path, monkeypatch))
    shown = [repr(options), str(options), repr(options.places), repr(options.extra), repr(options.password)]
    assert options.has_password and [text for text in shown if SECRET in text] == []


@pytest.mark.parametrize("word", ["pack", "password_source", "factory", "class", "module", "import", "__class__"])
@pytest.mark.parametrize("name", registry.shipped_packs())
def test_attack_35_a_url_has_no_word_for_code(name: str, word: str) -> None:
    """Every option is on a list; none of them names a module, a class or a pack."""
    with pytest.raises(dbapi.InterfaceError, match="has no option"):
        dbapi.connect(f"{name}://?{word}=os.system")


@pytest.mark.parametrize("name", registry.shipped_packs())
def test_attack_35_every_value_of_a_url_is_plain_data(name: str) -> None:
    """Texts, numbers, truths, paths and choices: no kind makes an object that can be called."""
    kinds = {option.get("kind") for option in known_options(registry.load(name)).values()}
    assert kinds <= {"text", "path", "bool", "int", "ports", "seconds", "choice", "choices", "permits"}


def test_attack_34_a_name_in_hostaddr_is_no_address() -> None:
    """Or a certificate would be held against one name, and another one be looked up."""
    with pytest.raises(dbapi.InterfaceError, match="hostaddr is an address in numbers"):
        dbapi.connect("postgresql://db.example.org/?hostaddr=evil.example.org")


def test_attack_34_an_address_elsewhere_is_not_the_loopback() -> None:
    """What may be left unverified is decided by where the line leads, not by what it is called."""
    modes = {
        "localhost/?hostaddr=192.0.2.1": "verify-full",
        "db.example.org/?hostaddr=127.0.0.1": "verify-full",
        "localhost/?hostaddr=127.0.0.1": "prefer",
        "/?hostaddr=192.0.2.1": "verify-full",
    }
    assert {url: parse(f"postgresql://{url}").sslmode for url in modes} == modes
