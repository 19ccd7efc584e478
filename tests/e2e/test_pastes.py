"""What people write: pasted errors, files, edits, replies, mentions, direct messages, the shortcut."""

from __future__ import annotations

import pytest

from bot.demo import PASTE, RECORDING
from bot.slack.serve import Bot
from bot.workspace import Workspace
from bot.workspace.state import Message
from tests.e2e.conftest import StartBot
from tests.e2e.reading import answered, eventually, shown

SECRET = 'Warning  Failed  3s  kubelet  Error: secret "smtp-token" not found'
IMAGE = (
    'Failed to pull image "registry.example.com/web:9": rpc error: code = NotFound desc = failed to pull and unpack '
    'image "registry.example.com/web:9": failed to resolve reference "registry.example.com/web:9": '
    "registry.example.com/web:9: not found"
)
KUBELET_LOG = (RECORDING / "hosts" / "node-2" / "journalctl-kubelet.txt").read_text()


async def answer_in(ws: Workspace, channel: str, ts: str, number: int = 1) -> Message:
    """The n-th answer in a thread."""
    return await ws.wait_for(lambda: (list(filter(answered, ws.thread(channel, ts))) + [None] * number)[number - 1])


async def test_the_demos_paste_is_answered_in_its_thread(ws: Workspace, bot: Bot) -> None:
    asked = ws.say("shop", "anna", PASTE)
    answer = await answer_in(ws, "shop", asked["ts"])
    assert answer["thread_ts"] == asked["ts"] and "smtp-token" in shown(answer)


@pytest.mark.parametrize("name", ["kubelet.log", "kubelet.txt", "out.yaml"])
async def test_files_are_read_with_the_bots_token(ws: Workspace, bot: Bot, name: str) -> None:
    asked = ws.say("shop", "anna", "what does it want?", files={name: KUBELET_LOG})
    assert "swap" in shown(await answer_in(ws, "shop", asked["ts"])).lower()


async def test_a_long_paste_that_slack_made_a_snippet_is_read(ws: Workspace, bot: Bot) -> None:
    noise = "".join(f"I0610 12:00:00.{n:06d} 1 reflector.go:359] Caches populated\n" for n in range(400))
    asked = ws.say("shop", "anna", noise + SECRET + "\n" + noise)
    assert "smtp-token" in shown(await answer_in(ws, "shop", asked["ts"]))


async def test_what_is_no_text_is_passed_over_and_named_when_asked(ws: Workspace, bot: Bot) -> None:
    ws.say("shop", "anna", "", files={"photo.png": b"\x89PNG\r\n\x1a\n\0\0"})
    asked = ws.say("shop", "anna", "@kdiag look", files={"photo.png": b"\x89PNG\r\n\x1a\n\0\0"})
    answer = await answer_in(ws, "shop", asked["ts"])
    assert "photo.png" in shown(answer)
    assert len(ws.messages("shop")) == 2


async def test_an_edit_updates_the_answer_where_it_stands(ws: Workspace, bot: Bot) -> None:
    asked = ws.say("ops", "anna", SECRET)
    answer = await answer_in(ws, "ops", asked["ts"])
    ws.edit("ops", "anna", asked["ts"], SECRET.replace("smtp-token", "db-password"))
    await ws.wait_for(lambda: "db-password" in shown(ws.thread("ops", asked["ts"])[1]))
    ws.edit("ops", "anna", asked["ts"], "never mind")
    await ws.wait_for(lambda: "nothing wrong" in shown(ws.thread("ops", asked["ts"])[1]))
    assert [m["ts"] for m in ws.thread("ops", asked["ts"])[1:]] == [answer["ts"]]


async def test_an_edit_that_adds_the_error_is_answered(ws: Workspace, bot: Bot) -> None:
    asked = ws.say("ops", "anna", "it does not start, wait")
    ws.edit("ops", "anna", asked["ts"], SECRET)
    assert "smtp-token" in shown(await answer_in(ws, "ops", asked["ts"]))


async def test_replies_add_facts_and_talk_in_the_thread_gets_no_answer(ws: Workspace, bot: Bot) -> None:
    asked = ws.say("ops", "anna", SECRET)
    await answer_in(ws, "ops", asked["ts"])
    ws.say("ops", "omar", "oh, I know who deleted that", thread_ts=asked["ts"])
    ws.say("ops", "omar", f"also:\n{IMAGE}", thread_ts=asked["ts"])
    second = await answer_in(ws, "ops", asked["ts"], 2)
    assert "registry.example.com/web:9" in shown(second) and "smtp-token" in shown(second)
    ws.say("ops", "omar", SECRET, thread_ts=asked["ts"])
    await ws.wait_for(lambda: "does not change" in shown(ws.thread("ops", asked["ts"])[-1]))
    assert len([m for m in ws.thread("ops", asked["ts"]) if m["user"] == bot.desk.bot_user]) == 3


