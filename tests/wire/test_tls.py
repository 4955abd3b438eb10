"""The TLS layer against a real TLS server at the other end of a socket pair, with certificates made here."""

from __future__ import annotations

import datetime
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sqlx.wire.errors import WireError
from sqlx.wire.tls import MAX_CONTEXTS, Mode, TlsLayer, default_mode, make_context

DAY = datetime.timedelta(days=1)
EVERY_MODE: tuple[Mode, ...] = ("allow", "prefer", "require", "verify-ca", "verify-full")
Identity = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]
Script = Callable[[ssl.SSLSocket], object]


# ---- certificates


def mint(subject: str, issuer: Identity | None = None, *, hosts: tuple[str, ...] = (), age: int = 1) -> Identity:
    """A certificate valid for ten days, `age` days old, signed by `issuer` or itself; without hosts an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    own_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    authority, authority_key = issuer or (None, key)
    begin = datetime.datetime.now(datetime.UTC) - age * DAY
    builder = x509.CertificateBuilder(
        subject_name=own_name,
        issuer_name=authority.subject if authority else own_name,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=begin,
        not_valid_after=begin + 10 * DAY,
    ).add_extension(x509.BasicConstraints(ca=not hosts, path_length=None), critical=True)
    if hosts:
        names: list[x509.GeneralName] = [
            x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host) for host in hosts
        ]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(authority_key, hashes.SHA256()), key


class Files:
    """A folder of identities as PEM files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, stem: str, identity: Identity, password: bytes | None = None) -> None:
        certificate, key = identity
        lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        Path(self.cert(stem)).write_bytes(certificate.public_bytes(pem))
        Path(self.key(stem)).write_bytes(key.private_bytes(pem, pkcs8, lock))
        Path(self.key(stem)).chmod(0o600)

    def cert(self, stem: str) -> str:
        return str(self.folder / f"{stem}.crt")

    def key(self, stem: str) -> str:
        return str(self.folder / f"{stem}.key")

    def server(self, stem: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert(stem), self.key(stem))
        return context


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    files = Files(tmp_path_factory.mktemp("certificates"))
    authority, stranger = mint("Authority"), mint("Stranger")
    files.add("authority", authority)
    files.add("stranger", stranger)
    files.add("good", mint("server", authority, hosts=("db.example", "127.0.0.1")))
    files.add("expired", mint("server", authority, hosts=("db.example",), age=20))
    files.add("misnamed", mint("server", authority, hosts=("other.example", "127.0.0.2")))
    files.add("selfsigned", mint("server", hosts=("db.example",)))
    files.add("client", mint("client", authority, hosts=("client",)))
    Path(files.key("shared")).write_bytes(Path(files.key("client")).read_bytes())
    Path(files.key("shared")).chmod(0o644)
    files.add("locked", mint("client", authority, hosts=("client",)), password=b"hunter2")
    return files


# ---- both ends


@contextmanager
def peer(script: Callable[[socket.socket], object]) -> Iterator[socket.socket]:
    """A socket whose other end a thread serves with `script`; what it raises beyond network errors fails the test."""
    ours, theirs = socket.socketpair()
    failures: list[BaseException] = []

    def serve() -> None:
        try:
            with theirs, suppress(OSError):  # an SSLError is one: a refused handshake fails at both ends
                script(theirs)
        except BaseException as failure:
            failures.append(failure)

    ours.settimeout(20)
    theirs.settimeout(20)
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        with ours:
            yield ours
    finally:
        thread.join(30)
    assert not thread.is_alive()
    assert not failures


def tls_server(context: ssl.SSLContext, script: Script) -> Callable[[socket.socket], object]:
    def serve(theirs: socket.socket) -> None:
        with context.wrap_socket(theirs, server_side=True) as stream:
            script(stream)

    return serve


