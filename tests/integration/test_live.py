"""The live source against a real kube-apiserver and etcd: what is asked, what is answered, what a role forbids."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from bot.clusters import Clusters
from bot.config import Settings
from bot.questions import Question
from bot.rbac import manifests
from bot.service import Consultation, consult
from rules.errors import KdiagError
from rules.expert import Expert
from rules.knowledge import load
from tests.integration.apiserver import ApiServer, api_server
from tests.integration.certificates import Authority
from tests.integration.etcd import EtcdServer
from tests.integration.sshd import sshd, with_certificates

MISSING = 'secret "shop-db" not found'


def pod(name: str, *, namespace: str = "shop", node: str | None = "n1", waiting: bool = False) -> dict[str, Any]:
    state = (
        {"waiting": {"reason": "CreateContainerConfigError", "message": MISSING}}
        if waiting
        else {"running": {"startedAt": "2025-06-10T11:00:00Z"}}
    )
    env = [{"name": "DB_PASSWORD", "value": "hunter2hunter2"}]
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": "web"}},
        "spec": {
            "containers": [{"name": "web", "image": "registry.example.com/web:1", "env": env}],
            **({"nodeName": node} if node else {}),
        },
        "status": {
            "phase": "Pending" if waiting or not node else "Running",
            "conditions": [
                {"type": "Ready", "status": "False" if waiting else "True"},
                {"type": "PodScheduled", "status": "True" if node else "False"},
            ],
            "containerStatuses": [
                {"name": "web", "ready": not waiting, "restartCount": 0, "image": "i", "imageID": "", "state": state}
            ],
        },
    }


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with api_server(tmp_path_factory.mktemp("api")) as server:
        server.create("/api/v1/namespaces", {"metadata": {"name": "shop"}})
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
        server.create("/api/v1/nodes", {"metadata": {"name": "n1"}, "status": {"conditions": [ready]}})
        server.create("/api/v1/namespaces/shop/pods", pod("web-0", waiting=True))
        for number in range(1, 26):
            server.create("/api/v1/namespaces/shop/pods", pod(f"api-{number}"))
        server.create(
            "/api/v1/namespaces/shop/secrets",
            {"metadata": {"name": "shop-tls"}, "data": {"key": base64.b64encode(b"TOPSECRET").decode()}},
        )
        yield server


@pytest.fixture(scope="module")
def expert() -> Expert:
    return Expert(load())


async def ask(
    api: ApiServer, expert: Expert, question: Question, kubeconfig: Path | None = None, **more: Any
) -> Consultation:
    settings = Settings.model_validate(
        {
            "clusters": {
                "c": {"api": {"kubeconfig": str(kubeconfig or api.kubeconfig()), **more}, "ssh": {"enabled": False}}
            }
        }
    )
    try:
        return await consult(expert, Clusters(settings).source("c"), question)
    finally:
        await expert.close()


def roots(found: Consultation) -> list[tuple[str, str]]:
    return [(each.finding.id, each.finding.subject) for each in found.answer.roots]


@pytest.mark.parametrize("name", ["web-0", "shop/web-0", "web", "web-0...", "shop/we"])
async def test_a_pod_by_whatever_name_a_person_has(api: ApiServer, expert: Expert, name: str) -> None:
    found = await ask(api, expert, Question("pod", name))
    assert found.asked == "pod shop/web-0"
    assert roots(found)[0] == ("secret-missing", "pod shop/web-0")


async def test_a_pod_by_its_uid(api: ApiServer, expert: Expert) -> None:
    uid = api.request("GET", "/api/v1/namespaces/shop/pods/web-0")["metadata"]["uid"]
    assert (await ask(api, expert, Question("pod", uid))).asked == "pod shop/web-0"


async def test_a_summary_in_pages(api: ApiServer, expert: Expert) -> None:
    found = await ask(api, expert, Question("summary"), page=10)
    assert ("secret-missing", "pod shop/web-0") in roots(found)
    counted = {str(one["kind"]): one["count"] for one in found.observations.facts if one.kind == "recorded"}
    assert counted["pod"] == 26
    version = next(one["version"] for one in found.observations.facts if one.kind == "cluster")
    assert version == api.request("GET", "/version")["gitVersion"]


async def test_a_secret_is_never_fetched_with_its_content(api: ApiServer, expert: Expert) -> None:
    found = await ask(api, expert, Question("summary"))
    assert "TOPSECRET" not in str(found.observations)
    assert base64.b64encode(b"TOPSECRET").decode() not in str(found.observations)
    assert any(one.kind == "recorded" and one["kind"] == "secret" and one["count"] for one in found.observations.facts)


async def test_an_unscheduled_pod_is_weighed_against_all_pods(api: ApiServer, expert: Expert) -> None:
    api.create("/api/v1/namespaces", {"metadata": {"name": "late"}})
    api.create("/api/v1/namespaces/late/pods", pod("waits", namespace="late", node=None))
    found = await ask(api, expert, Question("pod", "late/waits"))
    counted = [one for one in found.observations.facts if one.kind == "recorded" and one["kind"] == "pod"]
    assert any(one.get("namespace") is None for one in counted)
    api.request("DELETE", "/api/v1/namespaces/late/pods/waits?gracePeriodSeconds=0")


# --- who one is ------------------------------------------------------------------------------------------
def plugin_user(api: ApiServer, folder: Path) -> dict[str, Any]:
    script = folder / "login"
    status = json.dumps({"kind": "ExecCredential", "status": {"token": api.tokens["admin"]}})
    script.write_text(f"#!/bin/sh\necho '{status}'\n")
    script.chmod(0o755)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(script)}}


async def test_every_way_to_log_in(api: ApiServer, expert: Expert, tmp_path: Path) -> None:
    token_file = tmp_path / "token"
    token_file.write_text(api.tokens["admin"])
    users: list[dict[str, Any] | None] = [
        None,  # a client certificate
        {"token": api.tokens["admin"]},
        {"tokenFile": str(token_file)},
        plugin_user(api, tmp_path),
    ]
    for user in users:
        found = await ask(api, expert, Question("pod", "web-0"), api.kubeconfig(user))
        assert not [gap for gap in found.answer.gaps if "log" not in gap.what], user
    insecure = api.kubeconfig(None, **{"insecure-skip-tls-verify": True, "certificate-authority": ""})
    assert roots(await ask(api, expert, Question("pod", "web-0"), insecure))


@pytest.mark.parametrize("token", ["wrong", ""])
async def test_credentials_that_are_not_accepted(api: ApiServer, expert: Expert, token: str) -> None:
    found = await ask(api, expert, Question("summary"), api.kubeconfig({"token": token}))
    assert len(found.answer.gaps) == 1
    assert "(401)" in found.answer.gaps[0].why or "(403)" in found.answer.gaps[0].why


async def test_an_authority_that_did_not_sign_the_server(api: ApiServer, expert: Expert, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other", "other-ca")
    kubeconfig = api.kubeconfig(None, **{"certificate-authority": str(other.cert)})
    found = await ask(api, expert, Question("summary"), kubeconfig)
    assert "no TLS connection" in found.answer.gaps[0].why
    assert "certificate" in found.answer.gaps[0].why


async def test_a_client_certificate_that_has_expired(api: ApiServer, expert: Expert) -> None:
    pair = api.ca.issue("expired", "/O=system:masters/CN=late", days=-1)
    user = {"client-certificate": str(pair.cert), "client-key": str(pair.key)}
    found = await ask(api, expert, Question("summary"), api.kubeconfig(user))
    assert len(found.answer.gaps) == 1
    assert "credentials" in found.answer.gaps[0].why


@asynccontextmanager
async def late_server(folder: Path) -> AsyncIterator[ApiServer]:
    """Something that speaks TLS with a certificate of the past, in `kubernetes/pki` of the folder."""
    authority = Authority(folder / "kubernetes/pki")
    pair = authority.issue("apiserver", "/CN=kube-apiserver", days=-1)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.cert, pair.key)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        yield ApiServer(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", authority, {}, folder, "")


async def test_a_server_certificate_that_has_expired(expert: Expert, tmp_path: Path) -> None:
    async with late_server(tmp_path) as late:
        found = await ask(late, expert, Question("summary"), late.kubeconfig())
    assert "certificate has expired" in found.answer.gaps[0].why
    assert roots(found) == [("certificate-expired", "certificate")]


async def test_the_file_of_the_expired_certificate_is_found_on_the_host(expert: Expert, tmp_path: Path) -> None:
    (tmp_path / "sshd").mkdir()
    with sshd(tmp_path / "sshd", forced=with_certificates(tmp_path)) as host:
        async with late_server(tmp_path) as late:
            cluster = {
                "api": {"kubeconfig": str(late.kubeconfig())},
                "ssh": host.settings().model_dump(exclude_defaults=True),
                "hosts": {"cp1": host.host(roles=["master"]).model_dump(exclude_defaults=True)},
            }
            try:
                settings = Settings.model_validate({"clusters": {"c": cluster}})
                found = await consult(expert, Clusters(settings).source("c"), Question("summary"))
            finally:
                await expert.close()
    subject = f"certificate cp1:{tmp_path}/kubernetes/pki/apiserver.crt"
    root = next(each for each in found.answer.roots if each.finding.subject == subject)
    assert root.finding.id == "certificate-expired-on-host"
    assert "2021-01-01" in root.finding.cause["en"]
    assert "certificate-expired" in {each.id for each in root.explains}


# --- etcd that nobody configured -------------------------------------------------------------------------
@pytest.fixture
def static_etcd(api: ApiServer) -> Iterator[None]:
    """The mirror of etcd's static Pod, as kubeadm makes it."""
    made = pod("etcd-n1", namespace="kube-system")
    made["metadata"]["labels"] = {"component": "etcd"}
    made["spec"]["containers"][0]["command"] = ["etcd", f"--advertise-client-urls={api.etcd_url}"]
    made["status"]["hostIP"] = "127.0.0.1"
    api.create("/api/v1/namespaces/kube-system/pods", made)
    yield
    api.request("DELETE", "/api/v1/namespaces/kube-system/pods/etcd-n1?gracePeriodSeconds=0")


