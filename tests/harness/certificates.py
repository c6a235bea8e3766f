"""The certificates of one cluster: an authority of its own, made anew at each start.

Everything is written into one folder as `<name>.crt` and `<name>.key`; `sa.key` and `sa.pub` sign service account
tokens. Elliptic keys throughout: they are made in a moment.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_VALID = dt.timedelta(days=3650)
_CLOCKS_MAY_DIFFER = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Identity:
    """Whom a certificate names.

    Attributes:
        file: the file's name, without its ending.
        name: the common name; a user's name to Kubernetes.
        group: the organisation; a group's name to Kubernetes.
        addresses: IP addresses and DNS names of a server; a certificate without any is a client's.
    """

    file: str
    name: str
    group: str = ""
    addresses: Sequence[str] = ()


def write_certificates(folder: Path, identities: Sequence[Identity]) -> None:
    """Makes a new authority, `ca`, and everything that it signs."""
    folder.mkdir(parents=True, exist_ok=True)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dbmigrations-test-authority")])
    authority = (
        _builder(authority_name, authority_name, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_authority_usage(), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    _write(folder, "ca", authority, authority_key)
    for identity in identities:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _sign(identity, key, authority_name, authority_key)
        _write(folder, identity.file, certificate, key)
    tokens = ec.generate_private_key(ec.SECP256R1())
    _write_key(folder / "sa.key", tokens)
    (folder / "sa.pub").write_bytes(
        tokens.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def _sign(
    identity: Identity,
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Name,
    authority_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, identity.name)]
    if identity.group:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, identity.group))
    usage = ExtendedKeyUsageOID.SERVER_AUTH if identity.addresses else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = (
        _builder(x509.Name(parts), authority, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        # Python 3.13 refuses a certificate that does not say which key signed it.
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
    )
    if identity.addresses:
        names = [_general_name(address) for address in identity.addresses]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(authority_key, hashes.SHA256())


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_MAY_DIFFER)
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _authority_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _general_name(address: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(address))
    except ValueError:
        return x509.DNSName(address)


def _write(folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    (folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    _write_key(folder / f"{name}.key", key)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
