"""The Debian tree that every host starts from, made once with debootstrap and cached."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Final

from lab import plan
from lab.shell import run, say

INCLUDE: Final = (
    "busybox-static ca-certificates conntrack containerd containernetworking-plugins curl dbus docker.io ethtool "
    "etcd-client etcd-server ipset iptables iproute2 iputils-ping kmod libfaketime libnss-myhostname netcat-openbsd "
    "nftables openssh-server procps runc socat sudo systemd systemd-sysv"
).split()
USER: Final = "kdiag"
"""Who kdiag logs in as; may read the journal, and everything else with `sudo -n`."""
DISABLED: Final = (
    "apt-daily.timer apt-daily-upgrade.timer containerd.service docker.service docker.socket dpkg-db-backup.timer "
    "e2scrub_all.timer e2scrub_reap.service etcd.service fstrim.timer systemd-timesyncd.service"
).split()
"""Started by the lab where they belong, or no business of a host in a lab."""


def base() -> Path:
    """The cached tree; made when it is not there."""
    recipe = " ".join([plan.DEBIAN, *INCLUDE, "without", *DISABLED, USER])
    tree = plan.CACHE / f"debian-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    if tree.exists():
        return tree
    plan.CACHE.mkdir(parents=True, exist_ok=True)
    unfinished = tree.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    say(f"debootstrap {plan.DEBIAN} (once, then from {plan.CACHE})")
    run(
        ["debootstrap", "--variant=minbase", f"--include={','.join(INCLUDE)}", plan.DEBIAN, unfinished],
        timeout_s=1200,
    )
    shutil.rmtree(unfinished / "var/cache/apt/archives", ignore_errors=True)
    run(["chroot", unfinished, "systemctl", "disable", *DISABLED], check=False)
    run(["chroot", unfinished, "systemctl", "enable", "systemd-networkd.service", "ssh.service"])
    run(["chroot", unfinished, *f"useradd --create-home --shell /bin/bash --groups adm,systemd-journal {USER}".split()])
    for key in (unfinished / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    unfinished.rename(tree)
    return tree
