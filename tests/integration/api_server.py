"""A small API server for the real kubectl: discovery as today's clusters give it, then the one answer of a test.

It speaks HTTP, or TLS with a certificate that may be expired, for another name, or of an authority nobody knows.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOST: Final = "127.0.0.1"
_RESOURCES: Final = {
    "v1": {"Pod": "pods", "Service": "services", "ConfigMap": "configmaps", "Namespace": "namespaces"},
    "apps/v1": {"Deployment": "deployments"},
    "networking.k8s.io/v1": {"Ingress": "ingresses"},
    "batch/v1": {"CronJob": "cronjobs", "Job": "jobs"},
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What every request beyond discovery gets; with `discovery` off, discovery too."""

    code: int
    body: str
    content_type: str = "application/json"
    discovery: bool = True


def status(code: int, reason: str, message: str, **details: str) -> Reply:
    """A Kubernetes Status object as the API server sends it with an error."""
    said = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    return Reply(code, json.dumps({**said, "message": message, "reason": reason, "details": details, "code": code}))


def _discovery(path: str) -> Any:
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        groups = [version.split("/") for version in _RESOURCES if "/" in version]
        return {
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [
                {
                    "name": name,
                    "versions": [{"groupVersion": f"{name}/{version}", "version": version}],
                    "preferredVersion": {"groupVersion": f"{name}/{version}", "version": version},
                }
                for name, version in groups
            ],
        }
    if path == "/version":
        return {"major": "1", "minor": "32", "gitVersion": "v1.32.4"}
    kinds = _RESOURCES.get(path.removeprefix("/apis/").removeprefix("/api/"))
    if kinds is None or path.count("/") > 3:
        return None
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": path.removeprefix("/apis/").removeprefix("/api/"),
        "resources": [
            {
                "name": plural,
                "singularName": kind.lower(),
                "namespaced": kind != "Namespace",
                "kind": kind,
                "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
            }
            for kind, plural in kinds.items()
        ],
    }


class _Handler(BaseHTTPRequestHandler):
    reply: Reply

    def _answer(self) -> None:
        path = self.path.partition("?")[0]
        known = _discovery(path) if self.reply.discovery else None
        reply = self.reply
        if known is not None:
            reply = Reply(200, json.dumps(known))
        elif path.startswith("/openapi") and self.reply.discovery:
            reply = Reply(404, "404 page not found", "text/plain")
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        data = reply.body.encode()
        self.send_response(reply.code)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: what the server saw is no part of a test's output."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that refuses the certificate hangs up: that is what the tests are for."""


@contextlib.contextmanager
def serve(reply: Reply, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port of a server that lives as long as the block."""
    handler = type("Handler", (_Handler,), {"reply": reply})
    server = _Server((HOST, 0), handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority and what it signs, as PEM files in `folder`."""

    folder: Path
    name: str
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def file(self) -> Path:
        return self.folder / f"{self.name}.crt"

    def issue(self, name: str, *, address: str = HOST, days: int = 30, begins: int = -1) -> tuple[Path, Path]:
        """Certificate and key of a server at `address`, valid from `begins` days from now for `days` days."""
        key = ec.generate_private_key(ec.SECP256R1())
        names: list[x509.GeneralName] = []
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(address)))
        except ValueError:
            names.append(x509.DNSName(address))
        starts = datetime.now(UTC) + timedelta(days=begins)
        made = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(starts)
            .not_valid_after(starts + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )
        return _write(self.folder, name, made, key)


def authority(folder: Path, name: str) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=400))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(folder, name, made, key)
    return Authority(folder, name, key, made)


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _write(
    folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> tuple[Path, Path]:
    certificate_file, key_file = folder / f"{name}.crt", folder / f"{name}.key"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_file, key_file
