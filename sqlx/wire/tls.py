"""TLS as a layer of bytes: contexts made from the `ssl…` options, and TlsLayer, which encrypts and decrypts.

No sockets and no protocol here: whoever owns the socket carries the bytes. TLS 1.2 is the oldest version spoken, and
renegotiation is off. *Private*, in the language of the packs, is a line whose server has shown a certificate that was
verified: under `verify-full` its chain and its name, under `verify-ca` its chain alone (`TlsLayer.verified`).
Encryption alone is not private.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from contextlib import suppress
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias, get_args

from sqlx.wire.errors import WireError

Mode: TypeAlias = Literal["allow", "prefer", "require", "verify-ca", "verify-full"]

MAX_CONTEXTS = 32
_RECORD = 16384  # the most plaintext that one record holds, RFC 8446 §5.1; a read never gives more than one record
_WRONG_NAME = {62, 64}  # X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH
_HINTS = {
    "WRONG_VERSION_NUMBER": "what the server sent is not TLS: check host and port",
    "RECORD_LAYER_FAILURE": "what the server sent is not TLS: check host and port",  # the same, since OpenSSL 3.2
    "UNSUPPORTED_PROTOCOL": "the server speaks nothing newer than TLS 1.1: let it speak TLS 1.2",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the server speaks nothing newer than TLS 1.1: let it speak TLS 1.2",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the server asks for a client's certificate: name one by sslcert= and sslkey=",
    "TLSV1_ALERT_UNKNOWN_CA": "the server does not know the authority of the certificate in sslcert",
}
_Stamp: TypeAlias = tuple[str, int, int, int]


class Secured(NamedTuple):
    """What a handshake has brought: whether the server's certificate was checked (see the module), and the certificate
    itself (DER), empty where there is none."""

    verified: bool
    certificate: bytes = b""


def default_mode(host: str) -> Mode:
    """The `sslmode` of a host for which none was named: `prefer` on the loopback, else `verify-full`.

    Only `localhost` and literal addresses count as loopback: what a name resolves to is for others to say.
    """
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host.lower() == "localhost"
    return "prefer" if loopback else "verify-full"


def make_context(
    mode: Mode,
    rootcert: str | None = None,
    cert: str | None = None,
    key: str | None = None,
    password: str | None = None,
    alpn: str | None = None,
) -> ssl.SSLContext:
    """A client's context for an `sslmode`; shared between all who ask for the same, until a file of it changes.

    `verify-full` checks the server's chain and name, `verify-ca` its chain. The other modes check nothing, unless
    `rootcert` is given: then they check the chain, as `verify-ca` does. `rootcert` is a PEM file of authorities, or
    `system` for those of the operating system, which `verify-full` takes where none is given and no other mode may
    take: they vouch for everybody, so without the name their word is worth nothing.
    `cert` is a PEM file of the client's own chain, `key` one of its private key (in `cert` if not given), `password`
    what the key is encrypted with; `alpn` the protocol that the server is asked to agree on (RFC 7301).
    Raises WireError `refused` naming the option whose file cannot be used, `usage` for modes and authorities that do
    not go together.
    """
    if mode not in get_args(Mode):
        raise WireError("usage", f"sslmode={mode} is not one of {', '.join(get_args(Mode))}", outcome="not_run")
    if key is not None and cert is None:
        raise _refused("sslkey", key, "there is no sslcert that it belongs to")
    authorities = "system" if rootcert is None and mode == "verify-full" else rootcert
    if authorities is None and mode == "verify-ca":
        raise _unnamed("sslmode=verify-ca needs sslrootcert=PATH")
    if authorities == "system" and mode != "verify-full":
        raise _unnamed(f"sslrootcert=system does not go with sslmode={mode}")
    stamps = (*_authority_stamps(authorities), *_stamps("sslcert", cert), *_stamps("sslkey", key))
    return _build(mode == "verify-full", authorities, cert, key, password, alpn, stamps)


@lru_cache(maxsize=MAX_CONTEXTS)
def _build(
    check_name: bool,
    authorities: str | None,
    cert: str | None,
    key: str | None,
    password: str | None,
    alpn: str | None,
    stamps: tuple[_Stamp, ...],  # part of the cache's key: a file that was renewed is read again
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.check_hostname = check_name
    context.verify_mode = ssl.CERT_NONE if authorities is None else ssl.CERT_REQUIRED
    if authorities == "system":
        context.load_default_certs()
    elif authorities is not None:
        _load_authorities(context, authorities)
    if cert is not None:
        _load_own(context, cert, key, password)
        _refuse_shared_key(key or cert, "sslcert" if key is None else "sslkey")
    if alpn is not None:
        context.set_alpn_protocols([alpn])
    return context


def _refuse_shared_key(path: str, option: str) -> None:
    """As the engines' own tools do: a private key is its owner's alone, or root's for a group."""
    found = os.stat(path)
    allowed = 0o640 if found.st_uid == 0 else 0o600
    if found.st_mode & 0o777 & ~allowed:
        raise _refused(option, path, "others than its owner may read the private key: chmod 600 the file")


