"""A recorded cluster: a directory as `kubectl cluster-info dump --output-directory=DIR -o json` writes it.

Beside its JSON lists it may hold `hosts/HOST/` with one file a command, `etcd/` with keys as paths, and `paste.txt`.
Whatever is missing or broken becomes a gap, and counts as not known: it never means that there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from bot.collect.gaps import fill, gap_of_kind, gap_of_want, wants
from bot.collect.garbage import no_collection
from bot.collect.names import matching, nearest
from bot.collect.objects.files import RecordedFile, Unreadable, newest_time, objects_of, recorded_files
from bot.collect.objects.projector import Projector
from bot.collect.objects.values import mapping, namespaced, text
from bot.collect.texts import host_text, log_passage, node_of_host, ping_facts, read_text
from bot.questions import OBJECT_KINDS, Question
from rules.errors import KdiagError
from rules.kinds import Fact, Source, fact
from rules.observations import Gap, Observations

MAX_LOG_BYTES: Final = 256 * 1024
"""The tail of a log that is read: what went wrong is at its end."""
MAX_HOST_BYTES: Final = 8 * 1024 * 1024
"""Host files read without being asked for; the rest waits for a want."""
MAX_ETCD_KEYS: Final = 20_000
MAX_ETCD_VALUE: Final = 64 * 1024
MAX_NAMESPACE_GAPS: Final = 10
_LOG_PART: Final = re.compile(r"^==== START logs for container (\S{1,253}) of pod \S{1,520} ====$", re.MULTILINE)
_LOG_END: Final = re.compile(r"^==== END logs for container \S{1,253} of pod \S{1,520} ====\n?", re.MULTILINE)
_JOURNAL: Final = re.compile(r"^journal(?:ctl)?-(?:u-)?([\w@.-]{1,60})\.txt$")


class Dump:
    """A recording. Files are read when they are needed and each kind once; nothing of them is kept but names."""

    def __init__(self, directory: Path) -> None:
        if not directory.is_dir():
            raise KdiagError(f"{directory} is not a directory: --dump takes a recorded cluster's directory")
        self.directory = directory
        self._files = recorded_files(directory)
        self._names: dict[str, dict[str, str]] = {}
        self._newest: datetime | None = None
        self._clock_known = False
        self._now: datetime | None = None
        self._nodes: dict[str, str] = {}
        self._pods: dict[str, Fact] = {}
        self._read_hosts: set[Path] = set()
        if not self._files and not any((directory / each).exists() for each in ("hosts", "etcd", "paste.txt")):
            raise KdiagError(f"{directory} holds no recorded cluster: no nodes.json, no NAMESPACE/pods.json, no hosts/")

    # --- time and names ---------------------------------------------------------------------------------
    def clock(self, now: datetime | None = None) -> datetime:
        """`now` when given, else the newest time in the recording; never the wall clock."""
        if now is not None:
            return now if now.tzinfo else now.replace(tzinfo=UTC)
        if not self._clock_known:
            self._newest = newest_time([*(each.path for each in self._files), *self._etcd_files()])
            self._clock_known = True
        return self._newest or datetime(1970, 1, 1, tzinfo=UTC)

    def resolve(self, kind: str, name: str) -> list[str]:
        """The objects of a kind that a person may mean, as `namespace/name`, sorted; one when it is clear."""
        return matching(self._names_of(kind), name)

    def nearest(self, kind: str, name: str) -> str | None:
        """The existing name nearest to one that does not exist."""
        return nearest(self._names_of(kind), name)

    def _names_of(self, kind: str) -> dict[str, str]:
        """`namespace/name` -> UID of all objects of a kind."""
        if kind not in self._names:
            found: dict[str, str] = {}
            with no_collection():
                for file in self._files:
                    if file.kind == kind:
                        found |= _names_in(file)
            self._names[kind] = found
        return self._names[kind]

    # --- collecting -------------------------------------------------------------------------------------
    def collect(self, question: Question, now: datetime | None = None, hygiene: bool = False) -> Observations:
        """All that the recording says about a question."""
        self._now = self.clock(now)
        self._read_hosts.clear()
        asked = f"{OBJECT_KINDS[question.kind]} {question.name}" if question.kind in OBJECT_KINDS else None
        projector = Projector(self._now, asked, hygiene)
        gaps: list[Gap] = []
        keys = self._etcd_facts()
        with no_collection():
            for file in self._files:
                gaps += self._add(projector, file)
            for event in self._events_in(keys):
                projector.add("event", event)
            found = projector.finish()
        found.gaps += gaps + self._not_recorded(question)
        self._remember(found)
        self._read_all_hosts(found, question)
        found.facts += keys
        paste = self.directory / "paste.txt"
        if paste.is_file():
            found.extend(read_text(_tail(paste, MAX_HOST_BYTES)[0], "paste.txt", self._now))
        return found

    def _not_recorded(self, question: Question) -> list[Gap]:
        """The kinds without which little can be said, where they have no file at all."""
        have = {(each.kind, each.namespace) for each in self._files}
        namespaces = sorted({each.namespace for each in self._files if each.namespace})
        if not self._files:
            return []
        missing: list[RecordedFile] = []
        if ("node", None) not in have:
            missing.append(RecordedFile(self.directory / "nodes.json", "node", None))
        asked = OBJECT_KINDS.get(question.kind)
        where = question.name.rpartition("/")[0] if asked and asked != "node" else ""
        for namespace in [each for each in namespaces if each == where] or namespaces[:MAX_NAMESPACE_GAPS]:
            for kind in ("pod", "event"):
                if (kind, namespace) not in have and (kind, None) not in have:
                    missing.append(RecordedFile(self.directory / namespace / f"{kind}s.json", kind, namespace))
        return [gap_of_kind(each.kind, each.namespace, f"{each.label} was not recorded") for each in missing]

    def _add(self, projector: Projector, file: RecordedFile) -> list[Gap]:
        """Puts a file's objects in; only a file that was read to its end counts as listed."""
        count = 0
        try:
            for kind, obj in objects_of(file):
                if file.namespace is not None:
                    _set_namespace(obj, file.namespace)
                projector.add(kind, obj)
                count += 1
        except Unreadable as err:
            return [gap_of_kind(file.kind, file.namespace, f"{file.label} {err}")]
        projector.listed(file.kind, file.namespace, count)
        return []

    def _remember(self, found: Observations) -> None:
        """What later wants are joined with."""
        for each in found.facts:
            if each.kind == "pod":
                self._pods[str(each["pod"])] = each
            elif each.kind == "node":
                self._nodes[str(each["node"])] = str(each.get("address") or "")
        for name in self._names_of("node"):
            self._nodes.setdefault(name, "")

    # --- hosts ------------------------------------------------------------------------------------------
    def _read_all_hosts(self, found: Observations, question: Question) -> None:
        folder = self.directory / "hosts"
        left = MAX_HOST_BYTES
        for host in sorted(each for each in folder.iterdir() if each.is_dir()) if folder.is_dir() else []:
            if question.kind == "host" and question.name not in (host.name, self._node_of(host.name)):
                continue
            for path in sorted(each for each in host.iterdir() if each.is_file()):
                left -= path.stat().st_size
                if left > 0:
                    found.extend(self._read_host_file(host.name, path))
        if question.kind == "host" and not (folder / question.name).is_dir():
            found.gaps.append(gap_of_want({"what": "units", "host": question.name}, "this host was not recorded"))

    def _read_host_file(self, host: str, path: Path) -> Observations:
        if path in self._read_hosts:
            return Observations()
        self._read_hosts.add(path)
        content, cut = _tail(path, MAX_LOG_BYTES * 4)
        if not content.strip():
            return Observations(gaps=[Gap(f"{path.name} of host {host}", "the recorded file is empty")])
        if path.name == "ping.txt":
            return Observations(facts=ping_facts(content, host, self._node_of(host), path.name))
        unit = _JOURNAL.match(path.name)
        journal_of = unit[1].removesuffix(".service") if unit else None
        found = host_text(content, host, self._node_of(host), path.stem, self._now, journal_of)
        if cut:
            found.gaps.append(Gap(f"the beginning of {path.name} of host {host}", "only its end was read"))
        return found

    def _node_of(self, host: str) -> str | None:
        return node_of_host(host, self._nodes)

    # --- etcd -------------------------------------------------------------------------------------------
    def _etcd_files(self) -> list[Path]:
        return [path for path in sorted((self.directory / "etcd").rglob("*"))[:MAX_ETCD_KEYS] if path.is_file()]

    def _etcd_facts(self) -> list[Fact]:
        """Keys as paths: a file is a key with its value, a folder a directory."""
        root = self.directory / "etcd"
        if not root.is_dir():
            return []
        found: list[Fact] = []
        for path in [root, *sorted(root.rglob("*"))][:MAX_ETCD_KEYS]:
            relative = path.relative_to(root).as_posix()
            key = "/" if relative == "." else f"/{relative}"
            source = Source("etcd", key)
            if path.is_dir():
                children = sum(1 for _ in path.iterdir())
                found.append(fact("etcd_key", source, key=key, exists=True, dir=True, children=children))
            else:
                value = _tail(path, MAX_ETCD_VALUE)[0].strip()
                found.append(fact("etcd_key", source, key=key, exists=True, dir=False, value=value))
        return found

    def _events_in(self, keys: list[Fact]) -> Iterator[dict[str, Any]]:
        """The events that etcd holds under /registry/events, of namespaces whose events were not recorded otherwise."""
        have = {each.namespace for each in self._files if each.kind == "event"}
        for one in keys:
            path = str(one["key"]).split("/")
            if path[1:3] != ["registry", "events"] or len(path) != 5 or {path[3], None} & have:
                continue
            try:
                event = orjson.loads(str(one.get("value")))
            except orjson.JSONDecodeError:
                continue  # cut, or written in etcd's binary form of today
            if type(event) is dict:
                yield event

    # --- wants ------------------------------------------------------------------------------------------
    def satisfy(self, want: Fact) -> Observations:
        """What a rule would like to know, as far as it was recorded; else a gap with the command that tells."""
        what = str(want["what"])
        if what == "log":
            return self._log(want)
        if what == "etcd":
            return self._etcd(want)
        patterns = wants().get(what, {}).get("files", [])
        host = self._host_of(want)
        if host and patterns:
            return self._from_host(want, host, patterns)
        if what in ("object", "describe", "events"):
            return Observations()  # all that was recorded of objects and events is known already
        return Observations(gaps=[gap_of_want(want.attributes, "it is not in this recording")])

    def _host_of(self, want: Fact) -> str | None:
        folder = self.directory / "hosts"
        name = str(want.get("host") or want.get("node") or "")
        if not name or "/" in name or name.startswith("."):
            return None
        if (folder / name).is_dir():
            return name
        hosts = [each.name for each in folder.iterdir() if each.is_dir()] if folder.is_dir() else []
        same = [each for each in hosts if self._node_of(each) == name]
        return same[0] if len(same) == 1 else None

    def _from_host(self, want: Fact, host: str, patterns: list[str]) -> Observations:
        folder = self.directory / "hosts" / host
        found = Observations()
        seen = False
        for pattern in patterns:
            filled = fill(pattern, {key: str(value) for key, value in want.attributes.items()})
            if "<" in filled or "/" in filled:
                continue
            for path in sorted(folder.glob(filled)):
                seen = True
                found.extend(self._read_host_file(host, path))
        if not seen:
            return Observations(
                gaps=[gap_of_want({**want.attributes, "host": host}, "it was not recorded on that host")]
            )
        return found

    def _etcd(self, want: Fact) -> Observations:
        root = self.directory / "etcd"
        key = "/" + str(want.get("key") or "").strip("/")
        if not root.is_dir():
            return Observations(gaps=[gap_of_want(want.attributes, "etcd is not in this recording")])
        path = (root / key.lstrip("/")).resolve()
        if not path.is_relative_to(root.resolve()):
            return Observations(gaps=[gap_of_want(want.attributes, "that is no key")])
        if path.exists():
            return Observations()
        return Observations(facts=[fact("etcd_key", Source("etcd", key), key=key, exists=False)])

    def _log(self, want: Fact) -> Observations:
        pod = str(want.get("pod") or "")
        namespace, _, name = pod.rpartition("/")
        folder = self.directory / namespace / name
        if not namespace or not name or ".." in (namespace, name) or not folder.is_dir():
            return Observations(gaps=[gap_of_want(want.attributes, "no log of it was recorded")])
        previous = want.get("previous") is True
        path = next((p for p in _log_files(folder, previous) if p.is_file()), None)
        if path is None:
            return Observations(gaps=[gap_of_want(want.attributes, "no log of it was recorded")])
        content, _ = _tail(path, MAX_LOG_BYTES)
        wanted = want.get("container")
        found = Observations()
        for container, line, part in _parts(content):
            if not part.strip() or (wanted and container and container != wanted):
                continue
            about = container or (str(wanted) if wanted else None)
            found.passages.append(log_passage(part, pod, about, line, self._pods.get(pod)))
        if not found.passages:
            found.gaps.append(gap_of_want(want.attributes, "the recorded log is empty"))
        return found


