"""URLs and keyword arguments become connection options; their mistakes become sentences; their secrets never appear."""

from __future__ import annotations

import copy
import json
import pickle
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlx.kernel.options import ConnectOptions, Secret, parse
from sqlx.wire.errors import PackError, WireError
from sqlx.wire.registry import Pack

SERVER = Pack(
    name="server",
    title="The Server",
    default_port=5000,
    default_socket="/nowhere/.server.{port}",
    options={
        "fetch_size": {"kind": "int", "default": 10, "alias": ["batch"]},
        "token": {"kind": "text", "secret": True},
        "wait": {"kind": "seconds"},
        "local": {"kind": "bool", "default": False},
        "key_file": {"kind": "path"},
        "connect_timeout": {"default": 5.0},
    },
)
EMBEDDED = Pack(name="library", embedded="library", options={"mode": {"kind": "choice", "choices": ["ro", "rw"]}})


def refusal(dsn: Any, pack: Pack | None = SERVER, **keywords: Any) -> str:
    """The sentence with which the options are refused."""
    with pytest.raises(WireError) as caught:
        parse(dsn, pack=pack, **keywords)
    assert caught.value.kind == "usage" and caught.value.outcome == "not_run"
    return caught.value.message


def shown(options: ConnectOptions, *names: str) -> list[Any]:
    return [getattr(options, name) for name in names]


# -- places


@pytest.mark.parametrize(
    ("dsn", "place"),
    [
        ("server://db.example.org", ["db.example.org", 5000, None]),
        ("server://db.example.org:7", ["db.example.org", 7, None]),
        ("server://db.example.org:/x", ["db.example.org", 5000, None]),
        ("server://", ["localhost", 5000, None]),
        ("server://:7/", ["localhost", 7, None]),
        ("server://[::1]:7/x", ["::1", 7, None]),
        ("server://[fe80::1%25eth0]", ["fe80::1%eth0", 5000, None]),
        ("server:///x?host=h&port=7", ["h", 7, None]),
        ("server://other/x?host=h", ["h", 5000, None]),
        ("server://%2Frun%2Fserver.sock/x", [None, None, "/run/server.sock"]),
        ("server:///x?socket=/run/server.sock", [None, None, "/run/server.sock"]),
        ("server://h/x?socket=/run/server.sock", [None, None, "/run/server.sock"]),
        ("server:///x?host=/run/server.sock", [None, None, "/run/server.sock"]),
        ("server+sqlx://h", ["h", 5000, None]),
        ("SERVER://h", ["h", 5000, None]),
        (" server://h\n", ["h", 5000, None]),
    ],
)
def test_a_url_names_a_place(dsn: str, place: list[Any]) -> None:
    assert shown(parse(dsn, pack=SERVER), "host", "port", "socket") == place


def test_a_folder_stands_for_the_socket_the_engine_keeps_there(tmp_path: Path) -> None:
    assert parse(None, pack=SERVER, host=str(tmp_path), port=7).socket == f"{tmp_path}/.server.7"
    assert parse(None, pack=SERVER, socket=tmp_path / "own").socket == f"{tmp_path}/own"


@pytest.fixture
def usual_socket(tmp_path: Path) -> Iterator[str]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{tmp_path}/.server.5000")
        yield f"{tmp_path}/.server.5000"


def test_without_a_place_the_usual_socket_is_taken_where_there_is_one(usual_socket: str) -> None:
    pack = Pack(name="server", default_port=5000, default_socket=usual_socket.replace("5000", "{port}"))
    assert shown(parse("server:///x", pack=pack), "host", "socket", "sslmode") == [None, usual_socket, "disable"]
    assert shown(parse("server:///x?port=7", pack=pack), "host", "socket") == ["localhost", None]
    assert parse("server://localhost", pack=pack).socket is None
    fixed = Pack(name="server", default_port=5000, default_socket=usual_socket)
    assert parse("server://", pack=fixed).socket == usual_socket
    assert parse("server://:7", pack=fixed).socket is None


@pytest.mark.parametrize(
    ("dsn", "mode"),
    [
        ("server://localhost", "prefer"),
        ("server://127.0.0.1", "prefer"),
        ("server://[::1]", "prefer"),
        ("server://h", "verify-full"),
        ("server://h?sslmode=require", "require"),
        ("server:///?socket=/x", "disable"),
    ],
)
def test_tls_depends_on_the_host(dsn: str, mode: str) -> None:
    assert parse(dsn, pack=SERVER).sslmode == mode


