"""Reads log lines: the journal's and syslog's with host and unit, and those of containers and daemons without.

Lines keep their header, since signatures know `systemd[1]: kubelet.service: ...`; host and unit are what is added.
"""

from __future__ import annotations

import re
from typing import Final

from bot.read.draft import About, Draft
from bot.read.events import read_logged_event
from bot.read.words import unit_name
from rules.kinds import Scalar

_JOURNAL = re.compile(
    r"\s*(?:(?:[A-Z][a-z]{2}\s{1,2}\d{1,2}|\d{1,2}\u6708 +\d{1,2}|\d{1,2}\.? [A-Z]?[\w\u00e0-\u00ff]{2,5}\.?|"
    r"[A-Za-z\u00c0-\u00ff]{2,5}\.? +\d{1,2}) \d\d:\d\d:\d\d(?:\.\d{1,9})?"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)) "
    r"([\w.-]{1,253}) ([A-Za-z(_][\w@./\\:()-]{0,120}?)(?:\[(\d{1,10})\])?: ?(.*)$"
)
_HEADLESS = re.compile(r"\s{0,3}(?:([\w.-]{1,253}) )?([a-z][\w.-]{1,60})\[(\d{1,10})\]: (.*)$")
_KLOG = re.compile(r"\s*([IWEFD])\d{4} \d\d:\d\d:\d\d\.\d{1,9}\s+\d{1,10} ([\w./-]{1,200}):\d{1,7}\]")
_OTHER: Final = re.compile(
    r"\s*(?:time=\"?\d|ts=\d|level=\w|\{\"(?:level|ts|time|timestamp|log|msg|severity|caller)\"|"
    r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d|\[?\d\d:\d\d:\d\d[\].,: ]"
    r"|\[\d{4}-\d\d-\d\d|[A-Z][a-z]{2} \d\d, \d{4} |goroutine \d|\d{10}(?:\.\d+)? )"
)
_SYSTEMD_UNIT = re.compile(r"(?:^|[\s\"'])([a-zA-Z][\w@:.\\-]{0,120})\.service\b")
_NOTES = re.compile(
    r"\s*-- (?:Logs begin|Journal begins|No entries|Subject|Defined-By|Support|Unit|The (?:unit|result|start)|"
    r"Automatic|Reboot|Boot|An? )|--$"
)
_PREFIX = re.compile(r"\[pod/([\w.-]{1,253})/([\w.-]{1,63})\] ")
_ETCD_CALLERS: Final = frozenset(
    {
        "embed",
        "rafthttp",
        "etcdserver",
        "etcdmain",
        "mvcc",
        "raft",
        "wal",
        "snap",
        "membership",
        "v3rpc",
        "auth",
        "etcd",
    }
)
_CAPNSLOG = re.compile(r"\s*\d{4}[-/]\d\d[-/]\d\d \d\d:\d\d:\d\d\.\d{3,9} [A-Z] \| ([a-z0-9/]{1,40}): ")
_ZAP_CALLER = re.compile(r"\"caller\":\"([a-z0-9_]{1,40})/")
_KUBELET_CALLERS: Final = frozenset({"kubelet", "kuberuntime", "pleg"})
"""Packages that the kubelet names as a caller with `--logging-format=json`."""
_DAEMON_FILES: Final = dict.fromkeys(
    "kubelet.go kubelet_node_status.go pod_workers.go kuberuntime_manager.go kuberuntime_sandbox.go remote_runtime.go "
    "remote_image.go eviction_manager.go cni.go server_linux.go docker_sandbox.go pleg/generic.go".split(),
    "kubelet",
)
"""Source files that only one daemon has: they say whose log a line without a header is from."""
_UNIT_ALIASES: Final = {
    "dockerd": "docker",
    "dockerd-current": "docker",
    "docker-current": "docker",
    "etcd2": "etcd",
    "crio": "crio",
}


def is_log(text: str) -> bool:
    return _JOURNAL.match(text) is not None or _KLOG.match(text) is not None or _OTHER.match(text) is not None


def _unit(program: str, message: str) -> str | None:
    """The unit a journal line is about: the program's, or the one that systemd speaks of."""
    name = unit_name(program.rpartition("/")[2])
    if name in ("systemd", "init"):
        about = _SYSTEMD_UNIT.search(message)
        if about:
            return about[1]
        started = re.search(
            r"\b(?:Start(?:ed|ing)|Stop(?:ped|ping)|Failed to start) ([a-z][\w-]{1,40})(?:[:. ]|$)", message
        )
        return started[1] if started else None
    if name in ("bash", "sh", "env", "sudo", "kernel", "CRON", "sshd", "dbus", "audit", "runc", "hyperkube"):
        return None
    return _UNIT_ALIASES.get(name, name)


