"""Every signal of every list has an entry, and what that entry claims to recognise it does recognise."""

from __future__ import annotations

import asyncio

import pytest

from bot.coverage import Coverage, load_lists, measure
from rules.knowledge import load

LISTS = load_lists()


@pytest.fixture(scope="module")
def coverage() -> dict[str, Coverage]:
    """All lists, measured by one engine."""
    return {each.name: each for each in asyncio.run(measure(load(), LISTS))}


@pytest.mark.parametrize("name", LISTS)
def test_every_fault_of_the_list_is_held_by_an_entry(coverage: dict[str, Coverage], name: str) -> None:
    assert (coverage[name].missing, coverage[name].unknown_claims) == ((), ())


@pytest.mark.parametrize(
    "name", [name for name, signals in LISTS.items() if any("seen" in s for s in signals.values())]
)
def test_every_text_of_the_list_is_recognised(coverage: dict[str, Coverage], name: str) -> None:
    assert coverage[name].unrecognised == ()


async def test_a_text_that_no_claiming_entry_recognises_is_told() -> None:
    knowledge = load()
    signals = {
        "exceeded-quota-requested-used-limited": {"fault": True, "text": "the quota is used up"},
        "failed-quota-must-specify": {
            "fault": True,
            "text": "no",
            "seen": "failed quota: mem: must specify limits.cpu",
        },
    }
    (measured,) = await measure(knowledge, {"apiserver-errors": signals})
    assert measured.unrecognised == ("exceeded-quota-requested-used-limited",)
