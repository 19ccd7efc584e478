"""Summaries: made by command, posted once, with what is new, still there and healed; mutes; App Home."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.slack.serve import Bot
from bot.workspace import Workspace
from bot.workspace.state import Message
from tests.e2e.conftest import StartBot
from tests.e2e.reading import actions, answered, everything, shown
from tests.e2e.recording import write
from tests.e2e.test_commands import in_channel, privately


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    return write(tmp_path / "cluster", {"web-0": "db-password", "cart-0": ""})


@pytest.fixture
async def bot(start_bot: StartBot, cluster: Path) -> Bot:
    return await start_bot(dump=cluster)


async def schedule(ws: Workspace, words: str = "09:00 weekdays") -> str:
    said = shown(await privately(ws, f"/kdiag schedule {words}"))
    return said.split("`")[1]


async def run(ws: Workspace, bot: Bot, id_: str, late_s: float = 1.0) -> Message | None:
    """Make the schedule due, and let the bot look; what it posted."""
    before = {m["ts"] for m in ws.messages("ops")}
    schedule = await bot.desk.store.schedules.get(id_)
    assert schedule is not None
    await bot.desk.store.schedules.pause(id_, schedule.paused, bot.desk.store.now - late_s)
    await bot.runner.look()
    posted = [m for m in ws.messages("ops") if m["ts"] not in before]
    assert len(posted) <= 1
    return posted[0] if posted else None


async def test_a_schedule_is_made_listed_paused_resumed_and_deleted(ws: Workspace, bot: Bot) -> None:
    id_ = await schedule(ws, "09:00 weekdays #ops recorded Asia/Tokyo")
    announced = ws.messages("ops")[0]
    assert "Asia/Tokyo" in shown(announced) and "<!date^" in shown(announced)
    assert id_ in shown(await privately(ws, "/kdiag schedule list"))
    assert "paused" in shown(await privately(ws, f"/kdiag schedule pause {id_}"))
    assert await run(ws, bot, id_) is None
    assert "runs again" in shown(await privately(ws, f"/kdiag schedule resume {id_}"))
    assert await run(ws, bot, id_) is not None
    assert "deleted" in shown(await privately(ws, f"/kdiag schedule delete {id_}"))
    assert "no schedules" in shown(await privately(ws, "/kdiag schedule"))


async def test_the_time_zone_is_that_of_the_person(ws: Workspace, bot: Bot) -> None:
    assert "Europe/Oslo" in shown(await privately(ws, "/kdiag schedule 09:00"))
    assert "Asia/Tokyo" in shown(await privately(ws, "/kdiag schedule 09:00 平日", user="kenji"))


async def test_a_channel_without_the_bot_is_refused_at_once(ws: Workspace, bot: Bot) -> None:
    assert "invite me" in shown(await privately(ws, "/kdiag schedule 09:00 #general"))
    assert await bot.desk.store.schedules.every() == []


async def test_new_still_and_healed_and_the_earlier_messages_turn_green(ws: Workspace, bot: Bot, cluster: Path) -> None:
    asked = await in_channel(ws, "/kdiag summary")
    id_ = await schedule(ws)
    first = await run(ws, bot, id_)
    assert first is not None
    assert "*new*" in shown(first) and "web-0" in shown(first) and actions(first) == ["why", "evidence"]
    write(cluster, {"web-0": "db-password", "cart-0": "smtp-token"})
    second = await run(ws, bot, id_)
    assert second is not None
    assert "*new*" in shown(second).partition("*still there*")[0]
    assert "cart-0" in shown(second).partition("*still there*")[0]
    assert "web-0" in shown(second).partition("*still there*")[2]
    write(cluster, {"web-0": "", "cart-0": "smtp-token"})
    third = await run(ws, bot, id_)
    assert third is not None and "*healed*" in shown(third) and "web-0" in shown(third)
    by_ts = {m["ts"]: m for m in ws.messages("ops")}
    for ts in (asked["ts"], first["ts"]):  # all that they named has healed
        assert shown(by_ts[ts]).startswith(":large_green_circle:")
        assert ":red_circle:" not in shown(by_ts[ts])
        assert "Healed since" in by_ts[ts]["text"]
    assert "Healed since" in shown(by_ts[second["ts"]])
    write(cluster, {"web-0": "", "cart-0": ""})
    assert await run(ws, bot, id_) is not None
    last = await run(ws, bot, id_)
    assert last is not None and len(last["blocks"]) == 1 and "all is well" in shown(last)


async def test_a_picture_of_the_last_days_goes_with_it(ws: Workspace, bot: Bot) -> None:
    posted = await run(ws, bot, await schedule(ws))
    assert posted is not None
    thread = ws.thread("ops", posted["ts"])[1:]
    pictures = [file for message in thread for file in message.get("files", ())]
    assert [file["mimetype"] for file in pictures] == ["image/png"]
    assert ws.state.files[pictures[0]["id"]].content.startswith(b"\x89PNG")


async def test_why_works_on_a_summary(ws: Workspace, bot: Bot) -> None:
    posted = await run(ws, bot, await schedule(ws))
    assert posted is not None
    await ws.click("ops", "omar", posted["ts"], "why")
    await ws.wait_for(lambda: any("Chain of evidence" in shown(m) for m in ws.thread("ops", posted["ts"])))


async def test_what_cannot_be_checked_is_said_and_nothing_is_called_healed(
    ws: Workspace, bot: Bot, cluster: Path
) -> None:
    id_ = await schedule(ws)
    await run(ws, bot, id_)
    (cluster / "shop" / "pods.json").write_text("{half")
    posted = await run(ws, bot, id_)
    assert posted is not None
    assert "no longer seen" in shown(posted) and "*healed*" not in shown(posted)
    write(cluster, {"web-0": "db-password"})
    again = await run(ws, bot, id_)
    assert again is not None and "*still there*" in shown(again) and "*new*" not in shown(again)


async def test_after_downtime_one_summary_stands_for_all(ws: Workspace, bot: Bot) -> None:
    id_ = await schedule(ws, "*/30 * * * *")
    posted = await run(ws, bot, id_, late_s=12 * 3600)
    assert posted is not None and "not running" in shown(posted)
    before = len(ws.messages("ops"))
    await bot.runner.look()
    assert len(ws.messages("ops")) == before


async def test_of_several_replicas_one_posts(ws: Workspace, bot: Bot, start_bot: StartBot, cluster: Path) -> None:
    others = [await start_bot(dump=cluster) for _ in range(2)]
    id_ = await schedule(ws)
    before = len(ws.messages("ops"))
    await bot.desk.store.schedules.pause(id_, False, bot.desk.store.now - 1)
    await asyncio.gather(*(one.runner.look() for one in (bot, *others)))
    assert len(ws.messages("ops")) == before + 1


@pytest.mark.parametrize("posted", [True, False])
async def test_a_run_left_in_the_middle_of_posting_is_not_doubled(ws: Workspace, bot: Bot, posted: bool) -> None:
    id_ = await schedule(ws)
    store = bot.desk.store
    await store.schedules.pause(id_, False, round(store.now) - 1)
    due = await store.schedules.get(id_)
    assert due is not None
    run_ = await store.schedules.claim(due, store.now + 3600)
    assert run_ is not None
    await store.schedules.mark(run_, "posting", findings=(), gaps=())
    before = len(ws.messages("ops"))
    if posted:  # the process died between Slack's answer and its note of it
        metadata = {"event_type": "kdiag_summary", "event_payload": {"run": run_.key}}
        await bot.desk.messenger.post(run_.channel, {"text": "summary"}, metadata=metadata)
    clock = store.database.clock
    store.database.clock = lambda: clock() + 300
    await bot.runner.look()
    assert len(ws.messages("ops")) == before + 1
    assert [one.state for one in await store.schedules.posted(id_, 5)] == ["posted"]


async def test_mutes_have_an_owner_and_an_end(ws: Workspace, bot: Bot) -> None:
    id_ = await schedule(ws)
    said = shown(await privately(ws, "/kdiag mute secret-missing for 2h", user="omar"))
    assert "secret-missing" in said and f"<@{ws.state.user('omar').id}>" in said
    quiet = await run(ws, bot, id_)
    assert quiet is not None and "all is well" in shown(quiet) and "1 muted" in shown(quiet)
    mute = (await bot.desk.store.mutes.active())[0]
    assert mute.id in shown(await privately(ws, "/kdiag mutes"))
    assert "no longer muted" in shown(await privately(ws, f"/kdiag unmute {mute.id}"))
    await bot.desk.store.mutes.add(replace(mute, until=bot.desk.store.now - 1))
    loud = await run(ws, bot, id_)
    assert loud is not None and "web-0" in shown(loud)


async def test_a_channel_that_refuses_fails_the_run_and_tells_the_admins(
    ws: Workspace, start_bot: StartBot, cluster: Path
) -> None:
    bot = await start_bot(dump=cluster, chat={"admin_channel": ws.state.channel("shop").id})
    id_ = await schedule(ws)
    ws.archive("ops")
    assert await run(ws, bot, id_) is None
    assert any("is_archived" in shown(m) for m in ws.messages("shop"))


async def test_a_cluster_that_cannot_be_asked_is_said(ws: Workspace, bot: Bot, cluster: Path) -> None:
    id_ = await schedule(ws)
    for file in ("nodes.json", "shop/pods.json", "shop/events.json"):
        (cluster / file).unlink()
    posted = await run(ws, bot, id_)
    assert posted is not None and "could not be made" in shown(posted)


async def test_check_again_updates_the_answer_with_what_changed(ws: Workspace, bot: Bot, cluster: Path) -> None:
    answer = await in_channel(ws, "/kdiag summary")
    write(cluster, {"web-0": "", "cart-0": "smtp-token"})
    await ws.click("ops", "omar", answer["ts"], "again")
    again = await ws.wait_for(lambda: next((m for m in ws.messages("ops") if "Checked again" in shown(m)), None))
    assert again["ts"] == answer["ts"]
    assert "healed" in shown(again) and "web-0" in shown(again) and "smtp-token" in shown(again)
    await ws.click("ops", "omar", answer["ts"], "again")
    await ws.wait_for(lambda: any("nothing has changed" in shown(m) for m in ws.messages("ops")))


async def test_feedback_is_counted_once_for_each_person(ws: Workspace, bot: Bot) -> None:
    answer = await in_channel(ws, "/kdiag summary")
    for action in ("helpful", "not-helpful"):
        before = len(ws.ephemerals("ops", "omar"))
        await ws.click("ops", "omar", answer["ts"], action)
        await ws.wait_for(lambda n=before: ws.ephemerals("ops", "omar")[n:])
    await ws.click("ops", "anna", answer["ts"], "helpful")
    await ws.wait_for(lambda: ws.ephemerals("ops", "anna"))
    tally = (await bot.desk.store.feedback.tallies())[0]
    assert (tally.entry, tally.helpful, tally.not_helpful) == ("secret-missing", 1, 1)


async def test_home_shows_clusters_schedules_questions_and_mutes(ws: Workspace, bot: Bot) -> None:
    await in_channel(ws, "/kdiag summary")
    id_ = await schedule(ws)
    await privately(ws, "/kdiag mute secret-missing for 2h")
    ws.open_home("anna")
    home = await ws.wait_for(lambda: ws.home("anna"))
    for said in ("recorded", "1 critical", id_, "web-0", "secret-missing"):
        assert said in everything(home)
    await ws.click_view("anna", home["id"], "home-check")
    direct = await ws.wait_for(lambda: next(filter(answered, ws.messages("@anna")), None))
    assert "db-password" in shown(direct)
    ws.open_home("kenji")
    assert "クラスタ" in everything(await ws.wait_for(lambda: ws.home("kenji")))
