"""The hosts: systemd machines in namespaces of this one, each with its own address, journal, sshd and firewall.

A host is booted with systemd-nspawn in cgroups of its own, so that its systemd and kubelet see only what is theirs.
The lab reaches into it with nsenter, not with SSH: a fault may close SSH.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template
from typing import Final

from lab import machine, plan
from lab.plan import HOSTS, Host
from lab.shell import LabError, run, say, wait_for

FILES: Final = plan.SOURCE / "files"
"""Files of the hosts, below every/, master/ and node/, with ${name}, ${address} and so on filled in."""

STORES: Final = ("containerd", "docker")
"""Directories of /var/lib that hold overlays themselves, so they cannot be on one."""


def execute(
    host: Host, command: Sequence[str | Path], *, check: bool = True, timeout_s: float = 120, input: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in a host, as root."""
    return run([*_enter(host), *command], check=check, timeout_s=timeout_s, input=input)


def shell(host: Host, script: str, *, check: bool = True, timeout_s: float = 120) -> str:
    """Run a shell script in a host and give what it printed."""
    return execute(host, ["sh", "-euc", script], check=check, timeout_s=timeout_s).stdout


def running(host: Host) -> bool:
    return _supervisor(host) is not None


def make_tree(host: Host, base: Path) -> None:
    """The host's root: the cached Debian tree below, what the host changes above, and the lab's files in it."""
    if not host.root.is_mount():
        for name in ("root", "upper", "work", *STORES):
            (host.home / name).mkdir(parents=True, exist_ok=True)
        layers = f"lowerdir={base},upperdir={host.home / 'upper'},workdir={host.home / 'work'}"
        run(["mount", "-t", "overlay", "-o", layers, f"lab-{host.name}", host.root])
    write_files(host)
    if host.role == "node":
        _mount_kubelet_disk(host)


def write_files(host: Host) -> None:
    """Put the lab's files in place, as they are on the healthy lab."""
    values = {
        "name": host.name,
        "address": host.address,
        "prefix": str(plan.PREFIX),
        "machine": plan.MACHINE,
        "master": plan.MASTER.address,
        "api": plan.API,
        "pods": host.pods,
        "pod_network": plan.POD_NETWORK,
        "service_network": plan.SERVICE_NETWORK,
        "registry": plan.REGISTRY,
        "etcd_members": ",".join(f"{peer.name}=https://{peer.address}:2380" for peer in HOSTS),
        "etcd_old": ",".join(f"http://{peer.address}:4001" for peer in HOSTS),
        "routes": "\n".join(
            f"\n[Route]\nDestination={peer.pods}\nGateway={peer.address}" for peer in plan.NODES if peer != host
        ),
        "names": "\n".join(f"{peer.address} {peer.name}" for peer in HOSTS),
    }
    for layer in ("every", host.role):
        top = FILES / layer
        for file in sorted(path for path in top.rglob("*") if path.is_file()):
            into = host.root / file.relative_to(top)
            into.parent.mkdir(parents=True, exist_ok=True)
            if into.is_symlink():
                into.unlink()
            into.write_text(Template(file.read_text()).safe_substitute(values))
            if "sudoers.d" in into.parts:
                into.chmod(0o440)


def start(host: Host, programs: Path) -> None:
    """Boot it, and come back when its systemd has started everything."""
    if running(host):
        return
    say(f"booting {host.name} ({host.address})")
    _make_cgroups(host)
    binds = [f"--bind-ro={file}:/usr/local/bin/{file.name}" for file in sorted(programs.iterdir()) if file.is_file()]
    if host.role == "node":
        binds += [f"--bind={host.home / name}:/var/lib/{name}" for name in ("kubelet", *STORES)]
    command = [
        *"systemd-nspawn --boot --keep-unit --register=no --capability=all --console=pipe --resolv-conf=off".split(),
        f"--machine={host.name}",
        f"--network-bridge={plan.BRIDGE}",
        "--system-call-filter=@keyring bpf",
        "--bind=/dev/kmsg",
        *binds,
        "-D",
        str(host.root),
    ]
    procs = [cgroup / "cgroup.procs" for cgroup in _cgroups(host)]
    enter = "".join(f"echo $$ > {file}; " for file in procs)
    with (host.home / "console.log").open("w") as console:
        started = subprocess.Popen(
            ["sh", "-euc", f'{enter}exec "$@"', "sh", *command],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            start_new_session=True,
            env={**os.environ, "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network", "SYSTEMD_LOG_LEVEL": "notice"},
        )
    (host.home / "pid").write_text(str(started.pid))
    try:
        wait_for(f"{host.name} has booted", lambda: _booted(host, started), 60)
    except LabError as late:
        console_tail = "\n".join((host.home / "console.log").read_text(errors="replace").splitlines()[-15:])
        raise LabError(f"{late}\n{console_tail}") from late


