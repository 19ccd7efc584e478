"""Root first: consequences fold under their cause only where the facts link the two."""

from __future__ import annotations

import pytest

from rules.findings import Ranked
from rules.kinds import Fact, Source, fact
from rules.observations import Passage, Relation
from rules.rank import combine, profile_of
from rules.wording import with_consequences
from tests.rules.world import EMPTY, SILENT, event, pods_on, reason


async def ranked(*args: object, **kwargs: object) -> list[Ranked]:
    options = {key: kwargs.pop(key) for key in ("asked", "one_text") if key in kwargs}
    expert, _, reasoning = await reason(*args, **kwargs)  # type: ignore[arg-type]
    await expert.close()
    return reasoning.ranked(**options)  # type: ignore[arg-type]


async def test_a_dead_node_is_one_finding_that_explains_400_pods_and_their_service() -> None:
    facts, relations = pods_on("n1", 400)
    [root] = await ranked([SILENT, EMPTY, *facts], relations)
    assert root.finding.subject == "node n1"
    assert len(root.explains) == 401


async def test_a_node_explains_nothing_that_does_not_run_on_it() -> None:
    facts, relations = pods_on("n2", 1)
    roots = await ranked([SILENT, *facts], relations)
    assert {r.finding.subject for r in roots} == {"node n1", "pod shop/web-0"}
    assert all(not r.explains for r in roots)


async def test_a_precise_finding_takes_the_place_of_a_general_one_on_the_same_subject() -> None:
    facts, relations = pods_on("n2", 1)
    [root] = await ranked(facts, relations, [event('secret "db" not found', "shop/web-0")])
    assert (root.finding.id, [f.id for f in root.explains]) == ("secret-missing", ["pod-pending"])


async def test_a_general_finding_stays_on_another_subject() -> None:
    facts, relations = pods_on("n2", 2)
    roots = await ranked(facts, relations, [event('secret "db" not found', "shop/web-0")])
    assert {(r.finding.id, r.finding.subject) for r in roots} == {
        ("secret-missing", "pod shop/web-0"),
        ("pod-pending", "pod shop/web-1"),
    }


async def test_the_same_cause_on_pods_of_one_controller_is_one_finding_with_siblings() -> None:
    facts, relations = pods_on("n2", 5)
    [root] = await ranked(facts, relations)
    assert len(root.siblings) == 4


async def test_only_what_concerns_the_question_is_answered() -> None:
    facts, relations = pods_on("n2", 1)
    roots = await ranked([SILENT, *facts], relations, asked="pod shop/web-0")
    assert [r.finding.subject for r in roots] == ["pod shop/web-0"]


async def test_a_cause_above_the_question_is_part_of_the_answer() -> None:
    facts, relations = pods_on("n1", 3)
    [root] = await ranked([SILENT, *facts], relations, asked="pod shop/web-2")
    assert root.finding.id == "node-silent"


async def test_in_one_text_a_cause_without_subject_explains_the_object_that_the_text_shows() -> None:
    passages = [Passage('secret "db" not found', {"via": "paste"}, Source("paste", "line 9"))]
    [root] = await ranked([fact("pod", pod="web-0", phase="Pending")], (), passages, one_text=True)
    assert root.finding.id == "secret-missing"


async def test_in_one_text_one_pod_does_not_explain_another() -> None:
    facts = [fact("pod", pod="shop/a", phase="Pending"), fact("pod", pod="shop/b", phase="Pending")]
    roots = await ranked(facts, (), [event('secret "db" not found', "shop/a")], one_text=True)
    assert {r.finding.subject for r in roots} == {"pod shop/a", "pod shop/b"}


@pytest.mark.parametrize(
    ("shown", "roots"), [("docker", ["setting-unknown"]), ("etcd", ["setting-unknown", "unit-failed"])]
)
async def test_in_one_text_the_journal_of_a_host_explains_the_status_of_the_same_unit(
    shown: str, roots: list[str]
) -> None:
    journal = Passage("unknown setting x", {"via": "paste", "unit": "docker", "host": "n7"}, Source("paste", "line 9"))
    found = await ranked([fact("unit", unit=shown, active="failed")], (), [journal], one_text=True)
    assert [r.finding.id for r in found] == roots