async def test_an_etcd_that_a_static_pod_tells_of_is_asked(api: ApiServer, expert: Expert, static_etcd: None) -> None:
    member = _etcd(api, "/maintenance/status")["header"]["member_id"]
    _etcd(api, "/maintenance/alarm", action="ACTIVATE", memberID=member, alarm="NOSPACE")
    try:
        found = await ask(api, expert, Question("summary"))
    finally:
        _etcd(api, "/maintenance/alarm", action="DEACTIVATE", memberID=member, alarm="NOSPACE")
    assert ("etcd-no-space", "etcd") in roots(found)
    assert any(one.kind == "etcd_member" for one in found.observations.facts)
    assert any(one.kind == "etcd_prefix" and one["prefix"] == "/registry/pods/" for one in found.observations.facts)


async def test_its_keys_are_shown_without_any_settings(api: ApiServer, expert: Expert, static_etcd: None) -> None:
    found = await ask(api, expert, Question("etcd", "/registry/namespaces"))
    assert found.answer.etcd is not None
    assert "/registry/namespaces/shop" in found.answer.etcd.children
    assert found.answer.roots == []


async def test_where_etcd_is_may_be_told_by_the_api_servers_flags_on_a_host(
    api: ApiServer, expert: Expert, tmp_path: Path
) -> None:
    program = tmp_path / "forced"
    program.write_text(
        '#!/bin/sh\ncase "$SSH_ORIGINAL_COMMAND" in *args=*kube-apiserver*) '
        f"echo kube-apiserver --etcd-servers={api.etcd_url} ;; *) exit 1 ;; esac\n"
    )
    program.chmod(0o755)
    (tmp_path / "sshd").mkdir()
    with sshd(tmp_path / "sshd", forced=str(program)) as host:
        cluster = {
            "api": {"enabled": False},
            "ssh": host.settings().model_dump(exclude_defaults=True),
            "hosts": {"cp1": host.host(roles=["master"]).model_dump(exclude_defaults=True)},
        }
        settings = Settings.model_validate({"clusters": {"c": cluster}})
        try:
            found = await consult(expert, Clusters(settings).source("c"), Question("etcd", "/registry/namespaces"))
        finally:
            await expert.close()
    assert found.answer.etcd is not None
    assert "/registry/namespaces/shop" in found.answer.etcd.children