@pytest.mark.parametrize(
    ("dsn", "database"),
    [
        ("library:///relative.db", "relative.db"),
        ("library:///a/b.db", "a/b.db"),
        ("library:////absolute.db", "/absolute.db"),
        ("library:///:memory:", ":memory:"),
        ("library://", ":memory:"),
        ("library:///", ":memory:"),
        ("library:///a%20b%23@c.db?mode=ro", "a b#@c.db"),
    ],
)
def test_an_embedded_engine_takes_a_path(dsn: str, database: str) -> None:
    options = parse(dsn, pack=EMBEDDED)
    assert shown(options, "database", "host", "port", "user", "sslmode") == [database, None, None, None, "disable"]


def test_paths_may_be_paths(tmp_path: Path) -> None:
    assert parse(None, pack=EMBEDDED, database=tmp_path / "a.db").database == f"{tmp_path}/a.db"
    assert parse(None, pack=SERVER, sslrootcert="~/ca.pem").sslrootcert == str(Path.home() / "ca.pem")


@pytest.mark.parametrize(
    ("dsn", "places"),
    [
        ("server://a,b", ["a:5000", "b:5000"]),
        ("server://a:1,b,[::1]:3/d", ["a:1", "b:5000", "[::1]:3"]),
        ("server://a,b?port=7", ["a:7", "b:7"]),
        ("server://?host=a,b&port=7,8", ["a:7", "b:8"]),
        ("server://?host=a,/run/s,&port=,,9", ["a:5000", "/run/s", "localhost:9"]),
        ("server://%2Frun%2Fs,b", ["/run/s", "b:5000"]),
        ("server://u:p,w@a,b", ["a:5000", "b:5000"]),
        ("server://?hostaddr=::1,127.0.0.1", ["[::1]:5000", "127.0.0.1:5000"]),
        ("server://,", ["localhost:5000", "localhost:5000"]),
    ],
)
def test_a_url_names_several_places(dsn: str, places: list[str]) -> None:
    assert [str(place) for place in parse(dsn, pack=SERVER).places] == places


def test_each_place_has_the_tls_that_its_host_asks_for() -> None:
    places = parse("server://localhost,h,%2Frun%2Fs", pack=SERVER).places
    assert [place.sslmode for place in places] == ["prefer", "verify-full", "disable"]


# -- names and values


def test_every_part_of_a_url_is_decoded() -> None:
    options = parse("server://a%40b:p%3A%2F%3F@h/d%2Fb?application_name=x%26y+z", pack=SERVER)
    assert shown(options, "user", "host", "database", "application_name") == ["a@b", "h", "d/b", "x&y+z"]
    assert options.password is not None and options.password.reveal() == "p:/?"


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_any_name_can_be_written_in_a_url(name: str) -> None:
    part = quote(name, safe="")
    options = parse(f"server://{part}:{part}@h/{part}?application_name={part}&token={part}", pack=SERVER)
    assert shown(options, "user", "database", "application_name") == [name, name, name]
    assert options.password is not None and options.password.reveal() == options.extra["token"].reveal() == name


def test_keywords_stand_above_options_and_these_above_the_rest() -> None:
    dsn = "server://a:b@h:1/d?user=c&port=2"
    assert shown(parse(dsn, pack=SERVER), "user", "port", "database") == ["c", 2, "d"]
    options = parse(dsn, pack=SERVER, user="e", port="3", host=None, dbname="f", password=Secret("g"))
    assert shown(options, "user", "port", "host", "database") == ["e", 3, "h", "f"]
    assert options.password is not None and options.password.reveal() == "g"
    assert shown(parse(dsn, pack=SERVER, socket="/s"), "host", "socket") == [None, "/s"]


def test_what_is_not_given_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "someone")
    options = parse("server://h", pack=SERVER)
    assert shown(options, "user", "password", "database", "autocommit", "paramstyle", "statement_timeout") == [
        *("someone", None, None, False, "qmark", None)
    ]
    assert options.connect_timeout == 5.0
    assert options.extra == {"fetch_size": 10, "token": None, "wait": None, "local": False, "key_file": None}
    assert parse("library://", pack=EMBEDDED).connect_timeout == 30.0


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        *(("autocommit", word, True) for word in ("1", "true", "Yes", "on", True, 1)),
        *(("autocommit", word, False) for word in ("0", "FALSE", "no", "off", False, 0)),
        ("connect_timeout", "1.5", 1.5),
        ("connect_timeout", 2, 2.0),
        ("statement_timeout", "0", None),
        ("port", "0065", 65),
        ("allow_cleartext", "unverified-tls", "unverified-tls"),
        ("isolation", "read committed", "read committed"),
    ],
)
def test_values_have_their_kinds(name: str, written: Any, value: Any) -> None:
    assert getattr(parse(None, pack=SERVER, **{name: written}), name) == value
    if isinstance(written, str):
        assert getattr(parse(f"server://?{name}={quote(written)}", pack=SERVER), name) == value


