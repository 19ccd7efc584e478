"""Reads command lines behind a prompt, since they say what the lines below them show and in which namespace.

Also without a prompt when a line begins like a command that kdiag knows: people paste `kubectl get pods` bare.
"""

from __future__ import annotations

import re
from typing import Final

from bot.read.draft import PASTE, Command, Draft
from bot.read.words import kind_of

_PROMPT = re.compile(
    r"\s*(?:"
    r"\[[^\[\]\n]{1,120}@[^\[\]\n]{1,120}\]\s*[#$>%]\s*"  # [root@master ~]#
    r"|(?:\([^()\n]{1,60}\)\s*)?[\w.+-]{1,60}@[\w.-]{1,120}[:\s][^#$\n]{0,120}?[#$]\s*"  # (base) me@host:~$
    r"|[\w.-]{1,60}:[\w./~-]{1,60} [\w.-]{1,40}[#$]\s|[\w.-]{1,60}:[~/][\w./~-]{0,60} ?[\w.-]{0,30} ?[#$%]\s"
    r"|(?:PS )?[A-Za-z]:\\[^>\n]{0,120}>\s*"  # PS C:\Users\x>
    r"|[#$%]+\s+|\$(?=[a-z])|[\u03bb\u276f\u279c>]{1,3}\s+(?=[a-z./])|/ [#$] |\+ (?=kubectl|docker|systemctl)"
    r"|(?:bash|sh)-[\d.]+[#$]\s+"
    r")"
)
_HOST = re.compile(r"\[?\s*[\w.+-]{1,60}@([\w.-]{1,120})")
_TOOLS: Final = frozenset(
    {"kubectl", "k", "oc", "microk8s.kubectl", "systemctl", "journalctl", "docker", "crictl", "nerdctl", "podman",
     "etcdctl", "curl", "wget", "netstat", "ss", "iptables", "ip6tables", "iptables-save", "firewall-cmd", "nft",
     "kubeadm", "helm", "service", "minikube", "kind", "k3s", "sudo", "for", "cat", "tail", "grep", "ps", "stern",
     "ufw", "df", "free", "timedatectl", "date", "ping", "dmesg", "openssl"}
)  # fmt: skip
_BARE: Final = re.compile(
    r"(?:sudo (?:-\w+ )?)?(?:(?:kubectl|oc)(?:\.exe)? +(?:--?[\w.-]+(?:[= ][\w./:@-]+)? +){0,6}?(?:get|describe|"
    r"logs?|create|apply|delete|"
    r"exec|run|top|rollout|edit|patch|scale|cluster-info|version|drain|cordon|port-forward|-n ?[\w-]+ (?:get|"
    r"describe|logs?|exec))\b"
    r"|(?:kubectl|oc) -n\S+ \w+|k (?:get|describe|logs)\b"
    r"|systemctl +(?:-\S+ +)*(?:status|is-active|is-enabled|show|list-units|start|restart|enable)\b|journalctl +-|"
    r"docker (?:ps|logs|inspect|exec|pull|run)\b"
    r"|crictl (?:ps|pods|logs|inspect|pull)\b|etcdctl +(?:--?\S+ +)*(?:ls|get|endpoint|member|cluster-health|alarm|"
    r"backup)\b"
    r"|netstat -|ss -|iptables +-|firewall-cmd +--|nft list\b|curl -|kubeadm (?:init|join|upgrade|reset)\b|helm "
    r"(?:install|upgrade)\b"
    r"|ETCDCTL_API=\d)"
)
_WORD = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|[^\s\"']+")
_VALUE_FLAGS: Final = frozenset(
    {"-n", "--namespace", "-c", "--container", "-l", "--selector", "-o", "--output", "-f", "--filename", "--context",
     "--kubeconfig", "--tail", "--since", "-u", "--unit", "-H", "--endpoints", "--endpoint", "--cacert", "--cert",
     "--key",
     "-C", "--no-sync", "--field-selector", "--sort-by", "-s", "--server", "--cluster", "--user", "--image", "-w",
     "--ca-file", "--cert-file", "--key-file", "-p"}
)  # fmt: skip
_SHORT_WITHOUT_VALUE: Final = {
    "journalctl": frozenset({"-f", "-l", "-e", "-x", "-b", "-k", "-r"}),
    "curl": frozenset({"-s", "-k", "-f"}),
}
_NOISE = ("k get", "k describe", "k logs")


def is_command(text: str) -> bool:
    """Whether a line is a command line: behind a prompt, or beginning like one of the tools kdiag reads."""
    return _command_text(text) is not None


def _command_text(text: str) -> str | None:
    found = _PROMPT.match(text)
    if found:
        rest = text[found.end() :].strip()
        first = rest.split(" ", 1)[0].rpartition("/")[2] if rest else ""
        if first in _TOOLS or first.removesuffix(".exe") in _TOOLS or "=" in first or _HOST.match(text):
            return rest
        mark = found[0].strip()[-1:]
        return rest if rest and mark in "$" and rest[:1].islower() and len(rest) < 400 else None
    stripped = text.strip()
    # Prose may begin with a command's name; a command line is ASCII up to its quotes and no sentence.
    is_plain = stripped.isascii() and not stripped.endswith((".", "?", ":"))
    return stripped if is_plain and _BARE.match(stripped) else None


