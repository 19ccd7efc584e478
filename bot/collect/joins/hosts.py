"""Facts about hosts that need more than one reading: units with roles, ports that are missing, who reaches whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.collect.joins.components import Component, PortGroup
from bot.collect.joins.known import LOOPBACK, NO_HOST, Known, with_attributes
from rules.kinds import Fact, Source, fact

EPHEMERAL: Final = range(32768, 65536)
"""Where kube-proxy's random ports of 2015 lie (ip_local_port_range); node ports end just below."""
_HOST_IN_URL = re.compile(r"https?://(\[[0-9a-fA-F:]{2,45}\]|[\w.-]{1,253})(?::\d{1,5})?")


def host_facts(known: Known) -> Iterator[Fact]:
    yield from _hosts(known)
    yield from _units(known)
    yield from _ports(known)
    yield from _reaches(known)
    yield from _walls(known)


def _hosts(known: Known) -> Iterator[Fact]:
    for one in known.of("host"):
        roles = known.roles(str(one["host"]))
        role = "master" if "master" in roles else next(iter(sorted(roles)), None)
        yield with_attributes(one, role=role, node=known.node_of(str(one["host"])))


# --- units ----------------------------------------------------------------------------------------------
def _units(known: Known) -> Iterator[Fact]:
    started = _api_server_age(known)
    for (host, unit), one in known.units.items():
        component = known.components.by_unit[unit]
        roles = component.roles & known.roles(host)
        main, optional = _standing(known, host, component, one)
        earlier = None
        since = one.get("since_s")
        if isinstance(since, int) and started is not None and "node" in roles and "master" not in known.roles(host):
            earlier = since > started
        yield with_attributes(
            one,
            role="master" if "master" in roles else next(iter(sorted(roles)), None),
            node=known.node_of(host),
            main=main,
            optional=optional,
            expected=True if main and roles else None,
            started_before_master=earlier,
        )


def _standing(known: Known, host: str, component: Component, one: Fact) -> tuple[bool | None, bool | None]:
    """(main, optional): whether the cluster depends on that unit there; None where nobody can tell."""
    if one.get("main") is not None or one.get("optional") is not None:
        return (True, None) if one.get("main") else (None, True) if one.get("optional") else (None, None)
    absent = one.get("exists") is False or one.get("active") == "unknown"
    roles = known.roles(host)
    if one.get("exists") is False and (component.whole or (roles and not component.roles & roles)):
        return None, None  # asked for in case it were there: a host of that role has no such unit
    if component.optional:
        used = uses_flannel(known) or one.get("active") == "failed" or _wanted(one)
        return (True, None) if used else (None, True)
    if component.unit in known.components.static_pods and absent and not known.runs_as_units(host):
        return None, None
    if component.elsewhere:
        points_here = etcd_is_on(known, host)
        if points_here is None and (absent or (one.get("active") != "active" and one.get("enabled") != "enabled")):
            works = known.is_active(host, "kube-apiserver")
            # An API server that runs without etcd on its host has it elsewhere; else nobody can tell yet.
            return (None, True) if works else (None, None) if absent else (True, None)
        return (None, True) if points_here is False else (True, None)
    if any(known.is_active(host, other) for other in component.instead):
        return None, True
    if component.unit in ("containerd", "crio", "cri-docker") and (absent or known.is_active(host, "docker")):
        return None, None
    return True, None


def _wanted(one: Fact) -> bool:
    return one.get("enabled") == "enabled" and one.get("exists") is not False


def uses_flannel(known: Known) -> bool:
    """Whether anything shows that this cluster's network is flannel's, by a daemon on the nodes."""
    nodes = [one for (host, unit), one in known.units.items() if unit == "flanneld" and "node" in known.roles(host)]
    if any(one.get("active") in ("active", "failed", "activating") or _wanted(one) for one in nodes):
        return True
    if any(one.get("exists") is not False for one in known.of("flannel_lease")):
        return True
    prefixes = flannel_prefixes(known)
    return any(one.get("exists") and str(one["key"]).startswith(prefixes) for one in known.of("etcd_key"))