def _load_authorities(context: ssl.SSLContext, path: str) -> None:
    try:
        context.load_verify_locations(cafile=path)
    except OSError as error:
        raise _refused("sslrootcert", path, f"it is not a PEM file of certificates ({_words(error)})") from error


def _load_own(context: ssl.SSLContext, cert: str, key: str | None, password: str | None) -> None:
    # An empty password, unlike none, keeps the library from asking for one on the terminal.
    try:
        context.load_cert_chain(cert, key, password or "")
    except (OSError, ValueError) as error:
        option, path = ("sslcert", cert) if key is None or not _is_chain(cert) else ("sslkey", key)
        expected = "it needs a certificate and its private key in PEM form, and sslpassword if the key is encrypted"
        raise _refused(option, path, f"{expected} ({_words(error)})") from error


def _is_chain(path: str) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except OSError:
        return False
    return True


def _stamps(option: str, path: str | None) -> tuple[_Stamp, ...]:
    if path is None:
        return ()
    try:
        found = os.stat(path)
    except (OSError, ValueError) as error:
        raise _refused(option, path, _words(error)) from error
    return ((path, found.st_mtime_ns, found.st_size, found.st_ino),)


def _authority_stamps(authorities: str | None) -> tuple[_Stamp, ...]:
    if authorities != "system":
        return _stamps("sslrootcert", authorities)
    places = ssl.get_default_verify_paths()
    return (*_stamps("sslrootcert", places.cafile), *_stamps("sslrootcert", places.capath))


def _unnamed(what: str) -> WireError:
    reason = "an authority of the system vouches for everybody, so the server's name must be checked too"
    sentence = f"{what}: {reason}; use sslmode=verify-full, or name the server's own authority with sslrootcert=PATH"
    return WireError("usage", sentence, outcome="not_run")


def _refused(option: str, path: str, reason: str) -> WireError:
    return WireError("refused", f"{option}={path} cannot be used: {reason}", outcome="not_run")


