"""This machine: whether it can run the lab, and what of it the lab changes (and puts back)."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Final

from lab import plan
from lab.shell import LabError, run, say

PACKAGES: Final = {
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "ssh-keygen": "openssh-client",
    "mkfs.ext4": "e2fsprogs",
    "losetup": "mount",
}
"""Command -> the Debian package that has it."""
SYSCTLS: Final = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
    "net/ipv4/ip_forward": "1",
    "fs/inotify/max_user_instances": "8192",
    "fs/inotify/max_user_watches": "524288",
}
"""What kubelet insists on, and cannot set itself: /proc/sys is read-only in the hosts."""
_SAVED: Final = plan.STATE / "sysctls.json"


def controllers() -> list[str]:
    """The cgroup v1 hierarchies that are mounted; none where only cgroup v2 is."""
    return sorted(
        Path(line.split()[1]).name
        for line in Path("/proc/mounts").read_text().splitlines()
        if line.split()[2] == "cgroup" and line.split()[1].startswith("/sys/fs/cgroup/")
    )


def unified() -> Path | None:
    """Where cgroup v2 is mounted."""
    for line in Path("/proc/mounts").read_text().splitlines():
        if line.split()[2] == "cgroup2" and line.split()[1].startswith("/sys/fs/cgroup"):
            return Path(line.split()[1])
    return None


def check() -> None:
    """LabError when this machine cannot run the lab, with every reason at once."""
    reasons = []
    if os.uname().sysname != "Linux":
        reasons.append("it needs Linux")
    if os.geteuid() != 0:
        reasons.append("it needs root: hosts are booted with systemd-nspawn (sudo make lab)")
    if not Path("/proc/mounts").exists() or not (controllers() or unified()):
        reasons.append("it needs cgroups mounted at /sys/fs/cgroup")
    if "overlay" not in Path("/proc/filesystems").read_text().split():
        reasons.append("it needs the overlay file system in the kernel (modprobe overlay)")
    if not Path("/dev/loop-control").exists():
        reasons.append("it needs loop devices (modprobe loop)")
    if shutil.which("go") is None and not os.environ.get("KDIAG_LAB_BIN") and not (plan.CACHE / "programs").exists():
        reasons.append(
            "it needs Go to build Kubernetes, or KDIAG_LAB_BIN, a directory with " + ", ".join(plan.PROGRAMS)
        )
    if reasons:
        raise LabError("this machine cannot run the lab:\n" + "\n".join(f"  - {reason}" for reason in reasons))


def install_packages() -> None:
    missing = sorted({package for command, package in PACKAGES.items() if shutil.which(command) is None})
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise LabError(f"install these first: {', '.join(missing)}")
    say(f"installing {', '.join(missing)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-qq"], timeout_s=300)
    run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], timeout_s=600, env=quiet)


def set_sysctls() -> None:
    saved = json.loads(_SAVED.read_text()) if _SAVED.exists() else {}
    for name, value in SYSCTLS.items():
        file = Path("/proc/sys") / name
        now = file.read_text().strip()
        if now != value:
            saved.setdefault(name, now)
            file.write_text(value)
    _SAVED.write_text(json.dumps(saved))


def restore_sysctls() -> None:
    if _SAVED.exists():
        for name, value in json.loads(_SAVED.read_text()).items():
            (Path("/proc/sys") / name).write_text(value)


def make_bridge() -> None:
    if run(["ip", "link", "show", plan.BRIDGE], check=False).returncode == 0:
        return
    say(f"bridge {plan.BRIDGE} with {plan.MACHINE}/{plan.PREFIX}")
    run(["ip", "link", "add", plan.BRIDGE, "type", "bridge"])
    run(["ip", "address", "add", f"{plan.MACHINE}/{plan.PREFIX}", "dev", plan.BRIDGE])
    run(["ip", "link", "set", plan.BRIDGE, "up"])


def remove_bridge() -> None:
    run(["ip", "link", "delete", plan.BRIDGE], check=False)
