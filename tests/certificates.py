"""An authority for tests, and certificates that it has signed: for a server, and for who comes to it."""

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_NAMES = ("localhost", ipaddress.IPv4Address("127.0.0.1"))


def make_certificates(folder: Path) -> None:
    """Write authority.pem, and server.pem and client.pem with their keys."""
    key = ec.generate_private_key(ec.SECP256R1())
    authority = _named("tests")
    (folder / "authority.pem").write_bytes(_signed(authority, key, authority, key).public_bytes(Encoding.PEM))
    for name in ("server", "client"):
        own = ec.generate_private_key(ec.SECP256R1())
        certificate = _signed(_named(name), own, authority, key)
        secret = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM) + secret)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _signed(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, issuer: x509.Name, by: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName(name) if isinstance(name, str) else x509.IPAddress(name) for name in _NAMES]
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(
        now + datetime.timedelta(days=1)
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=subject == issuer, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(by, hashes.SHA256())
