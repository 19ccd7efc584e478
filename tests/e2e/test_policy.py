"""The policy of kdiag.yaml, seen from Slack: nothing of what a person may not see gets out, by no way."""

from __future__ import annotations

from pathlib import Path

from bot.workspace import Workspace
from tests.e2e.conftest import StartBot
from tests.e2e.reading import actions, answered, shown
from tests.e2e.recording import write
from tests.e2e.test_commands import in_channel, privately


async def test_who_may_not_ask_is_told_so_and_nothing_else(ws: Workspace, start_bot: StartBot, tmp_path: Path) -> None:
    anna, omar = ws.state.user("anna").id, ws.state.user("omar").id
    await start_bot(
        dump=write(tmp_path / "cluster", {"web-0": "db-password"}),
        chat={"allow": [{"users": [anna]}, {"users": [omar], "namespaces": ["other"]}]},
    )
    for line in ("summary", "pod shop/web-0", "pod web", "node n1", "etcd /x", "pod shop/wbe-0"):
        said = shown(await privately(ws, f"/kdiag {line} --private", user="omar"))
        assert "may not ask" in said and "db-password" not in said and "did you mean" not in said
    assert "may not ask" in shown(await privately(ws, "/kdiag summary", user="kenji")) or "質問できません" in shown(
        ws.ephemerals("ops", "kenji")[0]
    )
    answer = await in_channel(ws, "/kdiag pod shop/web-0")
    for action in ("why", "evidence"):
        before = len(ws.ephemerals("ops", "omar"))
        await ws.click("ops", "omar", answer["ts"], action)
        told = (await ws.wait_for(lambda n=before: ws.ephemerals("ops", "omar")[n:]))[0]
        assert "may not ask" in shown(told)
    await ws.click("ops", "omar", answer["ts"], "again")
    await ws.wait_for(lambda: ws.ephemerals("ops", "omar")[-1])
    assert actions(next(filter(answered, ws.messages("ops")))) != []
    assert "may not ask" in shown(await privately(ws, "/kdiag schedule 09:00", user="omar"))
    assert len(ws.thread("ops", answer["ts"])) == 1
