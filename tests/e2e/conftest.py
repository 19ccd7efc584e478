"""The whole bot against the workspace: `kdiag serve`'s own `Bot`, a recorded cluster, a Slack on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import logs
from bot.clusters import Clusters
from bot.config import Settings
from bot.demo import RECORDING
from bot.slack.serve import Bot, Tokens
from bot.workspace import Workspace

MANIFEST = Path(__file__).parents[2] / "slack" / "manifest.yaml"
logs.set_up()
StartBot = Callable[..., Awaitable[Bot]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture
def manifest() -> dict[str, Any]:
    """The app's own manifest: the bot has to get along with the scopes that it asks for."""
    loaded: dict[str, Any] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture
async def ws(manifest: dict[str, Any]) -> AsyncIterator[Workspace]:
    async with Workspace(manifest) as workspace:
        yield workspace


@pytest.fixture
def storage(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'kdiag.db'}"


@pytest.fixture
async def start_bot(ws: Workspace, storage: str) -> AsyncIterator[StartBot]:
    """Starts bots; `settings` as in kdiag.yaml, `http` for signed HTTP in place of Socket Mode."""
    bots: list[Bot] = []

    async def start(http: bool = False, dump: Path = RECORDING, storage: str = storage, **settings: Any) -> Bot:
        loaded = Settings.model_validate({"storage": storage, **settings})
        app = ws.app
        tokens = Tokens(app.bot_token, app.app_token, app.signing_secret, ws.api_url)
        bot = Bot(loaded, Clusters(loaded, dump), tokens, http=http, host="127.0.0.1", port=0)
        bots.append(bot)
        await bot.start()
        if http:
            await ws.use_http(f"http://127.0.0.1:{bot.port}/slack/events")
        else:
            await ws.connected()
        return bot

    yield start
    for bot in bots:
        await bot.stop(within_s=5)


@pytest.fixture
async def bot(start_bot: StartBot) -> Bot:
    return await start_bot()
