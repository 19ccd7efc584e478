"""Root is taken only where it is needed, and what is denied all the same is a gap."""

from __future__ import annotations

from typing import cast

import pytest

from bot.collect.ssh.collector import SshCollector
from bot.collect.ssh.commands import host_commands
from bot.collect.ssh.connection import Connection
from bot.collect.ssh.outcome import Output
from bot.config.clusters import Ssh

DENIED = Output("", "grep: /etc/kubernetes/kubelet.conf: Permission denied\n", 2)
READ = Output("    client-key-data-is-not-here: x\n", "", 0)


class Login:
    """A login without root; `as_root` is what sudo brings."""

    name, user = "n1", "kdiag"

    def __init__(self, plain: Output, as_root: Output) -> None:
        self.lines: list[str] = []
        self._plain, self._as_root = plain, as_root

    async def run(self, line: str) -> Output:
        self.lines.append(line)
        return self._as_root if " sudo -n " in line else self._plain


@pytest.mark.parametrize(
    ("plain", "as_root", "sudo", "lines", "gaps"),
    [
        (READ, READ, True, 1, 0),
        (DENIED, READ, True, 2, 0),
        (DENIED, Output("", "sudo: a password is required\n", 1), True, 2, 1),
        (DENIED, READ, False, 1, 1),
    ],
)
async def test_what_is_denied_is_asked_for_again_as_root(
    plain: Output, as_root: Output, sudo: bool, lines: int, gaps: int
) -> None:
    login = Login(plain, as_root)
    command = host_commands()["grep-client-certificate"]
    arguments = {"kubeconfig": "/etc/kubernetes/kubelet.conf"}
    found = await SshCollector(Ssh(sudo=sudo), {})._run(cast(Connection, login), command, arguments)
    assert found is not None
    assert (len(login.lines), len(found.gaps)) == (lines, gaps)
