"""Every word of `/kdiag`, in channels, in private and in direct messages."""

from __future__ import annotations

import pytest

from bot.slack.grammar import VERBS
from bot.slack.serve import Bot
from bot.workspace import Workspace
from bot.workspace.state import Message
from tests.e2e.conftest import StartBot
from tests.e2e.reading import actions, answered, shown


async def in_channel(ws: Workspace, line: str, channel: str = "ops", user: str = "anna") -> Message:
    """The next answer in the channel to a command."""
    before = {m["ts"] for m in ws.messages(channel) if answered(m)}
    assert (await ws.command(channel, user, line)).acknowledged
    return await ws.wait_for(
        lambda: next((m for m in ws.messages(channel) if answered(m) and m["ts"] not in before), None)
    )


async def privately(ws: Workspace, line: str, channel: str = "ops", user: str = "anna") -> Message:
    """The next message that only the user sees."""
    before = len(ws.ephemerals(channel, user))
    assert (await ws.command(channel, user, line)).acknowledged
    return (await ws.wait_for(lambda: ws.ephemerals(channel, user)[before:]))[0]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/kdiag summary", "node-2"),
        ("/kdiag node node-2", "node-2"),
        ("/kdiag node/node-2", "node-2"),
        ("/kdiag service cart -n shop", "cart"),
        ("/kdiag svc shop/cart", "cart"),
        ("/kdiag deploy shop/cart", "cart"),
        ("/kdiag host node-2", "node-2"),
        ('/kdiag explain Error: secret "smtp-token" not found', "smtp-token"),
        ("/kdiag check {apiVersion: v1beta3, kind: Pod, metadata: {name: a}}", "v1"),
    ],
)
async def test_questions_of_the_command_line_are_answered_in_the_channel(
    ws: Workspace, bot: Bot, line: str, said: str
) -> None:
    assert said in shown(await in_channel(ws, line))


async def test_help_and_version_are_for_the_one_who_asks(ws: Workspace, bot: Bot) -> None:
    help_ = shown(await privately(ws, "/kdiag help"))
    for verb in set(VERBS) - {"replicationcontroller", "mutes", "rc", "statefulset", "daemonset", "cronjob", "hpa"}:
        assert verb in help_ or verb == "pvc"
    assert "`recorded`" in help_
    assert "entries" in shown(await privately(ws, "/kdiag version"))
    assert "質問" in shown(await privately(ws, "/kdiag help", user="kenji"))
    assert not ws.messages("ops")


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("/kdiag sumary", "summary"),
        ("/kdiag pdo web", "pod"),
        ("/kdiag pod web --clustr x", "--cluster"),
        ("/kdiag pod", "Which pod"),
        ("/kdiag pod shop/crat-7c9d8f6b5-w9d3s", "cart"),
        ("/kdiag summary --cluster recordet", "recorded"),
        ("/kdiag schedule at some point", "do not understand"),
        ("/kdiag schedule delete 123", "no schedule"),
        ("/kdiag mute imagepull", "no finding"),
        ("/kdiag why", "no answer here yet"),
    ],
)
async def test_wrong_words_come_back_with_the_nearest_right_ones(ws: Workspace, bot: Bot, line: str, hint: str) -> None:
    if "pod shop/crat" in line:
        await ws.command("ops", "anna", line)
        said = await ws.wait_for(lambda: next((m for m in ws.messages("ops") if "no pod" in shown(m)), None))
    else:
        said = await privately(ws, line)
    assert hint in shown(said)


async def test_an_ambiguous_name_offers_a_menu_and_the_choice_is_answered_in_its_place(ws: Workspace, bot: Bot) -> None:
    await ws.command("ops", "anna", "/kdiag pod cart")
    menu = await ws.wait_for(lambda: next((m for m in ws.messages("ops") if "choose" in actions(m)), None))
    options = [o["value"] for b in menu["blocks"] for e in b.get("elements", ()) for o in e.get("options", ())]
    assert len(options) > 1 and all(o.startswith("shop/cart") for o in options)
    await ws.click("ops", "omar", menu["ts"], "choose", value=options[1])
    answer = await ws.wait_for(lambda: next(filter(answered, ws.messages("ops")), None))
    assert answer["ts"] == menu["ts"]
    assert options[1] in shown(answer)


async def test_private_answers_are_seen_by_one_person_with_working_buttons(ws: Workspace, bot: Bot) -> None:
    answer = await privately(ws, "/kdiag summary --private")
    assert answered(answer) and not ws.messages("ops")
    before = len(ws.ephemerals("ops", "anna"))
    await ws.click("ops", "anna", answer["ts"], "why")
    why = (await ws.wait_for(lambda: ws.ephemerals("ops", "anna")[before:]))[0]
    assert "Chain of evidence" in shown(why)
    assert not ws.messages("ops")


async def test_where_the_bot_is_no_member_only_the_person_sees_the_answer(ws: Workspace, bot: Bot) -> None:
    assert "node-2" in shown(await privately(ws, "/kdiag summary", channel="general"))


async def test_channels_that_are_not_for_it_get_private_answers(ws: Workspace, start_bot: StartBot) -> None:
    ops = ws.state.channel("ops").id
    await start_bot(chat={"channels": [ops]})
    assert answered(await in_channel(ws, "/kdiag summary", "ops"))
    assert answered(await privately(ws, "/kdiag summary", "shop"))
    assert answered(await in_channel(ws, "/kdiag summary --public", "shop"))
    ws.say("shop", "anna", 'Error: secret "smtp-token" not found')
    asked = ws.say("ops", "anna", 'Error: secret "smtp-token" not found')
    await ws.wait_for(lambda: ws.thread("ops", asked["ts"])[1:])
    assert len(ws.messages("shop")) == 2


async def test_the_answer_is_in_the_language_of_the_reader(ws: Workspace, bot: Bot) -> None:
    assert "重大" in shown(await in_channel(ws, "/kdiag summary", user="kenji"))
    assert "重大" in shown(await in_channel(ws, "/kdiag summary --lang ja", user="anna"))


async def test_why_explains_a_finding_of_the_last_answer_by_its_id(ws: Workspace, bot: Bot) -> None:
    answer = await in_channel(ws, "/kdiag summary")
    id_ = bot_found(bot, answer)
    await ws.command("ops", "omar", f"/kdiag why {id_}")
    why = await ws.wait_for(lambda: next(iter(ws.thread("ops", answer["ts"])[1:]), None))
    assert f"`{id_}`" in shown(why) and "Would vanish" in shown(why)
    await ws.command("ops", "omar", f"/kdiag why {id_}x")
    wrong = await ws.wait_for(lambda: next(iter(ws.thread("ops", answer["ts"])[2:]), None))
    assert "did you mean" in shown(wrong)


def bot_found(bot: Bot, answer: Message) -> str:
    """The id of the answer's first finding: the word in code in its footer."""
    return shown(answer).split("` · certainty")[0].rpartition("`")[2]


async def test_in_a_direct_message_commands_need_no_slash(ws: Workspace, bot: Bot) -> None:
    asked = ws.say("@anna", "anna", "summary")
    answer = await ws.wait_for(lambda: next(filter(answered, ws.thread("@anna", asked["ts"])), None))
    assert "node-2" in shown(answer)
    asked = ws.say("ops", "anna", "@kdiag summary")
    answer = await ws.wait_for(lambda: next(filter(answered, ws.thread("ops", asked["ts"])), None))
    assert "node-2" in shown(answer)