async def test_a_command_says_on_which_host_it_is_run_unless_it_is_a_client_that_runs_anywhere() -> None:
    (root,) = await ranked([fact("node", Source("n"), node="n1", ready="Unknown", silent_s=300)])
    assert [(step.command, step.on) for step in root.finding.fix] == [("systemctl restart kubelet", "n1")]
    (root,) = await ranked([fact("pod", Source("p"), pod="shop/web-0", phase="Pending")])
    assert [step.on for step in root.finding.fix] == [""]


@pytest.mark.parametrize(
    ("tool", "programs"),
    [
        ("firewalld", ["firewall-cmd", "kubectl"]),
        ("nftables", ["iptables", "kubectl"]),
        (None, ["firewall-cmd", "iptables", "kubectl"]),
    ],
)
async def test_a_step_may_depend_on_a_fact_and_what_is_not_known_rules_nothing_out(
    tool: str | None, programs: list[str]
) -> None:
    (root,) = await ranked([fact("firewall", Source("f"), host="m1", port=6443, blocked=True, tool=tool)])
    assert [step.command.split()[0] for step in root.finding.fix] == [*programs, "nft"]
    assert {step.on for step in root.finding.fix if "kubectl" not in step.command} == {"m1"}


@pytest.mark.parametrize(("rule", "command"), [("FORWARD", "nft list chain FORWARD"), (None, "nft list ruleset")])
async def test_a_step_may_be_for_what_is_known_or_for_what_is_not(rule: str | None, command: str) -> None:
    (root,) = await ranked([fact("firewall", Source("f"), host="m1", port=6443, blocked=True, rule=rule)])
    assert [step.command for step in root.finding.fix if step.command.startswith("nft")] == [command]


async def test_what_a_pods_own_log_says_explains_the_pod_and_what_stands_below_it() -> None:
    facts, relations = pods_on("n2", 2)
    about = {"via": "log", "pod": "shop/web-0"}
    said = Passage("the server has received too many requests", about, Source("log"))
    [root] = await ranked([EMPTY, *facts], relations, [said], asked="pod shop/web-0")
    assert root.finding.id == "api-throttles"
    assert {f.subject for f in root.explains} == {"pod shop/web-0", "service shop/web"}


async def test_what_is_called_is_not_asked_about_its_callers() -> None:
    facts, relations = pods_on("n1", 1)
    called = Relation("service shop/redis", "pod shop/web-0", "is called by")
    redis = [
        Relation("pod shop/redis-0", "service shop/redis", "serves"),
        Relation("node n2", "pod shop/redis-0", "runs"),
    ]
    assert not await ranked([SILENT, *facts], [*relations, called, *redis], asked="pod shop/redis-0")
    [root] = await ranked([SILENT, *facts], [*relations, called, *redis], asked="pod shop/web-0")
    assert root.finding.subject == "node n1"


async def test_a_node_that_is_well_is_not_asked_about_applications_on_it() -> None:
    facts, relations = pods_on("n2", 1)
    secret = event('secret "db" not found', "shop/web-0")
    assert not await ranked(facts, relations, [secret], asked="node n2")
    agent = [Relation("pod shop/web-0", "daemonset shop/web", "makes up")]
    [root] = await ranked(facts, [*relations, *agent], [secret], asked="node n2")
    assert root.finding.id == "secret-missing"


def test_what_many_have_in_common_is_said_once() -> None:
    evicted = [({"en": "Evicted", "ja": "退避"}, f"pod shop/{name}") for name in ("a", "b", "c")]
    others = [({"en": f"{name} is down", "ja": f"{name} が停止"}, f"service shop/{name}") for name in ("web", "api")]
    cause = with_consequences({"en": "It is full.", "ja": "満杯です。"}, [*evicted, *others])
    assert cause["en"] == "It is full. Therefore: Evicted (pod shop/a and 2 more); web is down; and 1 more."
    assert cause["ja"] == "満杯です。 その結果: 退避 (pod shop/a ほか 2 件); web が停止; ほか 1 件。"