class Client:
    """Carries the bytes between a socket and a layer, `piece` bytes at a time."""

    def __init__(self, ours: socket.socket, context: ssl.SSLContext, host: str | None, piece: int = 1 << 18) -> None:
        self.socket = ours
        self.piece = piece
        self.layer = TlsLayer(context, host)

    def handshake(self) -> Client:
        out, done = self.layer.handshake()
        while not done:
            self.push(out)
            out, done = self.layer.handshake(self.raw())
        self.push(out)
        return self

    def push(self, out: bytes) -> None:
        if out:  # a peer that has gone refuses even nothing
            self.socket.sendall(out)

    def raw(self) -> bytes:
        data = self.socket.recv(self.piece)
        if not data:
            self.layer.receive_eof()
        return data

    def send(self, data: bytes) -> None:
        self.socket.sendall(self.layer.send(data))

    def read(self, size: int) -> bytes:
        data = self.layer.receive(b"")
        while len(data) < size:
            data += self.layer.receive(self.raw())
        return data


def echo(stream: ssl.SSLSocket) -> None:
    while data := stream.recv(1 << 16):
        stream.sendall(data)


def idle(stream: ssl.SSLSocket) -> None:
    stream.recv(1)


# ---- which certificates are accepted


@pytest.mark.parametrize("server", ["good", "expired", "misnamed", "selfsigned"])
@pytest.mark.parametrize("mode", ["allow", "prefer", "require"])
def test_without_authorities_any_certificate_encrypts_and_none_is_private(
    files: Files, mode: Mode, server: str
) -> None:
    with peer(tls_server(files.server(server), echo)) as ours:
        client = Client(ours, make_context(mode), "db.example").handshake()
        client.send(b"hello")
        assert client.read(5) == b"hello"
        assert not client.layer.verified


@pytest.mark.parametrize(
    ("mode", "server", "host"),
    [
        ("verify-full", "good", "db.example"),
        ("verify-full", "good", "127.0.0.1"),
        ("verify-ca", "good", "db.example"),
        ("verify-ca", "misnamed", "db.example"),
        ("verify-ca", "misnamed", None),
        ("require", "misnamed", "db.example"),
        ("prefer", "good", "db.example"),
        ("allow", "good", "db.example"),
    ],
)
def test_verified_certificate_is_private(files: Files, mode: Mode, server: str, host: str | None) -> None:
    """The chain counts for all modes once authorities are named, the name for verify-full alone."""
    with peer(tls_server(files.server(server), echo)) as ours:
        client = Client(ours, make_context(mode, files.cert("authority")), host)
        assert not client.layer.verified
        assert client.handshake().layer.verified


@pytest.mark.parametrize(
    ("mode", "server", "host", "reason"),
    [
        *((mode, "expired", "db.example", "certificate has expired") for mode in EVERY_MODE),
        *((mode, "selfsigned", "db.example", "self-signed certificate") for mode in EVERY_MODE),
        ("verify-full", "misnamed", "db.example", "Hostname mismatch.*connect by a name that the certificate holds"),
        ("verify-full", "misnamed", "127.0.0.1", "IP address mismatch.*connect by a name that the certificate holds"),
    ],
)
def test_refused_certificate_names_the_reason_and_the_ways_out(
    files: Files, mode: Mode, server: str, host: str, reason: str
) -> None:
    """Each way out stands with what it gives up; the server is told by an alert."""
    with peer(tls_server(files.server(server), idle)) as ours:
        client = Client(ours, make_context(mode, files.cert("authority")), host)
        with pytest.raises(WireError, match=reason) as caught:
            client.handshake()
        ours.sendall(alert := client.layer.pending())
    assert (caught.value.kind, caught.value.outcome) == ("connection", "not_run")
    assert host in caught.value.message
    assert "sslrootcert=PATH trusts the authorities in that file" in caught.value.message
    assert "sslmode=require without sslrootcert encrypts, but anyone in the middle" in caught.value.message
    assert alert[0] == 21  # RFC 8446 §5.1: an alert, not yet encrypted
    assert not client.layer.verified