def test_an_option_of_the_pack_goes_by_its_other_name() -> None:
    assert parse("server://h?batch=3", pack=SERVER).extra["fetch_size"] == 3
    assert parse(None, pack=SERVER, wait="2").extra["wait"] == 2.0


# -- mistakes


@pytest.mark.parametrize(
    ("dsn", "said"),
    [
        ("h/x", "a URL begins with its scheme, as in scheme://user@host/database (known schemes: "),
        ("server:h", "a URL begins with its scheme"),
        ("://h", "a URL begins with its scheme"),
        ("server+other://h", "the scheme asks for the driver 'other': write server://"),
        (5, "the URL is a text, not int"),
        ("server://h/x#y", "a # in a URL has to be written %23"),
        ("server://h:x", "the URL's port is not a number from 1 to 65535"),
        ("server://h:0", "the URL's port is not a number from 1 to 65535"),
        ("server://h:70000", "the URL's port is not a number from 1 to 65535"),
        ("server://h:٣", "the URL's port is not a number from 1 to 65535"),
        ("server://::1", "an IPv6 address in a URL stands in brackets"),
        ("server://[::1", "an IPv6 address in a URL stands in brackets"),
        ("server://[::1]7", "an IPv6 address in a URL stands in brackets"),
        ("server://a,b?port=1,2,3", "there is one port for all hosts or one for each, and 3 for 2 are given"),
        ("server://a,b?hostaddr=::1", "hostaddr has one address for each host, and 1 for 2 are given"),
        ("server://a,b:x", "the URL's port is not a number from 1 to 65535"),
        ("server://a,b?port=1,x", "port is a number from 1 to 65535, not '1,x'"),
        ("server://" + "a," * 100, "one connection has at most 100 hosts to try, not 101"),
        ("server://h?hostaddr=name", "hostaddr is an address in numbers, not 'name'; host takes names"),
        ("server://h?target_session_attrs=master", "target_session_attrs is one of any, read-write, read-only"),
        ("server://h?keepalives_idle=99999", "keepalives_idle is a number from 0 to 32767"),
        ("server://h/%zz", "in the URL's database a % does not begin an encoded character: write % as %25"),
        ("server://h/%ff", "the URL's database is not percent-encoded UTF-8"),
        ("server://h/%00", "database holds a NUL character"),
        ("server://h?autocommit", "an option in the URL has no value: write option=value"),
        ("server://h?port=1&port=2", "the URL says port= twice"),
        ("server://h?user=a&username=b", "username says again what another name of user says"),
        ("server://h?host=a&socket=/b", "a server has a host or a socket, and both are given"),
        ("server://h?colour=1", "The Server has no option 'colour'"),
        ("server://h?pasword=1", "The Server has no option 'pasword'; did you mean 'password'?"),
        ("server://h?fetch_sise=1", "did you mean 'fetch_size'?"),
        ("server://h?pack=/tmp/x", "The Server has no option 'pack'"),
        ("server://h?port=x", "port is a number from 1 to 65535, not 'x'"),
        ("server://h?port=" + "9" * 5000, "port is a number from 1 to 65535, not '999"),
        ("server://h?fetch_size=1.5", "fetch_size is a whole number, not '1.5'"),
        ("server://h?autocommit=maybe", "autocommit is true or false, not 'maybe'"),
        ("server://h?wait=-1", "wait is a number of seconds, 0 for no limit, not '-1'"),
        ("server://h?wait=nan", "wait is a number of seconds"),
        ("server://h?wait=inf", "wait is a number of seconds"),
        (
            "server://h?sslmode=full",
            "sslmode is one of disable, allow, prefer, require, verify-ca, verify-full, not 'full'",
        ),
        ("server://h?paramstyle=x", "paramstyle is one of qmark, named"),
    ],
)
def test_a_wrong_url_is_refused_with_a_sentence(dsn: Any, said: str) -> None:
    message = refusal(dsn)
    assert said in message
    assert len(message) < 500


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"port": True}, "port is a number from 1 to 65535, not True"),
        ({"port": 1.5}, "port is a number"),
        ({"user": 1}, "user is a text, not 1"),
        ({"user": b"a"}, "user is a text"),
        ({"user": "a\0b"}, "user holds a NUL character"),
        ({"key_file": b"a"}, "key_file is a path"),
        ({"wait": True}, "wait is a number of seconds"),
        ({"usr": "x"}, "did you mean 'user'?"),
        ({"sslmode": ["disable"]}, "sslmode is one of"),
    ],
)
def test_a_wrong_keyword_is_refused_with_a_sentence(keywords: dict[str, Any], said: str) -> None:
    assert said in refusal("server://h", **keywords)


