"""A live cluster: its API, its hosts over SSH and its etcd, each asked only for what the question or a rule needs.

One source answers one question and is closed after it. Nothing here writes to the cluster.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from bot.collect.etcd.collector import WANTS as OF_ETCD
from bot.collect.etcd.collector import EtcdCollector
from bot.collect.etcd.discover import urls_of_settings
from bot.collect.gaps import gap_of_want
from bot.collect.joins.components import components
from bot.collect.joins.texts import text_facts
from bot.collect.kube.client import Client
from bot.collect.kube.collector import KubeCollector
from bot.collect.kube.kinds import ApiKind
from bot.collect.kube.kubeconfig import access
from bot.collect.ssh.collector import WANTS as OF_A_HOST
from bot.collect.ssh.collector import SshCollector
from bot.config.clusters import Cluster, Host, Ssh
from bot.questions import OBJECT_KINDS, Question
from rules.errors import KdiagError
from rules.kinds import Fact
from rules.observations import Observations
from rules.schema import nearest

SHARE_OF_COLLECTING: Final = 0.75
"""Of the budget; the rest is for what the rules ask for then."""
MANAGED: Final = frozenset({"eks", "gke", "aks"})
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
        self._etcd = EtcdCollector(cluster.etcd)
        self._looked_for_etcd = False
        self._ssh = SshCollector(cluster.ssh, cluster.hosts)
        if not cluster.ssh.enabled:
            self._ssh.refused = "SSH is switched off for this cluster (ssh.enabled in kdiag.yaml)"
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
        found = Observations()
        tasks: list[asyncio.Task[Observations]] = []
        knew_etcd = self._etcd.is_known
        try:
            async with asyncio.TaskGroup() as group:
                if self._kube and question.kind != "etcd":
                    tasks.append(group.create_task(self._kube.collect(question, self._progress)))
                if question.kind == "summary":
                    if knew_etcd:
                        tasks.append(group.create_task(self._etcd.survey()))
                    tasks.append(group.create_task(self._survey(list(self._cluster.hosts))))
        except* KdiagError as errors:
            raise errors.exceptions[0] from None
        for task in tasks:
            found.extend(task.result())
        self._learn_hosts(found)
        if question.kind == "etcd":
            found.extend(await self._keys(question))
        if question.kind == "summary" and self._etcd.is_known and not knew_etcd:
            found.extend(await self._etcd.survey())
        if question.kind in ("host", "node"):
            found.extend(await self._survey([self._host_asked(question)], whole=True))
        elif question.kind not in ("summary", "etcd", "explain") and not (self._kube and self._kube.reached):
            # Without an API the hosts and etcd alone can say why nothing works.
            found.extend(await self._survey(list(self._cluster.hosts)))
            found.extend(await self._etcd.health())
        if self._client:
            self._client.deadline = self._deadline
        return found

    async def _keys(self, question: Question) -> Observations:
        """The keys that were asked for; where etcd is, the cluster may have to tell first."""
        if not self._etcd.is_known and self._kube:
            await self._kube.collect(question, self._progress)
            self._learn_hosts(Observations())
        found = await self._find_etcd()
        keys = await self._etcd.keys(question.name)
        if not self._etcd.is_known:
            keys.gaps += found.gaps  # why nobody could tell
        return keys

    async def _find_etcd(self) -> Observations:
        """Asks the masters for the settings of their API servers, where nobody has told yet where etcd is."""
        found = Observations()
        if self._etcd.is_known or self._looked_for_etcd or self._ssh.refused:
            return found
        self._looked_for_etcd = True
        masters = [name for name, host in self._cluster.hosts.items() if "master" in host.roles]
        wants = [Fact("want", {"what": "settings", "host": name, "unit": "kube-apiserver"}) for name in masters]
        for part in await asyncio.gather(*(self.satisfy(want) for want in wants)):
            found.extend(part)
        return found

    def _learn_hosts(self, found: Observations) -> None:
        """The nodes are hosts too, unless it is known that nobody logs in there."""
        if self._kube:
            self._ssh.nodes = self._kube.nodes
            self._etcd.learn(self._kube.etcd_urls)
        managed = any(one.kind == "cluster" and one.get("platform") in MANAGED for one in found.facts)
        if managed and self._cluster.ssh.enabled and not self._cluster.hosts and self._cluster.ssh == Ssh():
            self._ssh.refused = "this is a managed cluster, and kdiag.yaml names no hosts or SSH access"

    def _host_asked(self, question: Question) -> str:
        name = self._kube.asked.partition(" ")[2] if self._kube and self._kube.asked else question.name
        known = self._ssh.host_of(name)
        if known is None and question.kind == "host":
            names = [*self._cluster.hosts, *self._ssh.nodes]
            raise KdiagError(f"no host {name} in this cluster{nearest(name, names)}")
        return known or name

    async def _survey(self, names: list[str], *, whole: bool = False) -> Observations:
        """Asks hosts; those that do not answer before the rules must have their say are gaps."""
        if self._ssh.refused:
            return self._ssh.refuse() if names else Observations()
        self._progress(f"hosts {', '.join(names[:3])}" if names else "hosts")
        return await self._ssh.survey(names, whole=whole, until=self._collected_by)

    async def satisfy(self, want: Fact) -> Observations:
        what = str(want["what"])
        if what in OF_THE_API:
            if self._kube is None:
                return Observations(gaps=[gap_of_want(want.attributes, "this cluster's API is not asked")])
            return await self._kube.satisfy(want)
        if what in OF_A_HOST:
            found = await self._ssh.satisfy(want)
            if what == "settings":
                host = self._cluster.hosts.get(str(want.get("host")), Host())
                address = host.address or str(want.get("host") or "")
                self._etcd.learn(urls_of_settings(text_facts(found.passages, components()), address))
            return found
        if what in OF_ETCD:
            found = await self._find_etcd()
            found.extend(await self._etcd.satisfy(want))
            return found
        return Observations(gaps=[gap_of_want(want.attributes, "nothing here can tell it")])

    def asked(self, question: Question) -> str:
        if self._kube and self._kube.asked:
            return self._kube.asked
        if question.kind == "host":
            return f"host {question.name}"
        if question.kind in OBJECT_KINDS:
            return f"{OBJECT_KINDS[question.kind]} {question.name}"
        return ""

    async def close(self) -> None:
        await self._ssh.close()
        await self._etcd.close()
        if self._client:
            await self._client.close()