async def test_a_reply_to_a_question_about_the_cluster_is_joined_with_it(ws: Workspace, bot: Bot) -> None:
    await ws.command("ops", "anna", "/kdiag service shop/cart")
    answer = await ws.wait_for(lambda: next(filter(answered, ws.messages("ops")), None))
    ws.say("ops", "omar", IMAGE, thread_ts=answer["ts"])
    reply = await ws.wait_for(lambda: ws.thread("ops", answer["ts"])[2:])
    assert "registry.example.com/web:9" in shown(reply[0]) or "does not change" in shown(reply[0])


async def test_the_same_again_within_a_while_is_one_line_that_points_to_the_thread(ws: Workspace, bot: Bot) -> None:
    first = ws.say("ops", "anna", SECRET)
    answer = await answer_in(ws, "ops", first["ts"])
    again = ws.say("ops", "omar", f"anyone else?\n{SECRET}")
    line = (await ws.wait_for(lambda: ws.thread("ops", again["ts"])[1:]))[0]
    assert len(line["blocks"]) == 1 and not answered(line)
    assert answer["ts"].replace(".", "") in shown(line)
    elsewhere = ws.say("shop", "omar", SECRET)
    await answer_in(ws, "shop", elsewhere["ts"])


async def test_the_same_at_the_same_time_is_answered_once(ws: Workspace, bot: Bot) -> None:
    asked = [ws.say("ops", "anna", SECRET) for _ in range(4)]
    await ws.wait_for(lambda: all(ws.thread("ops", one["ts"])[1:] for one in asked))
    assert sum(answered(ws.thread("ops", one["ts"])[1]) for one in asked) == 1


async def test_asked_by_name_it_always_answers_once(ws: Workspace, bot: Bot) -> None:
    asked = ws.say("ops", "anna", "@kdiag what is wrong with the moon?")
    answer = await answer_in(ws, "ops", asked["ts"])
    assert "do not know" in shown(answer)
    direct = ws.say("@anna", "anna", "hm")
    await answer_in(ws, "@anna", direct["ts"])
    known = ws.say("ops", "anna", f"@kdiag {SECRET}")
    await answer_in(ws, "ops", known["ts"])
    empty = ws.say("ops", "anna", "@kdiag")
    await ws.wait_for(lambda: "Paste an error" in shown(ws.thread("ops", empty["ts"])[-1]))
    assert [len(ws.thread("ops", one["ts"])) for one in (asked, known, empty)] == [2, 2, 2]


async def test_called_into_a_thread_it_reads_what_is_there(ws: Workspace, bot: Bot) -> None:
    opened = ws.say("general", "anna", f"hm\n{SECRET}")
    ws.invite("general")
    ws.say("general", "omar", "@kdiag can you help?", thread_ts=opened["ts"])
    assert "smtp-token" in shown(await answer_in(ws, "general", opened["ts"]))


async def test_diagnose_this_answers_on_any_message(ws: Workspace, bot: Bot) -> None:
    opened = ws.say("general", "anna", SECRET)
    ws.invite("general")
    await ws.shortcut("general", "omar", opened["ts"], "diagnose_message")
    assert "smtp-token" in shown(await answer_in(ws, "general", opened["ts"]))


async def test_diagnose_this_where_the_bot_is_no_member_answers_the_person(ws: Workspace, bot: Bot) -> None:
    opened = ws.say("general", "anna", SECRET)
    await ws.shortcut("general", "omar", opened["ts"], "diagnose_message")
    answer = (await ws.wait_for(lambda: ws.ephemerals("general", "omar")))[0]
    assert "smtp-token" in shown(answer)


async def test_a_paste_is_forgotten_when_its_author_deletes_it(ws: Workspace, bot: Bot) -> None:
    asked = ws.say("ops", "anna", SECRET)
    await answer_in(ws, "ops", asked["ts"])
    ws.delete("ops", "anna", asked["ts"])

    channel = ws.state.channel("ops").id

    async def gone() -> bool:
        return not await bot.desk.store.diagnoses.texts(channel, asked["ts"])

    await eventually(gone)


async def test_other_bots_are_read_only_if_they_are_named(ws: Workspace, start_bot: StartBot) -> None:
    await start_bot(chat={"read_bots": ["B0ALERTS"]})
    channel = ws.state.channel("ops")
    silent = ws.state.post(channel, {"user": "U0OTHER", "bot_id": "B0OTHER", "text": SECRET, "subtype": "bot_message"})
    alert = ws.state.post(
        channel,
        {
            "user": "U0ALERTS",
            "bot_id": "B0ALERTS",
            "subtype": "bot_message",
            "text": "",
            "attachments": [{"title": "CrashLoop", "text": SECRET.replace('"', "&quot;") + "\n" + SECRET}],
        },
    )
    assert "smtp-token" in shown(await answer_in(ws, "ops", alert["ts"]))
    assert len(ws.thread("ops", silent["ts"])) == 1
