"""etcd's collector against Debian's own etcd, with the v2 API of 2015 and the v3 API of today."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.error import HTTPError

import pytest

from bot.collect.etcd import v3
from bot.collect.etcd.client import EtcdClient
from bot.collect.etcd.collector import EtcdCollector
from bot.collect.http import HttpProblem
from bot.config.clusters import Etcd
from bot.etcd_view import view
from rules.errors import KdiagError
from rules.kinds import Fact
from tests.integration.certificates import Authority
from tests.integration.etcd import EtcdServer, etcd_server

pytestmark = pytest.mark.usefixtures("no_leaks")
MINION = '{"kind":"Minion","id":"node1","creationTimestamp":"2015-04-28T10:00:00Z","hostIP":"10.0.0.11","apiVersion":"v1beta1","status":{}}'


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdServer]:
    """An etcd with the keys of 2015, and some of today beside them."""
    with etcd_server(tmp_path_factory.mktemp("etcd"), "--enable-v2") as server:
        server.set_v2("/registry/minions/node1", MINION)
        server.set_v2("/registry/pods/default/web", '{"id":"web","password":"hunter22"}')
        server.set_v2("/coreos.com/network/config", '{"Network":"10.20.0.0/16"}')
        server.set_v2("/coreos.com/network/subnets/10.20.24.0-24", '{"PublicIP":"10.0.0.11"}')
        server.put("/registry/services/specs/shop/web", "k8s\0abc")
        server.put("/registry/ranges/serviceips", "text")
        yield server


@asynccontextmanager
async def collector(settings: Etcd) -> AsyncIterator[EtcdCollector]:
    made = EtcdCollector(settings)
    try:
        yield made
    finally:
        await made.close()


async def test_health_tells_version_size_and_leader(old: EtcdServer) -> None:
    async with collector(old.settings()) as etcd:
        found = await etcd.health()
        assert (await etcd.health()).facts == []  # once for each question
    one = found.facts[0]
    assert (one["endpoint"], one["healthy"], one["leader"], one["has_leader"]) == (old.url, True, True, True)
    assert str(one["version"]).startswith("3.")
    assert int(one["db_bytes"]) > 0
    assert int(one["quota_bytes"]) > 1 << 30


async def test_a_survey_reads_the_tree_of_2015(old: EtcdServer) -> None:
    async with collector(old.settings()) as etcd:
        found = await etcd.survey()
    keys = {str(one["key"]): one for one in found.facts if one.kind == "etcd_key"}
    assert '"hostIP":"10.0.0.11"' in str(keys["/registry/minions/node1"]["value"])
    assert keys["/coreos.com/network/subnets"]["children"] == 1
    assert "/registry/pods/default/web" not in keys  # only what the joins need is read


async def test_a_survey_reads_flannels_leases_of_today_and_not_those_from_before_its_upgrade(tmp_path: Path) -> None:
    with etcd_server(tmp_path, "--enable-v2") as server:
        server.set_v2("/registry/minions/node1", MINION)
        server.set_v2("/coreos.com/network/subnets/10.20.24.0-24", '{"PublicIP":"10.0.0.11"}')
        server.set_v2("/flannel/network/config", '{"Network":"10.30.0.0/16"}')
        server.put("/coreos.com/network/config", '{"Network":"10.78.0.0/16"}')
        server.put("/coreos.com/network/subnets/10.78.7.0-24", '{"PublicIP":"10.0.0.12"}')
        async with collector(server.settings()) as etcd:
            found = await etcd.survey()
    keys = {str(one["key"]): one for one in found.facts if one.kind == "etcd_key"}
    assert keys["/coreos.com/network/subnets/10.78.7.0-24"]["value"] == '{"PublicIP":"10.0.0.12"}'
    assert keys["/coreos.com/network"]["children"] == 2
    assert "/coreos.com/network/subnets/10.20.24.0-24" not in keys
    assert {"/registry/minions/node1", "/flannel/network/config"} <= keys.keys()


async def test_too_many_keys_below_a_path_are_not_taken_for_all_of_them(
    old: EtcdServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(v3, "MAX_TREE", 1)
    client = EtcdClient(old.url, old.settings(), None, "")
    try:
        with pytest.raises(HttpProblem, match="more than 1 keys"):
            await v3.read_tree(client, "/registry")
    finally:
        await client.close()


async def test_a_path_is_shown_as_the_guide_does_with_etcdctl(old: EtcdServer) -> None:
    async with collector(old.settings()) as etcd:
        directory = view("/registry", (await etcd.keys("/registry")).facts)
        value = view("/coreos.com/network/config", (await etcd.keys("coreos.com/network/config/")).facts)
        masked = view("/registry/pods/default/web", (await etcd.keys("/registry/pods/default/web")).facts)
        later = view("/registry/services/specs", (await etcd.keys("/registry/services/specs")).facts)
        binary = view("/registry/services/specs/shop/web", (await etcd.keys("/registry/services/specs/shop/web")).facts)
    assert directory.children == ("/registry/minions", "/registry/pods")
    assert '"Network": "10.20.0.0/16"' in value.value
    assert "hunter22" not in masked.value
    assert later.children == ("/registry/services/specs/shop",)
    assert binary.value == "(protobuf, 7 bytes)"


async def test_a_path_that_is_not_there_names_the_nearest(old: EtcdServer) -> None:
    async with collector(old.settings()) as etcd:
        facts = (await etcd.keys("/registry/minions/nod1")).facts
    with pytest.raises(KdiagError, match="did you mean /registry/minions/node1"):
        view("/registry/minions/nod1", facts)


async def test_only_questions_that_read_are_asked(old: EtcdServer) -> None:
    client = EtcdClient(old.url, old.settings(), None, "")
    try:
        with pytest.raises(ValueError, match="does not ask"):
            await client.ask("/kv/put", {"key": "x"})
    finally:
        await client.close()


async def test_members_are_told_and_one_that_never_started_is_among_them(tmp_path: Path) -> None:
    with etcd_server(tmp_path) as server:
        server.etcdctl("member", "add", "m2", "--learner", "--peer-urls=http://127.0.0.1:1")
        async with collector(server.settings()) as etcd:
            found = await etcd.health()
    members = {bool(one["started"]): one for one in found.facts if one.kind == "etcd_member"}
    assert (members[True]["name"], members[True]["learner"]) == ("m1", False)
    assert (members[False]["peer"], members[False].get("name")) == ("http://127.0.0.1:1", None)
    assert members[True]["member"] == next(one["member"] for one in found.facts if one.kind == "etcd_endpoint")


async def test_what_fills_etcd_is_counted(old: EtcdServer) -> None:
    for number in range(3):
        old.put(f"/registry/events/shop/e{number}", "k8s\0")
    async with collector(old.settings()) as etcd:
        found = await etcd.satisfy(Fact("want", {"what": "etcd-content"}))
    counted = {one["prefix"]: (one["keys"], one["share_percent"]) for one in found.facts}
    assert counted == {"/registry/events/": (3, 60), "/registry/services/": (1, 20)}


async def test_endpoints_that_were_found_are_asked_and_cannot_be_blamed(old: EtcdServer) -> None:
    async with collector(Etcd()) as etcd:
        etcd.learn([old.url, "http://127.0.0.1:1"])
        found = await etcd.health()
    assert [one["endpoint"] for one in found.facts if one.kind == "etcd_endpoint"] == [old.url]
    assert len(found.gaps) == 1  # perhaps only we cannot get to the other


async def test_one_that_wants_a_certificate_is_not_asked_without_and_a_password_goes_to_no_other(
    old: EtcdServer, tmp_path: Path
) -> None:
    async with collector(Etcd()) as etcd:
        etcd.learn(["https://10.0.0.5:2379"])
        found = await etcd.satisfy(Fact("want", {"what": "etcd-health"}))
        assert not etcd.is_known
    assert "https://10.0.0.5:2379 wants a client certificate" in found.gaps[0].why
    (tmp_path / "password").write_text("x")
    async with collector(Etcd(user="root", password_file=tmp_path / "password")) as etcd:
        etcd.learn([old.url])
        assert not etcd.is_known


async def test_a_full_database_is_an_alarm(tmp_path: Path) -> None:
    with etcd_server(tmp_path, "--quota-backend-bytes", "100000") as server:
        with pytest.raises(HTTPError):
            for number in range(200):
                server.put(f"/k{number}", "x" * 20_000)
                await asyncio.sleep(0.05)  # etcd looks at its size when it commits, ten times a second
        async with collector(server.settings()) as etcd:
            found = await etcd.health()
    assert (found.facts[0]["alarm"], found.facts[0]["healthy"]) == ("NOSPACE", False)
    assert int(found.facts[0]["used_percent"]) > 90


async def test_tls_with_a_client_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "pki")
    pair = authority.issue("client", "/CN=kdiag")
    with etcd_server(tmp_path, authority=authority) as server:
        right = server.settings(ca=str(authority.cert), cert=str(pair.cert), key=str(pair.key))
        async with collector(right) as etcd:
            assert (await etcd.health()).facts[0]["healthy"] is True
        async with collector(server.settings(ca=str(authority.cert))) as etcd:
            without = await etcd.health()
        async with collector(server.settings(cert=str(pair.cert), key=str(pair.key))) as etcd:
            untrusted = await etcd.health()
    assert [one.get("reason") for one in without.facts] in (["tls"], ["unhealthy"])
    assert without.gaps
    assert [one["reason"] for one in untrusted.facts] == ["tls"]
    assert "certificate" in untrusted.gaps[0].why


async def test_authentication(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("right\n")
    with etcd_server(tmp_path) as server:
        server.put("/secret/key", "text")
        server.etcdctl("user", "add", "root:right")
        server.etcdctl("user", "grant-role", "root", "root")
        server.etcdctl("auth", "enable")
        async with collector(server.settings()) as etcd:
            refused = await etcd.keys("/secret/key")
        async with collector(server.settings(user="root", password_file=str(password))) as etcd:
            allowed = await etcd.keys("/secret/key")
        password.write_text("wrong")
        async with collector(server.settings(user="root", password_file=str(password))) as etcd:
            wrong = await etcd.keys("/secret/key")
    assert refused.facts == [] and "credentials" in refused.gaps[0].why
    assert [one["value"] for one in allowed.facts] == ["text"]
    assert wrong.facts == [] and wrong.gaps


async def test_nobody_there(old: EtcdServer) -> None:
    async with collector(Etcd(endpoints=["http://127.0.0.1:1"])) as etcd:
        found = await etcd.health()
        keys = await etcd.keys("/registry")
    assert {one.kind: one.get("reason") or one.get("error") for one in found.facts} == {
        "etcd_endpoint": "refused",
        "reach": "refused",
    }
    assert len(keys.gaps) == 1


async def test_one_that_accepts_and_says_nothing() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, collector(Etcd(endpoints=[f"http://127.0.0.1:{port}"], timeout_s=0.3)) as etcd:
        found = await etcd.health()
    assert [one["reason"] for one in found.facts if one.kind == "etcd_endpoint"] == ["timeout"]


async def test_the_second_endpoint_answers_for_the_first(old: EtcdServer) -> None:
    async with collector(Etcd(endpoints=["http://127.0.0.1:1", old.url])) as etcd:
        facts: list[Fact] = (await etcd.keys("/registry")).facts
    assert view("/registry", facts).directory
