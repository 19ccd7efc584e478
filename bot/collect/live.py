"""A live cluster: its API, its hosts over SSH and its etcd, each asked only for what the question or a rule needs.

One source answers one question and is closed after it. Nothing here writes to the cluster.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from bot.collect.gaps import gap_of_want
from bot.collect.kube.client import Client
from bot.collect.kube.collector import KubeCollector
from bot.collect.kube.kinds import ApiKind
from bot.collect.kube.kubeconfig import access
from bot.config.clusters import Cluster
from bot.questions import OBJECT_KINDS, Question
from rules.errors import KdiagError
from rules.kinds import Fact
from rules.observations import Observations

SHARE_OF_COLLECTING: Final = 0.75
"""Of the budget; the rest is for what the rules ask for then."""
OF_THE_API: Final = frozenset({"log", "events", "object", "describe"})


class LiveSource:
    """The `Source` of a cluster that is there."""

    def __init__(
        self,
        cluster: Cluster,
        kinds: Mapping[str, ApiKind],
        *,
        context: str = "",
        budget_s: float,
        hygiene: bool = False,
        now: datetime | None = None,
        progress: Callable[[str], None],
    ) -> None:
        self._cluster = cluster
        self._progress = progress
        self._deadline = time.monotonic() + budget_s
        self._collected_by = time.monotonic() + budget_s * SHARE_OF_COLLECTING
        self._client: Client | None = None
        self._kube: KubeCollector | None = None
        self._question = Question("summary")
        if cluster.api.enabled:
            self._client = Client(
                access(cluster.api, context),
                concurrency=cluster.api.concurrency,
                timeout_s=cluster.api.timeout_s,
                deadline=self._collected_by,
            )
            self._kube = KubeCollector(self._client, cluster.api, kinds, hygiene=hygiene, now=now)

    async def collect(self, question: Question) -> Observations:
        """What there is to know at first. KdiagError when the question names nothing that exists."""
        self._question = question
        found = Observations()
        parts: list[asyncio.Task[Observations]] = []
        try:
            async with asyncio.TaskGroup() as group:
                if self._kube:
                    parts.append(group.create_task(self._kube.collect(question, self._progress)))
        except* KdiagError as errors:
            raise errors.exceptions[0] from None
        for part in parts:
            found.extend(part.result())
        if self._client:
            self._client.deadline = self._deadline
        return found

    async def satisfy(self, want: Fact) -> Observations:
        what = str(want["what"])
        if what in OF_THE_API:
            if self._kube is None:
                return Observations(
                    gaps=[gap_of_want(want.attributes, "the Kubernetes API of this cluster is not asked")]
                )
            return await self._kube.satisfy(want)
        return Observations(gaps=[gap_of_want(want.attributes, "it cannot be asked for here")])

    def asked(self, question: Question) -> str:
        if self._kube and self._kube.asked:
            return self._kube.asked
        if question.kind == "host":
            return f"host {question.name}"
        if question.kind in OBJECT_KINDS:
            return f"{OBJECT_KINDS[question.kind]} {question.name}"
        return ""

    async def close(self) -> None:
        if self._client:
            await self._client.close()
