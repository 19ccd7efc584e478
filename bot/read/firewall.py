"""Reads what a host's firewall lets in: `iptables -S` and `-L`, `firewall-cmd --list-all`, `nft list ruleset`, ufw.

A fact is made of a port that a rule names, blocked or not, and of each port of the cluster's daemons that nothing
lets in although the policy or the last rule rejects.
"""

from __future__ import annotations

import re
from typing import Final

from bot.read.draft import PASTE, Draft

CLUSTER_PORTS: Final = (2379, 2380, 4001, 6443, 7001, 7080, 8080, 10250)
"""Ports that other hosts of a cluster call; kube-scheduler's and the controller manager's are loopback by design."""

_SPEC = re.compile(r"\s*(?:\[\d+:\d+\] )?-(A|P|N|I) (\S{1,60})(?: (.*))?$")
_CHAIN = re.compile(r"\s*Chain (\S{1,60}) \((?:policy (ACCEPT|DROP|REJECT)|\d+ references?)")
_LISTED = re.compile(
    r"\s*(?:\d+\s+)?(?:\d+[KMG]?\s+\d+[KMG]?\s+)?(ACCEPT|DROP|REJECT|RETURN|LOG|[A-Z][\w-]{2,40})\s+(tcp|udp|all|"
    r"icmp|\d+|sctp)\s+(?:--|opt)?\s*(.*)$"
)
_DPORT = re.compile(r"(?:--dports? |dpts?:|dports |multiport dports )([\d:,]{1,100})")
_TARGET = re.compile(r"-j (ACCEPT|DROP|REJECT)")
_ZONE = re.compile(r"\s*([\w-]{1,40})(?: \((?:default, )?active\)| \(default\)| \(active\))?\s*$")
_ZONE_FIELD = re.compile(
    r"\s+(target|icmp-block-inversion|interfaces|sources|services|ports|protocols|forward|masquerade|forward-ports|"
    r"source-ports|icmp-blocks|rich rules|rich-rules): ?(.*)$"
)
_NFT = re.compile(r"\s*(?:table (?:ip|ip6|inet|arp|bridge) \S+ \{|chain \S+ \{|type filter hook)")
_NFT_PORT = re.compile(r"dport (?:\{ ?)?([\d, -]{1,200})(?: ?\})?.*?\b(accept|drop|reject)")
_UFW = re.compile(r"\s*(\d{1,5})(?:/(?:tcp|udp))?\s+(ALLOW|DENY|REJECT)(?: IN)?\s+")


def _ports(text: str) -> list[int]:
    """Ports of `80`, `80,443`, and of the cluster's ports those within `2379:2380`."""
    out: list[int] = []
    for part in re.split(r"[,\s]+", text)[:64]:
        low, mark, high = part.replace("-", ":").partition(":")
        if not (low.isascii() and low.isdigit() and len(low) < 6):
            continue
        if mark and high.isascii() and high.isdigit() and len(high) < 6:
            out += [port for port in CLUSTER_PORTS if int(low) <= port <= int(high)]
        else:
            out.append(int(low))
    return [port for port in out if 0 < port < 65536]


class _Rules:
    """What a firewall's listing said about the way in, until it is at its end."""

    def __init__(self, draft: Draft, tool: str) -> None:
        self.draft, self.tool = draft, tool
        self.allowed: set[int] = set()
        self.blocked: set[int] = set()
        self.all_allowed = False
        self.last: tuple[int, str] | None = None

    def name(self, ports: list[int], blocks: bool, index: int) -> None:
        for port in ports:
            if port in self.allowed or port in self.blocked:
                continue
            (self.blocked if blocks else self.allowed).add(port)
            self.draft.add(
                "firewall", index, host=self.draft.host, port=port, tool=self.tool, blocked=blocks,
                rule=self.draft.lines[index].text.strip()[:300],
            )  # fmt: skip

    def rest(self, index: int, rule: str) -> None:
        """Everything not let in so far is refused from here on."""
        if not self.all_allowed and self.last is None:
            self.last = (index, rule.strip()[:300])

    def finish(self) -> None:
        if self.last is None:
            return
        index, rule = self.last
        for port in CLUSTER_PORTS:
            if port not in self.allowed and port not in self.blocked:
                self.draft.add(
                    "firewall", index, host=self.draft.host, port=port, tool=self.tool, blocked=True, rule=rule
                )


def read_firewall(draft: Draft, index: int) -> int | None:
    """A firewall's listing from this line on."""
    text = draft.lines[index].text
    if _SPEC.match(text):
        return _iptables_rules(draft, index)
    if _CHAIN.match(text):
        return _iptables_list(draft, index)
    if _ZONE.match(text) and index + 1 < len(draft.lines) and _ZONE_FIELD.match(draft.lines[index + 1].text):
        return _firewalld(draft, index)
    if _NFT.match(text):
        return _nft(draft, index)
    if _UFW.match(text):
        return _ufw(draft, index)
    return None


def _done(draft: Draft, index: int, end: int, what: str) -> int | None:
    if end == index:
        return None
    draft.show(what, index)
    draft.mark(index, end, PASTE)
    return end


