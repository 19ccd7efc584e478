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
MODULES: Final = ("kubernetes", "crictl", "coredns")
"""Go modules beside this file. Each pins its own versions."""


def directory() -> Path:
    """Where the programs are: $KDIAG_LAB_BIN, or built here when they are not in the cache."""
    given = os.environ.get("KDIAG_LAB_BIN")
    if given:
        missing = [name for name in (*plan.PROGRAMS, "coredns") if not os.access(Path(given) / name, os.X_OK)]
        if missing:
            raise LabError(f"KDIAG_LAB_BIN={given} lacks {', '.join(missing)}")
        return Path(given)
    recipe = b"".join((plan.SOURCE / module / "go.mod").read_bytes() for module in MODULES)
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
