"""Hostile text stays inert, and planted secrets reach no message, no database and no log."""

from __future__ import annotations

import base64
import json
import logging
import sqlite3
from pathlib import Path

import pytest

from bot.slack.serve import Bot
from bot.workspace import Workspace
from bot.workspace.live import live_parts
from tests.e2e.conftest import StartBot
from tests.e2e.reading import actions, answered, eventually, everything, shown
from tests.e2e.test_pastes import answer_in

HOSTILE = [
    "<!channel>",
    "<!here|here>",
    "<@U00000001>",
    "<#C1|general>",
    "<https://evil.example.com|https://good.example.com>",
    "@here @everyone #general",
    "https://evil.example.com/x",
    "```` ```x``` `y`",
    "*bold* _it_ ~s~ > quote",
    "web\u202e\u200b\u2066-0",
    "{0} {what} %s",
    "x" * 300,
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_in_a_paste_is_inert(ws: Workspace, bot: Bot, text: str) -> None:
    asked = ws.say(
        "ops", "anna", f'@kdiag Warning  Failed  kubelet  Error: secret "{text}" not found in {text}\n{text}'
    )
    answer = await answer_in(ws, "ops", asked["ts"])
    for action in {"why", "evidence"} & set(actions(answer)):
        await ws.click("ops", "anna", answer["ts"], action)
    await eventually(lambda: idle(bot))
    for message in ws.thread("ops", asked["ts"])[1:]:
        assert live_parts(message) == []
        assert not set("\u202e\u200b\u2066") & set(shown(message))


async def test_hostile_words_of_commands_are_inert(ws: Workspace, bot: Bot) -> None:
    for text in HOSTILE:
        await ws.command("ops", "anna", f"/kdiag {text}")
        await ws.command("ops", "anna", f"/kdiag pod {text}")
        await ws.command("ops", "anna", f"/kdiag schedule {text}")
        await ws.command("ops", "anna", f"/kdiag mute {text}")
    await eventually(lambda: idle(bot))
    anna = ws.state.user("anna").id
    for message in [*ws.messages("ops"), *ws.ephemerals("ops", "anna")]:
        assert [part for part in live_parts(message) if anna not in part] == []


def hostile_recording(folder: Path, text: str) -> Path:
    pod = {
        "metadata": {"name": text, "namespace": "shop", "creationTimestamp": "2025-06-10T11:00:00Z"},
        "spec": {"containers": [{"name": text, "image": text}]},
        "status": {
            "phase": "Pending",
            "containerStatuses": [
                {
                    "name": text,
                    "ready": False,
                    "restartCount": 0,
                    "image": text,
                    "state": {
                        "waiting": {"reason": "CreateContainerConfigError", "message": f'secret "{text}" not found'}
                    },
                }
            ],
        },
    }
    (folder / "shop").mkdir()
    (folder / "nodes.json").write_text(json.dumps({"kind": "NodeList", "apiVersion": "v1", "items": []}))
    pods = {"kind": "PodList", "apiVersion": "v1", "items": [pod]}
    (folder / "shop" / "pods.json").write_text(json.dumps(pods))
    return folder


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_names_in_a_cluster_are_inert(
    ws: Workspace, start_bot: StartBot, tmp_path: Path, text: str
) -> None:
    bot = await start_bot(dump=hostile_recording(tmp_path, text))
    await ws.command("ops", "anna", "/kdiag summary")
    answer = await ws.wait_for(lambda: next(filter(answered, ws.messages("ops")), None))
    await ws.command("ops", "anna", "/kdiag schedule */5 * * * *")
    await ws.click("ops", "anna", answer["ts"], "why")
    await ws.click("ops", "anna", answer["ts"], "evidence")
    ws.open_home("anna")
    await ws.wait_for(lambda: ws.home("anna"))
    await eventually(lambda: idle(bot))
    anna = ws.state.user("anna").id
    for message in [*ws.messages("ops"), *ws.thread("ops", answer["ts"])]:
        live = [part for part in live_parts(message) if anna not in part and ws.state.channel("ops").id not in part]
        assert live == []


async def idle(bot: Bot) -> bool:
    return bot.work.in_hand == 0


def secrets() -> list[tuple[str, str]]:
    """50 secrets of 15 kinds: the secret, and the text that holds it."""
    found: list[tuple[str, str]] = []
    for n in range(4):
        word = f"Zq{n}x8Kp3vLw7Rt9Yb2Nc5Hd{n}Fs6Gj"
        jwt = f"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ{n}Zq{word}.{word}sig"
        aws = f"AKIAQ{n}ZX8KP3VLW7RT{n}Y"[:20].ljust(20, "Q")
        pem = f"MIIEpAIBAAKCAQEA{word}{word}"
        found += [
            (word, f"password: {word}"),
            (word + "u", f"dial postgres://app:{word}u@db.shop:5432/app"),
            (jwt, f"token {jwt}"),
            (word + "b", f"Authorization: Bearer {word}b"),
            (aws, f"aws key {aws} denied"),
            (pem, f"-----BEGIN RSA PRIVATE KEY-----\n{pem}\n-----END RSA PRIVATE KEY-----"),
            (f"ghp_{word}", f"clone with ghp_{word} failed"),
            (f"xoxb-12345678-{word}", f"slack xoxb-12345678-{word}"),
            (base64.b64encode(word.encode()).decode(), "client-key-data: " + base64.b64encode(word.encode()).decode()),
            (word + "e", f"- name: DB_PASSWORD\n  value: {word}e"),
            (word + "f", f"--token={word}f"),
            (word + "k", f"api_key={word}k"),
        ]
    found += [
        (f"AIzaSyA{'x' * 21}1234567890Q", f"key AIzaSyA{'x' * 21}1234567890Q"),
        ("dXNlcjpaejl4OEtwM3ZMdzdSdDk=", '{"auths": {"r.example.com": {"auth": "dXNlcjpaejl4OEtwM3ZMdzdSdDk="}}}'),
        ("c2VjcmV0LXZhbHVlLVpxOXg4", "kind: Secret\ndata:\n  key: c2VjcmV0LXZhbHVlLVpxOXg4\nmetadata:\n  name: x"),
    ]
    return found


async def test_planted_secrets_are_nowhere(
    ws: Workspace, bot: Bot, storage: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    planted = secrets()
    assert len(planted) >= 50
    for number in range(0, len(planted), 5):
        five = "\n".join(text for _, text in planted[number : number + 5])
        asked = ws.say("ops", "anna", f'@kdiag Error: secret "smtp-token-{number}" not found\n{five}')
        answer = await answer_in(ws, "ops", asked["ts"])
        ws.say("ops", "omar", f"and\n{five}", thread_ts=asked["ts"])
        await ws.click("ops", "anna", answer["ts"], "why")
        await ws.click("ops", "anna", answer["ts"], "evidence")
        await ws.command("shop", "anna", f"/kdiag explain {five}")
        await ws.command("shop", "anna", f"/kdiag pod {five.splitlines()[0]}")
    ws.say("shop", "anna", "@kdiag this", files={"all.log": "\n".join(text for _, text in planted)})
    await eventually(lambda: idle(bot), 60)
    own = [
        m
        for name in ("ops", "shop")
        for m in ws.state.channel(name).messages.values()
        if m["user"] == bot.desk.bot_user
    ]
    own += ws.ephemerals("shop", "anna")
    assert len(own) > 20
    said = "\n".join(map(everything, own))
    for file in ws.state.files.values():
        if file.user == bot.desk.bot_user:
            said += file.content.decode(errors="replace")
    await bot.desk.store.database.engine.dispose()
    with sqlite3.connect(storage.removeprefix("sqlite:///")) as database:
        kept = "\n".join(database.iterdump())
    for (blob,) in sqlite3.connect(storage.removeprefix("sqlite:///")).execute(
        "select kept from diagnoses where kept is not null"
    ):
        import zlib

        kept += zlib.decompress(blob).decode()
    logged = caplog.text + "".join(capfd.readouterr())
    for secret, _ in planted:
        assert secret not in said, said[said.index(secret) - 200 :][:300]
        assert secret not in kept
        assert secret not in logged
