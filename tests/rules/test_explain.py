"""Why, why not and what if."""

from __future__ import annotations

from rules.explain import Explanation, explain
from tests.rules.world import EMPTY, SILENT, event, pods_on, reason


async def explanation(finding_id: str, *args: object) -> Explanation:
    expert, observations, reasoning = await reason(*args)  # type: ignore[arg-type]
    finding = next(f for f in reasoning.findings if f.id == finding_id)
    result = await explain(expert, observations, reasoning, finding)
    await expert.close()
    return result


async def test_the_chain_goes_down_to_the_raw_line() -> None:
    found = await explanation("secret-missing", (), (), [event('Error: secret "db" not found', "shop/web-0")])
    [link] = found.chain
    assert link.rule == "signature secret-missing"
    assert link.fact.source.text == 'Error: secret "db" not found'


async def test_what_the_cause_explains_would_vanish_with_it() -> None:
    facts, relations = pods_on("n1", 2)
    found = await explanation("node-silent", [SILENT, EMPTY, *facts], relations)
    assert {(f.id, f.subject) for f in found.vanish} == {
        ("pod-pending", "pod shop/web-0"),
        ("pod-pending", "pod shop/web-1"),
        ("service-empty", "service shop/web"),
    }


async def test_what_has_a_second_cause_would_stay() -> None:
    facts, relations = pods_on("n1", 1)
    passages = [event('secret "db" not found', "shop/web-0")]
    found = await explanation("node-silent", [SILENT, *facts], relations, passages)
    assert ("pod-pending", "pod shop/web-0") not in {(f.id, f.subject) for f in found.vanish}


async def test_a_rival_says_which_condition_is_missing() -> None:
    found = await explanation("secret-missing", (), (), [event('secret "db" not found', "shop/web-0")])
    assert (found.rivals[0].id, found.rivals[0].missing) == ("registry-down", "no text says so")


async def test_a_rival_says_what_was_seen_in_place_of_what_it_needs() -> None:
    facts, relations = pods_on("n1", 1)
    ready = SILENT.__class__("node", {"node": "n2", "ready": "True"}, SILENT.source)
    found = await explanation("pod-pending", [ready, *facts], relations)
    assert ("node-silent", "node.ready is True, not == Unknown") in [(r.id, r.missing) for r in found.rivals]
