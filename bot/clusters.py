"""Which clusters there are, and the source of facts about each. The one place that chooses a source by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.config import Settings
from bot.config.clusters import Cluster
from bot.service import Progress, Source, silent
from rules.errors import KdiagError
from rules.knowledge import Knowledge, load
from rules.schema import nearest

if TYPE_CHECKING:
    from bot.collect.kube.kinds import ApiKind

RECORDED: Final = "recorded"
"""The name of the cluster that `--dump` gives."""
DEFAULT: Final = "default"
"""The name of the cluster that kubectl would ask, or that kdiag runs in, where kdiag.yaml names none."""


class Clusters:
    """The clusters of `kdiag.yaml`, or the one recording of `--dump` in their place, or the one that kubectl would ask.

    `contexts`: any other name may be a context of the kubeconfig (a person's own, on the command line).
    """

    def __init__(
        self,
        settings: Settings,
        dump: Path | None = None,
        now: datetime | None = None,
        *,
        contexts: bool = False,
        knowledge: Knowledge | None = None,
    ) -> None:
        """`knowledge`: that of the settings, where it was loaded already."""
        self._settings = settings
        self._clusters = {RECORDED: Cluster(dump=dump)} if dump else dict(settings.clusters) or {DEFAULT: Cluster()}
        self._contexts = contexts and not dump
        self._now = now
        self._knowledge = knowledge

    @property
    def names(self) -> list[str]:
        return list(self._clusters)

    def chosen(self, name: str = "") -> str:
        """The full name of a cluster; the first one for "". KdiagError when there is none of that name."""
        if not name:
            return next(iter(self._clusters))
        if name not in self._clusters and not self._contexts:
            raise KdiagError(
                f"no cluster {name!r}{nearest(name, self._clusters)}; there are: {', '.join(self._clusters)}"
            )
        return name

    def only(self) -> str:
        """The name of the only cluster. KdiagError when there are several."""
        if len(self._clusters) > 1:
            raise KdiagError(f"which cluster? give --cluster: {', '.join(self._clusters)}")
        return self.chosen()

    def settings_of(self, name: str) -> tuple[Cluster, str]:
        """How the cluster is reached, and the kubeconfig context that was meant, if any."""
        name = self.chosen(name)
        return (self._clusters[name], "") if name in self._clusters else (Cluster(), name)

    def source(self, name: str = "", *, hygiene: bool = False, progress: Progress = silent) -> Source:
        """Where facts about the cluster come from, for one question. KdiagError when it cannot be asked at all."""
        cluster, context = self.settings_of(name)
        if cluster.dump:
            from bot.collect.dump import Dump
            from bot.sources import DumpSource

            return DumpSource(Dump(cluster.dump), self._now, hygiene)
        from bot.collect.live import LiveSource

        try:
            return LiveSource(
                cluster,
                self._kinds,
                context=context,
                budget_s=cluster.budget_s,
                hygiene=hygiene,
                now=self._now,
                progress=progress,
            )
        except KdiagError as error:
            if self._settings.clusters and context:
                near = nearest(name, self._settings.clusters)
                raise KdiagError(f"kdiag.yaml has no cluster {name}{near}, and {error}") from None
            raise

    @cached_property
    def _kinds(self) -> Mapping[str, ApiKind]:
        """The kinds of objects that the knowledge uses."""
        from bot.collect.kube.kinds import needed_kinds

        return needed_kinds(self._knowledge or load(self._settings.knowledge))
