"""Which clusters there are, and the source of facts about each. The one place that chooses a source by name."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from bot.collect.dump import Dump
from bot.config import Settings
from bot.config.clusters import Cluster
from bot.service import Source
from bot.sources import DumpSource
from rules.errors import KdiagError
from rules.schema import nearest

RECORDED: Final = "recorded"
"""The name of the cluster that `--dump` gives."""


class Clusters:
    """The clusters of `kdiag.yaml`, or the one recording of `--dump` in place of them."""

    def __init__(self, settings: Settings, dump: Path | None = None, now: datetime | None = None) -> None:
        self._clusters = {RECORDED: Cluster(dump=dump)} if dump else dict(settings.clusters)
        self._now = now

    @property
    def names(self) -> list[str]:
        return list(self._clusters)

    def chosen(self, name: str = "") -> str:
        """The full name of a cluster; the only or first one for "". KdiagError when there is none of that name."""
        if not self._clusters:
            raise KdiagError("no cluster to ask: give --dump DIR (a recorded cluster), or name clusters in kdiag.yaml")
        if not name:
            return next(iter(self._clusters))
        if name not in self._clusters:
            raise KdiagError(
                f"no cluster {name!r}{nearest(name, self._clusters)}; there are: {', '.join(self._clusters)}"
            )
        return name

    def source(self, name: str = "", *, hygiene: bool = False) -> Source:
        """Where facts about the cluster come from. KdiagError when it is not there, or cannot be reached at all."""
        name = self.chosen(name)
        cluster = self._clusters[name]
        if cluster.dump is None:
            raise KdiagError(f"cluster {name!r} of kdiag.yaml says nothing about how to reach it (a recording: dump)")
        return DumpSource(Dump(cluster.dump), self._now, hygiene)