def _etcd(api: ApiServer, path: str, **body: Any) -> dict[str, Any]:
    return EtcdServer(api.etcd_url, api.folder).v3(path, **body)


@pytest.mark.usefixtures("no_leaks")
async def test_nothing_is_left_open(api: ApiServer, expert: Expert, tmp_path: Path) -> None:
    kubeconfig = api.kubeconfig(plugin_user(api, tmp_path))
    for question in (Question("summary"), Question("pod", "web-0"), Question("host", "n1")):
        await ask(api, expert, question, kubeconfig)
    with pytest.raises(KdiagError):
        await ask(api, expert, Question("pod", "no-such-pod"), kubeconfig)


# --- rights ----------------------------------------------------------------------------------------------
async def test_the_role_that_kdiag_prints_is_enough(api: ApiServer, expert: Expert) -> None:
    paths = {
        "Namespace": "/api/v1/namespaces",
        "ServiceAccount": "/api/v1/namespaces/kdiag/serviceaccounts",
        "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
        "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    }
    for document in yaml.safe_load_all(manifests(expert.knowledge)):
        if document:
            api.request("POST", paths[document["kind"]], document)
    request = {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "spec": {}}
    answer = api.request("POST", "/api/v1/namespaces/kdiag/serviceaccounts/kdiag/token", request)
    api.wait_until_allowed(answer["status"]["token"], "/api/v1/pods")
    user = api.kubeconfig({"token": answer["status"]["token"]})
    for question in (Question("summary"), Question("pod", "web-0"), Question("node", "n1")):
        found = await ask(api, expert, question, user, secrets=False)
        assert not [gap for gap in found.answer.gaps if "403" in gap.why], question
    with_secrets = await ask(api, expert, Question("summary"), user)
    assert [gap.why for gap in with_secrets.answer.gaps if "403" in gap.why] == [
        "not permitted (403): the role lacks list on secrets"
    ]


async def test_nobody_may_do_anything(api: ApiServer, expert: Expert) -> None:
    found = await ask(api, expert, Question("summary"), api.kubeconfig({"token": api.tokens["nobody"]}))
    assert len(found.answer.gaps) == 1
    assert "pods" in found.answer.gaps[0].what
    assert found.answer.gaps[0].command == "kdiag rbac"


async def test_a_role_in_one_namespace_is_enough_for_that_namespace(api: ApiServer, expert: Expert) -> None:
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    api.request("POST", f"{rbac}/namespaces/shop/rolebindings", {
        "metadata": {"name": "reader"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "reader"}],
    })  # fmt: skip
    api.wait_until_allowed(api.tokens["reader"], "/api/v1/namespaces/shop/pods")
    user = api.kubeconfig({"token": api.tokens["reader"]})
    found = await ask(api, expert, Question("pod", "web-0"), user, namespaces=["shop"])
    assert roots(found)[0] == ("secret-missing", "pod shop/web-0")
    in_context = json.loads(user.read_text())
    in_context["contexts"][0]["context"]["namespace"] = "shop"
    user.write_text(json.dumps(in_context))
    for question in (Question("pod", "web-0"), Question("pod", "web"), Question("summary")):
        found = await ask(api, expert, question, user)
        assert roots(found)[0] == ("secret-missing", "pod shop/web-0"), question
        permissions = [gap for gap in found.answer.gaps if "403" in gap.why]
        assert len(permissions) == 1
    assert permissions[0].what.startswith("what is outside of namespace shop: ")
    assert "the role lacks list on " in permissions[0].why and "only namespace shop was read" in permissions[0].why
    counted = {str(one["kind"]): one["count"] for one in found.observations.facts if one.kind == "recorded"}
    assert counted["pod"] == 26  # each list once


