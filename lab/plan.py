"""What the lab looks like: its hosts, addresses, versions and places. Everything else reads it from here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

SOURCE: Final = Path(__file__).parent
CACHE: Final = Path(os.environ.get("KDIAG_LAB_CACHE") or "/var/cache/kdiag-lab")
"""What is slow to make and survives `lab down`: the Debian tree, Go's build cache, the programs."""
STATE: Final = Path("/var/lib/kdiag-lab")
"""The running lab. `lab down` removes all of it."""
ACCESS: Final = STATE / "access"
"""What a client needs: kubeconfig, ssh key, known_hosts, etcd's client certificate. lab/kdiag.yaml points here."""

DEBIAN: Final = "bookworm"
KUBERNETES: Final = "v1.34.4"
"""As lab/kubernetes/go.mod pins it; a test holds the two together."""
PROGRAMS: Final = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl")

BRIDGE: Final = "kdiag0"
MACHINE: Final = "10.77.0.1"
PREFIX: Final = 24
POD_NETWORK: Final = "10.88.0.0/16"
FLANNEL_NETWORK: Final = "10.78.0.0/16"
"""What flannel hands out to the hosts; no Pod and no container has an address in it."""
SERVICE_NETWORK: Final = "10.99.0.0/16"
API_SERVICE: Final = "10.99.0.1"
API: Final = "https://10.77.0.10:6443"
REGISTRY: Final = "registry.lab:5000"
"""A registry that has no image: it answers 404, and 401 below /v2/private/."""
KUBELET_DISK_MB: Final = 400
"""Size of the file system under /var/lib/kubelet: small, so that a test can fill it."""


@dataclass(frozen=True)
class Host:
    name: str
    address: str
    role: Literal["master", "node"]
    pods: str
    """Its share of the pod network; a master runs no Pods but has one all the same, unused."""

    @property
    def home(self) -> Path:
        return STATE / "hosts" / self.name

    @property
    def root(self) -> Path:
        return self.home / "root"


HOSTS: Final = (
    Host("master", "10.77.0.10", "master", "10.88.0.0/24"),
    Host("node1", "10.77.0.11", "node", "10.88.1.0/24"),
    Host("node2", "10.77.0.12", "node", "10.88.2.0/24"),
)
BY_NAME: Final = {host.name: host for host in HOSTS}
MASTER: Final = HOSTS[0]
NODES: Final = tuple(host for host in HOSTS if host.role == "node")
