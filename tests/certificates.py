"""The tests' own certificate authority and its certificates, as files."""

import datetime
import ipaddress
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


class Files(NamedTuple):
    """A certificate and its key."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates; `path` is its own, in PEM form."""

    def __init__(self, directory: Path, name: str = "authority") -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        constraint = x509.BasicConstraints(ca=True, path_length=0)
        builder = self._begin(self._name, self._key, from_days=-2, to_days=2).add_extension(constraint, critical=True)
        self.path = directory / f"{name}.pem"
        self.path.write_bytes(_pem(builder.sign(self._key, hashes.SHA256())))

    def issue(self, host: str, *, from_days: float = -1, to_days: float = 1, password: str = "") -> Files:
        """A certificate for an address or a name, valid between two instants, in days from now. `password`: what the
        key is encrypted with, "" for not at all."""
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            alternative = x509.DNSName(host)
        builder = self._begin(_named(host), key, from_days=from_days, to_days=to_days)
        signed = builder.add_extension(x509.SubjectAlternativeName([alternative]), critical=False).sign(
            self._key, hashes.SHA256()
        )
        stem = f"{self.path.stem}-{host}-{from_days}-{to_days}"
        files = Files(self._directory / f"{stem}.pem", self._directory / f"{stem}.key")
        files.certificate.write_bytes(_pem(signed))
        encryption = (
            serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
        )
        files.key.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
        )
        files.key.chmod(0o644)  # A server that runs as another user reads it.
        return files

    def _begin(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, from_days: float, to_days: float
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + from_days * DAY)
            .not_valid_after(now + to_days * DAY)
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
