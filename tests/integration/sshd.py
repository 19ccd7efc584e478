"""Debian's real sshd on a free port, with host keys, a login key and a known_hosts of its own."""

from __future__ import annotations

import getpass
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.config.clusters import Host, Ssh
from tests.integration.daemons import answers, free_port, need, running

HINT = "scripts/bootstrap daemons"


@dataclass(frozen=True)
class Sshd:
    port: int
    folder: Path
    pid: int

    def settings(self, **changed: object) -> Ssh:
        """Settings with which it can be reached, or with some of them changed."""
        return Ssh.model_validate(
            {
                "keys": [str(self.folder / "login")],
                "agent": False,
                "known_hosts": [str(self.folder / "known_hosts")],
                "config": str(self.folder / "no-config"),
                "connect_timeout_s": 5,
                **changed,
            }
        )

    def host(self, **changed: object) -> Host:
        return Host.model_validate({"address": "127.0.0.1", "port": self.port, "user": getpass.getuser(), **changed})


def _keygen(path: Path, comment: str = "") -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)], check=True, capture_output=True
    )


@contextmanager
def sshd(folder: Path, *, forced: str = "") -> Iterator[Sshd]:
    """`forced`: a shell line that runs instead of whatever is asked for, as sshd's ForceCommand."""
    daemon = need("sshd", HINT)
    _keygen(folder / "host")
    _keygen(folder / "login")
    port = free_port()
    key = (folder / "host.pub").read_text().split()[:2]
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {' '.join(key)}\n")
    (folder / "authorized").write_text((folder / "login.pub").read_text())
    config = folder / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile {folder}/pid\n"
        f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        f"KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"
        + (f"ForceCommand {forced}\n" if forced else "")
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with running([daemon, "-D", "-e", "-f", str(config)], folder / "sshd.log", lambda: answers(port)) as pid:
        yield Sshd(port, folder, pid)


def with_certificates(folder: Path) -> str:
    """A shell line that answers what is asked of /etc/kubernetes out of a folder of ours, with the real programs."""
    script = folder / "forced"
    script.write_text(
        f'#!/bin/sh\neval "$(echo "$SSH_ORIGINAL_COMMAND" | sed s#/etc/kubernetes#{folder}/kubernetes#g)"\n'
    )
    script.chmod(0o755)
    return str(script)
