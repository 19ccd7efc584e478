"""A real etcd and kube-apiserver, without nodes: objects are what tests make them."""

from __future__ import annotations

import json
import secrets
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.certificates import Authority
from tests.integration.daemons import free_port, need, running

HINT = "make lab builds it; or set KDIAG_LAB_BIN"


@dataclass
class ApiServer:
    """Where it is, and whose credentials are valid. `admin` may do everything, `nobody` nothing."""

    url: str
    ca: Authority
    tokens: dict[str, str]
    folder: Path
    etcd_url: str

    def kubeconfig(self, user: dict[str, Any] | None = None, **cluster: Any) -> Path:
        """A kubeconfig for the admin's client certificate, or for other credentials."""
        if user is None:
            pair = self.ca.issue("admin", "/O=system:masters/CN=admin")
            user = {"client-certificate": str(pair.cert), "client-key": str(pair.key)}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "clusters": [
                {
                    "name": "test",
                    "cluster": {"server": self.url, "certificate-authority": str(self.ca.cert)} | cluster,
                }
            ],
            "users": [{"name": "test", "user": user}],
        }
        path = self.folder / f"kubeconfig-{secrets.token_hex(4)}"
        path.write_text(json.dumps(content))
        return path

    def wait_until_allowed(self, token: str, path: str) -> None:
        """Rights are granted a moment after the binding was made."""
        until = time.monotonic() + 30
        while True:
            try:
                self.request("GET", path, token=token)
                return
            except urllib.error.HTTPError as error:
                if error.code != 403 or time.monotonic() > until:
                    raise
            time.sleep(0.05)

    def request(self, method: str, path: str, body: dict[str, Any] | None = None, *, token: str = "") -> dict[str, Any]:
        """A request, of the admin's unless a token says otherwise."""
        context = ssl.create_default_context(cafile=str(self.ca.cert))
        headers = {"Authorization": f"Bearer {token or self.tokens['admin']}", "Content-Type": "application/json"}
        if method == "PATCH":
            headers["Content-Type"] = "application/merge-patch+json"
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, context=context, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Makes an object, its status with it, which the API takes separately."""
        made = self.request("POST", path, body)
        if "status" in body:
            name = body["metadata"]["name"]
            self.request("PATCH", f"{path}/{name}/status", {"status": body["status"]})
        return made


@contextmanager
def api_server(folder: Path, *extra: str) -> Iterator[ApiServer]:
    etcd, server = need("etcd", "scripts/install_test_daemons.sh"), need("kube-apiserver", HINT)
    authority = Authority(folder / "pki")
    serving = authority.issue("apiserver", "/CN=kube-apiserver")
    key, public = folder / "sa.key", folder / "sa.pub"
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    subprocess.run(["openssl", "rsa", "-in", str(key), "-pubout", "-out", str(public)], check=True, capture_output=True)
    tokens = {"admin": secrets.token_hex(16), "nobody": secrets.token_hex(16), "reader": secrets.token_hex(16)}
    (folder / "tokens.csv").write_text(
        f'{tokens["admin"]},admin,1,"system:masters"\n{tokens["nobody"]},nobody,2\n{tokens["reader"]},reader,3\n'
    )
    client, peer, port = free_port(), free_port(), free_port()
    endpoint = f"http://127.0.0.1:{client}"
    api = ApiServer(f"https://127.0.0.1:{port}", authority, tokens, folder, endpoint)

    def etcd_ready() -> bool:
        return _says(f"{endpoint}/health", "true")

    def api_ready() -> bool:
        try:
            api.request("GET", "/api/v1/namespaces/default")
        except OSError:
            return False
        return True

    with (
        running(
            [etcd, "--data-dir", str(folder / "etcd"), "--listen-client-urls", endpoint, "--advertise-client-urls",
             endpoint, "--listen-peer-urls", f"http://127.0.0.1:{peer}", "--initial-advertise-peer-urls",
             f"http://127.0.0.1:{peer}", "--initial-cluster", f"default=http://127.0.0.1:{peer}", "--unsafe-no-fsync"],
            folder / "etcd.log", etcd_ready,
        ),
        running(
            [server, "--etcd-servers", endpoint, "--secure-port", str(port), "--bind-address", "127.0.0.1",
             "--tls-cert-file", str(serving.cert), "--tls-private-key-file", str(serving.key),
             "--client-ca-file", str(authority.cert), "--token-auth-file", str(folder / "tokens.csv"),
             "--authorization-mode", "RBAC", "--service-account-issuer", "https://kubernetes.default.svc",
             "--service-account-signing-key-file", str(key), "--service-account-key-file", str(public),
             "--disable-admission-plugins", "ServiceAccount", "--service-cluster-ip-range", "10.254.0.0/16", *extra],
            folder / "apiserver.log", api_ready,
        ),
    ):  # fmt: skip
        yield api


def _says(url: str, word: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return word in answer.read().decode()
    except OSError:
        return False