def flannel_prefixes(known: Known) -> tuple[str, ...]:
    """Where flannel's keys may be; what its own setting says comes first and alone."""
    said = tuple(dict.fromkeys("/" + str(one["value"]).strip("/\"' ") for one in known.settings("flannel_prefix")))
    return said or known.components.etcd["flannel"]


def etcd_is_on(known: Known, host: str) -> bool | None:
    """Whether the API server's own setting puts etcd on this host; None when no setting is known."""
    answer: bool | None = None
    for one in known.settings("etcd"):
        if one.get("unit") not in ("kube-apiserver", None):
            continue
        where = str(one.get("host") or NO_HOST)
        for name in _HOST_IN_URL.findall(str(one["value"])):
            target = where if name in LOOPBACK else known.host_called(name)
            if target == host:
                return True
            if target is not None or where == host:
                answer = False
    return answer


def _api_server_age(known: Known) -> int | None:
    ages = [
        one.get("since_s")
        for (_, unit), one in known.units.items()
        if unit == "kube-apiserver" and one.get("active") == "active"
    ]
    numbers = [age for age in ages if isinstance(age, int)]
    return max(numbers) if numbers else None


# --- ports ----------------------------------------------------------------------------------------------
def _ports(known: Known) -> Iterator[Fact]:
    for host, listening in known.listens().items():
        for one in listening:
            yield from _listening(known, host, one, listening)
        if host != NO_HOST or _whole_list_pasted(known):
            yield from _closed(known, host, listening)


def _listening(known: Known, host: str, one: Fact, all_of_host: list[Fact]) -> Iterator[Fact]:
    port = one.get("port")
    process = one.get("process")
    if not isinstance(port, int):
        return
    component = known.components.of_process(str(process)) if process else known.components.of_port(port)
    if component is None:
        return
    group = next((g for g in component.ports if port in g.any), None)
    role = _role(known, host, component)
    if group is None:
        if component.unit == "kube-proxy" and port in EPHEMERAL:
            yield with_attributes(
                one, unit="kube-proxy", role=role, node=known.node_of(host), public=True, expected=False
            )
        return
    others = [o for o in all_of_host if o is not one and o.get("port") in group.any and o.get("loopback") is not True]
    public = (group.public or (component.elsewhere and _etcd_is_needed_by_others(known, host))) and not others
    yield with_attributes(one, unit=component.unit, role=role, node=known.node_of(host), public=public, expected=True)


def _role(known: Known, host: str, component: Component) -> str | None:
    roles = component.roles & known.roles(host)
    return "master" if "master" in roles else next(iter(sorted(roles)), None)


def _etcd_is_needed_by_others(known: Known, host: str) -> bool:
    if any(one.get("host") != host and known.host_called(str(one.get("target"))) == host for one in known.of("reach")):
        return True
    for one in known.settings("etcd"):
        where = str(one.get("host") or NO_HOST)
        if where != host and any(known.host_called(n) == host for n in _HOST_IN_URL.findall(str(one["value"]))):
            return True
    return uses_flannel(known) and any("node" in known.roles(h) for h in known.hosts if h != host)


def _whole_list_pasted(known: Known) -> bool:
    """Whether a paste shows all listening ports: its command is there, and nothing was filtered out of it."""
    commands = [str(one["command"]) for one in known.of("paste") if one.get("command")]
    lists = [c for c in commands if re.match(r"(?:sudo )?(?:\S*/)?(?:netstat|ss)\b", c)]
    return bool(lists) and not any("|" in c for c in lists)


def _closed(known: Known, host: str, listening: list[Fact]) -> Iterator[Fact]:
    open_ports = {one.get("port") for one in listening}
    roles = known.roles(host)
    era = known.era or "2015"
    whole = any(c.whole and known.unit(host, c.unit) for c in known.components.by_unit.values())
    for component in known.components.by_unit.values():
        if whole or not component.roles & roles or not _is_there(known, host, component, era):
            continue
        for group in component.ports:
            if group.quiet or (group.era and group.era != era) or open_ports & set(group.any):
                continue
            yield _missing(known, host, component, group, era, listening)