@pytest.mark.parametrize(("host", "told"), [("db.example", "db.example"), (None, "the server")])
def test_authority_of_somebody_else_is_refused(files: Files, host: str | None, told: str) -> None:
    with peer(tls_server(files.server("good"), idle)) as ours:
        client = Client(ours, make_context("verify-ca", files.cert("stranger")), host)
        with pytest.raises(
            WireError, match=f"certificate of {told} was not .*: unable to get local issuer certificate"
        ):
            client.handshake()


@pytest.mark.parametrize(
    ("mode", "rootcert"), [("verify-ca", None), *((mode, "system") for mode in EVERY_MODE if mode != "verify-full")]
)
def test_authorities_of_the_system_are_not_enough_without_the_name(mode: Mode, rootcert: str | None) -> None:
    """Anyone can have a certificate of theirs, for a name of his own."""
    with pytest.raises(
        WireError, match=f"{mode}.*vouches for everybody.*sslmode=verify-full.*sslrootcert=PATH"
    ) as caught:
        make_context(mode, rootcert)
    assert (caught.value.kind, caught.value.outcome) == ("usage", "not_run")


@pytest.mark.parametrize("rootcert", [None, "system"])
def test_authorities_of_the_system(files: Files, monkeypatch: pytest.MonkeyPatch, rootcert: str | None) -> None:
    """They serve where none are named, and are looked up anew when the environment names others."""
    for store, accepted in (("authority", True), ("stranger", False)):
        monkeypatch.setenv("SSL_CERT_FILE", files.cert(store))
        with peer(tls_server(files.server("good"), idle)) as ours:
            client = Client(ours, make_context("verify-full", rootcert), "db.example")
            if accepted:
                assert client.handshake().layer.verified
            else:
                with pytest.raises(WireError, match="unable to get local issuer certificate"):
                    client.handshake()


@pytest.mark.parametrize(("stem", "password"), [("client", None), ("locked", "hunter2")])
def test_client_certificate(files: Files, stem: str, password: str | None) -> None:
    """The server asks for one and sees it, its key encrypted or not."""
    server = files.server("good")
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(files.cert("authority"))
    context = make_context("require", None, files.cert(stem), files.key(stem), password)
    with peer(tls_server(server, lambda stream: stream.sendall(stream.getpeercert(True) or b""))) as ours:
        client = Client(ours, context, "db.example").handshake()
        certificate = x509.load_der_x509_certificate(client.read(100))
    assert certificate.subject.rfc4514_string() == "CN=client"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_missing_client_certificate(files: Files, version: ssl.TLSVersion) -> None:
    """TLS 1.3 refuses it behind the handshake, in the first answer; TLS 1.2 within."""
    server = files.server("good")
    server.verify_mode = ssl.CERT_REQUIRED
    server.minimum_version = server.maximum_version = version
    server.load_verify_locations(files.cert("authority"))
    with peer(tls_server(server, idle)) as ours:
        client = Client(ours, make_context("require"), "db.example")
        with pytest.raises(WireError, match=r"TLS (handshake failed|broke): .*(certificate|handshake failure)"):
            client.handshake().read(1)


# ---- contexts


def test_context_is_shared_until_its_file_changes(files: Files, tmp_path: Path) -> None:
    """A renewed authority is read again; nothing else is read twice."""
    path = tmp_path / "root.crt"
    path.write_bytes(Path(files.cert("authority")).read_bytes())
    first = make_context("verify-ca", str(path))
    assert make_context("verify-ca", str(path)) is first
    assert make_context("verify-full", str(path)) is not first
    os.utime(path, ns=(0, 0))
    assert make_context("verify-ca", str(path)) is not first


