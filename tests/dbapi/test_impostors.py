"""Servers of the family that speaks first, which want more of a password or of a disk than anyone may have."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from sqlx import dbapi
from tests.wire.peers import serving

SECRET = "open-sesame"
NONCE = b"0123456789abcdefghij"
# PROTOCOL_41, CONNECT_WITH_DB, SECURE_CONNECTION, PLUGIN_AUTH, CONNECT_ATTRIBUTES, PLUGIN_AUTH_LENENC, DEPRECATE_EOF
CAPABILITIES = 0x0000_8208 | 0x0138_0000
OK = b"\0\0\0\2\0\0\0"
FULL_AUTHENTICATION = b"\1\4"
Script = Callable[[socket.socket], None]


def packet(sequence: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "little") + bytes([sequence]) + body


def receive(peer: socket.socket) -> bytes:
    """The body of the client's next packet."""
    head = peer.recv(4, socket.MSG_WAITALL)
    return peer.recv(int.from_bytes(head[:3], "little"), socket.MSG_WAITALL)


def greeting(plugin: bytes = b"caching_sha2_password", capabilities: int = CAPABILITIES) -> bytes:
    low, high = capabilities.to_bytes(4, "little")[:2], capabilities.to_bytes(4, "little")[2:]
    body = b"\x0a8.0.0\0" + b"\1\0\0\0" + NONCE[:8] + b"\0" + low + b"\x2d" + b"\2\0" + high + b"\x15" + bytes(10)
    return packet(0, body + NONCE[8:] + b"\0" + plugin + b"\0")


def asking(*replies: bytes, plugin: bytes = b"caching_sha2_password") -> Script:
    """A server that greets, and gives one of these answers to each packet of the client's."""

    def script(peer: socket.socket) -> None:
        peer.sendall(greeting(plugin))
        for number, reply in enumerate(replies):
            receive(peer)
            peer.sendall(packet(2 + 2 * number, reply))

    return script


def refused(script: Script, options: str = "") -> tuple[dbapi.Error, bytes]:
    """The error of connecting to a server that does this, and what it heard after its last word."""
    with serving(script) as peer:
        with pytest.raises(dbapi.Error) as caught:
            dbapi.connect(f"mysql://ada:{SECRET}@127.0.0.1:{peer.port}/test?sslmode=disable{options}")
        assert peer.closed.wait(5)
        assert caught.value.outcome == "not_run"
        assert SECRET not in str(caught.value)
        return caught.value, peer.heard


@pytest.mark.parametrize(
    ("reply", "class_", "said"),
    [
        (b"\xfemysql_clear_password\0", dbapi.OperationalError, "in clear .mysql_clear_password.*not private"),
        (b"\xfe", dbapi.NotSupportedError, "as good as the password in clear"),
        (b"\xfedialog\0" + NONCE + b"\0", dbapi.NotSupportedError, "plugin dialog, which is not known here"),
        (b"\xfesha256_password\0" + NONCE + b"\0", dbapi.OperationalError, "get_server_public_key=1"),
        (FULL_AUTHENTICATION, dbapi.OperationalError, "get_server_public_key=1"),
        (b"\1\7", dbapi.OperationalError, "a step of authentication that is not known"),
        (b"\2", dbapi.OperationalError, "protocol|message"),
    ],
)
def test_a_login_goes_no_further(reply: bytes, class_: type[dbapi.Error], said: str) -> None:
    """Nothing follows the first answer, which proves the password without telling it."""
    error, heard = refused(asking(reply))
    assert isinstance(error, class_)
    with pytest.raises(AssertionError, match=rf"(?s){said}"):
        raise AssertionError(str(error))
    assert heard == b""


def test_a_second_round_that_the_plugin_has_not() -> None:
    error, heard = refused(asking(FULL_AUTHENTICATION, plugin=b"mysql_native_password"))
    assert "has no second round" in str(error)
    assert heard == b""


@pytest.mark.parametrize("key", [b"", b"no key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_a_key_that_is_none(key: bytes) -> None:
    error, heard = refused(asking(FULL_AUTHENTICATION, b"\1" + key), "&get_server_public_key=1")
    assert "key" in str(error)
    assert heard == b""


def test_a_server_that_is_too_old() -> None:
    error, heard = refused(lambda peer: peer.sendall(greeting(capabilities=CAPABILITIES & 0xFFFF)))
    assert isinstance(error, dbapi.NotSupportedError)
    assert "8.0.0 is older than the protocol spoken here" in str(error)
    assert heard == b""


@pytest.mark.parametrize(
    ("code", "message"), [(1040, b"Too many connections"), (1130, b"Host 'x' is not allowed to connect")]
)
def test_a_server_that_does_not_want_to(code: int, message: bytes) -> None:
    """Before the greeting it may say why, in another form than later."""
    error, _ = refused(lambda peer: peer.sendall(packet(0, b"\xff" + code.to_bytes(2, "little") + message)))
    assert isinstance(error, dbapi.OperationalError)
    assert (error.code, error.message) == (code, message.decode())


def test_a_file_that_no_statement_named_is_not_sent() -> None:
    """The oldest trick of this protocol: the server answers any query with the name of a file."""

    def script(peer: socket.socket) -> None:
        peer.sendall(greeting())
        receive(peer)
        peer.sendall(packet(2, OK))
        receive(peer)  # the settings of the session
        peer.sendall(packet(1, b"\xfb/etc/passwd"))

    with serving(script) as peer:
        with pytest.raises(dbapi.OperationalError, match="/etc/passwd, which no statement named"):
            dbapi.connect(f"mysql://ada:{SECRET}@127.0.0.1:{peer.port}/test?sslmode=disable")
        assert peer.closed.wait(5)
        assert peer.heard == packet(2, b"")  # there is nothing for it