@pytest.mark.parametrize(
    ("word", "hint"),
    [("charset", "always UTF-8"), ("timeout", "connect_timeout bounds connecting"), ("ssl_ca", "sslrootcert names")],
)
def test_a_word_of_other_drivers_is_answered_with_ours(word: str, hint: str) -> None:
    with pytest.raises(WireError) as caught:
        parse("server://h", pack=SERVER, **{word: "x"})
    assert caught.value.message == f"The Server has no option {word!r}"
    assert hint in caught.value.fields["hint"]


@pytest.mark.parametrize("value", [5, {}, [[]], ["zlib", 5]])
def test_what_is_no_list_of_choices_is_refused_in_our_words(value: Any) -> None:
    with pytest.raises(WireError, match="compression is some of none, zlib, zstd, with commas between them, not"):
        parse("mysql://h", compression=value)


def test_an_embedded_engine_has_no_host() -> None:
    assert "library:///relative or library:////absolute" in refusal("library://relative.db", EMBEDDED)
    assert "no option 'host'" in refusal("library://", EMBEDDED, host="h")
    assert "no option 'password'" in refusal("library://", EMBEDDED, password="p")


def test_the_known_schemes_are_named() -> None:
    message = refusal("sqlit:///x", None)
    assert message.startswith("no engine has the scheme 'sqlit'; did you mean 'sqlite'? (known schemes: ")
    assert "mariadb, " in message and "mysql, " in message and "sqlite, " in message
    assert "which engine" in refusal(None, None) and "sqlite" in refusal(None, None)


def test_a_shipped_pack_comes_by_its_scheme() -> None:
    options = parse("sqlite+sqlx:///x.db")
    assert options.pack.embedded and options.database == "x.db"


def test_a_pack_of_ones_own_comes_by_its_file(tmp_path: Path) -> None:
    file = tmp_path / "own.wire.json"
    file.write_text(json.dumps({"extends": "postgresql", "name": "own", "default_port": 9}))
    assert shown(parse("any://h", pack=file), "host", "port") == ["h", 9]
    with pytest.raises(PackError, match="cannot be read"):
        parse("any://h", pack=str(tmp_path / "none.json"))


# -- secrets

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    "dsn",
    [
        f"user:{SECRET}@h/x",
        f"postgre://user:{SECRET}@h/x",
        f"server+x://user:{SECRET}@h",
        f"server://user:{SECRET}",
        f"server://user:12/{SECRET}@h/x",
        f"server://user:12?{SECRET}@h/x",
        f"server://user:12?{SECRET}=1@h/x",
        f"server://user:12#{SECRET}@h/x",
        f"server://user:1@2?{SECRET}@h",
        f"server://user:{SECRET}%zz@h",
        f"server://user:{SECRET}%ff@h",
        f"server://user:{SECRET}%00@h",
        f"server://user:{SECRET}@h:x",
        f"server://user:{SECRET}@[h",
        f"server://user:{SECRET}@h?port=x",
        f"server://user:{SECRET}@h?nothing=1",
        f"server://user:x@h?password={SECRET}%00",
        f"server://h?token={SECRET}%00",
        f"library://user:{SECRET}@h",
    ],
)
def test_no_error_repeats_a_secret(dsn: str) -> None:
    pack = {"postgre": None, "library": EMBEDDED}.get(dsn.partition(":")[0], SERVER)
    with pytest.raises(WireError) as caught:
        parse(dsn, pack=pack)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert SECRET not in told and SECRET not in str(caught.value.fields)


@pytest.mark.parametrize("value", [b"s3cr3t", ["s3cr3t"], {"s3cr3t": 1}])
def test_a_password_that_is_no_text_is_not_repeated(value: object) -> None:
    assert refusal("server://h", password=value) == "password is a text"


def test_no_repr_shows_a_secret() -> None:
    options = parse(f"server://user:{SECRET}@h?token={SECRET}", pack=SERVER, sslpassword=SECRET)
    for shown_as in (repr(options), str(options), f"{options.password}", f"{options.password!r}", f"{options.extra}"):
        assert SECRET not in shown_as
        assert "***" in shown_as
    assert "user='user'" in repr(options)


def test_a_secret_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Secret(SECRET))
    with pytest.raises(TypeError, match="not pickled"):
        copy.deepcopy(Secret(SECRET))


def test_reading_options_loads_no_tls() -> None:
    """The embedded engine's way needs no TLS, and an import should not pay for it."""
    program = "import sys, sqlx.kernel.options as o; o.parse('sqlite://'); print('ssl' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
