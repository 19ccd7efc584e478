"""Hosts over SSH against Debian's own sshd: what it says, and each way in which it does not."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.collect.ssh.collector import SshCollector
from bot.collect.ssh.connection import MAX_OUTPUT_BYTES, Connection, SshProblem
from bot.config.clusters import Host, Ssh
from rules.kinds import Fact
from rules.observations import Observations
from tests.integration.certificates import Authority
from tests.integration.sshd import Sshd, sshd, with_certificates

pytestmark = pytest.mark.usefixtures("no_leaks")


@asynccontextmanager
async def collector(ssh: Ssh, **hosts: Host) -> AsyncIterator[SshCollector]:
    made = SshCollector(ssh, hosts)
    try:
        yield made
    finally:
        await made.close()


async def survey(ssh: Ssh, host: Host) -> Observations:
    async with collector(ssh, node1=host) as made:
        return await made.survey(["node1"], until=time.monotonic() + 20)


async def problem_of(ssh: Ssh, host: Host) -> SshProblem:
    connection = Connection("node1", ssh, host)
    try:
        with pytest.raises(SshProblem) as caught:
            await connection.open()
    finally:
        await connection.close()
    return caught.value


# --- what it says ----------------------------------------------------------------------------------------
async def test_a_survey_tells_the_state_of_a_machine(a_host: Sshd) -> None:
    found = await survey(a_host.settings(), a_host.host(roles=["node"], ports=[a_host.port, 1]))
    facts = {kind: [one for one in found.facts if one.kind == kind] for kind in {one.kind for one in found.facts}}
    assert facts["host"][0].attributes == {"host": "node1", "role": "node", "address": "127.0.0.1", "reachable": True}
    assert any(one["port"] == a_host.port and one["listening"] for one in facts["port"])
    assert [one["port"] for one in facts["port"] if not one["listening"]] == [1]
    root = next(one for one in facts["disk"] if one.get("free_bytes") is not None)
    assert root["host"] == "node1"
    assert any(one.get("inodes_used_percent") is not None for one in facts["disk"])
    assert int(facts["memory"][0]["total_bytes"]) > 1 << 28
    assert float(facts["clock"][0]["off_by_s"]) < 2


async def test_a_want_of_a_node_goes_to_the_host_that_is_it(a_host: Sshd) -> None:
    async with collector(a_host.settings(), **{"node1.example.com": a_host.host()}) as made:
        made.nodes = {"node1": "10.0.0.11"}
        found = await made.satisfy(Fact("want", {"what": "disk", "node": "node1"}))
        assert {one["host"] for one in found.facts if one.kind == "disk"} == {"node1.example.com"}
        again = await made.satisfy(Fact("want", {"what": "disk", "node": "node1"}))
        assert again.facts == []  # each command runs once


async def test_reach_says_whether_another_port_answers(a_host: Sshd) -> None:
    async with collector(a_host.settings(), node1=a_host.host()) as made:
        closed = Fact("want", {"what": "reach", "host": "node1", "target": "127.0.0.1", "port": 1})
        opened = Fact("want", {"what": "reach", "host": "node1", "target": "127.0.0.1", "port": a_host.port})
        first, second = await made.satisfy(closed), await made.satisfy(opened)
    assert [(one["ok"], one.get("error")) for one in first.facts] == [(False, "refused")]
    assert [(one["ok"], one.get("error")) for one in second.facts] == [(True, None)]


async def test_one_connection_serves_all_commands(a_host: Sshd) -> None:
    log = a_host.folder / "sshd.log"
    before = log.read_text().count("Accepted publickey")
    await survey(a_host.settings(), a_host.host())
    assert log.read_text().count("Accepted publickey") == before + 1


# --- what it does not say --------------------------------------------------------------------------------
async def test_an_unknown_host_key_is_told_with_its_fingerprint_and_never_accepted(
    a_host: Sshd, tmp_path: Path
) -> None:
    known = tmp_path / "known_hosts"
    known.touch()
    found = await survey(a_host.settings(known_hosts=[str(known)]), a_host.host())
    assert len(found.gaps) == 1
    assert "SHA256:" in found.gaps[0].why
    assert "not in known_hosts" in found.gaps[0].why
    assert known.read_text() == ""
    assert {one.kind for one in found.facts} == {"host"}


async def test_a_changed_host_key_is_told_as_such(a_host: Sshd, tmp_path: Path) -> None:
    other = (a_host.folder / "login.pub").read_text().split()[:2]
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{a_host.port} {' '.join(other)}\n")
    problem = await problem_of(a_host.settings(known_hosts=[str(known)]), a_host.host())
    assert problem.reason == "host-key-changed"


async def test_a_login_that_is_refused(a_host: Sshd) -> None:
    problem = await problem_of(a_host.settings(keys=[str(a_host.folder / "host")]), a_host.host())
    assert problem.reason == "auth"
    assert problem.answered is True


async def test_a_port_that_refuses(a_host: Sshd) -> None:
    problem = await problem_of(a_host.settings(), a_host.host(port=1))
    assert problem.reason == "refused"


async def test_a_name_that_nobody_knows(a_host: Sshd) -> None:
    problem = await problem_of(a_host.settings(), a_host.host(address="node1.invalid"))
    assert problem.reason == "unknown-host"


async def test_a_server_that_accepts_and_then_says_nothing(a_host: Sshd) -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        found = await survey(a_host.settings(connect_timeout_s=0.5), a_host.host(port=port))
    assert "did not answer SSH within 0.5 s" in found.gaps[0].why
    assert [one.get("reachable") for one in found.facts] == [False]


async def test_a_wanted_host_that_cannot_be_asked_is_one_gap_however_much_is_wanted(a_host: Sshd) -> None:
    async with collector(a_host.settings(), node1=a_host.host(port=1)) as made:
        wants = [Fact("want", {"what": what, "host": "node1"}) for what in ("disk", "clock", "kernel")]
        gaps = [gap for want in wants for gap in (await made.satisfy(want)).gaps]
    assert len(set(gaps)) == 1


async def test_a_command_that_is_missing_is_a_gap(a_host: Sshd) -> None:
    async with collector(a_host.settings(), node1=a_host.host()) as made:
        found = await made.satisfy(Fact("want", {"what": "containers", "host": "node1"}))
    assert [gap for gap in found.gaps if "not installed" in gap.why or "docker" in gap.why or "crictl" in gap.why]


async def test_an_output_without_end_is_bounded(tmp_path: Path) -> None:
    with sshd(tmp_path, forced="yes 'Jun 10 11:00:00 node1 kubelet[7]: a line of a very long journal'") as host:
        connection = Connection("node1", host.settings(), host.host())
        await connection.open()
        output = await connection.run("journalctl")
        await connection.close()
        assert output.cut
        assert len(output.text) == MAX_OUTPUT_BYTES


async def test_a_command_that_never_ends_is_ended_after_its_time(tmp_path: Path) -> None:
    with sshd(tmp_path, forced="echo begun; sleep 600") as host:
        found = await survey(host.settings(command_timeout_s=0.5), host.host())
    assert found.gaps
    assert all("too long" in gap.why or "in time" in gap.why for gap in found.gaps)


async def test_hostile_words_never_reach_a_host(a_host: Sshd, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with collector(a_host.settings(), node1=a_host.host()) as made:
        for hostile in (f"kubelet; touch {mark}", f"$(touch {mark})", f"`touch {mark}`", f"a\ntouch {mark}", "--help"):
            journal = await made.satisfy(Fact("want", {"what": "journal", "host": "node1", "unit": hostile}))
            reach = await made.satisfy(Fact("want", {"what": "reach", "host": "node1", "target": hostile, "port": 22}))
            assert journal.gaps and reach.gaps
            assert not journal.facts and not reach.facts
    assert not mark.exists()


async def test_a_connection_that_breaks_is_a_gap(tmp_path: Path) -> None:
    with sshd(tmp_path, forced="kill -9 $PPID") as host:
        found = await survey(host.settings(), host.host())
    assert found.gaps


def _config(folder: Path, *lines: str) -> str:
    path = folder / "ssh_config"
    path.write_text("Host node1\n" + "".join(f"  {line}\n" for line in lines))
    return str(path)


async def test_the_files_of_host_keys_that_the_ssh_config_names(a_host: Sshd, tmp_path: Path) -> None:
    keys = (a_host.folder / "known_hosts").read_text().replace(f"[127.0.0.1]:{a_host.port}", "other-name")
    (tmp_path / "keys-of-node1").write_text(keys)
    for option in ("UserKnownHostsFile", "GlobalKnownHostsFile"):
        config = _config(tmp_path, f"{option} /nowhere {tmp_path}/keys-of-%n", "HostKeyAlias other-name")
        found = await survey(a_host.settings(known_hosts=[], config=config), a_host.host())
        assert any(one.kind == "memory" for one in found.facts), option


async def test_a_key_that_the_named_file_does_not_have(a_host: Sshd, tmp_path: Path) -> None:
    other = (a_host.folder / "login.pub").read_text().split()[:2]
    (tmp_path / "keys").write_text(f"[127.0.0.1]:{a_host.port} {' '.join(other)}\n")
    config = _config(tmp_path, f"UserKnownHostsFile {tmp_path}/keys")
    problem = await problem_of(a_host.settings(known_hosts=[], config=config), a_host.host())
    assert problem.reason == "host-key-changed"


@pytest.mark.parametrize("file", ["none", "/dev/null"])
async def test_an_ssh_config_that_trusts_every_key_does_not_make_kdiag_trust_one(
    a_host: Sshd, tmp_path: Path, file: str
) -> None:
    config = _config(tmp_path, f"UserKnownHostsFile {file}", "StrictHostKeyChecking no")
    problem = await problem_of(a_host.settings(known_hosts=[], config=config), a_host.host())
    assert problem.reason == "host-key"
    assert "SHA256:" in str(problem)


async def test_the_jump_of_the_ssh_config_is_taken_and_its_key_checked(a_host: Sshd, tmp_path: Path) -> None:
    jump = f"ProxyJump {a_host.host().user}@127.0.0.1:{a_host.port},{a_host.host().user}@127.0.0.1:{a_host.port}"
    log = a_host.folder / "sshd.log"
    before = log.read_text().count("Accepted publickey")
    found = await survey(a_host.settings(config=_config(tmp_path, jump)), a_host.host())
    assert any(one.kind == "memory" for one in found.facts)
    assert log.read_text().count("Accepted publickey") == before + 3
    config = _config(tmp_path, jump, f"UserKnownHostsFile {a_host.folder}/known_hosts")
    Path(config).write_text(Path(config).read_text() + "Host *\n  UserKnownHostsFile none\n")
    problem = await problem_of(a_host.settings(known_hosts=[], config=config), a_host.host())
    assert str(problem).startswith("on the way through 127.0.0.1: its host key SHA256:")
    assert problem.answered is None


async def test_through_a_jump_host(a_host: Sshd) -> None:
    user = a_host.host().user
    found = await survey(a_host.settings(jump=f"{user}@127.0.0.1:{a_host.port}"), a_host.host())
    assert any(one.kind == "disk" for one in found.facts)


# --- certificates ----------------------------------------------------------------------------------------
async def test_certificates_in_files_and_in_kubeconfigs_are_told_with_their_end(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "kubernetes/pki")
    serving = authority.issue("apiserver", "/CN=kube-apiserver", days=-1)
    client = authority.issue("other", "/O=system:nodes/CN=system:node:node1", days=-1)
    data = base64.b64encode(client.cert.read_bytes()).decode()
    users = f"users:\n- name: a\n  user: {{}}\n    client-certificate-data: {data}\n    client-key-data: U0VDUkVU\n"
    (tmp_path / "kubernetes/kubelet.conf").write_text(users)
    (tmp_path / "kubernetes/admin.conf").write_text(f"    client-certificate: {authority.cert}\n")
    (tmp_path / "sshd").mkdir()
    kept: list[str] = []
    with sshd(tmp_path / "sshd", forced=with_certificates(tmp_path)) as host:
        made = SshCollector(host.settings(), {"node1": host.host()}, lambda *each: kept.append(" ".join(each)))
        try:
            found = await made.satisfy(Fact("want", {"what": "certificates", "host": "node1"}))
        finally:
            await made.close()
    ends = {
        str(one["file"]).removeprefix(f"{tmp_path}/kubernetes/"): (one["expired"], one["subject"])
        for one in found.facts
        if one.kind == "certificate" and str(one["file"]).startswith(str(tmp_path))
    }
    assert ends == {
        "pki/apiserver.crt": (True, "CN=kube-apiserver"),
        "pki/ca.crt": (False, "CN=test-ca"),
        "kubelet.conf": (True, "CN=system:node:node1, O=system:nodes"),
    }
    assert serving.key.read_text().splitlines()[1] not in str(found) + str(kept)
    assert "U0VDUkVU" not in str(found) + str(kept)
