"""App Home: clusters and their health, schedules, the person's last questions, mutes."""

from __future__ import annotations

from typing import Any, Final

import structlog
from slack_sdk.errors import SlackClientError

from bot.render.blocks import EMOJI, Block, context, section
from bot.render.words import say as word
from bot.slack.answers import SEVERITIES, button, quoted, titled
from bot.slack.desk import Desk
from bot.slack.regular import Regular
from bot.slack.words import HELP, say
from bot.store import Job

SHOWN_CLUSTERS: Final = 15
SHOWN_LAST: Final = 8
HEALTH_S: Final = 7 * 86400.0
log = structlog.get_logger()


class Home:
    def __init__(self, desk: Desk, regular: Regular) -> None:
        self._desk = desk
        self._regular = regular

    async def handle(self, job: Job) -> None:
        """Job `home`: show it to the `user`."""
        user = job.payload["user"]
        lang = await self._desk.locales.of(user)
        view = {"type": "home", "blocks": await self.blocks(user, lang)}
        try:
            await self._desk.client.views_publish(user_id=user, view=view)
        except SlackClientError as error:
            log.warning("home not published", error=str(error))

    async def blocks(self, user: str, lang: str) -> list[Block]:
        """Within 100 blocks, whatever there is."""
        store = self._desk.store
        blocks: list[Block] = [_title(say("home-clusters", lang))]
        for name in self._desk.clusters.names[:SHOWN_CLUSTERS]:
            if await self._desk.policy.may(user, "", name, None):
                blocks.append(await self._cluster(name, lang))
        if len(blocks) == 1:
            blocks.append(section(say("home-no-clusters", lang)))
        blocks += [_title(say("home-schedules", lang)), section(await self._regular.list_schedules(lang))]
        blocks += [_title(say("home-last", lang))]
        last = await store.diagnoses.recent(user, SHOWN_LAST)
        for one in last:
            asked = quoted(one.asked or " ".join(filter(None, (one.kind, one.name))))
            found = titled(one.findings[0], lang) if one.findings else say("nothing-wrong", lang)
            when = f"<!date^{one.at:.0f}^{{date_short_pretty}} {{time}}|…>"
            blocks.append(context(f"{when}  `{asked}`  {found}"))
        if not last:
            blocks.append(context(say("home-none", lang)))
        blocks += [_title(say("home-mutes", lang)), section(await self._regular.list_mutes(lang)), {"type": "divider"}]
        clusters = ", ".join(f"`{quoted(name, 40)}`" for name in self._desk.clusters.names[:8])
        blocks.append(section(HELP[lang].format(clusters=clusters or say("home-none", lang))))
        return blocks

    async def _cluster(self, name: str, lang: str) -> Block:
        healths = await self._desk.store.schedules.healths(name, self._desk.store.now - HEALTH_S)
        text = f"*{quoted(name)}*  "
        if not healths:
            text += say("home-unknown", lang)
        else:
            last = healths[-1]
            counts = {"critical": last.critical, "warning": last.warning, "info": last.info}
            said = [f"{EMOJI[s]} {counts[s]} {word(s, lang)}" for s in SEVERITIES if counts[s]]
            text += "  ".join(said) or f":white_check_mark: {say('nothing-wrong', lang)}"
            text += f"  (<!date^{last.at:.0f}^{{date_short_pretty}} {{time}}|…>)"
        return {**section(text), "accessory": button("home-check", say("check-now", lang), name[:2000])}


def _title(text: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": text[:150], "emoji": False}}
