"""Certificates for daemons of tests, made with openssl."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


@dataclass(frozen=True)
class Pair:
    cert: Path
    key: Path


class Authority:
    """A CA in a folder of its own."""

    def __init__(self, folder: Path, name: str = "test-ca") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.cert, self.key = folder / "ca.crt", folder / "ca.key"
        _openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650",
            "-subj", f"/CN={name}", "-keyout", str(self.key), "-out", str(self.cert),
        )  # fmt: skip

    def issue(self, name: str, subject: str, *, days: int = 365, hosts: str = "DNS:localhost,IP:127.0.0.1") -> Pair:
        """A certificate for servers and clients. Negative `days`: it has expired."""
        key, request, cert = (self.folder / f"{name}.{suffix}" for suffix in ("key", "csr", "crt"))
        extensions = self.folder / f"{name}.cnf"
        extensions.write_text(
            f"subjectAltName={hosts}\nextendedKeyUsage=serverAuth,clientAuth\nbasicConstraints=CA:FALSE\n"
        )
        _openssl(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", subject,
            "-keyout", str(key), "-out", str(request),
        )  # fmt: skip
        if days > 0:
            _openssl(
                "x509", "-req", "-in", str(request), "-CA", str(self.cert), "-CAkey", str(self.key), "-CAcreateserial",
                "-days", str(days), "-extfile", str(extensions), "-out", str(cert),
            )  # fmt: skip
        else:
            self._issue_expired(request, extensions, cert)
        return Pair(cert, key)

    def _issue_expired(self, request: Path, extensions: Path, cert: Path) -> None:
        """`openssl ca` takes a date of the past, `openssl x509` does not."""
        (self.folder / "index.txt").touch()
        (self.folder / "index.txt.attr").touch()
        config = self.folder / "ca.cnf"
        config.write_text(
            f"[ca]\ndefault_ca=d\n[d]\ndatabase={self.folder}/index.txt\nnew_certs_dir={self.folder}\n"
            "rand_serial=yes\ndefault_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n"
            "organizationName=optional\n"
        )
        _openssl(
            "ca", "-batch", "-config", str(config), "-cert", str(self.cert), "-keyfile", str(self.key), "-in",
            str(request), "-out", str(cert), "-extfile", str(extensions), "-startdate", "20200101000000Z", "-enddate",
            "20210101000000Z",
        )  # fmt: skip
