"""Where etcd is when nobody says: what the arguments of the API server, or of etcd itself, tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

from bot.collect.objects.values import Json, at, mapping, mappings, sequence, text
from rules.kinds import Fact

COMPONENTS: Final = frozenset({"etcd", "kube-apiserver"})
"""The label `component` of the static Pods whose arguments tell."""
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost", "0.0.0.0", "::"})
_ARGUMENT: Final = re.compile(r"--(?:etcd-servers|advertise-client-urls)=(\S{1,2000})")


def urls_of_pod(pod: Json) -> Iterator[str]:
    """The client URLs in the arguments of a static Pod of the control plane."""
    if at(pod, "metadata", "labels", "component") not in COMPONENTS:
        return
    address = text(at(pod, "status", "hostIP")) or text(at(pod, "status", "podIP")) or ""
    for container in mappings(mapping(pod.get("spec")).get("containers")):
        for argument in (*sequence(container.get("command")), *sequence(container.get("args"))):
            found = _ARGUMENT.fullmatch(argument) if isinstance(argument, str) else None
            if found:
                yield from _from_outside(found[1], address)


def urls_of_settings(settings: Iterable[Fact], address: str) -> Iterator[str]:
    """The client URLs in the API server's settings on the host of that address."""
    for one in settings:
        if one.kind == "setting" and one.get("unit") == "kube-apiserver":
            yield from _from_outside(str(one.get("value") or ""), address)


def _from_outside(urls: str, address: str) -> Iterator[str]:
    """The URLs, with the host's own address where it speaks of itself."""
    for each in urls.strip("\"'").split(","):
        try:
            found = urlsplit(each.strip())
            host, port = found.hostname or "", found.port
        except ValueError:
            continue
        if host in LOOPBACK:
            host = address
        if found.scheme in ("http", "https") and host and port:
            yield f"{found.scheme}://[{host}]:{port}" if ":" in host else f"{found.scheme}://{host}:{port}"
