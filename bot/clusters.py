"""Which clusters there are, and the source of facts about each. The one place that chooses a source by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from bot.config import Settings
from bot.config.clusters import Cluster
from bot.service import Source
from rules.errors import KdiagError
from rules.knowledge import Knowledge
from rules.schema import nearest

RECORDED: Final = "recorded"
"""The name of the cluster that `--dump` gives."""
DEFAULT: Final = "default"
"""The name of the cluster that a kubeconfig's current context, or a Pod's service account, gives."""


def _silent(_step: str) -> None:
    return None


class Clusters:
    """The clusters of `kdiag.yaml`; without any, that of the current context; with `--dump`, the recording alone."""

    def __init__(
        self, settings: Settings, dump: Path | None = None, now: datetime | None = None, *, any_context: bool = False
    ) -> None:
        """`any_context`: contexts of the kubeconfig may be named too. For a person at a terminal, not for a chat."""
        self._clusters = {RECORDED: Cluster(dump=dump)} if dump else dict(settings.clusters) or {DEFAULT: Cluster()}
        self._now = now
        self._any_context = any_context and dump is None

    @property
    def names(self) -> list[str]:
        return list(self._clusters)

    def chosen(self, name: str = "") -> str:
        """The full name of a cluster; the only or first one for "". KdiagError when there is none of that name."""
        if not name:
            return next(iter(self._clusters))
        if name not in self._clusters and not self._any_context:
            raise KdiagError(
                f"no cluster {name!r}{nearest(name, self._clusters)}; there are: {', '.join(self._clusters)}"
            )
        return name

    def settings_of(self, name: str = "") -> tuple[Cluster, str]:
        """A cluster's settings, and the kubeconfig context that its name stands for, if it does."""
        name = self.chosen(name)
        known = self._clusters.get(name)
        return (known, "") if known else (Cluster(), name)

    def source(
        self,
        name: str = "",
        *,
        hygiene: bool = False,
        knowledge: Knowledge | None = None,
        progress: Callable[[str], None] = _silent,
    ) -> Source:
        """Where facts about the cluster come from, for one question. KdiagError when it cannot be reached at all.

        Of a live cluster only the kinds are listed that `knowledge` has a use for; without it, all.
        """
        cluster, context = self.settings_of(name)
        if cluster.dump:
            from bot.collect.dump import Dump
            from bot.sources import DumpSource

            return DumpSource(Dump(cluster.dump), self._now, hygiene)
        from bot.collect.kube.kinds import api_kinds, needed_kinds
        from bot.collect.live import LiveSource

        try:
            return LiveSource(
                cluster,
                needed_kinds(knowledge) if knowledge else api_kinds(),
                context=context,
                budget_s=cluster.budget_s,
                hygiene=hygiene,
                now=self._now,
                progress=progress,
            )
        except KdiagError as error:
            if context and DEFAULT not in self._clusters:
                near = nearest(name, self._clusters)
                raise KdiagError(f"kdiag.yaml has no cluster {name}{near}, and {error}") from None
            raise
