"""What the real kubectl prints when things are wrong is understood: its own words, not ours.

Nothing here needs a cluster: kubectl is run against nothing, a closed port, broken files, and small servers that
refuse, have the wrong certificate or answer with errors.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from bot.questions import Question
from bot.service import consult
from bot.sources import PasteSource
from rules.expert import Expert
from rules.findings import Finding
from rules.knowledge import load
from tests.integration.api_server import HOST, Authority, Reply, authority, serve, server_context, status

pytestmark = pytest.mark.integration

NOT_INSTALLED: Final = "kubectl is not installed (Debian: apt-get install kubernetes-client)"
POD: Final = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: a:1}]}\n"
PODS_FORBIDDEN: Final = (
    'pods is forbidden: User "ann" cannot list resource "pods" in API group "" in the namespace "default"'
)
EMPTY: Final = Reply(200, "{}")
UNAUTHORIZED: Final = Reply(401, status(401, "Unauthorized", "Unauthorized").body, discovery=False)


@pytest.fixture(scope="module", autouse=True)
def kubectl() -> str:
    """The kubectl on the PATH. CI must have one; elsewhere its absence is said, not hidden."""
    found = shutil.which("kubectl")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(NOT_INSTALLED)
        pytest.skip(f"NOT TESTED: {NOT_INSTALLED}")
    return found


class Desk:
    """A person's machine: a home of its own, a kubeconfig, kubectl, and kdiag to ask what it printed."""

    def __init__(self, kubectl: str, home: Path, servers: ExitStack) -> None:
        self._kubectl = kubectl
        self.home = home
        self._servers = servers
        self.environment = {"HOME": str(home), "PATH": os.environ["PATH"], "NO_PROXY": "", "LANG": "C.UTF-8"}

    def file(self, name: str, text: str) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def config(
        self, server: str, *, cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None, **top: Any
    ) -> None:
        """A kubeconfig with one cluster, user and context; JSON is YAML."""
        written = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "shop", "cluster": {"server": server, **(cluster or {})}}],
            "users": [{"name": "ann", "user": {"token": "t"} if user is None else user}],
            "contexts": [{"name": "shop", "context": {"cluster": "shop", "user": "ann"}}],
            "current-context": "shop",
            **top,
        }
        self.file(".kube/config", json.dumps(written))

    def served(self, reply: Reply) -> None:
        """A kubeconfig of a plain HTTP API server that gives this reply."""
        self.config(f"http://{HOST}:{self._servers.enter_context(serve(reply))}")

    def served_with(self, certificate: tuple[Path, Path], ca: Path, reply: Reply = EMPTY) -> None:
        """A kubeconfig that trusts `ca`, of a TLS API server with that certificate."""
        port = self._servers.enter_context(serve(reply, server_context(*certificate)))
        self.config(f"https://{HOST}:{port}", cluster={"certificate-authority": str(ca)})

    def change_user(self, user: dict[str, Any]) -> None:
        config = json.loads((self.home / ".kube/config").read_text())
        config["users"][0]["user"] = user
        self.file(".kube/config", json.dumps(config))

    def run(self, *arguments: str) -> str:
        """What kubectl prints on that command, which must fail."""
        done = subprocess.run(
            [self._kubectl, *arguments],
            cwd=self.home,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode != 0, done.stdout
        return done.stdout + done.stderr

    async def ask(self, printed: str) -> list[Finding]:
        expert = Expert(load())
        try:
            question = Question("explain", text=printed)
            answer = (await consult(expert, PasteSource(printed), question)).answer
        finally:
            await expert.close()
        return [ranked.finding for ranked in answer.roots]

    async def expect(self, id_: str, fix: str, *arguments: str) -> None:
        """The first finding on what kubectl prints is `id_`, and one of its commands is like `fix`."""
        printed = self.run(*arguments)
        findings = await self.ask(printed)
        assert findings, f"nothing was found in: {printed}"
        first = findings[0]
        assert first.id == id_, f"{[f.id for f in findings]} in: {printed}"
        commands = [step.command for step in first.fix]
        assert any(re.search(fix, command) for command in commands), commands


@pytest.fixture
def desk(kubectl: str, tmp_path: Path) -> Iterator[Desk]:
    with ExitStack() as servers:
        yield Desk(kubectl, tmp_path, servers)


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    return authority(tmp_path, "shop-ca")


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


# --- no server, no kubeconfig -------------------------------------------------------------------------------


async def test_no_kubeconfig_at_all(desk: Desk) -> None:
    with socket.socket() as probe:
        if probe.connect_ex((HOST, 8080)) == 0:
            pytest.skip("NOT TESTED: something listens on port 8080 of this machine, kubectl's default")
    await desk.expect("kubectl-no-kubeconfig", "KUBECONFIG|kubeconfig|config", "get", "pods")


async def test_a_closed_port(desk: Desk, closed_port: int) -> None:
    desk.config(f"https://{HOST}:{closed_port}")
    await desk.expect("apiserver-not-running", "kubelet|crictl|apiserver", "get", "pods")


async def test_a_proxy_that_is_not_there(desk: Desk, closed_port: int) -> None:
    desk.config("https://api.shop.example.com:6443")
    desk.environment["HTTPS_PROXY"] = f"http://{HOST}:{closed_port}"
    await desk.expect("proxy-unreachable", "(?i)proxy", "get", "pods")


# --- a kubeconfig that is wrong -----------------------------------------------------------------------------


async def test_a_kubeconfig_that_is_no_yaml(desk: Desk) -> None:
    desk.file(".kube/config", "apiVersion: v1\nclusters:\n- name: shop\n  cluster: {server: https://x:6443\n")
    await desk.expect("kubeconfig-broken", "config", "get", "pods")


async def test_a_kubeconfig_with_broken_base64(desk: Desk) -> None:
    desk.config("https://x.example.com:6443", cluster={"certificate-authority-data": "***"})
    await desk.expect("kubeconfig-broken", "config|base64", "get", "pods")


async def test_a_certificate_file_of_the_kubeconfig_that_is_missing(desk: Desk) -> None:
    desk.config("https://x.example.com:6443", cluster={"certificate-authority": "/nowhere/ca.crt"})
    await desk.expect("kubeconfig-cert-file-unreadable", "/nowhere/ca.crt|config", "get", "pods")


async def test_a_client_certificate_and_key_of_different_pairs(desk: Desk, ca: Authority) -> None:
    certificate, _ = ca.issue("ann")
    _, key = ca.issue("bob")
    desk.served_with(ca.issue("apiserver"), ca.file, UNAUTHORIZED)
    desk.change_user({"client-certificate": str(certificate), "client-key": str(key)})
    await desk.expect("client-cert-data-broken", "openssl", "get", "pods")


async def test_client_certificate_data_that_is_no_certificate(desk: Desk) -> None:
    data = base64.b64encode(b"not a certificate").decode()
    desk.config("https://x.example.com:6443", user={"client-certificate-data": data, "client-key-data": data})
    await desk.expect("client-cert-data-broken", "openssl|base64", "get", "pods")


async def test_an_unknown_context(desk: Desk) -> None:
    desk.config("https://x.example.com:6443")
    await desk.expect("kubectl-context-missing", "get-contexts", "--context", "prod", "get", "pods")


async def test_using_a_context_that_does_not_exist(desk: Desk) -> None:
    desk.config("https://x.example.com:6443")
    await desk.expect("kubectl-context-missing", "get-contexts", "config", "use-context", "prod")


async def test_no_current_context(desk: Desk) -> None:
    await desk.expect("kubectl-no-current-context", "use-context", "config", "current-context")


async def test_a_login_plugin_that_is_not_installed(desk: Desk) -> None:
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "shop-login", "interactiveMode": "Never"}
    desk.config("https://x.example.com:6443", user={"exec": plugin})
    await desk.expect("exec-plugin-missing", "shop-login|PATH|install", "get", "pods")


