"""Who may ask about which cluster and namespace, by `chat.allow` of kdiag.yaml.

Without any grant everyone in the workspace may ask about everything. With grants, only what a grant covers.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Final

import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.config.chat import Allow, Chat
from bot.questions import OBJECT_KINDS

KEEP_S: Final = 300.0
log = structlog.get_logger()


class Policy:
    """Answers whether a person may; looks user groups up at Slack every five minutes."""

    def __init__(self, chat: Chat, client: AsyncWebClient) -> None:
        self._chat = chat
        self._client = client
        self._members: dict[str, tuple[frozenset[str], float]] = {}
        self._ids: tuple[dict[str, str], float] = ({}, 0.0)

    @property
    def open(self) -> bool:
        """Whether everyone may ask about everything."""
        return not self._chat.allow

    async def namespaces(self, user: str, channel: str, cluster: str) -> tuple[str, ...]:
        """The patterns of namespaces the person may ask about, here: `("*",)` for everything, `()` for nothing."""
        if self.open:
            return ("*",)
        patterns: list[str] = []
        for grant in self._chat.allow:
            if grant.channels and channel not in grant.channels:
                continue
            if not any(fnmatchcase(cluster, pattern) for pattern in grant.clusters):
                continue
            if await self._is_one_of(user, grant):
                patterns += grant.namespaces
        return ("*",) if "*" in patterns else tuple(dict.fromkeys(patterns))

    async def may(self, user: str, channel: str, cluster: str, namespace: str | None) -> bool:
        """`namespace` is None for what is in none: nodes, hosts, etcd, the whole cluster."""
        patterns = await self.namespaces(user, channel, cluster)
        return covers(patterns, namespace)

    async def _is_one_of(self, user: str, grant: Allow) -> bool:
        if not grant.users and not grant.groups:
            return True
        if user in grant.users:
            return True
        for group in grant.groups:
            if user in await self._members_of(group):
                return True
        return False

    async def _members_of(self, group: str) -> frozenset[str]:
        """The members of a user group. Unknown is nobody: whoever cannot be shown to belong, does not."""
        kept = self._members.get(group)
        if kept is not None and kept[1] > time.monotonic():
            return kept[0]
        try:
            id_ = await self._id_of(group.removeprefix("@")) if group.startswith("@") else group
            members = frozenset[str]()
            if id_:
                answer = await self._client.usergroups_users_list(usergroup=id_)
                members = frozenset(str(one) for one in answer.get("users") or ())
        except (SlackClientError, OSError, TimeoutError) as error:
            log.warning("user group unknown", group=group, error=str(error))
            members = frozenset()
        self._members[group] = (members, time.monotonic() + KEEP_S)
        return members

    async def _id_of(self, handle: str) -> str:
        if self._ids[1] < time.monotonic():
            answer = await self._client.usergroups_list()
            found = {str(one.get("handle")): str(one.get("id")) for one in answer.get("usergroups") or ()}
            self._ids = (found, time.monotonic() + KEEP_S)
        return self._ids[0].get(handle, "")


def covers(patterns: Sequence[str], namespace: str | None) -> bool:
    if namespace is None:
        return "*" in patterns
    return any(fnmatchcase(namespace, pattern) for pattern in patterns)


def namespace_of(kind: str, asked: str) -> str | None:
    """The namespace of a question's subject, such as `pod shop/web-0`; None for what is in none."""
    if kind not in OBJECT_KINDS:
        return None
    name = asked.partition(" ")[2]
    return name.partition("/")[0] if "/" in name else None
