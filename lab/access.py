"""Keys, certificates and kubeconfigs: for the daemons in the hosts, and for clients on this machine."""

from __future__ import annotations

import json
import secrets
import shutil
from pathlib import Path

from lab import plan
from lab.certificates import Authority, Pair, signing_key
from lab.plan import ACCESS, HOSTS, Host
from lab.shell import run

PKI = plan.STATE / "pki"
LOCAL = ("127.0.0.1", "localhost")


def make_client_access() -> None:
    """kubeconfig, etcd's client certificate, ssh key and configuration in ACCESS, and an `ssh` that uses them."""
    authority = Authority.at(PKI)
    ACCESS.mkdir(parents=True, exist_ok=True)
    shutil.copy(authority.pair.cert, ACCESS / "ca.crt")
    if (ACCESS / "kubeconfig").exists():
        return
    admin = authority.issue(ACCESS / "admin", "lab-admin", "system:masters")
    write_kubeconfig(ACCESS / "kubeconfig", admin, ACCESS / "ca.crt")
    authority.issue(ACCESS / "etcd", "lab-admin")
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "kdiag lab", "-f", ACCESS / "ssh_key"])
    (ACCESS / "ssh_config").write_text(
        "".join(f"Host {host.name}\n  HostName {host.address}\n" for host in HOSTS)
        + f"Host *\n  User kdiag\n  IdentityFile {ACCESS / 'ssh_key'}\n  IdentitiesOnly yes\n"
        f"  UserKnownHostsFile {ACCESS / 'known_hosts'}\n  StrictHostKeyChecking yes\n"
    )
    (ACCESS / "known_hosts").write_text("")
    ssh = ACCESS / "bin/ssh"
    ssh.parent.mkdir()
    ssh.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {ACCESS / "ssh_config"} -o BatchMode=yes "$@"\n')
    ssh.chmod(0o755)


def give(host: Host) -> None:
    """Put a host's keys and certificates into its tree."""
    _give_ssh(host)
    _give_etcd(host)
    if host.role == "master":
        _give_master(host)
    else:
        _give_node(host)


def daemon_kubeconfig(host: Host, name: str, user: str, group: str = "") -> None:
    """/etc/kubernetes/NAME.kubeconfig and its certificate in a host."""
    kubernetes = host.root / "etc/kubernetes"
    pair = Authority.at(PKI).issue(kubernetes / "pki" / name, user, group)
    write_kubeconfig(kubernetes / f"{name}.kubeconfig", pair, kubernetes / "pki/ca.crt", inside=host.root)


def write_kubeconfig(into: Path, client: Pair, ca: Path, inside: Path | None = None) -> None:
    """A kubeconfig that names files; `inside` is taken off their paths."""

    def place(file: Path) -> str:
        return str(file if inside is None else Path("/") / file.relative_to(inside))

    cluster = {"server": plan.API, "certificate-authority": place(ca)}
    user = {"client-certificate": place(client.cert), "client-key": place(client.key)}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": cluster}],
        "users": [{"name": "lab", "user": user}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}],
        "current-context": "lab",
    }
    into.write_text(json.dumps(config, indent=2))
    into.chmod(0o600)


def _give_ssh(host: Host) -> None:
    (host.root / "etc/machine-id").write_text(secrets.token_hex(16) + "\n")
    key = host.root / "etc/ssh/ssh_host_ed25519_key"
    if not key.exists():
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", host.name, "-f", key])
        public = key.with_suffix(".pub").read_text().split()
        with (ACCESS / "known_hosts").open("a") as known:
            known.write(f"{host.name},{host.address} {public[0]} {public[1]}\n")
    authorized = host.root / "home/kdiag/.ssh/authorized_keys"
    authorized.parent.mkdir(exist_ok=True)
    authorized.write_text((ACCESS / "ssh_key.pub").read_text())
    run(["chroot", host.root, "chown", "-R", "kdiag:", "/home/kdiag/.ssh"])


def _give_etcd(host: Host) -> None:
    pki = host.root / "etc/etcd/pki"
    Authority.at(PKI).issue(pki / "server", f"etcd-{host.name}", names=(host.name, host.address, *LOCAL))
    shutil.copy(PKI / "ca.crt", pki / "ca.crt")
    run(["chroot", host.root, "chown", "-R", "etcd:", "/etc/etcd/pki"])


def _give_master(host: Host) -> None:
    authority, pki = Authority.at(PKI), host.root / "etc/kubernetes/pki"
    pki.mkdir(parents=True, exist_ok=True)
    shutil.copy(PKI / "ca.crt", pki / "ca.crt")
    names = (
        host.name,
        host.address,
        plan.API_SERVICE,
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
        *LOCAL,
    )
    authority.issue(pki / "apiserver", "kube-apiserver", names=names)
    authority.issue(pki / "apiserver-etcd", "kube-apiserver-etcd-client")
    authority.issue(pki / "apiserver-kubelet", "kube-apiserver-kubelet-client", "system:masters")
    if not (PKI / "service-accounts.key").exists():
        signing_key(PKI / "service-accounts")
    for name in ("service-accounts.key", "service-accounts.pub"):
        shutil.copy(PKI / name, pki / name)
    daemon_kubeconfig(host, "controller-manager", "system:kube-controller-manager")
    daemon_kubeconfig(host, "scheduler", "system:kube-scheduler")


def _give_node(host: Host) -> None:
    pki = host.root / "etc/kubernetes/pki"
    pki.mkdir(parents=True, exist_ok=True)
    shutil.copy(PKI / "ca.crt", pki / "ca.crt")
    Authority.at(PKI).issue(pki / "kubelet", f"kubelet-{host.name}", names=(host.name, host.address, *LOCAL))
    user, group = f"system:node:{host.name}", "system:nodes"
    pair = Authority.at(PKI).issue(pki / "kubelet-client", user, group)
    kubernetes = host.root / "etc/kubernetes"
    write_kubeconfig(kubernetes / "kubelet.kubeconfig", pair, pki / "ca.crt", inside=host.root)
    daemon_kubeconfig(host, "kube-proxy", "system:kube-proxy")
    daemon_kubeconfig(host, "kube-router", "kube-router")
