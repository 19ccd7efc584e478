"""Who one is and where the API server is, from files as people have them."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.collect.kube import kubeconfig
from bot.collect.kube.kubeconfig import access, contexts
from bot.config.clusters import Api
from rules.errors import KdiagError


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No kubeconfig but those that a test writes."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def write(
    path: Path, *, user: dict[str, Any] | None = None, cluster: dict[str, Any] | None = None, name: str = "dev"
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": "shop"}}],
        "clusters": [{"name": name, "cluster": {"server": "https://10.0.0.10:6443/"} | (cluster or {})}],
        "users": [{"name": name, "user": user or {}}],
    }
    path.write_text(yaml.safe_dump(content))
    return path


def test_the_current_context_is_the_default(tmp_path: Path) -> None:
    found = access(Api(kubeconfig=write(tmp_path / "config")))
    assert (found.name, found.server, found.namespace) == ("dev", "https://10.0.0.10:6443", "shop")


def test_files_are_merged_and_the_first_of_a_name_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = write(tmp_path / "a", cluster={"server": "https://first:6443"})
    second = write(tmp_path / "b", cluster={"server": "https://second:6443"})
    third = write(tmp_path / "c", name="prod")
    monkeypatch.setenv("KUBECONFIG", f"{first}:{second}:{tmp_path}/none:{third}")
    assert access(Api()).server == "https://first:6443"
    assert access(Api(), "prod").name == "prod"
    assert contexts(Api()) == ["dev", "prod"]


def test_relative_paths_start_at_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "conf"
    path = write(
        folder / "config",
        cluster={"certificate-authority": "pki/ca.crt"},
        user={
            "client-certificate": "pki/me.crt",
            "client-key-data": base64.b64encode(b"KEY").decode(),
            "tokenFile": "t",
        },
    )
    (folder / "pki").mkdir()
    (folder / "pki/ca.crt").write_text("CA")
    (folder / "pki/me.crt").write_text("CERT")
    found = access(Api(kubeconfig=path))
    assert (found.ca, found.credentials.certificate, found.credentials.key) == (b"CA", b"CERT", b"KEY")
    assert found.credentials.token_file == folder / "t"


def test_data_goes_before_files(tmp_path: Path) -> None:
    encoded = base64.b64encode(b"INLINE").decode()
    path = write(tmp_path / "c", cluster={"certificate-authority-data": encoded, "certificate-authority": "missing"})
    assert access(Api(kubeconfig=path)).ca == b"INLINE"


def test_everything_else_that_a_cluster_or_user_can_say(tmp_path: Path) -> None:
    path = write(
        tmp_path / "c",
        cluster={"insecure-skip-tls-verify": True, "tls-server-name": "api.example.com", "proxy-url": "http://p:3128"},
        user={"username": "u", "password": "p", "as": "other", "as-groups": ["g1", "g2"]},
    )
    found = access(Api(kubeconfig=path))
    assert (found.insecure, found.server_name, found.proxy) == (True, "api.example.com", "http://p:3128")
    assert found.credentials.impersonate == (
        ("Impersonate-User", "other"), ("Impersonate-Group", "g1"), ("Impersonate-Group", "g2"),
    )  # fmt: skip


def test_secrets_are_not_in_the_representation(tmp_path: Path) -> None:
    path = write(tmp_path / "c", user={"token": "s3cret-token", "password": "hunter2", "username": "u"})
    assert "s3cret" not in repr(access(Api(kubeconfig=path)))


def test_an_exec_plugin(tmp_path: Path) -> None:
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "./bin/login",
        "args": ["--cluster", "dev"],
        "env": [{"name": "PROFILE", "value": "x"}],
        "provideClusterInfo": True,
    }
    found = access(Api(kubeconfig=write(tmp_path / "c", user={"exec": plugin}))).credentials.plugin
    assert found is not None
    assert found.command == str(tmp_path / "bin/login")
    assert (found.arguments, found.environment) == (("--cluster", "dev"), {"PROFILE": "x"})


def test_in_a_pod_the_service_account_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "sa"
    folder.mkdir()
    (folder / "token").write_text("t")
    (folder / "ca.crt").write_text("CA")
    (folder / "namespace").write_text("kdiag\n")
    monkeypatch.setattr(kubeconfig, "SERVICE_ACCOUNT", folder)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    found = access(Api())
    assert (found.server, found.ca, found.namespace) == ("https://[fd00::1]:443", b"CA", "kdiag")
    assert found.credentials.token_file == folder / "token"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("contexts: [", "not valid YAML"),
        ("- a", "not a kubeconfig"),
        ("{}", "no current context"),
        ("current-context: x", "no context x"),
        ("current-context: x\ncontexts: [{name: x, context: {cluster: c}}]", "names the cluster c"),
        (
            "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
            "clusters: [{name: c, cluster: {server: 'https://s'}}]",
            "names the user u",
        ),
        (
            "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: s}}]",
            "no http(s) URL",
        ),
        (
            "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n"
            "clusters: [{name: c, cluster: {server: 'https://s', certificate-authority-data: '?'}}]",
            "not base64",
        ),
        (
            "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
            "clusters: [{name: c, cluster: {server: 'https://s'}}]\nusers: [{name: u, user: {client-key-data: S0VZ}}]",
            "without its",
        ),
        (
            "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
            "clusters: [{name: c, cluster: {server: 'https://s'}}]\nusers: [{name: u, user: {auth-provider: {name: gcp}}}]",
            "auth-provider gcp",
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "config"
    path.write_text(content)
    with pytest.raises(KdiagError) as caught:
        access(Api(kubeconfig=path))
    assert says in str(caught.value)


def test_a_mistyped_context_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(KdiagError, match="did you mean dev"):
        access(Api(kubeconfig=write(tmp_path / "c")), "dve")


def test_without_any_kubeconfig(tmp_path: Path) -> None:
    with pytest.raises(KdiagError, match="--dump DIR"):
        access(Api())
