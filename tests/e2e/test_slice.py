"""Commands, pastes and buttons over Socket Mode."""

from __future__ import annotations

from bot.slack.serve import Bot
from bot.workspace import Workspace
from tests.e2e.reading import actions, answered, shown

PASTE = 'pod will not start:\nWarning  Failed  3s  kubelet  Error: secret "smtp-token" not found'


async def test_a_question_is_acknowledged_and_its_progress_becomes_the_answer(ws: Workspace, bot: Bot) -> None:
    delivery = await ws.command("ops", "anna", "/kdiag pod shop/cart-7c9d8f6b5-w9d3s")
    assert delivery.acknowledged
    answer = await ws.wait_for(lambda: next(filter(answered, ws.messages("ops")), None))
    assert "cart-7c9d8f6b5-w9d3s" in shown(answer)
    assert "/kdiag pod shop/cart" in shown(answer)
    assert "node-2" in answer["text"]  # the root cause, for those who hear it
    assert actions(answer) == ["why", "evidence", "again", "helpful", "not-helpful"]


async def test_why_is_answered_in_the_thread_of_the_answer(ws: Workspace, bot: Bot) -> None:
    asked = ws.say("ops", "anna", PASTE)
    answer = await ws.wait_for(lambda: next(filter(answered, ws.thread("ops", asked["ts"])), None))
    assert "smtp-token" in shown(answer)
    await ws.click("ops", "anna", answer["ts"], "why")
    why = await ws.wait_for(lambda: next(iter(ws.thread("ops", asked["ts"])[2:]), None))
    assert "Chain of evidence" in shown(why)
    assert "smtp-token" in shown(why)


async def test_talk_and_healthy_output_get_no_answer(ws: Workspace, bot: Bot) -> None:
    for text in ("lunch?", "NAME    READY   STATUS    RESTARTS   AGE\nweb-0   1/1     Running   0          3d"):
        ws.say("ops", "anna", text)
    asked = ws.say("ops", "anna", PASTE)
    await ws.wait_for(lambda: ws.thread("ops", asked["ts"])[1:])
    assert [m["user"] for m in ws.messages("ops")].count(bot.desk.bot_user) == 0