# --- the command line ------------------------------------------------------------------------------------
def kdiag(api: ApiServer, folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "KUBECONFIG": str(api.kubeconfig()), "XDG_STATE_HOME": str(folder / "state")}
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *arguments],
        input=stdin,
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
    )


def test_the_default_kubeconfig_is_asked_without_any_settings(api: ApiServer, tmp_path: Path) -> None:
    done = kdiag(api, tmp_path, "pod", "web-0", "--format", "json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["findings"][0]["id"] == "secret-missing"
    assert answer["question"] == {"kind": "pod", "name": "shop/web-0"}


def test_one_line_for_what_does_not_exist(api: ApiServer, tmp_path: Path) -> None:
    done = kdiag(api, tmp_path, "pod", "wbe-0")
    assert (done.returncode, done.stderr) == (1, "kdiag: no pod wbe-0 in this cluster; did you mean shop/web-0?\n")
    other = kdiag(api, tmp_path, "summary", "--context", "tset")
    assert other.returncode == 1
    assert "did you mean test?" in other.stderr


def test_a_paste_may_use_the_cluster(api: ApiServer, tmp_path: Path) -> None:
    paste = f"Warning  Failed  3s  kubelet  Error: {MISSING}"
    done = kdiag(api, tmp_path, "explain", "--context", "test", "--format", "json", stdin=paste)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["findings"][0]["id"] == "secret-missing"


def test_a_recording_answers_like_the_cluster_and_holds_no_secret(api: ApiServer, tmp_path: Path) -> None:
    recording = tmp_path / "recording"
    done = kdiag(api, tmp_path, "record", str(recording))
    assert done.returncode == 0, done.stderr
    whole = "".join(path.read_text() for path in recording.rglob("*") if path.is_file())
    assert "hunter2" not in whole
    assert base64.b64encode(b"TOPSECRET").decode() not in whole
    assert {
        each["metadata"]["name"] for each in orjson.loads((recording / "shop/secrets.json").read_bytes())["items"]
    } >= {"shop-tls"}
    assert recording.stat().st_mode & 0o077 == 0
    question = ("pod", "web-0", "--format", "json")
    live = json.loads(kdiag(api, tmp_path, *question).stdout)
    recorded = json.loads(kdiag(api, tmp_path, *question, "--dump", str(recording)).stdout)
    assert [each["id"] for each in recorded["findings"]] == [each["id"] for each in live["findings"]]
    again = kdiag(api, tmp_path, "record", str(recording))
    assert again.returncode == 1
    assert "not empty" in again.stderr