def _iptables_rules(draft: Draft, index: int) -> int | None:
    rules = _Rules(draft, "iptables")
    end = index
    policy: tuple[int, str] | None = None
    while end < len(draft.lines):
        found = _SPEC.match(draft.lines[end].text)
        if not found:
            if re.match(r"\s*(?:\*\w+|:\w|COMMIT|#)", draft.lines[end].text):
                end += 1
                continue
            break
        kind, chain, rest = found[1], found[2], found[3] or ""
        way_in = chain == "INPUT" or chain.startswith(("IN_", "INPUT_", "RH-Firewall", "ufw-user-input"))
        if way_in and kind == "P" and rest.strip() in ("DROP", "REJECT"):
            policy = (end, draft.lines[end].text)
        elif way_in and kind in ("A", "I"):
            _iptables_rule(rules, end, rest)
        end += 1
    if policy:
        rules.rest(*policy)
    rules.finish()
    return _done(draft, index, end, "iptables")


def _iptables_rule(rules: _Rules, index: int, rest: str) -> None:
    target = _TARGET.search(rest)
    if not target:
        return
    blocks = target[1] != "ACCEPT"
    ports = _DPORT.search(rest)
    if ports:
        rules.name(_ports(ports[1]), blocks, index)
    elif blocks and not re.search(r"-[sdpi] |--ctstate|--state|-m ", rest.replace("--reject-with", "")):
        rules.rest(index, rules.draft.lines[index].text)
    elif not blocks and rest.strip() == "-j ACCEPT":
        rules.all_allowed = True


def _iptables_list(draft: Draft, index: int) -> int | None:
    rules = _Rules(draft, "iptables")
    end = index
    way_in = False
    policy: tuple[int, str] | None = None
    while end < len(draft.lines):
        text = draft.lines[end].text
        chain = _CHAIN.match(text)
        if chain:
            way_in = chain[1] == "INPUT" or chain[1].startswith(("IN_public", "INPUT"))
            if way_in and chain[2] in ("DROP", "REJECT"):
                policy = (end, text)
        elif text.strip() and not text.lstrip().startswith(("target ", "num ", "pkts ")):
            found = _LISTED.match(text)
            if not found:
                break
            if way_in:
                _iptables_listed(rules, end, found)
        elif not text.strip() and (end + 1 >= len(draft.lines) or not _CHAIN.match(draft.lines[end + 1].text)):
            break
        end += 1
    if policy:
        rules.rest(*policy)
    rules.finish()
    return _done(draft, index, end, "iptables")


def _iptables_listed(rules: _Rules, index: int, found: re.Match[str]) -> None:
    if found[1] not in ("ACCEPT", "DROP", "REJECT"):
        return
    blocks = found[1] != "ACCEPT"
    ports = _DPORT.search(found[3])
    if ports:
        rules.name(_ports(ports[1]), blocks, index)
    elif blocks and found[2] == "all" and not re.search(r"state|ctstate|match", found[3]):
        rules.rest(index, rules.draft.lines[index].text)


_SERVICE_PORTS: Final = {
    "kube-apiserver": (6443,), "kube-api": (6443,), "etcd-client": (2379,), "etcd-server": (2380,), "kubelet": (10250,),
    "kube-control-plane": (6443, 2379, 2380, 10250), "kube-worker": (10250,),
}  # fmt: skip


def _firewalld(draft: Draft, index: int) -> int | None:
    rules = _Rules(draft, "firewalld")
    end = index + 1
    accepts = False
    active = "active" in draft.lines[index].text or "interfaces" in "".join(
        line.text for line in draft.lines[index + 1 : index + 5]
    )
    while end < len(draft.lines):
        found = _ZONE_FIELD.match(draft.lines[end].text)
        if not found and not draft.lines[end].text.startswith((" ", "\t")):
            break
        if found and found[1] == "target" and found[2].strip() == "ACCEPT":
            accepts = True
        elif found and found[1] == "ports":
            rules.name([port for word in found[2].split() for port in _ports(word.partition("/")[0])], False, end)
            ports_at = end
            rules.rest(
                ports_at, f"zone {draft.lines[index].text.split()[0]}: ports:{' ' + found[2] if found[2] else ''}"
            )
        elif found and found[1] == "services":
            for word in found[2].split():
                rules.name(list(_SERVICE_PORTS.get(word, ())), False, end)
        end += 1
    if active and not accepts and draft.lines[index].text.split()[0] != "trusted":
        rules.finish()
    return _done(draft, index, end, "firewalld")


def _nft(draft: Draft, index: int) -> int | None:
    rules = _Rules(draft, "nftables")
    end = index
    depth = 0
    way_in = False
    policy: tuple[int, str] | None = None
    while end < len(draft.lines):
        text = draft.lines[end].text
        if not text.strip() and depth <= 0:
            break
        if "hook input" in text:
            way_in = True
            if "policy drop" in text:
                policy = (end, text)
        elif re.match(r"\s*chain ", text):
            way_in = "input" in text.lower()
        found = _NFT_PORT.search(text)
        if found and way_in:
            rules.name(_ports(found[1].replace(" ", "")), found[2] != "accept", end)
        elif way_in and re.fullmatch(r"\s*(?:counter [\w ]+)?(?:reject(?: with .*)?|drop)\s*", text):
            rules.rest(end, text)
        depth += text.count("{") - text.count("}")
        end += 1
        if depth <= 0 and (end >= len(draft.lines) or not _NFT.match(draft.lines[end].text)):
            break
    if policy:
        rules.rest(*policy)
    rules.finish()
    return _done(draft, index, end, "nftables")


def _ufw(draft: Draft, index: int) -> int | None:
    rules = _Rules(draft, "iptables")
    end = index
    while end < len(draft.lines):
        found = _UFW.match(draft.lines[end].text)
        if not found:
            break
        rules.name(_ports(found[1]), found[2] != "ALLOW", end)
        end += 1
    return _done(draft, index, end, "ufw")