def test_contexts_kept_are_bounded(files: Files, tmp_path: Path) -> None:
    """As many as are promised, the least used going first."""
    path = tmp_path / "root.crt"
    path.write_bytes(Path(files.cert("authority")).read_bytes())
    contexts = []
    for time in range(MAX_CONTEXTS + 1):
        os.utime(path, ns=(time, time))
        contexts.append(make_context("verify-ca", str(path)))
    assert make_context("verify-ca", str(path)) is contexts[-1]
    os.utime(path, ns=(0, 0))
    assert make_context("verify-ca", str(path)) is not contexts[0]


@pytest.mark.parametrize("mode", EVERY_MODE)
def test_context_allows_neither_old_versions_nor_renegotiation(files: Files, mode: Mode) -> None:
    context = make_context(mode, files.cert("authority"))
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_RENEGOTIATION


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"rootcert": "/nowhere/root.crt"}, "sslrootcert=/nowhere/root.crt cannot be used: no such file"),
        ({"rootcert": "a\0b"}, "embedded null"),
        ({"rootcert": "{folder}"}, "sslrootcert={folder} cannot be used"),
        ({"rootcert": "{folder}/client.key"}, "sslrootcert=.*not a PEM file of certificates"),
        ({"cert": "/nowhere/client.crt"}, "sslcert=/nowhere/client.crt cannot be used: no such file"),
        ({"cert": "{folder}/client.crt"}, "sslcert=.*it needs a certificate and its private key"),
        ({"cert": "{folder}/client.key", "key": "{folder}/client.key"}, "sslcert=.*client.key cannot be used"),
        ({"cert": "{folder}/client.crt", "key": "/nowhere/key"}, "sslkey=/nowhere/key cannot be used: no such file"),
        ({"cert": "{folder}/client.crt", "key": "{folder}/client.crt"}, "sslkey=.*client.crt cannot be used"),
        ({"cert": "{folder}/client.crt", "key": "{folder}/good.key"}, "sslkey=.*key values mismatch"),
        ({"cert": "{folder}/locked.crt", "key": "{folder}/locked.key"}, "sslkey=.*sslpassword if the key is encrypted"),
        (
            {"cert": "{folder}/locked.crt", "key": "{folder}/locked.key", "password": "letmein"},
            "sslkey=.*sslpassword if the key is encrypted",
        ),
        ({"key": "{folder}/client.key"}, "sslkey=.*no sslcert that it belongs to"),
        ({"cert": "{folder}/client.crt", "key": "{folder}/shared.key"}, "sslkey=.*others than its owner may read"),
    ],
)
def test_file_that_cannot_be_used_is_named_with_its_option(
    files: Files, options: dict[str, str], sentence: str
) -> None:
    """The option, the path and the reason are told, a password is not."""
    given = {option: value.replace("{folder}", str(files.folder)) for option, value in options.items()}
    with pytest.raises(WireError, match=sentence.replace("{folder}", str(files.folder))) as caught:
        make_context("verify-full", **given)
    assert (caught.value.kind, caught.value.outcome) == ("refused", "not_run")
    assert "letmein" not in caught.value.message


def test_unknown_mode_is_no_mode_without_checks() -> None:
    with pytest.raises(WireError, match="sslmode=verify_full is not one of allow, prefer") as caught:
        make_context("verify_full")  # type: ignore[arg-type]
    assert caught.value.kind == "usage"


@pytest.mark.parametrize("host", [None, "", "a\0b", "x" * 70, "a..b"])
def test_host_that_no_certificate_can_hold(files: Files, host: str | None) -> None:
    with pytest.raises(WireError, match="cannot be checked against a certificate") as caught:
        TlsLayer(make_context("verify-full", files.cert("authority")), host)
    assert caught.value.kind == "refused"


@pytest.mark.parametrize(
    ("host", "mode"),
    [
        *((host, "prefer") for host in ("localhost", "LOCALHOST", "127.0.0.1", "127.255.0.9", "::1")),
        *((host, "verify-full") for host in ("db.example", "localhost.example", "127.0.0.1.example", "10.0.0.1")),
        *((host, "verify-full") for host in ("126.0.0.1", "::2", "0.0.0.0", "127.1", "")),
    ],
)
def test_default_mode(host: str, mode: Mode) -> None:
    assert default_mode(host) == mode


