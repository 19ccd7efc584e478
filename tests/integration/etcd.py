"""Debian's real etcd on free ports: v2 with the guide's tree, v3, TLS, authentication, and a quota that is too small."""

from __future__ import annotations

import base64
import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.config.clusters import Etcd
from tests.integration.certificates import Authority
from tests.integration.daemons import answers, free_port, need, running

HINT = "scripts/bootstrap daemons"


@dataclass(frozen=True)
class EtcdServer:
    url: str
    folder: Path
    ca: Authority | None = None

    def settings(self, **changed: object) -> Etcd:
        return Etcd.model_validate({"endpoints": [self.url], **changed})

    def set_v2(self, key: str, value: str | None = None) -> None:
        """Writes a v2 key, or makes a directory."""
        form = {"dir": "true"} if value is None else {"value": value}
        data = urllib.parse.urlencode(form).encode()
        urllib.request.urlopen(
            urllib.request.Request(f"{self.url}/v2/keys{key}", data, method="PUT"), timeout=5
        ).close()

    def v3(self, path: str, **body: Any) -> dict[str, Any]:
        data = json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/v3{path}", data), timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def put(self, key: str, value: str) -> None:
        encoded = {"key": key, "value": value}
        self.v3("/kv/put", **{name: base64.b64encode(text.encode()).decode() for name, text in encoded.items()})

    def etcdctl(self, *arguments: str) -> str:
        command = [need("etcdctl", HINT), "--endpoints", self.url, *arguments]
        done = subprocess.run(command, env={"ETCDCTL_API": "3"}, check=True, capture_output=True, text=True)
        return done.stdout


@contextmanager
def etcd_server(folder: Path, *extra: str, authority: Authority | None = None) -> Iterator[EtcdServer]:
    """One member. With an authority it speaks TLS and wants a client certificate."""
    daemon = need("etcd", HINT)
    client, peer = free_port(), free_port()
    scheme = "https" if authority else "http"
    url, peer_url = f"{scheme}://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
    arguments = [
        daemon, "--name", "m1", "--data-dir", str(folder / "data"), "--listen-client-urls", url,
        "--advertise-client-urls", url, "--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url,
        "--initial-cluster", f"m1={peer_url}", "--unsafe-no-fsync", *extra,
    ]  # fmt: skip
    if authority:
        pair = authority.issue("etcd", "/CN=etcd")
        arguments += ["--cert-file", str(pair.cert), "--key-file", str(pair.key), "--client-cert-auth",
                      "--trusted-ca-file", str(authority.cert)]  # fmt: skip
    with running(arguments, folder / "etcd.log", lambda: _ready(url, client)):
        yield EtcdServer(url, folder, authority)


def _ready(url: str, port: int) -> bool:
    if url.startswith("https"):
        return answers(port)
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=1) as answer:
            return b"true" in answer.read()
    except OSError:
        return False
