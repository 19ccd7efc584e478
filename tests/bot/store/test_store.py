"""The same on SQLite and PostgreSQL: nothing is lost, nothing is claimed twice, nothing secret is kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, func, select, text

from bot.store import Diagnosis, Found, Health, Job, Mute, Schedule, Store
from bot.store.jobs import STALE_S
from bot.store.schedules import STALE_RUN_S
from bot.store.tables import METADATA, jobs
from rules.errors import KdiagError
from rules.kinds import Fact, Source
from rules.observations import Gap, Observations, Passage, Relation
from tests.bot.store.conftest import Clock

FOUND = Found(
    "0123456789ab", "secret-missing", "pod shop/web-0", "critical", {"en": "A Secret is missing", "ja": "不足"}
)
DIAGNOSIS = Diagnosis(
    cluster="prod",
    kind="pod",
    name="web",
    asked="pod shop/web-0",
    user_id="U1",
    lang="en",
    channel="C1",
    thread_ts="",
    message_ts="10.1",
    findings=(FOUND,),
)
SCHEDULE = Schedule("prod", "C1", "0 9 * * *", "UTC", "09:00", "U1", "en", next_at=1_750_000_000.0)
OBSERVATIONS = Observations(
    facts=[Fact("pod", {"pod": "shop/web-0", "restarts": 3, "ready": False}, Source("pods", "line 3", "web-0 0/1"))],
    passages=[Passage("Error: x", {"via": "event"}, Source("events"))],
    relations=[Relation("node n1", "pod shop/web-0", "runs")],
    gaps=[Gap("logs", "not recorded", "kubectl logs web-0")],
)


async def test_the_migrations_make_what_the_tables_say(store: Store) -> None:
    def difference(connection: Connection) -> list[Any]:
        return compare_metadata(MigrationContext.configure(connection), METADATA)

    async with store.database.engine.connect() as connection:
        assert await connection.run_sync(difference) == []


async def test_several_replicas_may_start_at_the_same_time(storage: str) -> None:
    stores = [Store(storage) for _ in range(3)]
    await asyncio.gather(*(one.start() for one in stores))
    for one in stores:
        await one.start()
        await one.close()


async def test_a_diagnosis_comes_back_with_what_it_rests_on(store: Store) -> None:
    kept = await store.diagnoses.add(DIAGNOSIS, OBSERVATIONS)
    assert await store.diagnoses.get(kept.id) == kept
    assert await store.diagnoses.of_thread("C1", "10.1") == kept
    assert await store.diagnoses.of_thread("C2", "10.1") is None
    assert await store.diagnoses.last("U1", "C1") == kept
    assert await store.diagnoses.recent("U1", 5) == [kept]
    assert await store.diagnoses.open_with(FOUND.fingerprint, "C1", 0) == [kept]
    observations = await store.diagnoses.observations(kept.id)
    assert observations == ("pod shop/web-0", OBSERVATIONS)


async def test_the_same_findings_elsewhere_are_found_within_the_window(store: Store, clock: Clock) -> None:
    kept = await store.diagnoses.add(DIAGNOSIS, OBSERVATIONS)
    assert await store.diagnoses.same("C1", kept.signature, clock.now - 60, "99.9") == kept
    assert await store.diagnoses.same("C1", kept.signature, clock.now + 1, "99.9") is None
    assert await store.diagnoses.same("C2", kept.signature, 0, "99.9") is None
    assert await store.diagnoses.same("C1", "other", 0, "99.9") is None


async def test_parts_of_a_thread_are_kept_in_order_changed_and_dropped(store: Store) -> None:
    for ts, words in (("2.0", "second"), ("1.0", "first"), ("3.0", "third")):
        await store.diagnoses.put_part("C1", ts, "1.0", words)
    await store.diagnoses.put_part("C1", "2.0", "1.0", "changed\0")
    await store.diagnoses.drop_part("C1", "3.0")
    assert await store.diagnoses.texts("C1", "1.0") == ["first", "changed\ufffd"]
    assert await store.diagnoses.has_part("C1", "2.0") and not await store.diagnoses.has_part("C1", "3.0")


async def test_secrets_are_masked_in_every_table(store: Store) -> None:
    secret = "Zq8x8Kp3vLw7Rt9Yb2"
    said = f"password: {secret}"
    kept = await store.diagnoses.add(
        replace(DIAGNOSIS, name=said, asked=said, findings=(replace(FOUND, subject=said, title={"en": said}),)),
        Observations(facts=[Fact("symptom", {"is": said, "via": "paste"}, Source(said, said, said))]),
    )
    await store.diagnoses.put_part("C1", "1.0", "1.0", said)
    await store.jobs.take(Job("paste", {"text": said, "deep": [{"x": said}]}))
    await store.mutes.add(Mute("", "x", said, "U1", store.now + 60))
    dumped = ""
    async with store.database.engine.connect() as connection:
        for table in METADATA.sorted_tables:
            rows = await connection.execute(select(table))
            dumped += "".join(repr(tuple(row)) for row in rows)
    dumped += repr(await store.diagnoses.observations(kept.id))
    assert secret not in dumped


async def test_an_event_is_taken_by_one_of_several(store: Store, replica: Store) -> None:
    taken = await asyncio.gather(
        *(one.jobs.take(Job("paste", {}), "C1 1.0") for one in (store, replica) for _ in range(5))
    )
    assert sorted(taken) == [False] * 9 + [True]
    async with store.database.engine.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(jobs)) == 1


async def test_abandoned_jobs_are_taken_over_once(store: Store, replica: Store, clock: Clock) -> None:
    job, other = Job("ask", {"text": "x"}), Job("ask", {})
    await store.jobs.take(job)
    await store.jobs.take(other)
    clock.now += STALE_S + 1
    await store.jobs.beat([other.id])
    taken = await asyncio.gather(replica.jobs.abandoned(), replica.jobs.abandoned())
    assert [(one.id, one.attempts, one.payload) for some in taken for one in some] == [(job.id, 2, {"text": "x"})]
    await store.jobs.give_up([other.id])
    assert [one.id for one in await replica.jobs.abandoned()] == [other.id]
    await replica.jobs.done(job)
    await replica.jobs.done(other)
    clock.now += STALE_S + 1
    assert await store.jobs.abandoned() == []


async def test_a_due_run_is_claimed_by_one_of_several(store: Store, replica: Store, clock: Clock) -> None:
    made = await store.schedules.add(SCHEDULE)
    clock.now += 60
    due = await store.schedules.due()
    assert due == [made]
    claims = await asyncio.gather(
        *(one.schedules.claim(made, clock.now + 3600) for one in (store, replica) for _ in range(4))
    )
    assert len([one for one in claims if one is not None]) == 1
    assert await store.schedules.due() == []


async def test_a_run_that_was_left_is_taken_over_and_its_first_owner_can_no_longer_post(
    store: Store, replica: Store, clock: Clock
) -> None:
    made = await store.schedules.add(SCHEDULE)
    run = await store.schedules.claim(made, clock.now + 3600)
    assert run is not None
    assert await replica.schedules.left() == []
    clock.now += STALE_RUN_S + 1
    assert [one.key for one in await replica.schedules.left()] == [run.key]
    assert not await store.schedules.mark(run, "posting", findings=())
    assert await replica.schedules.mark(run, "posting", findings=[FOUND], gaps=["logs"])
    assert await replica.schedules.mark(run, "posted", message_ts="5.5")
    posted = (await store.schedules.posted(made.id, 1))[0]
    assert (posted.message_ts, posted.findings, posted.gaps) == ("5.5", (FOUND,), frozenset({"logs"}))


async def test_schedules_pause_and_go(store: Store, clock: Clock) -> None:
    made = await store.schedules.add(SCHEDULE)
    await store.schedules.pause(made.id, True, clock.now - 1)
    assert await store.schedules.due() == []
    await store.schedules.claim(made, clock.now + 5)
    await store.schedules.delete(made.id)
    assert await store.schedules.every() == [] and await store.schedules.get(made.id) is None


async def test_mutes_end(store: Store, clock: Clock) -> None:
    mute = await store.mutes.add(Mute("", "secret-missing", "shop/web-0", "U1", clock.now + 60))
    assert await store.mutes.active() == [mute]
    assert mute.covers("any", FOUND) and not mute.covers("any", replace(FOUND, subject="pod shop/web-1"))
    assert replace(mute, subject="", entry=FOUND.fingerprint).covers("prod", FOUND)
    assert not replace(mute, cluster="test").covers("prod", FOUND)
    clock.now += 61
    assert await store.mutes.active() == []


async def test_a_second_verdict_replaces_the_first(store: Store) -> None:
    await store.feedback.give("d1", "U1", "secret-missing", True)
    await store.feedback.give("d1", "U1", "secret-missing", False)
    await store.feedback.give("d2", "U1", "secret-missing", True)
    await store.feedback.give("d3", "U1", "", True)
    assert [(t.entry, t.helpful, t.not_helpful) for t in await store.feedback.tallies()] == [
        ("secret-missing", 1, 1),
        ("", 1, 0),
    ]


async def test_what_is_old_is_forgotten_and_the_rest_stays(store: Store, clock: Clock) -> None:
    old = await store.diagnoses.add(DIAGNOSIS, OBSERVATIONS)
    await store.diagnoses.put_part("C1", "1.0", "1.0", "old")
    await store.schedules.saw(Health("prod", clock.now, 1, 2, 3, 4))
    await store.jobs.first_sight("Ev1")
    clock.now += 31 * 86400
    new = await store.diagnoses.add(replace(DIAGNOSIS, message_ts="20.1"), OBSERVATIONS)
    await store.forget(30)
    assert await store.diagnoses.get(old.id) is None and await store.diagnoses.get(new.id) == new
    assert await store.diagnoses.texts("C1", "1.0") == []
    assert await store.schedules.healths("prod", 0) == []
    assert await store.jobs.first_sight("Ev1")


async def test_healths_come_back_in_order(store: Store) -> None:
    for at in (30.0, 10.0, 20.0):
        await store.schedules.saw(Health("prod", at, 1, 0, 0, 0))
    assert [one.at for one in await store.schedules.healths("prod", 15)] == [20.0, 30.0]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://x/y", "not supported"),
        ("nonsense", "no URL"),
        ("sqlite:////proc/nothing/here.db", "cannot"),
        ("postgresql://nobody:hunter2hunter2@127.0.0.1:1/x", "cannot be used"),
    ],
)
async def test_a_database_that_cannot_be_used_is_said_in_one_line_without_its_password(url: str, said: str) -> None:
    with pytest.raises(KdiagError, match=said) as raised:
        store = Store(url)
        try:
            await store.start()
        finally:
            await store.close()
    assert "hunter2" not in str(raised.value) and "\n" not in str(raised.value)


async def test_answers_while_another_writes(store: Store) -> None:
    async with store.database.engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
        await store.jobs.take(Job("ask", {}))