# --- names and files -------------------------------------------------------------------------------------
def _names_in(file: RecordedFile) -> dict[str, str]:
    found = {}
    try:
        for _, obj in objects_of(file):
            metadata = mapping(obj.get("metadata"))
            name = text(metadata.get("name")) or text(obj.get("id"))
            if name:
                uid = text(metadata.get("uid")) or text(obj.get("uid")) or ""
                found[namespaced(file.namespace or text(metadata.get("namespace")), name)] = uid
    except Unreadable:
        pass  # collect() reads the file again and tells of it
    return found


def _set_namespace(obj: dict[str, Any], namespace: str) -> None:
    """An object is of the namespace whose folder it lies in, whatever it forgot to say."""
    metadata = obj.get("metadata")
    if type(metadata) is dict:
        metadata.setdefault("namespace", namespace)
    else:
        obj.setdefault("namespace", namespace)


def _tail(path: Path, limit: int) -> tuple[str, bool]:
    """The end of a file, and whether something before it was left out. Never raises."""
    try:
        with path.open("rb") as handle:
            size = path.stat().st_size
            if size > limit:
                handle.seek(size - limit)
                return handle.read().partition(b"\n")[2].decode("utf-8", "replace"), True
            return handle.read().decode("utf-8", "replace"), False
    except OSError:
        return "", False


def _log_files(folder: Path, previous: bool) -> list[Path]:
    names = ["logs-previous.txt", "previous-logs.txt", "logs.previous.txt"] if previous else []
    return [folder / each for each in (*names, "logs.txt")]


def _parts(content: str) -> list[tuple[str | None, int, str]]:
    """A log file in its containers' parts: (container, line where it begins, text)."""
    starts = list(_LOG_PART.finditer(content))
    if not starts:
        return [(None, 1, content)]
    parts: list[tuple[str | None, int, str]] = []
    if content[: starts[0].start()].strip():
        parts.append((None, 1, _LOG_END.sub("", content[: starts[0].start()])))
    for number, start in enumerate(starts):
        end = starts[number + 1].start() if number + 1 < len(starts) else len(content)
        line = content.count("\n", 0, start.end()) + 2
        parts.append((start[1], line, _LOG_END.sub("", content[start.end() : end].lstrip("\n"))))
    return parts