async def test_the_fingerprint_is_the_same_from_day_to_day() -> None:
    facts, relations = pods_on("n1", 3)
    later = fact("node", node="n1", ready="Unknown", silent_s=90_000)
    [today] = await ranked([SILENT, *facts], relations)
    [tomorrow] = await ranked([later, *facts], relations)
    assert today.finding.fingerprint("prod") == tomorrow.finding.fingerprint("prod")
    assert today.finding.fingerprint("prod") != today.finding.fingerprint("stage")


async def test_causes_that_explain_each_other_leave_one_root() -> None:
    cycle = [Relation("service shop/web", "node n1", "serves"), Relation("node n1", "service shop/web", "runs")]
    roots = await ranked([SILENT, EMPTY], cycle)
    assert [r.finding.id for r in roots] == ["node-silent"]


@pytest.mark.parametrize(("certainties", "expected"), [([], 0), ([0.9], 0.9), ([0.5, 0.5], 0.75)])
def test_certainty_of_independent_routes(certainties: list[float], expected: float) -> None:
    assert combine(certainties) == pytest.approx(expected)


def test_a_cluster_of_2015_runs_docker_and_units_unless_a_fact_says_otherwise() -> None:
    assert profile_of([fact("cluster", era="2015")])["control_plane"] == "units"
    assert profile_of([fact("cluster", era="2015", runtime="containerd")])["runtime"] == "containerd"
    assert profile_of([])["runtime"] == "containerd"


def _workload(namespace: str, name: str) -> tuple[Fact, list[Relation]]:
    """A Pod that lacks a Secret, below its Deployment."""
    pod = fact("pod", Source("pods"), pod=f"{namespace}/{name}-0", workload=f"deployment {namespace}/{name}")
    return pod, [Relation(f"pod {namespace}/{name}-0", f"deployment {namespace}/{name}", "makes up")]


async def test_of_two_roots_the_nearer_to_what_was_asked_about_comes_first() -> None:
    own, below = _workload("shop", "web")
    called, others = _workload("shop", "db")
    through = [Relation("pod shop/db-0", "service shop/db", "backs"), Relation("service shop/db", "pod shop/web-0", "is called by")]  # fmt: skip
    roots = await ranked(
        [own, called],
        [*below, *others, *through],
        [event('secret "db" not found', "shop/db-0"), event('secret "web" not found', "shop/web-0")],
        asked="deployment shop/web",
    )
    assert [r.finding.subject for r in roots] == ["pod shop/web-0", "pod shop/db-0"]


async def test_what_a_finding_leads_to_is_of_interest_too() -> None:
    pod, relations = _workload("shop", "web")
    empty = fact(
        "service", Source("services"), service="shop/front", endpoints=0, nearest_workload="deployment shop/web"
    )
    said = [event('secret "web" not found', "shop/web-0")]
    roots = await ranked([pod, empty], relations, said, asked="service shop/front")
    assert [r.finding.subject for r in roots] == ["service shop/front", "pod shop/web-0"]
    alone = fact("service", Source("services"), service="shop/front", endpoints=0)
    roots = await ranked([pod, alone], relations, said, asked="service shop/front")
    assert [r.finding.subject for r in roots] == ["service shop/front"]


async def test_what_reaches_into_other_namespaces_comes_before_what_harms_itself() -> None:
    facts, relations = pods_on("n1", 1)
    own, below = _workload("pay", "billing")
    roots = await ranked([SILENT, *facts, own], [*relations, *below], [event('secret "x" not found', "pay/billing-0")])
    assert [r.finding.subject for r in roots] == ["node n1", "pod pay/billing-0"]
