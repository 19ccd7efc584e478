"""Exec plugins and token files, with real programs."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bot.collect.kube.auth import Identity, run_plugin
from bot.collect.kube.kubeconfig import Access, Credentials, ExecPlugin
from rules.errors import KdiagError

PLUGIN = ExecPlugin("client.authentication.k8s.io/v1", "", (), {}, False, "", "")


def plugin(tmp_path: Path, script: str, **changed: object) -> Access:
    path = tmp_path / "login"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    made = replace(PLUGIN, command=str(path), **changed)  # type: ignore[arg-type]
    return Access("dev", "https://10.0.0.10:6443", ca=b"CA", credentials=Credentials(plugin=made))


def answer(token: str, more: str = "") -> str:
    return f"""echo '{{"kind":"ExecCredential","status":{{"token":"{token}"{more}}}}}'"""


async def test_its_token_is_used_and_it_runs_once(tmp_path: Path) -> None:
    identity = Identity(plugin(tmp_path, f"echo ran >> {tmp_path}/runs\n" + answer("t1")))
    assert await identity.headers() == [("Authorization", "Bearer t1")]
    assert await identity.headers() == [("Authorization", "Bearer t1")]
    assert (tmp_path / "runs").read_text() == "ran\n"


async def test_it_runs_again_when_its_credential_has_expired_or_was_refused(tmp_path: Path) -> None:
    expired = ',"expirationTimestamp":"2020-01-01T00:00:00Z"'
    identity = Identity(plugin(tmp_path, f"echo ran >> {tmp_path}/runs\n" + answer("t", expired)))
    await identity.headers()
    await identity.headers()
    assert (tmp_path / "runs").read_text() == "ran\nran\n"
    lasting = Identity(plugin(tmp_path, f"echo ran >> {tmp_path}/others\n" + answer("t")))
    await lasting.headers()
    assert await lasting.forget()
    await lasting.headers()
    assert (tmp_path / "others").read_text() == "ran\nran\n"


async def test_it_is_told_about_the_cluster_and_gets_its_environment(tmp_path: Path) -> None:
    script = f'printf "%s" "$KUBERNETES_EXEC_INFO" > {tmp_path}/info; echo "$PROFILE" > {tmp_path}/env\n' + answer("t")
    access = plugin(tmp_path, script, provide_cluster=True, environment={"PROFILE": "x"})
    await Identity(access).headers()
    info = (tmp_path / "info").read_text()
    assert '"server":"https://10.0.0.10:6443"' in info
    assert '"interactive":false' in info
    assert (tmp_path / "env").read_text() == "x\n"


async def test_a_client_certificate_of_a_plugin(tmp_path: Path) -> None:
    more = ',"clientCertificateData":"CERT","clientKeyData":"KEY"'
    assert await Identity(plugin(tmp_path, answer("", more))).certificate() == (b"CERT", b"KEY")


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo 'you must log in: run login' >&2; exit 3", r"failed \(3\): you must log in"),
        ("echo hello", "no ExecCredential"),
        ("echo '{}'", "no ExecCredential"),
        ("echo '[1]'", "no ExecCredential"),
        ("head -c 3000000 /dev/zero", "no ExecCredential"),
    ],
)
async def test_what_is_wrong_with_it_is_said(tmp_path: Path, script: str, says: str) -> None:
    with pytest.raises(KdiagError, match=says):
        await Identity(plugin(tmp_path, script)).headers()


async def test_one_that_is_not_installed(tmp_path: Path) -> None:
    missing = replace(PLUGIN, command=str(tmp_path / "none"), hint="get it at example.com\nand more")
    with pytest.raises(KdiagError, match=r"cannot be run: .*\(get it at example.com\)"):
        await run_plugin(missing, Access("dev", "https://x"))


async def test_one_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    access = plugin(tmp_path, f"sleep 600 & echo $! > {tmp_path}/child; wait")
    assert access.credentials.plugin
    with pytest.raises(KdiagError, match="did not answer within"):
        await run_plugin(access.credentials.plugin, access, timeout_s=1)
    child = int((tmp_path / "child").read_text())
    until = time.monotonic() + 10
    while Path(f"/proc/{child}/stat").exists() and time.monotonic() < until:
        if Path(f"/proc/{child}/stat").read_text().split()[2] == "Z":
            break
        await asyncio.sleep(0.05)
    else:
        assert not Path(f"/proc/{child}").exists()


async def test_one_that_wants_a_terminal_is_not_run(tmp_path: Path) -> None:
    access = plugin(tmp_path, f"touch {tmp_path}/ran\n" + answer("t"), interactive="Always")
    with pytest.raises(KdiagError, match="terminal"):
        await Identity(access).headers()
    assert not (tmp_path / "ran").exists()


async def test_a_token_file_is_read_again_after_a_refusal(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old\n")
    identity = Identity(Access("dev", "https://x", credentials=Credentials(token_file=path)))
    assert await identity.headers() == [("Authorization", "Bearer old")]
    path.write_text("new\n")
    assert await identity.headers() == [("Authorization", "Bearer old")]
    assert await identity.forget()
    assert await identity.headers() == [("Authorization", "Bearer new")]


async def test_name_and_password() -> None:
    identity = Identity(Access("dev", "https://x", credentials=Credentials(username="u", password="p")))
    assert await identity.headers() == [("Authorization", "Basic dTpw")]
    assert not await identity.forget()  # a fixed credential does not get better


def test_nothing_is_left_over() -> None:
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    commands = [Path(f"/proc/{each}/cmdline").read_text() for each in listed if Path(f"/proc/{each}/cmdline").exists()]
    assert not [each for each in commands if "login" in each]