def parse_command(text: str) -> Command:
    """What a command line says: tool, verb, kind, name, namespace. The last command of a pipe does not count."""
    command = Command(text[:1000])
    words = [word.strip("\"'") for word in _WORD.findall(text[:2000].replace("\\", " "))]
    while words and (words[0] in ("sudo", "watch", "time", "oc") or "=" in words[0] or words[0] == "-E"):
        if words[0] == "oc":
            words[0] = "kubectl"
            break
        words.pop(0)
    if not words:
        return command
    tool = words.pop(0).rpartition("/")[2].removesuffix(".exe")
    command.tool = "kubectl" if tool in ("k", "microk8s.kubectl", "kubectl") else tool
    if tool in ("k3s", "minikube") and words and words[0] in ("kubectl", "crictl", "etcdctl"):
        command.tool = words.pop(0)
    if tool == "for":
        _read_loop(command, words)
        return command
    plain: list[str] = []
    units: list[str] = []
    no_value = _SHORT_WITHOUT_VALUE.get(command.tool, frozenset())
    while words:
        word = words.pop(0)
        if word in ("|", "||", "&&", ";", ">", "2>&1") or word.startswith("|"):
            break
        if not word.startswith("-") or word == "-":
            plain.append(word)
            continue
        flag, equals, value = word.partition("=")
        if not equals and flag in _VALUE_FLAGS and flag not in no_value and words and not words[0].startswith("-"):
            value = words.pop(0)
        if flag in ("-n", "--namespace") and command.tool == "kubectl":
            command.namespace = value or None
        elif flag.startswith("-n") and len(flag) > 2 and flag[2] != "-" and command.tool == "kubectl":
            command.namespace = flag[2:]
        elif flag in ("-A", "--all-namespaces") and value != "false":
            command.all_namespaces = True
        elif flag in ("-c", "--container"):
            command.container = value or None
        elif flag in ("-u", "--unit"):
            units.append(value)
        elif flag.startswith("-u") and len(flag) > 2 and flag[1] != "-":
            units.append(flag[2:])
    command.arguments = tuple(plain)
    command.verb = plain[0] if plain else ""
    _read_arguments(command, plain[1:], units)
    return command


def _read_loop(command: Command, words: list[str]) -> None:
    """`for SERVICES in etcd flanneld; do ... systemctl is-active $SERVICES`, as the guide has it."""
    if "in" in words:
        units = []
        for word in words[words.index("in") + 1 :]:
            units.append(word.rstrip(";").removesuffix(".service"))
            if word.endswith(";") or word == "do":
                break
        command.units = tuple(unit for unit in units if unit not in ("do", ""))
    command.verb = "is-active" if any("is-active" in word for word in words) else "loop"


def _read_arguments(command: Command, rest: list[str], units: list[str]) -> None:
    if command.tool == "kubectl":
        if command.verb in ("logs", "log", "exec", "attach", "port-forward"):
            name = rest[0] if rest else None
            if name and "/" in name:
                kind, _, name = name.partition("/")
                command.kind = kind_of(kind)
            else:
                command.kind = "pod"
            command.name = name if name and not name.startswith(("<", "$")) else None
            if command.container is None and command.verb in ("logs", "log") and len(rest) > 1:
                command.container = rest[1]
        elif command.verb in ("get", "describe", "edit", "delete", "top", "scale", "rollout"):
            words = rest[1:] if command.verb == "rollout" else rest
            if words:
                kind, slash, name = words[0].partition("/")
                command.kind = kind_of(kind.split(",")[0])
                command.name = name if slash else (words[1] if len(words) > 1 else None)
                if command.name and command.name.startswith(("<", "$")):
                    command.name = None
    elif command.tool in ("systemctl", "journalctl", "service"):
        named = units if command.tool == "journalctl" else rest
        if command.tool == "service" and command.verb:
            named = [command.verb]
        command.units = tuple(word.removesuffix(".service") for word in named if word)
        command.unit = command.units[0] if command.units else None
    elif command.tool in ("etcdctl", "curl", "cat", "tail"):
        command.path = next((word for word in rest if "/" in word), None) or (
            command.verb if "/" in command.verb else None
        )


def read_command(draft: Draft, index: int) -> int | None:
    """A command line, with its continuation lines (`\\` at the end, or the rest of a `for` loop)."""
    text = _command_text(draft.lines[index].text)
    if text is None:
        return None
    line = draft.lines[index].text
    end = index + 1
    looping = text.startswith("for ")
    while end < len(draft.lines) and end - index < 8:
        following = draft.lines[end].text
        if text.rstrip().endswith(("\\", "|")) or (looping and "done" not in text and following.strip()):
            text = text.rstrip().rstrip("\\") + " " + following.strip()
            end += 1
        else:
            break
    command = parse_command(text)
    found = _HOST.match(line.strip())
    if found and "." not in found[1][-1:]:
        draft.host = found[1]
    command.host = draft.host
    draft.command = command
    draft.status_unit = None
    draft.mark(index, end, PASTE)
    if command.tool:
        draft.add("paste", index, command=text[:500])
        if command.tool == "kubectl" and "--api-version=v1beta" in text:
            draft.evidence("era", "2015", index)
    return end
