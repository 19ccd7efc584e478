"""Which cluster a question goes to: settings and options -> Source. The one place that decides it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bot.config import Settings
from bot.config.clusters import Cluster
from bot.service import Source
from rules.errors import KdiagError
from rules.knowledge import Knowledge
from rules.schema import nearest


def _silent(_step: str) -> None:
    return None


def cluster_for(settings: Settings, name: str = "") -> tuple[Cluster, str]:
    """The settings of the cluster called `name`, and the kubeconfig context that was meant, if any.

    A name is that of a cluster of kdiag.yaml, else a context of the kubeconfig. Without one: the only cluster of
    kdiag.yaml, else the kubeconfig's current context.
    """
    if name in settings.clusters:
        return settings.clusters[name], ""
    if name:
        return Cluster(), name
    if len(settings.clusters) == 1:
        return next(iter(settings.clusters.values())), ""
    if settings.clusters:
        raise KdiagError(f"which cluster? give --cluster: {', '.join(settings.clusters)}")
    return Cluster(), ""


def source_for(
    settings: Settings,
    name: str = "",
    *,
    knowledge: Knowledge,
    dump: Path | None = None,
    now: datetime | None = None,
    hygiene: bool = False,
    progress: Callable[[str], None] = _silent,
) -> Source:
    """The source of a cluster's facts, for one question. KdiagError when there is no such cluster."""
    cluster, context = (Cluster(dump=dump), "") if dump else cluster_for(settings, name)
    if cluster.dump:
        from bot.collect.dump import Dump
        from bot.sources import DumpSource

        return DumpSource(Dump(cluster.dump), now, hygiene)
    from bot.collect.kube.kinds import needed_kinds
    from bot.collect.live import LiveSource

    try:
        return LiveSource(
            cluster,
            needed_kinds(knowledge),
            context=context,
            budget_s=cluster.budget_s,
            hygiene=hygiene,
            now=now,
            progress=progress,
        )
    except KdiagError as error:
        if settings.clusters and context:
            near = nearest(name, settings.clusters)
            raise KdiagError(f"kdiag.yaml has no cluster {name}{near}, and {error}") from None
        raise