async def test_a_login_plugin_of_an_old_api_version(desk: Desk) -> None:
    plugin = {"apiVersion": "client.authentication.k8s.io/v1alpha1", "command": "shop-login"}
    desk.config("https://x.example.com:6443", user={"exec": plugin})
    await desk.expect("exec-plugin-api-version-removed", "update-kubeconfig|v1beta1|config", "get", "pods")


async def test_an_auth_provider_that_kubectl_no_longer_has(desk: Desk) -> None:
    desk.config("https://x.example.com:6443", user={"auth-provider": {"name": "gcp"}})
    await desk.expect("auth-provider-removed", "gke-gcloud-auth-plugin|get-credentials|plugin", "get", "pods")


# --- what it is given ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id_", "fix", "text"),
    [
        ("manifest-yaml-syntax", "kdiag check|yamllint|check", "apiVersion: v1\nkind: Pod\nmetadata: name: web\n"),
        ("manifest-yaml-syntax", "kdiag check|yamllint|check", "apiVersion: v1\nkind: Pod\nspec: {containers: [\n"),
        ("manifest-yaml-tab", "tab|expand|sed|check", "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: web\n"),
        ("manifest-kind-missing", "kind|check|explain|api-resources", "apiVersion: v1\nmetadata: {name: web}\n"),
        ("kind-in-wrong-group", "api-resources", POD.replace("Pod", "Podd")),
        ("kind-in-wrong-group", "api-resources", POD.replace("v1", "batch/v1").replace("Pod", "Jobb")),
        (
            "api-removed-ingress",
            "networking.k8s.io/v1",
            POD.replace("v1", "extensions/v1beta1").replace("Pod", "Ingress"),
        ),
        ("api-removed", "batch/v1", POD.replace("v1", "batch/v1beta1").replace("Pod", "CronJob")),
        (
            "crd-not-installed",
            "crd",
            POD.replace("v1", "cert-manager.io/v1").replace("Pod", "Certificate"),
        ),
    ],
    ids=["mapping", "open-bracket", "tab", "no-kind", "kind", "kind-of-group", "ingress", "cronjob", "crd"],
)
async def test_a_manifest_that_is_wrong(desk: Desk, id_: str, fix: str, text: str) -> None:
    desk.served(status(404, "NotFound", "the server could not find the requested resource"))
    desk.file("web.yaml", text)
    await desk.expect(id_, fix, "create", "--dry-run=client", "--validate=false", "-f", "web.yaml")