def read_log(draft: Draft, index: int) -> int | None:
    """A run of log lines. Lines between them that are none (stack traces, mount output) go with the line above."""
    lines = draft.lines
    first = lines[index].text
    found = _JOURNAL.match(first) or _HEADLESS.match(first)
    if (not found and not _NOTES.match(first)) or log_about(draft) is not None:
        return _read_plain(draft, index)
    draft.show("journal", index)
    end = index
    about: About | None = None
    abouts: dict[tuple[str | None, str | None, str | None], About] = {}
    blanks = 0
    while end < len(lines):
        text = lines[end].text
        found = _JOURNAL.match(text)
        if found:
            host, program, _, message = found.groups()
        else:
            found = _HEADLESS.match(text)
            if found:
                host, program, _, message = found.groups()
        if found:
            unit = _unit(program, message)
            if unit is None and _writes_for_etcd(message):
                unit = "etcd"
            if "Event" in text:
                logged = read_logged_event(draft, end)
                if logged is not None:
                    host = host or draft.host
                    draft.abouts[end] = {
                        **logged,
                        "via": "journal",
                        **({"host": host} if host else {}),
                        **({"unit": unit} if unit else {}),
                    }
                    about = draft.abouts[end]
                    end += 1
                    continue
            key = (host, unit, program if program in ("hyperkube", "kernel") else None)
            about = abouts.get(key)
            if about is None:
                made: dict[str, Scalar] = {"via": "journal"}
                if host or draft.host:
                    made["host"] = host or draft.host or ""
                named = unit or (draft.command.unit if draft.command.tool == "journalctl" else draft.status_unit)
                if named:
                    made["unit"] = named
                about = abouts[key] = made
            draft.abouts[end] = about
            blanks = 0
        elif not text.strip():
            blanks += 1
            if blanks > 1:
                break
        elif _NOTES.match(text) or (about is not None and not blanks and _is_trace(text)):
            draft.abouts[end] = about or {"via": "journal"}
        else:
            break
        end += 1
    while end > index + 1 and not lines[end - 1].text.strip():
        end -= 1
    return end


def _writes_for_etcd(message: str) -> bool:
    """Whether a line of a shell that started etcd is etcd's own."""
    caller = _ZAP_CALLER.search(message[:300]) or _CAPNSLOG.match(message)
    return caller is not None and caller[1].partition("/")[0] in _ETCD_CALLERS


def _is_trace(text: str) -> bool:
    """Whether a line without a header belongs to the log line above: indented, or part of a Go stack."""
    return text[:1] == " " or text.startswith(
        ("goroutine ", "panic:", "--", "created by ", "main.", "k8s.io/", "runtime.", ">")
    )


def _read_plain(draft: Draft, index: int) -> int | None:
    """Log lines without host: klog, logrus, zap, capnslog, or what a container wrote."""
    lines = draft.lines
    if not _plain_start(lines[index].text):
        return None
    about = _plain_about(draft, index)
    draft.show("log", index)
    end = index
    blanks = 0
    while end < len(lines):
        text = lines[end].text
        if not text.strip():
            blanks += 1
            if blanks > 1 or end + 1 >= len(lines) or not _plain_start(lines[end + 1].text):
                break
        elif _plain_start(text):
            logged = read_logged_event(draft, end) if "Event" in text else None
            if logged is not None:
                draft.abouts[end] = {**about, **logged}
                end += 1
                blanks = 0
                continue
            prefix = _PREFIX.match(text)
            draft.abouts[end] = _prefixed(draft, prefix) if prefix else about
            blanks = 0
        elif not blanks and _is_trace(text):
            draft.abouts[end] = about
        else:
            break
        end += 1
    return end


def _plain_start(text: str) -> bool:
    return _KLOG.match(text) is not None or _OTHER.match(text) is not None or _PREFIX.match(text) is not None


def _prefixed(draft: Draft, prefix: re.Match[str]) -> About:
    """`kubectl logs --prefix` says pod and container before every line."""
    return {"via": "log", "pod": draft.qualify(prefix[1]), "container": prefix[2]}


def _plain_about(draft: Draft, index: int) -> About:
    about = log_about(draft)
    if about is not None:
        return about
    command = draft.command
    if command.tool == "journalctl" and command.unit:
        made: dict[str, Scalar] = {"via": "journal", "unit": command.unit}
        if draft.host:
            made["host"] = draft.host
        return made
    text = draft.lines[index].text
    klog = _KLOG.match(text)
    if klog:
        unit = _DAEMON_FILES.get(klog[2].rpartition("/")[2]) or _DAEMON_FILES.get(klog[2])
        return {"via": "journal", "unit": unit} if unit else {"via": "log"}
    caller = _CAPNSLOG.match(text) or _ZAP_CALLER.search(text[:300])
    if caller and caller[1].partition("/")[0] in _ETCD_CALLERS:
        return {"via": "log", "unit": "etcd"}
    if caller and caller[1].partition("/")[0] in _KUBELET_CALLERS:
        return {"via": "journal", "unit": "kubelet"}
    return {"via": "log"}


def log_about(draft: Draft) -> About | None:
    """What lines below `kubectl logs` or `docker logs` are about; None when the command shows no log."""
    command = draft.command
    if command.verb not in ("logs", "log") or command.tool not in ("kubectl", "docker", "crictl", "podman", "nerdctl"):
        return None
    made: dict[str, Scalar] = {"via": "log"}
    if command.tool == "kubectl" and command.name:
        if command.kind == "pod":
            made["pod"] = draft.qualify(command.name)
        elif command.kind:
            made["workload"] = f"{command.kind} {draft.qualify(command.name)}"
        if command.container:
            made["container"] = command.container
    elif draft.host:
        made["host"] = draft.host
    if command.namespace:
        made["namespace"] = command.namespace
    return made


__all__ = ["is_log", "log_about", "read_log"]
