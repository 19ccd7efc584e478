"""Gathers what a text shows about the cluster as a whole: platform, era, runtime, network, control plane.

Only what is evidenced by names that nothing else has; the first line that shows it is the source.
"""

from __future__ import annotations

import re
from typing import Final

from bot.read.draft import Draft

_SIGNS: Final[tuple[tuple[str, str, str], ...]] = (
    ("eks.amazonaws.com", "platform", "eks"),
    ("-eks-", "platform", "eks"),
    ("aws eks ", "platform", "eks"),
    ("amazon-vpc-cni", "platform", "eks"),
    ("-gke.", "platform", "gke"),
    ("gke-", "platform", "gke"),
    ("cloud.google.com/gke", "platform", "gke"),
    ("gcloud container clusters ", "platform", "gke"),
    ("aks-nodepool", "platform", "aks"),
    ("aks-agentpool", "platform", "aks"),
    ("kubernetes.azure.com", "platform", "aks"),
    (".azmk8s.io", "platform", "aks"),
    ("az aks ", "platform", "aks"),
    ("openshift", "platform", "openshift"),
    ("+k3s", "platform", "k3s"),
    ("/run/k3s/", "platform", "k3s"),
    ("k3s.service", "platform", "k3s"),
    ("+rke2", "platform", "rke2"),
    ("rke2-server", "platform", "rke2"),
    ("kind-control-plane", "platform", "kind"),
    ("kindnet", "platform", "kind"),
    ("minikube", "platform", "minikube"),
    ("kubeadm", "platform", "kubeadm"),
    ("containerd://", "runtime", "containerd"),
    ("cri-o://", "runtime", "cri-o"),
    ("docker://", "runtime", "docker"),
    ("containerd.sock", "runtime", "containerd"),
    ("crio.sock", "runtime", "cri-o"),
    ("/var/run/dockershim", "runtime", "docker"),
    ("etc/kubernetes/manifests", "control_plane", "static-pods"),
    ("kube-flannel", "cni", "flannel"),
    ("flanneld", "cni", "flannel"),
    ("/run/flannel/", "cni", "flannel"),
    ("calico", "cni", "calico"),
    ("cilium", "cni", "cilium"),
    ("weave-net", "cni", "weave"),
    ("weave-cni", "cni", "weave"),
    ("kindnet", "cni", "kindnet"),
    ("aws-cni", "cni", "aws-cni"),
    ("aws-node-", "cni", "aws-cni"),
    ("azure-vnet", "cni", "azure-cni"),
    ("ovn-kubernetes", "cni", "ovn"),
    ("ovnkube", "cni", "ovn"),
    ("k8s.v1beta1", "era", "2015"),
    ("/api/v1beta", "era", "2015"),
    ("apiVersion: v1beta", "era", "2015"),
    ('"apiVersion": "v1beta', "era", "2015"),
    ('apiVersion: "v1beta', "era", "2015"),
    ("/registry/minions", "era", "2015"),
    ("kubectl get minions", "era", "2015"),
    ("get replicationControllers", "era", "2015"),
    (":4001", "era", "2015"),
    ("no object named", "era", "2015"),
    ("kubernetes-ro", "era", "2015"),
    ("PodFitsResources and possibly", "era", "2015"),
)
"""A piece of text -> what it shows. The first of an attribute that occurs is kept."""
_CLOUD_NAMES: Final = frozenset({"gke-", "openshift", "minikube", "calico", "cilium", ":4001", "kubeadm"})
"""Signs that are also plain words: they count only within a technical token, not in a sentence."""
_WORD_SIGN = re.compile(
    r"(?:\bgke-[\w]+-[\w-]+|[\w-]*openshift[\w-]*[./:][\w-]|(?:Node:\s+|//|\s)minikube(?:[/\s-]|$)|\b(?:calico|"
    r"cilium)(?:-\w+|\.)|:4001\b"
    r"|kubeadm (?:init|join|upgrade|reset|config)|kubeadm-)"
)
_VERSION = re.compile(r"(?:Server Version: |GitVersion:\"|Using Kubernetes version: )(v?\d{1,2}\.\d{1,3}[\w.+-]{0,40})")
_TODAY = re.compile(r"v?1\.(?:[2-9]|\d\d)")
_SERVER_2015 = re.compile(r"(?:GitVersion:\"v0\.|Server Version: .{0,80}v0\.\d)")
_CONTROL: Final = {
    "eks": "managed",
    "gke": "managed",
    "aks": "managed",
    "k3s": "k3s",
    "rke2": "rke2",
    "kind": "static-pods",
    "minikube": "static-pods",
    "kubeadm": "static-pods",
}
_UNIT_NAMES: Final = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")


def gather(draft: Draft, whole: str) -> None:
    """Adds the `cluster` fact, when the text evidences anything about it."""
    for sign, attribute, value in _SIGNS:
        if attribute in draft.cluster or sign not in whole:
            continue
        index = _line_with(draft, sign)
        if index is not None:
            draft.cluster[attribute] = (value, index)
    if "ersion" in whole:
        found = _VERSION.search(whole)
        if found:
            index = _line_with(draft, found[1])
            if index is not None:
                draft.evidence("version", found[1], index)
        old = _SERVER_2015.search(whole)
        if old:
            draft.evidence("era", "2015", _line_with(draft, old[0][:14]) or 0)
    _control_plane(draft)
    if "era" not in draft.cluster:
        for attribute in ("platform", "version"):
            shown = draft.cluster.get(attribute)
            if shown and (attribute == "platform" or _TODAY.match(str(shown[0]))):
                draft.cluster["era"] = ("today", shown[1])
                break
    if not draft.cluster:
        return
    first = min(index for _, index in draft.cluster.values())
    draft.add("cluster", first, **{name: value for name, (value, _) in draft.cluster.items()})


def _line_with(draft: Draft, sign: str) -> int | None:
    """The first line that has the sign as a technical token."""
    for index, line in enumerate(draft.lines):
        if sign not in line.text or line.text.startswith(("Id=", "Names=")) or "systemctl show " in line.text:
            continue  # that a unit was asked for does not say that it is there
        if sign not in _CLOUD_NAMES or _is_technical(sign, line.text):
            return index
    return None


def _is_technical(sign: str, text: str) -> bool:
    return any(sign in found[0] for found in _WORD_SIGN.finditer(text))


def _control_plane(draft: Draft) -> None:
    platform = draft.cluster.get("platform")
    if platform and platform[0] in _CONTROL and "control_plane" not in draft.cluster:
        draft.cluster["control_plane"] = (_CONTROL[str(platform[0])], platform[1])
    if "control_plane" not in draft.cluster:
        for made in draft.facts:
            if made.kind == "unit" and made.get("unit") in _UNIT_NAMES and made.get("exists") is not False:
                number = int(made.source.where.removeprefix("line ") or 1)
                index = next((at for at, line in enumerate(draft.lines) if line.number == number), 0)
                draft.cluster["control_plane"] = ("units", index)
                break
