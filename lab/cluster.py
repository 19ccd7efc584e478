"""The cluster as a whole: built, started, waited for, and asked whether it is well."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from lab import access, containers, guide, hosts, image, machine, plan, programs
from lab.plan import HOSTS, MASTER, NODES, Host
from lab.shell import LabError, run, say, wait_for

UNITS: Final = {
    "master": ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "registry"),
    "node": ("cgroups", "etcd", "containerd", "docker", "flanneld", "kubelet", "kube-proxy"),
}
"""What each role runs, in the order in which it is started."""
Done = subprocess.CompletedProcess[str]
WORKLOAD: Final = plan.SOURCE / "workload.yaml"
_FINGERPRINT: Final = plan.STATE / "fingerprint"


def up() -> None:
    """A healthy lab: started if it is not there, built anew if the lab's files have changed since."""
    machine.check()
    fingerprint = _fingerprint()
    if _FINGERPRINT.exists() and _FINGERPRINT.read_text() == fingerprint and all(map(hosts.running, HOSTS)):
        say("runs already")
        wait_until_well()
        return
    if plan.STATE.exists():
        say("another or an unfinished lab is there: removing it first")
        down()
    machine.install_packages()
    base = image.base()
    built = programs.directory()
    plan.STATE.mkdir(parents=True, exist_ok=True)
    access.make_client_access()
    machine.set_sysctls()
    machine.make_bridge()
    _on_each(HOSTS, lambda host: _prepare(host, base))
    _on_each(HOSTS, lambda host: hosts.start(host, built))
    _on_each(HOSTS, lambda host: _enable(host, "etcd"))
    _enable(MASTER, "kube-apiserver")
    _on_each(NODES, lambda host: _enable(host, "cgroups", "containerd", "docker"))
    _on_each(NODES, lambda host: containers.load(host, built / "coredns"))
    guide.load()
    say("waiting for the API server")
    wait_for("the API server is ready", lambda: kubectl("get", "--raw", "/readyz", check=False).returncode == 0, 120)
    say("starting everything else")
    _on_each(HOSTS, lambda host: _enable(host, *UNITS[host.role]))
    wait_for("each node is Ready", nodes_ready, 120)
    kubectl("apply", "--filename", str(WORKLOAD))
    say("waiting until all is well")
    wait_until_well()
    _FINGERPRINT.write_text(fingerprint)
    say("the lab is up: kubectl --kubeconfig " + str(plan.ACCESS / "kubeconfig") + " get pods -A")


def down() -> None:
    """Remove everything but the cache."""
    _on_each(HOSTS, hosts.remove)
    hosts.remove_cgroups()
    machine.remove_bridge()
    machine.restore_sysctls()
    shutil.rmtree(plan.STATE, ignore_errors=True)
    say("the lab is gone")


def kubectl(*words: str, check: bool = True, input: str | None = None, timeout_s: float = 60) -> Done:
    """Run kubectl as the lab's administrator."""
    command = [
        str(programs.directory() / "kubectl"),
        f"--kubeconfig={plan.ACCESS / 'kubeconfig'}",
        "--request-timeout=10s",
    ]
    return run([*command, *words], check=check, input=input, timeout_s=timeout_s)


def objects(*words: str) -> list[dict[str, Any]]:
    """The items of `kubectl get ...`; none when the API server does not answer."""
    got = kubectl("get", *words, "--output=json", check=False)
    if got.returncode != 0:
        return []
    items: list[dict[str, Any]] = json.loads(got.stdout).get("items", [])
    return items


def nodes_ready() -> bool:
    nodes = objects("nodes")
    return len(nodes) == len(NODES) and all(_condition(node, "Ready") for node in nodes)


def ills() -> list[str]:
    """What is not as on the healthy lab, in words; empty when all is well."""
    found = []
    for host in HOSTS:
        if not hosts.running(host):
            found.append(f"{host.name} does not run")
            continue
        for unit in UNITS[host.role]:
            state = hosts.execute(host, ["systemctl", "is-active", unit], check=False).stdout.strip()
            if state != "active":
                found.append(f"{unit} on {host.name} is {state}")
    ready = kubectl("get", "--raw", "/readyz", check=False)
    if ready.returncode != 0:
        return [*found, "the API server is not ready"]
    if not nodes_ready():
        found.append("a node is not Ready")
    for node in objects("nodes"):
        taints = [taint["key"] for taint in node["spec"].get("taints", [])]
        if taints or node["spec"].get("unschedulable"):
            found.append(f"{node['metadata']['name']} is tainted or cordoned: {taints}")
    for deployment in objects("deployments", "--all-namespaces"):
        status = deployment.get("status", {})
        wanted = deployment["spec"]["replicas"]
        if (
            not status.get("availableReplicas", 0)
            == status.get("updatedReplicas", 0)
            == status.get("replicas")
            == wanted
        ):
            found.append(f"deployment {deployment['metadata']['name']} is not complete")
    for pod in objects("pods", "--all-namespaces"):
        if not _condition(pod, "Ready") or "deletionTimestamp" in pod["metadata"]:
            found.append(f"pod {pod['metadata']['name']} is not Ready")
    return found


def wait_until_well(timeout_s: float = 180) -> None:
    last: list[str] = []

    def well() -> bool:
        last[:] = ills()
        return not last

    try:
        wait_for("the lab is well", well, timeout_s, every_s=1)
    except LabError as late:
        raise LabError(f"{late}: {'; '.join(last)}") from late


def _prepare(host: Host, base: Path) -> None:
    say(f"{host.name}: its tree, keys and files")
    hosts.make_tree(host, base)
    access.give(host)


def _enable(host: Host, *units: str) -> None:
    hosts.execute(host, ["systemctl", "--quiet", "enable", "--now", *units])


def _condition(item: dict[str, Any], name: str) -> bool:
    return any(c["type"] == name and c["status"] == "True" for c in item.get("status", {}).get("conditions", []))


def _on_each(group: tuple[Host, ...], work: Callable[[Host], None]) -> None:
    with ThreadPoolExecutor(len(group)) as pool:
        list(pool.map(work, group))


def _fingerprint() -> str:
    """Of all that the running lab was made from."""
    digest = hashlib.sha256()
    for file in sorted(path for path in plan.SOURCE.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        if "catalogue" not in file.relative_to(plan.SOURCE).parts and file.suffix != ".pyc":
            digest.update(str(file).encode() + file.read_bytes())
    return digest.hexdigest()
