"""The lab's certificate authority, and a certificate for each daemon and user."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as files in PEM."""

    cert: Path
    key: Path


@dataclass(frozen=True)
class Authority:
    """Signs. Each lab has its own; its key stays in the lab's state."""

    pair: Pair

    @classmethod
    def at(cls, directory: Path, name: str = "kdiag-lab-ca") -> Authority:
        """The authority that is kept in a directory; made when there is none."""
        pair = Pair(directory / "ca.crt", directory / "ca.key")
        if not pair.key.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
            builder = _builder(subject, subject, key.public_key(), -1, 3650).add_extension(
                x509.BasicConstraints(ca=True, path_length=None), critical=True
            )
            usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
            _write(pair, builder.add_extension(usage, critical=True).sign(key, hashes.SHA256()), key)
        return cls(pair)

    def issue(
        self,
        into: Path,
        user: str,
        group: str = "",
        names: tuple[str, ...] = (),
        valid_days: tuple[float, float] = (-1, 365),
    ) -> Pair:
        """A certificate for a client and, where `names` has its addresses and host names, a server.

        `valid_days` counts from now: from and to.
        """
        ca = x509.load_pem_x509_certificate(self.pair.cert.read_bytes())
        key = ec.generate_private_key(ec.SECP256R1())
        subject = [x509.NameAttribute(NameOID.COMMON_NAME, user)]
        if group:
            subject.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
        purposes = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if names else [])]
        builder = (
            _builder(x509.Name(subject), ca.subject, key.public_key(), *valid_days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), False)
        pair = Pair(into.with_suffix(".crt"), into.with_suffix(".key"))
        _write(pair, builder.sign(self._key(), hashes.SHA256()), key)
        return pair

    def renew(self, cert: Path, valid_days: tuple[float, float] = (-1, 365)) -> None:
        """The same certificate with another time of validity, in its place."""
        old = x509.load_pem_x509_certificate(cert.read_bytes())
        key = old.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        builder = _builder(old.subject, old.issuer, key, *valid_days)
        for extension in old.extensions:
            builder = builder.add_extension(extension.value, extension.critical)
        cert.write_bytes(builder.sign(self._key(), hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _key(self) -> ec.EllipticCurvePrivateKey:
        key = serialization.load_pem_private_key(self.pair.key.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key


def signing_key(into: Path) -> None:
    """The key pair that service account tokens are signed with: NAME.key and NAME.pub."""
    key = ec.generate_private_key(ec.SECP256R1())
    _write_key(into.with_suffix(".key"), key)
    into.with_suffix(".pub").write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, first_day: float, last_day: float
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + first_day * DAY)
        .not_valid_after(now + last_day * DAY)
    )


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(pair: Pair, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    pair.cert.parent.mkdir(parents=True, exist_ok=True)
    pair.cert.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    _write_key(pair.key, key)


def _write_key(into: Path, key: ec.EllipticCurvePrivateKey) -> None:
    into.parent.mkdir(parents=True, exist_ok=True)
    into.touch(mode=0o600)
    into.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