async def test_a_manifest_that_is_not_there(desk: Desk) -> None:
    await desk.expect("manifest-path-missing", "ls|find|pwd", "apply", "-f", "webb.yaml")


async def test_a_resource_type_that_does_not_exist(desk: Desk) -> None:
    desk.served(status(404, "NotFound", "the server could not find the requested resource"))
    await desk.expect("resource-type-unknown", "api-resources", "get", "deploymnets")


@pytest.mark.parametrize(
    "arguments",
    [
        ("get", "pods", "--namspace", "shop"),
        ("gett", "pods"),
        ("get", "pods", "-o", "jsn"),
        ("get",),
        ("logs",),
        ("get", "pods", "-q"),
    ],
    ids=["flag", "command", "output", "no-resource", "no-pod", "short-flag"],
)
async def test_a_command_that_is_wrong(desk: Desk, arguments: tuple[str, ...]) -> None:
    desk.served(status(404, "NotFound", "the server could not find the requested resource"))
    await desk.expect("kubectl-arguments-wrong", "--help|kubectl", *arguments)


# --- TLS ----------------------------------------------------------------------------------------------------


async def test_an_authority_that_the_kubeconfig_does_not_know(desk: Desk, ca: Authority) -> None:
    other = authority(desk.home, "other-ca")
    desk.served_with(ca.issue("apiserver"), other.file)
    await desk.expect("certificate-unknown-authority", "certificate-authority|ca.crt|kubeconfig", "get", "pods")


async def test_a_certificate_for_another_address(desk: Desk, ca: Authority) -> None:
    desk.served_with(ca.issue("apiserver", address="10.96.0.1"), ca.file)
    await desk.expect("certificate-name-mismatch", "kubeadm|certSANs|set-cluster|openssl", "get", "pods")


async def test_a_certificate_without_addresses(desk: Desk, ca: Authority) -> None:
    desk.served_with(ca.issue("apiserver", address="api.shop.example.com"), ca.file)
    await desk.expect("certificate-no-ip-san", "kubeadm|certSANs|set-cluster|openssl", "get", "pods")


async def test_an_expired_certificate(desk: Desk, ca: Authority) -> None:
    desk.served_with(ca.issue("apiserver", begins=-40), ca.file)
    await desk.expect("certificate-expired", "certs renew|renew", "get", "pods")


async def test_a_certificate_of_the_future(desk: Desk, ca: Authority) -> None:
    desk.served_with(ca.issue("apiserver", begins=3), ca.file)
    await desk.expect("certificate-not-yet-valid-clock", "chrony|timedatectl|date", "get", "pods")


async def test_a_server_without_tls(desk: Desk) -> None:
    desk.served(EMPTY)
    written = (desk.home / ".kube/config").read_text().replace("http://", "https://")
    desk.file(".kube/config", written)
    await desk.expect("apiserver-speaks-http", "http://|set-cluster|server", "get", "pods")


# --- answers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id_", "fix", "reply"),
    [
        (
            "client-credentials-refused",
            "kubeconfig|login|token|config",
            UNAUTHORIZED,
        ),
        ("rbac-forbidden", "rolebinding.*ann|can-i", status(403, "Forbidden", PODS_FORBIDDEN)),
        (
            "object-not-found",
            "get pods?",
            status(404, "NotFound", 'pods "web-0" not found', name="web-0", kind="pods"),
        ),
        (
            "etcd-request-timed-out",
            "etcd",
            status(500, "InternalError", "etcdserver: request timed out"),
        ),
        (
            "webhook-refused",
            "webhook",
            status(
                500,
                "InternalError",
                'Internal error occurred: failed calling webhook "check.shop.example.com": failed to call webhook: Post '
                '"https://check.shop.svc:443/v?timeout=10s": dial tcp 10.96.3.3:443: connect: connection refused',
            ),
        ),
        (
            "apiserver-error-page",
            "readyz|livez|apiserver",
            Reply(500, "<html>oh dear</html>", "text/html"),
        ),
        (
            "apiserver-answers-503",
            "readyz|livez|apiserver",
            Reply(503, "no healthy upstream", "text/plain", discovery=False),
        ),
    ],
    ids=["401", "403", "404", "500-etcd", "500-webhook", "500-page", "503-page"],
)
async def test_an_answer_that_is_an_error(desk: Desk, id_: str, fix: str, reply: Reply) -> None:
    desk.served(reply)
    await desk.expect(id_, fix, "get", "pods", "web-0")


async def test_a_server_that_does_not_answer_in_time(desk: Desk) -> None:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        desk.config(f"http://{HOST}:{listener.getsockname()[1]}")
        await desk.expect("apiserver-answers-late", "apiserver|etcd|top|readyz", "get", "pods", "--request-timeout=1s")