def _words(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    if isinstance(reason, str):
        return reason.lower().replace("_", " ")
    return (getattr(error, "strerror", None) or str(error)).lower()


class TlsLayer:
    """The client's end of one TLS session, from handshake to close, without I/O. Not for two threads at a time.

    A failed call ends the session; `pending` then still holds the alert that tells the server why. Failures of the
    handshake are WireError `connection`, later ones `protocol`: the bytes were not what the server had encrypted.
    `closed` is True once the server has ended the session by its own word: no plaintext will follow.
    """

    __slots__ = ("_done", "_host", "_incoming", "_outgoing", "_tls", "closed")

    def __init__(self, context: ssl.SSLContext, host: str | None) -> None:
        """`host` is the name that the user connects to: it is told to the server and, under `verify-full`, checked."""
        self._host = host
        self._done = False
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.closed = False
        try:
            if context.check_hostname and host is None:  # the library would check no name at all
                raise ValueError("sslmode=verify-full needs a name")
            self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        except (TypeError, ValueError) as error:
            sentence = f"the host {host!r} cannot be checked against a certificate: {error}"
            raise WireError("refused", sentence, outcome="not_run") from error

    def handshake(self, data: bytes = b"") -> tuple[bytes, bool]:
        """One step: what the server sent in, (what to send it, whether the session stands) out. Begin with no data.

        What came behind the handshake is kept for the next `receive`, which may be given b"".
        """
        self._incoming.write(data)
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return self.pending(), False
        except ssl.SSLCertVerificationError as error:
            raise _untrusted(self._host, error) from error
        except ssl.SSLError as error:
            raise WireError("connection", f"the TLS handshake failed: {_hint(error)}", outcome="not_run") from error
        self._done = True
        return self.pending(), True

    def receive(self, data: bytes) -> bytes:
        """All plaintext that has become readable: b"" while a record is incomplete, or once `closed`."""
        self._incoming.write(data)
        chunks = []
        try:
            # A read takes one whole record and nothing ahead of it: an empty buffer needs no try.
            while self._incoming.pending and not self.closed:
                chunk = self._tls.read(_RECORD)
                self.closed = not chunk
                chunks.append(chunk)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:  # instead of an empty read, where we have ended the session too
            self.closed = True
        except ssl.SSLError as error:
            raise WireError("protocol", f"TLS broke: {_hint(error)}") from error
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def receive_eof(self) -> None:
        """Say that the socket has ended: a WireError `connection`, unless the server had ended the session before.

        Without its word nobody knows whether more was to come.
        """
        if not self._done:
            sentence = "the server closed the connection in the middle of the TLS handshake"
            raise WireError("connection", sentence, outcome="not_run")
        if not self.closed:
            sentence = (
                f"the connection to {self._host} is lost: it was closed without an end of TLS, its data may be cut"
            )
            raise WireError("connection", sentence)

    def send(self, data: bytes | bytearray | memoryview) -> bytes:
        """The ciphertext of all of `data`, with whatever else has to go to the server."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._tls.write(rest) :]
        except ssl.SSLError as error:
            raise WireError("protocol", f"TLS broke: {_hint(error)}") from error
        return self.pending()

    def pending(self) -> bytes:
        """What has to go to the server beside any data: after a failure, the alert."""
        return self._outgoing.read()

    def close_notify(self) -> bytes:
        """The bytes that end the session, b"" where there is none. Never raises; no answer need be awaited."""
        with suppress(ssl.SSLError):
            self._tls.unwrap()
        return self.pending()

    @property
    def secured(self) -> Secured:
        return Secured(self.verified, self._tls.getpeercert(True) or b"")

    @property
    def agreed(self) -> str | None:
        """The protocol that both ends have agreed on, of those that the context names."""
        return self._tls.selected_alpn_protocol()

    @property
    def verified(self) -> bool:
        """The handshake is done and the server's certificate was checked (see the module): the line is private."""
        return self._done and self._tls.context.verify_mode is ssl.CERT_REQUIRED


def _untrusted(host: str | None, error: ssl.SSLCertVerificationError) -> WireError:
    reason = error.verify_message.rstrip(".")
    ways = [
        "sslrootcert=PATH trusts the authorities in that file, such as the server's own, and no others",
        "sslmode=require without sslrootcert encrypts, but anyone in the middle can pose as the server",
    ]
    if error.verify_code in _WRONG_NAME:
        ways.insert(0, "connect by a name that the certificate holds")
    sentence = f"the certificate of {host or 'the server'} was not accepted: {reason}; {'; '.join(ways)}"
    return WireError("connection", sentence, outcome="not_run")


def _hint(error: ssl.SSLError) -> str:
    hint = _HINTS.get(error.reason or "")
    return f"{hint} ({_words(error)})" if hint else _words(error)