# ---- the layer


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("piece", [1, 7, 1 << 18])
def test_bytes_arrive_in_any_pieces(files: Files, piece: int, version: ssl.TLSVersion) -> None:
    """Handshake, data and the end, cut anywhere, give the same plaintext."""
    server = files.server("good")
    server.maximum_version = version

    def answer(stream: ssl.SSLSocket) -> None:
        stream.sendall(stream.recv(9) * 4000)
        stream.unwrap()

    with peer(tls_server(server, answer)) as ours:
        client = Client(ours, make_context("verify-full", files.cert("authority")), "db.example", piece).handshake()
        client.send(b"questions")
        assert client.read(9 * 4000) == b"questions" * 4000
        while not client.layer.closed:
            assert client.layer.receive(client.raw()) == b""
        ours.sendall(client.layer.close_notify())
        client.layer.receive_eof()


def test_all_records_of_one_piece_are_read_at_once(files: Files) -> None:
    """Large records and small, whatever came in one piece, and nothing of the record that is still cut."""
    letters = [bytes([65 + i]) * (1 + i * 1700) for i in range(26)]

    def spell(stream: ssl.SSLSocket) -> None:
        for letter in letters:
            stream.sendall(letter)

    with peer(tls_server(files.server("good"), spell)) as ours:
        client = Client(ours, make_context("require"), "db.example").handshake()
        cipher = b"".join(iter(lambda: ours.recv(1 << 18), b""))
    plain = client.layer.receive(cipher[:-1])
    assert b"".join(letters).startswith(plain)
    assert len(plain) == sum(map(len, letters)) - len(letters[-1]) % 16384
    assert plain + client.layer.receive(cipher[-1:]) == b"".join(letters)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_much_is_sent_and_comes_back(files: Files, kind: Callable[[bytes], bytes]) -> None:
    data = os.urandom(1 << 20)
    received = bytearray()

    def collect(stream: ssl.SSLSocket) -> None:
        while len(received) < len(data):
            received.extend(stream.recv(1 << 16))

    with peer(tls_server(files.server("good"), collect)) as ours:
        Client(ours, make_context("require"), "db.example").handshake().send(kind(data))
    assert received == data


def test_nothing_to_send_makes_no_bytes(files: Files) -> None:
    with peer(tls_server(files.server("good"), echo)) as ours:
        assert Client(ours, make_context("require"), "db.example").handshake().layer.send(b"") == b""


def test_host_name_is_told_to_the_server(files: Files) -> None:
    told: list[str | None] = []
    server = files.server("good")

    def listen(stream: ssl.SSLSocket | ssl.SSLObject, host: str | None, context: ssl.SSLContext) -> None:
        told.append(host)

    server.sni_callback = listen
    with peer(tls_server(server, echo)) as ours:
        Client(ours, make_context("require"), "db.example").handshake()
    assert told == ["db.example"]


def test_server_reads_an_end_and_answers_it(files: Files) -> None:
    """Our close_notify is an end of file to the server, and its answer one to us."""
    heard: list[bytes] = []

    def listen(stream: ssl.SSLSocket) -> None:
        heard.append(stream.recv(1))
        stream.unwrap()

    with peer(tls_server(files.server("good"), listen)) as ours:
        client = Client(ours, make_context("require"), "db.example").handshake()
        ours.sendall(client.layer.close_notify())
        while not client.layer.closed:
            assert client.layer.receive(client.raw()) == b""
        client.layer.receive_eof()
    assert heard == [b""]


def test_closing_before_the_handshake_says_nothing() -> None:
    layer = TlsLayer(make_context("require"), "db.example")
    assert layer.close_notify() == b""
    assert layer.close_notify() == b""


# ---- peers that break off, and peers that are none


