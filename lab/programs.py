"""The Kubernetes programs, built from their Go modules and cached outside the repository."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from lab import plan
from lab.shell import LabError, run, say

CRICTL: Final = "v1.34.0"
COREDNS: Final = "v1.12.4"
KUBE_ROUTER: Final = "v2.1.0"
FLANNEL: Final = "v0.28.4"
MODULES: Final = ("kubernetes", "crictl", "coredns", "kuberouter", "flannel")
"""Go modules beside this file. Each pins its own versions."""


def directory() -> Path:
    """Where the programs are: $KDIAG_LAB_BIN, or built here when they are not in the cache."""
    given = os.environ.get("KDIAG_LAB_BIN")
    if given:
        needed = (*plan.PROGRAMS, "coredns", "kube-router", "flanneld")
        missing = [name for name in needed if not os.access(Path(given) / name, os.X_OK)]
        if missing:
            raise LabError(f"KDIAG_LAB_BIN={given} lacks {', '.join(missing)}")
        return Path(given)
    sources = [plan.SOURCE / module / file for module in MODULES for file in ("go.mod", "main.go")]
    recipe = b"".join(source.read_bytes() for source in sources if source.exists())
    into = plan.CACHE / "programs" / hashlib.sha256(recipe).hexdigest()[:12]
    into.mkdir(parents=True, exist_ok=True)
    minor = plan.KUBERNETES.split(".")[1]
    stamps = [
        f"-X {package}.gitVersion={plan.KUBERNETES} -X {package}.gitMajor=1 -X {package}.gitMinor={minor}"
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    ]
    for name in plan.PROGRAMS:
        _build("kubernetes", f"k8s.io/kubernetes/cmd/{name}", into / name, " ".join(stamps))
    crictl_stamp = f"-X sigs.k8s.io/cri-tools/pkg/version.Version={CRICTL}"
    _build("crictl", "sigs.k8s.io/cri-tools/cmd/crictl", into / "crictl", crictl_stamp)
    _build("coredns", ".", into / "coredns", "")
    _build("kuberouter", "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router", into / "kube-router", "")
    _build("flannel", ".", into / "flanneld", "")
    return into


def _build(module: str, package: str, into: Path, stamp: str) -> None:
    if into.exists():
        return
    say(f"building {into.name} (once; the first takes minutes)")
    env = {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOCACHE": str(plan.CACHE / "go-build"),
        "GOFLAGS": "-trimpath -mod=readonly -buildvcs=false",
    }
    part = into.with_suffix(".part")
    run(
        ["go", "build", "-ldflags", f"-s -w {stamp}", "-o", part, package],
        cwd=plan.SOURCE / module,
        env=env,
        timeout_s=3600,
    )
    part.rename(into)
