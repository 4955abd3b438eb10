"""Certificates of one test run: an authority with what it signed for servers and a client, and another authority."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

LOCAL = (
    x509.DNSName("localhost"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    x509.IPAddress(ipaddress.ip_address("::1")),
)
ELSEWHERE = (x509.DNSName("elsewhere.example"),)


def mint(folder: Path, client: str) -> None:
    """Write everything into `folder`: PEM files NAME.crt and NAME.key, and an RSA pair without a certificate.

    ca.crt signed good, expired, wrong-name and client, whose common name is `client`;
    other-ca.crt signed nothing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ca = _authority(folder, "ca")
    _authority(folder, "other-ca")
    _issue(folder, "good", ca, "localhost", LOCAL)
    _issue(folder, "expired", ca, "localhost", LOCAL, days=(-30, -1))
    _issue(folder, "wrong-name", ca, "elsewhere.example", ELSEWHERE)
    _issue(folder, "client", ca, client, (x509.DNSName(client),))
    pair = rsa.generate_private_key(65537, 2048)
    _write_key(folder / "rsa.key", pair)
    public = pair.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "rsa.pub").write_bytes(public)


@lru_cache(maxsize=1)
def _start() -> datetime:
    return datetime.now(UTC)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _write_key(path: Path, key: Key) -> None:
    path.touch(mode=0o600)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(pem)


def _authority(folder: Path, name: str) -> tuple[x509.Name, Key]:
    key, subject = ec.generate_private_key(ec.SECP256R1()), _name(f"sqlx test {name}")
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    builder = _builder(subject, subject, key, (-60, 3650))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    certificate = builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    (folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return subject, key


def _issue(
    folder: Path,
    name: str,
    authority: tuple[x509.Name, Key],
    common: str,
    names: tuple[x509.GeneralName, ...],
    days: tuple[int, int] = (-1, 3650),
) -> None:
    issuer, signer = authority
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name(common), issuer, key, days)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    certificate = builder.add_extension(identifier, critical=False).sign(signer, hashes.SHA256())
    (folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    _write_key(folder / f"{name}.key", key)


def _builder(subject: x509.Name, issuer: x509.Name, key: Key, days: tuple[int, int]) -> x509.CertificateBuilder:
    first, last = (_start() + timedelta(days=day) for day in days)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(first).not_valid_after(last)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