def _is_there(known: Known, host: str, component: Component, era: str) -> bool:
    """Whether that daemon belongs on this host: its unit is known there, or the era leaves no doubt."""
    one = known.unit(host, component.unit)
    if one is not None:
        main, optional = _standing(known, host, component, one)
        return bool(main) and not optional
    if component.optional:
        return False
    if component.elsewhere:
        return bool(etcd_is_on(known, host))
    return component.unit != "kube-proxy" or era == "2015"


def _missing(known: Known, host: str, component: Component, group: PortGroup, era: str, listening: list[Fact]) -> Fact:
    elsewhere = [
        one
        for one in listening
        if one.get("process") and known.components.of_process(str(one["process"])) is component
        and not any(one.get("port") in g.any for g in component.ports)
        and not (component.unit == "kube-proxy" and one.get("port") in EPHEMERAL)
    ]  # fmt: skip
    source = listening[0].source
    return fact(
        "port",
        Source(source.what, "", ""),
        host=host or None,
        node=known.node_of(host),
        role=_role(known, host, component),
        port=group.named.get(era, group.any[0]),
        listening=False,
        process=f"{elsewhere[0]['process']}, on {elsewhere[0].get('port')}" if elsewhere else None,
        unit=component.unit,
        public=group.public,
        expected=True,
    )


# --- who reaches whom -----------------------------------------------------------------------------------
def _reaches(known: Known) -> Iterator[Fact]:
    for one in known.of("reach"):
        port = one.get("port")
        component = known.components.of_port(port) if isinstance(port, int) else None
        target = known.host_called(str(one.get("target")))
        attributes = dict(one.attributes)
        if target:
            attributes["target"] = target
        host = str(one.get("host") or NO_HOST)
        yield with_attributes(
            Fact("reach", attributes, one.source),
            unit=component.unit if component else None,
            node=known.node_of(host),
        )


# --- firewalls ------------------------------------------------------------------------------------------
def _walls(known: Known) -> Iterator[Fact]:
    """A port that the firewall blocks, with the daemon that others call there; and kube-proxy's random ports."""
    listens = known.listens()
    for one in known.of("firewall"):
        host, port = str(one.get("host") or NO_HOST), one.get("port")
        if not one.get("blocked") or not isinstance(port, int):
            continue
        component = known.components.of_port(port)
        if component and _others_call(known, host, port, component, listens.get(host)):
            yield with_attributes(one, unit=component.unit, role=_role(known, host, component))
    for host, listening in listens.items():
        walls = [one for one in known.of("firewall") if (one.get("host") or NO_HOST) == host]
        rest = next(
            (one for one in walls if one.get("blocked") and not re.search(r"dports?\b|dpt", str(one.get("rule")))), None
        )
        named = {one.get("port") for one in walls if not one.get("blocked")}
        for one in listening if rest else ():
            port, process = one.get("port"), str(one.get("process") or "")
            component = known.components.of_process(process)
            if not rest or not component or component.unit != "kube-proxy" or not isinstance(port, int):
                continue
            if port in EPHEMERAL and port not in named:
                yield Fact("firewall", {**rest.attributes, "port": port, "unit": "kube-proxy"}, rest.source)


def _others_call(known: Known, host: str, port: int, component: Component, listening: list[Fact] | None) -> bool:
    """Whether other hosts have any use for that port of this host."""
    if not component.roles & known.roles(host):
        return False
    group = next(g for g in component.ports if port in g.any)
    if listening is not None:
        here = next((one for one in listening if one.get("port") == port), None)
        if here is None or here.get("loopback") is True:
            return False
    elif port != group.named.get(known.era or "2015"):
        return False
    if component.elsewhere:
        return not group.quiet and _etcd_is_needed_by_others(known, host)
    return group.public
