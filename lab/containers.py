"""The container images of the lab, made from the hosts' static busybox: nothing is pulled from anywhere."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Final

from lab import plan, programs
from lab.hosts import execute
from lab.plan import Host
from lab.shell import say

APPLETS: Final = (
    "cat date dd echo env false head httpd id kill ls mkdir nc nslookup ps rm sh sleep tail tee touch true wget"
).split()
COREDNS: Final = f"registry.k8s.io/coredns/coredns:{programs.COREDNS}"
NAMES: Final = {
    "registry.k8s.io/pause:3.10": ["/bin/busybox", "tail", "-f", "/dev/null"],
    "docker.io/library/busybox:1.36": ["/bin/sh"],
    f"{plan.REGISTRY}/shop/web:1": ["/bin/httpd", "-f", "-p", "8080", "-h", "/www"],
    COREDNS: ["/coredns", "-conf", "/etc/coredns/Corefile"],
}
"""Image -> what it runs when the Pod does not say."""


def archive(busybox: Path, coredns: Path, into: Path) -> Path:
    """All images in one file, in the form that `docker save` writes."""
    tools, dns = _layer(busybox), _single(coredns)
    manifest = []
    with tarfile.open(into, "w") as tar:
        _add(tar, "tools.tar", tools)
        _add(tar, "dns.tar", dns)
        for name, command in NAMES.items():
            layers = {"tools.tar": tools, **({"dns.tar": dns} if name == COREDNS else {})}
            config = json.dumps(
                {
                    "architecture": "amd64",
                    "os": "linux",
                    "config": {"Cmd": command, "Env": ["PATH=/bin"], "WorkingDir": "/"},
                    "rootfs": {"type": "layers", "diff_ids": [_digest(layer) for layer in layers.values()]},
                    "history": [{"created_by": "kdiag lab"} for _ in layers],
                }
            ).encode()
            config_name = f"{hashlib.sha256(config).hexdigest()}.json"
            _add(tar, config_name, config)
            manifest.append({"Config": config_name, "RepoTags": [name], "Layers": [*layers]})
        _add(tar, "manifest.json", json.dumps(manifest).encode())
    return into


def load(host: Host, coredns: Path) -> None:
    """Import the images into the host's containerd, for kubelet, and into its docker, for the guide's half."""
    say(f"images into {host.name}")
    file = host.root / "var/lib/lab-images.tar"
    archive(host.root / "bin/busybox", coredns, file)
    execute(host, ["ctr", "--namespace", "k8s.io", "images", "import", "/var/lib/lab-images.tar"])
    execute(host, ["docker", "load", "--quiet", "--input", "/var/lib/lab-images.tar"])
    file.unlink()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _single(program: Path) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        _add(tar, program.name, program.read_bytes(), 0o755)
    return data.getvalue()


def _layer(busybox: Path) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for directory in ("bin", "etc", "tmp", "www", "data"):
            entry = tarfile.TarInfo(directory)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if directory == "tmp" else 0o755
            tar.addfile(entry)
        _add(tar, "bin/busybox", busybox.read_bytes(), 0o755)
        for applet in APPLETS:
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
        _add(tar, "etc/passwd", b"root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
        _add(tar, "etc/group", b"root:x:0:\nnogroup:x:65534:\n")
        _add(tar, "www/index.html", b"shop\n")
        _add(tar, "www/healthz", b"ok\n")
    return data.getvalue()


def _add(tar: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))