def stop(host: Host) -> None:
    """Switch it off, as with the power button held, and take away what it left on this machine."""
    supervisor = _supervisor(host)
    if supervisor is not None:
        say(f"stopping {host.name}")
        init = _init(host)
        os.kill(supervisor if init is None else init, signal.SIGKILL)  # nspawn ends after it has tidied up
        wait_for(f"{host.name} is off", lambda: _supervisor(host) is None, 20, every_s=0.1)
    run(["ip", "link", "delete", f"vb-{host.name}"], check=False)
    shutil.rmtree(f"/run/systemd/nspawn/propagate/{host.name}", ignore_errors=True)
    for cgroup in _cgroups(host):
        _remove_cgroup(cgroup)


def remove(host: Host) -> None:
    stop(host)
    for mount in reversed(_mounts_below(host.home)):
        run(["umount", "--lazy", mount], check=False)
    shutil.rmtree(host.home, ignore_errors=True)


def remove_cgroups() -> None:
    """The group that held the hosts' groups."""
    for parent in {cgroup.parent for cgroup in _cgroups(plan.MASTER)}:
        _remove_cgroup(parent)


def _enter(host: Host) -> list[str]:
    init = _init(host)
    if init is None:
        raise LabError(f"{host.name} does not run; start the lab with `make lab`")
    return ["nsenter", "--target", str(init), *"--mount --uts --ipc --net --pid --cgroup --".split()]


def _supervisor(host: Host) -> int | None:
    """Process id of its systemd-nspawn."""
    try:
        pid = int((host.home / "pid").read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return pid if f"--machine={host.name}".encode() in words else None


def _init(host: Host) -> int | None:
    """Process id, on this machine, of the host's process 1."""
    supervisor = _supervisor(host)
    if supervisor is None:
        return None
    try:
        children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    except OSError:
        return None
    for child in children:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                return int(child)
    return None


def _booted(host: Host, supervisor: subprocess.Popen[bytes]) -> bool:
    if supervisor.poll() is not None:
        raise LabError(f"{host.name} did not start")
    if _init(host) is None:
        return False
    state = execute(host, ["systemctl", "is-system-running"], check=False, timeout_s=30).stdout.strip()
    return state in ("running", "degraded")


def _cgroups(host: Host) -> Iterator[Path]:
    """The host's cgroup in each hierarchy."""
    for name in machine.controllers():
        yield Path("/sys/fs/cgroup") / name / "kdiag-lab" / host.name
    unified = machine.unified()
    if unified is not None:
        yield unified / "kdiag-lab" / host.name


def _make_cgroups(host: Host) -> None:
    for cgroup in _cgroups(host):
        cgroup.mkdir(parents=True, exist_ok=True)
        if cgroup.parts[4] == "cpuset":  # a new cpuset is empty, and an empty one takes no process
            for group in (cgroup.parent, cgroup):
                for name in ("cpuset.cpus", "cpuset.mems"):
                    (group / name).write_text((group.parent / name).read_text())


def _remove_cgroup(cgroup: Path) -> None:
    """Remove it and all below it, deepest first; a group is busy until its last process is gone."""
    below = sorted((Path(top) for top, _, _ in os.walk(cgroup)), key=lambda path: -len(path.parts))
    for directory in below:
        with contextlib.suppress(LabError):
            wait_for(f"{directory} is empty", lambda it=directory: _removed(it), 5, every_s=0.05)  # type: ignore[misc]


def _removed(directory: Path) -> bool:
    with contextlib.suppress(OSError):
        directory.rmdir()
    return not directory.exists()


def _mount_kubelet_disk(host: Host) -> None:
    """A small ext4 file system of its own for /var/lib/kubelet."""
    mount, image = host.home / "kubelet", host.home / "kubelet.img"
    if mount.is_mount():
        return
    mount.mkdir(exist_ok=True)
    if not image.exists():
        run(["truncate", "--size", f"{plan.KUBELET_DISK_MB}M", image])
        run(["mkfs.ext4", "-q", "-m", "0", image])
    run(["mount", "-o", "loop", image, mount])


def _mounts_below(directory: Path) -> list[str]:
    mounts = (line.split()[1] for line in Path("/proc/mounts").read_text().splitlines())
    return [mount for mount in mounts if Path(mount).is_relative_to(directory)]
