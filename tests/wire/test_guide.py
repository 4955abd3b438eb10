"""The pack that docs/wire-packs.md teaches runs, as a stranger would run it, against a server that speaks in lines."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

import sqlx.dbapi
from sqlx.wire import registry
from sqlx.wire.language.check import check
from tests.dbapi.test_bound_logins import certify
from tests.wire.line_server import answers, line_server
from tests.wire.peers import serving

GUIDE = Path(__file__).parents[2] / "docs" / "wire-packs.md"


@pytest.fixture
def port() -> Iterator[int]:
    """Where a line engine listens."""
    with line_server() as port:
        yield port


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The guide's pack in a file."""
    found = re.search(r"```json\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert found
    file = tmp_path / "lines.wire.json"
    file.write_text(found[1])
    return file


def test_the_guides_pack_runs(port: int, pack: Path) -> None:
    """Connect, execute, fetch, fail, go on, close."""
    with sqlx.dbapi.connect(f"lines://anna:secret@127.0.0.1:{port}", pack=pack) as connection:
        cursor = connection.cursor()
        cursor.execute("select 5")
        assert (cursor.fetchall(), cursor.rowcount) == ([("5",)], 1)
        assert [column[0] for column in cursor.description or ()] == ["one"]
        with pytest.raises(sqlx.dbapi.ProgrammingError, match="no statement begins with selekt"):
            cursor.execute("selekt 5")
        cursor.execute("select 6")
        assert cursor.fetchone() == ("6",)


def test_the_guides_pack_tells_a_wrong_password(port: int, pack: Path) -> None:
    """The server's own words reach the caller."""
    with pytest.raises(sqlx.dbapi.DatabaseError, match="no such account"):
        sqlx.dbapi.connect(f"lines://anna:wrong@127.0.0.1:{port}", pack=pack)


def test_a_pack_with_a_fault_does_not_connect(port: int, pack: Path) -> None:
    """It is checked before anything is sent; the error names the place."""
    pack.write_text(pack.read_text().replace('{"send": "login"', '{"send": "logn"'))
    with pytest.raises(sqlx.dbapi.Error, match=r"\$\.flows\.connect\[1\].*'logn'; did you mean 'login'"):
        sqlx.dbapi.connect(f"lines://anna:secret@127.0.0.1:{port}", pack=pack)


# -- what is laid over it

PIECES = re.findall(
    r"^### ([^\n]+)\n(?:(?!^###).)*?```json\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE
)
FURTHER = {title: json.loads(text) for title, text in PIECES}


def laid_over(pack: Path, title: str) -> Path:
    pack.write_text(json.dumps(registry.merge(json.loads(pack.read_text()), FURTHER[title])))
    return pack


@pytest.mark.parametrize("title", FURTHER)
def test_what_is_laid_over_it_has_no_fault(pack: Path, title: str) -> None:
    found = check(json.loads(laid_over(pack, title).read_text()))
    assert [finding for finding in found if finding.severity == "error"] == []


def test_what_is_heard_unasked(port: int, pack: Path) -> None:
    """Among replies, and while nothing is owed."""
    laid_over(pack, "What is heard unasked")
    with sqlx.dbapi.connect(f"lines://anna:secret@127.0.0.1:{port}", pack=pack) as connection:
        connection.cursor().execute("tell now")
        assert [(each.channel, each.payload) for each in connection.notifies(timeout=0)] == [("news", "it rains")]
        connection.cursor().execute("tell later")
        assert [each.payload for each in connection.notifies(timeout=5, stop_after=1)] == ["still"]


def test_what_a_message_does(port: int, pack: Path) -> None:
    laid_over(pack, "What a message does wherever it comes")
    with sqlx.dbapi.connect(f"lines://anna:secret@127.0.0.1:{port}", pack=pack, autocommit=True) as connection:
        connection.cursor().execute("BEGIN")
        assert connection.in_transaction
        connection.commit()
        assert not connection.in_transaction


def test_what_the_surroundings_say(port: int, pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    laid_over(pack, "Options, and what the surroundings say")
    monkeypatch.setenv("LINES_USER", "anna")
    monkeypatch.setenv("LINES_PASSWORD", "secret")
    url = f"lines://127.0.0.1:{port}?greeting=long"
    sqlx.dbapi.connect(url, pack=pack, environment=True).close()
    with pytest.raises(sqlx.dbapi.Error, match="no password"):
        sqlx.dbapi.connect(url, pack=pack, environment=False)


@pytest.mark.parametrize("protocol", ["lines", "http/1.1"])
def test_encryption(pack: Path, tmp_path: Path, protocol: str) -> None:
    """With a server that agrees on the protocol, and with one that does not."""
    context = certify(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    context.set_alpn_protocols([protocol])

    def script(peer: socket.socket) -> None:
        assert peer.recv(100) == b"TLS\r\n"
        peer.sendall(b"+\r\n")
        with context.wrap_socket(peer, server_side=True) as line, line.makefile("rwb", buffering=0) as stream:
            while told := answers(stream.readline().decode().strip()):
                stream.write("".join(f"{each}\r\n" for each in told).encode())

    laid_over(pack, "Encryption")
    with serving(script) as peer:
        url = f"lines://anna:secret@127.0.0.1:{peer.port}?sslmode=require"
        if protocol == "lines":
            with sqlx.dbapi.connect(url, pack=pack) as connection:
                assert connection.cursor().execute("select 5").fetchall() == [("5",)]
        else:
            with pytest.raises(sqlx.dbapi.OperationalError, match="is it a line engine that listens there"):
                sqlx.dbapi.connect(url, pack=pack)


def test_data_that_streams(port: int, pack: Path) -> None:
    laid_over(pack, "Data that streams")
    with sqlx.dbapi.connect(f"lines://anna:secret@127.0.0.1:{port}", pack=pack) as connection:
        cursor = connection.cursor()
        with cursor.copy("LOAD DATA") as copy:
            copy.write_rows([("Rex", None), ("Mia", "a\nb")])
        assert cursor.rowcount == 2
        assert cursor.execute("select 5").fetchall() == [("5",)]


def test_which_of_several_servers(port: int, pack: Path) -> None:
    laid_over(pack, "Which of several servers")
    url = f"lines://anna:secret@127.0.0.1:{port}?target_session_attrs="
    sqlx.dbapi.connect(url + "read-write", pack=pack).close()
    with pytest.raises(sqlx.dbapi.OperationalError):
        sqlx.dbapi.connect(url + "read-only", pack=pack)


# -- encryption that sslmode insists on


@pytest.mark.parametrize("mode", ["require", "verify-full"])
def test_no_secret_goes_out_in_clear_where_sslmode_needs_tls(pack: Path, mode: str) -> None:
    """The guide's pack knows no TLS."""
    with serving(lambda peer: None) as peer:
        with pytest.raises(sqlx.dbapi.OperationalError, match=f"sslmode={mode} asks") as caught:
            sqlx.dbapi.connect(f"lines://anna:secret@127.0.0.1:{peer.port}", pack=pack, sslmode=mode)
        assert peer.closed.wait(5)
    assert (peer.heard, caught.value.outcome) == (b"", "not_run")


def test_nothing_is_run_in_clear_where_sslmode_needs_tls(pack: Path) -> None:
    """A login without a secret is sent, and is the last that is."""
    text = pack.read_text().replace("password != null", "true").replace(" + password", "")
    pack.write_text(text)
    with serving(lambda peer: peer.sendall(b"+\r\n")) as peer:
        with pytest.raises(sqlx.dbapi.OperationalError, match="sslmode=require asks"):
            sqlx.dbapi.connect(f"lines://anna@127.0.0.1:{peer.port}", pack=pack, sslmode="require")
        assert peer.closed.wait(5)
    assert peer.heard == b"LOGIN anna \r\n"


@pytest.mark.parametrize("secret", ["password", "options['token']", "'' + [password][0]", "hex(bytes(copy))"])
def test_a_server_that_declines_tls_gets_no_secret(pack: Path, secret: str) -> None:
    """From a pack that goes on all the same: nor an option that is secret, nor what was made of it."""
    changed = json.loads(laid_over(pack, "Encryption").read_text())
    changed["variables"] = {"copy": "text"}
    changed["options"] = {"token": {"kind": "text", "secret": True}}
    tls, login, answer = changed["flows"]["connect"]
    tls["then"][1]["expect"]["refused"] = "done"
    login["with"]["text"] = f"'LOGIN ' + {secret}"
    changed["flows"]["connect"] = [tls, {"set": {"copy": "password"}}, login, answer]
    pack.write_text(json.dumps(changed))
    with serving(lambda peer: peer.sendall(b"~no\r\n")) as peer:
        url = f"lines://anna:secret@127.0.0.1:{peer.port}?sslmode=require&token=secret"
        with pytest.raises(sqlx.dbapi.OperationalError, match="sslmode=require asks"):
            sqlx.dbapi.connect(url, pack=pack)
        assert peer.closed.wait(5)
    assert peer.heard == b"TLS\r\n"


def test_secrets_are_seen_once_the_line_is_encrypted(pack: Path, tmp_path: Path) -> None:
    """Those that a pack took before too."""
    context = certify(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    context.set_alpn_protocols(["lines"])
    heard: list[bytes] = []

    def script(peer: socket.socket) -> None:
        assert peer.recv(100) == b"TLS\r\n"
        peer.sendall(b"+\r\n")
        with context.wrap_socket(peer, server_side=True) as line, line.makefile("rwb", buffering=0) as stream:
            heard.append(stream.readline())
            stream.write(b"+\r\n")

    changed = json.loads(laid_over(pack, "Encryption").read_text())
    changed["variables"] = {"copy": "text"}
    changed["options"] = {"token": {"kind": "text", "secret": True}}
    tls, login, answer = changed["flows"]["connect"]
    login["with"]["text"] = "copy + options['token']"
    changed["flows"]["connect"] = [{"set": {"copy": "password"}}, tls, login, answer]
    pack.write_text(json.dumps(changed))
    with serving(script) as peer:
        url = f"lines://anna:secret@127.0.0.1:{peer.port}?sslmode=require&token=hush"
        sqlx.dbapi.connect(url, pack=pack).close()
    assert heard == [b"secrethush\r\n"]