def test_end_of_file_without_an_end_of_tls(files: Files) -> None:
    """What came whole is given out; that the rest may be missing is an error."""
    with peer(tls_server(files.server("good"), lambda stream: stream.sendall(b"half"))) as ours:
        client = Client(ours, make_context("require"), "db.example").handshake()
        assert client.read(4) == b"half"
        with pytest.raises(WireError, match="closed without an end of TLS, its data may be cut") as caught:
            client.read(1)
    assert (caught.value.kind, caught.value.outcome) == ("connection", "unknown")


def test_end_of_file_within_a_record(files: Files) -> None:
    with peer(tls_server(files.server("good"), lambda stream: stream.sendall(b"whole"))) as ours:
        client = Client(ours, make_context("require"), "db.example").handshake()
        cipher = b"".join(iter(lambda: ours.recv(1 << 16), b""))
    assert client.layer.receive(cipher[:-3]) == b""
    with pytest.raises(WireError, match="closed without an end of TLS"):
        client.layer.receive_eof()


@pytest.mark.parametrize("answer", [b"", b"\x16", b"\x16\x03\x03\x40\x00"])
def test_end_of_file_within_the_handshake(answer: bytes) -> None:
    def serve(theirs: socket.socket) -> None:
        theirs.recv(1 << 16)
        theirs.sendall(answer)

    with peer(serve) as ours, pytest.raises(WireError, match="in the middle of the TLS handshake") as caught:
        Client(ours, make_context("require"), "db.example").handshake()
    assert (caught.value.kind, caught.value.outcome) == ("connection", "not_run")


@pytest.mark.parametrize("piece", [1, 1 << 18])
@pytest.mark.parametrize(
    "junk",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"E\x00\x00\x00\x20SFATAL\x00C08P01\x00Mno\x00\x00",
        bytes(64),
        b"\x16\x03\x03\xff\xff" + b"\xff" * 100,
        b"\x16\x03\x03\x00\x04\x02\x00\x00\x00",
    ],
)
def test_junk_instead_of_a_handshake(junk: bytes, piece: int) -> None:
    """Whatever it is, it is told as a failed handshake, before or at the end of the junk."""

    def serve(theirs: socket.socket) -> None:
        theirs.recv(1 << 16)
        theirs.sendall(junk)

    with peer(serve) as ours, pytest.raises(WireError, match="TLS handshake") as caught:
        Client(ours, make_context("require"), "db.example", piece).handshake()
    assert caught.value.kind == "connection"


def test_server_that_speaks_no_tls_is_told_as_such() -> None:
    layer = TlsLayer(make_context("require"), "db.example")
    layer.handshake()
    with pytest.raises(WireError, match="what the server sent is not TLS: check host and port"):
        layer.handshake(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_ciphertext_that_was_tampered_with(files: Files) -> None:
    with peer(tls_server(files.server("good"), lambda stream: stream.sendall(b"whole"))) as ours:
        client = Client(ours, make_context("require"), "db.example").handshake()
        cipher = bytearray().join(iter(lambda: ours.recv(1 << 16), b""))
    cipher[-1] ^= 1
    with pytest.raises(WireError, match="TLS broke: ") as caught:
        client.layer.receive(bytes(cipher))
    assert caught.value.kind == "protocol"
    assert client.layer.pending()


def test_server_with_nothing_newer_than_tls_1_1(files: Files) -> None:
    """Its answer, here made by hand since libraries no longer give it, is refused with what to do."""
    layer = TlsLayer(make_context("require"), "db.example")
    layer.handshake()
    hello = b"\x03\x02" + bytes(32) + b"\x00\xc0\x13\x00"
    message = b"\x02" + len(hello).to_bytes(3, "big") + hello
    with pytest.raises(WireError, match=r"let it speak TLS 1\.2"):
        layer.handshake(b"\x16\x03\x02" + len(message).to_bytes(2, "big") + message)
