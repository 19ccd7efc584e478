"""`kdiag doctor` says what is wrong and how to mend it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.clusters import Clusters
from bot.config import Settings
from bot.demo import RECORDING
from bot.doctor import MANIFEST, Check, examine
from bot.slack.serve import Tokens
from bot.workspace import Workspace


@pytest.fixture
async def ws() -> AsyncIterator[Workspace]:
    async with Workspace(yaml.safe_load(MANIFEST.read_text())) as workspace:
        yield workspace


async def checks(ws: Workspace, tmp_path: Path, dump: Path | None = RECORDING, **settings: Any) -> dict[str, Check]:
    loaded = Settings.model_validate({"storage": f"sqlite:///{tmp_path / 'k.db'}", **settings})
    tokens = Tokens(ws.app.bot_token, ws.app.app_token, "", ws.api_url)
    return {one.what: one async for one in examine(loaded, Clusters(loaded, dump), tokens)}


async def test_all_is_well(ws: Workspace, tmp_path: Path) -> None:
    found = await checks(ws, tmp_path, chat={"admin_channel": ws.state.channel("ops").id})
    assert {one.outcome for one in found.values()} <= {"ok", "warning"}
    assert found["policy"].outcome == "warning" and "everyone" in found["policy"].seen


async def test_each_fault_is_named_with_its_mending(ws: Workspace, tmp_path: Path) -> None:
    ws.revoke_scope("files:read")
    ws.fail("apps.connections.open", "not_allowed_token_type")
    general = ws.state.channel("general").id
    found = await checks(
        ws,
        tmp_path,
        dump=None,
        chat={"channels": [general, "#ops"], "allow": [{"groups": ["@sre"]}]},
        clusters={"gone": {"dump": str(tmp_path / "nowhere")}},
    )
    assert "files:read" in found["scopes"].seen and "usergroups:read" in found["scopes"].seen
    assert "connections:write" in found["SLACK_APP_TOKEN"].mend
    assert "invite" in found[f"channel {general}"].mend
    assert found["channel #ops"].outcome == "warning"
    assert found["cluster gone"].outcome == "fault"
    assert all(one.mend for one in found.values() if one.outcome == "fault")


async def test_a_wrong_token_and_a_wrong_database(ws: Workspace, tmp_path: Path) -> None:
    ws.fail("auth.test", "invalid_auth")
    found = await checks(ws, tmp_path, storage="mysql://x")
    assert found["SLACK_BOT_TOKEN"].outcome == "fault" and found["storage"].outcome == "fault"
