"""The files of a recording: which there are, their objects one at a time, and the newest time in them.

A file may be missing, empty, cut off, broken or 300 MB long. What can be read of it is; what cannot is said.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from bot.collect.objects.resources import CLUSTER_SCOPED, kind_of
from bot.collect.objects.values import Json, mappings, moment, text

PIECEMEAL_BYTES: Final = 24 * 1024 * 1024
"""A file above this is cut into its items before they are parsed: parsed whole it takes 4 times its size."""
BLOCK_BYTES: Final = 16 * 1024 * 1024
OVERLAP_BYTES: Final = 256
"""Blocks in which times are looked for overlap by more than a key and its time."""
MAX_FILE_BYTES: Final = 4 * 1024 * 1024 * 1024
MAX_JOINED: Final = 64
"""Pieces joined in search of one item's end; a real item contains one or two places that look like an end."""
NOT_NAMESPACES: Final = frozenset({"hosts", "etcd"})
_SKIPPED: Final = frozenset({"index", "version", "metadata"})
_ITEMS: Final = re.compile(rb'"items"\s*:\s*\[')
_FIRST: Final = re.compile(rb'(\s*)\{(\s*)("(?:[^"\\]|\\.){1,100}")')
_LIST_KIND: Final = re.compile(rb'"kind"\s*:\s*"([A-Za-z]{1,60})List"')
_STAMP: Final = re.compile(rb'"20\d\d-[01]\d-[0-3]\dT[\d:.]{8,20}(?:Z|[+-]\d\d:\d\d)"')
_CLOCK_KEYS: Final = (
    "creationTimestamp", "firstTimestamp", "lastTimestamp", "eventTime", "lastObservedTime", "lastTransitionTime",
    "lastUpdateTime", "lastHeartbeatTime", "lastProbeTime", "startedAt", "finishedAt", "startTime", "completionTime",
    "renewTime", "lastScheduleTime", "lastSuccessfulTime", "lastScaleTime", "time", "timestamp",
)  # fmt: skip
"""Keys whose times lie in the past when they are written; a deletion's or a certificate's end may not."""
_KEY: Final = re.compile(rb'"(\w{1,40})"\s*:\s*$')


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """A file with the objects of one kind of one namespace (None: of the cluster)."""

    path: Path
    kind: str
    namespace: str | None

    @property
    def label(self) -> str:
        return f"{self.namespace}/{self.path.name}" if self.namespace else self.path.name


class Unreadable(Exception):
    """A file that could not be read, with the reason in words."""


def recorded_files(directory: Path) -> list[RecordedFile]:
    """Every file of objects, cluster-wide ones first."""
    found = [_file(path, None) for path in sorted(directory.glob("*.json"))]
    for folder in sorted(each for each in directory.iterdir() if each.is_dir() and each.name not in NOT_NAMESPACES):
        found += [_file(path, folder.name) for path in sorted(folder.glob("*.json"))]
    return [each for each in found if each.path.stem not in _SKIPPED]


def _file(path: Path, namespace: str | None) -> RecordedFile:
    kind = kind_of(path.stem)
    return RecordedFile(path, kind, None if kind in CLUSTER_SCOPED else namespace)


# --- objects ---------------------------------------------------------------------------------------------
def objects_of(file: RecordedFile) -> Iterator[tuple[str, Json]]:
    """Each object of a file with its kind. `Unreadable` at the point where the file cannot be read on."""
    try:
        size = file.path.stat().st_size
    except OSError as err:
        raise Unreadable(f"cannot be opened: {err.strerror}") from err
    if size == 0:
        raise Unreadable("is empty")
    if size > MAX_FILE_BYTES:
        raise Unreadable(f"is too large ({size} bytes)")
    if size > PIECEMEAL_BYTES:
        yield from _piecemeal(file)
        return
    try:
        data = file.path.read_bytes()
    except OSError as err:
        raise Unreadable(f"cannot be read: {err.strerror}") from err
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as err:
        yield from _salvage(data, file.kind)
        raise Unreadable(f"is not whole JSON ({err.msg} at byte {err.pos} of {size})") from err
    del data
    yield from _unfolded(document, file.kind)


def _unfolded(document: object, kind: str) -> Iterator[tuple[str, Json]]:
    listed_items: object
    if type(document) is list and document:
        listed_items = document
    elif type(document) is dict:
        if "items" not in document and "metadata" not in document and "id" not in document:
            raise Unreadable("holds no Kubernetes object")
        listed = text(document.get("kind"))
        if listed and listed.endswith("List") and listed != "List":
            kind = kind_of(listed)
        listed_items = document.get("items", [document])
        version = document.get("apiVersion")
        if version in ("v1beta1", "v1beta2", "v1beta3"):
            for item in mappings(listed_items):
                item.setdefault("apiVersion", version)
    else:
        raise Unreadable("holds no Kubernetes object")
    if listed_items is not None and type(listed_items) is not list:  # Go prints an empty list as null
        raise Unreadable("has `items` that are no list")
    found = mappings(listed_items)
    for item in found:
        own = text(item.get("kind"))
        yield (kind_of(own) if own else kind), item
    if listed_items and len(found) < len(listed_items):
        raise Unreadable(f"has {len(listed_items) - len(found)} items that are no objects")


def _salvage(data: bytes, kind: str) -> Iterator[tuple[str, Json]]:
    """The whole items at the beginning of a list that is cut off or broken further on."""
    start = _ITEMS.search(data, 0, 4096)
    if start is None:
        return
    for piece in _pieces(data, start.end(), len(data)):
        if piece is None:
            return
        own = text(piece.get("kind"))
        yield (kind_of(own) if own else kind), piece


def _piecemeal(file: RecordedFile) -> Iterator[tuple[str, Json]]:
    with file.path.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = _ITEMS.search(data, 0, 65_536)
        if start is None:
            raise Unreadable("is too large for one object")
        named = _LIST_KIND.search(data, 0, start.start())
        kind = kind_of(named[1].decode()) if named else file.kind
        for piece in _pieces(data, start.end(), len(data)):
            if piece is None:
                raise Unreadable("is not whole JSON")
            own = text(piece.get("kind"))
            yield (kind_of(own) if own else kind), piece


def _pieces(data: Any, start: int, end: int) -> Iterator[Json | None]:
    """The items of a list, cut at `}, {` where the piece before it is whole; None where the list ends badly."""
    first = _FIRST.match(data, start, start + 1024)
    if first is None:
        return
    begin, tries, released = start, 0, start
    for seam in _between(first).finditer(data, start):
        tries += 1
        piece = _parse(data[begin : seam.end() - 1])
        if piece is not None:
            yield piece
            begin, tries = seam.end(), 0
            if isinstance(data, mmap.mmap) and begin - released > PIECEMEAL_BYTES:
                page = begin - begin % mmap.PAGESIZE
                data.madvise(mmap.MADV_DONTNEED, 0, page)
                released = begin
        elif tries > MAX_JOINED:
            yield None
            return
    rest = data[begin:end]
    last = rest.rfind(b"]")
    while last > 0:
        piece = _parse(rest[:last])
        if piece is not None:
            yield piece
            return
        last = rest.rfind(b"]", 0, last) if len(rest) - last < 4096 else -1
    if rest.strip() not in (b"]", b"]}"):
        yield None


def _between(first: re.Match[bytes]) -> re.Pattern[bytes]:
    """What stands between two items, to judge by how the first begins: its indentation (if there is any) and its key.

    Without this a seam would be looked for at each `}, {` within an item, some thirty in a Pod.
    """
    before, after, key = (re.escape(first[number]) for number in (1, 2, 3))
    if b"\n" in first[1]:
        return re.compile(before + rb"\},(?=" + before + rb"\{)")
    return re.compile(rb"\}\s*,(?=\s*\{" + after + key + rb"\s*:)")


def _parse(piece: bytes) -> Json | None:
    try:
        found = orjson.loads(piece)
    except orjson.JSONDecodeError:
        return None
    return found if type(found) is dict else None


# --- time ------------------------------------------------------------------------------------------------
def newest_time(paths: list[Path]) -> datetime | None:
    """The newest time at which something in these files happened."""
    best: float | None = None
    for path in paths:
        try:
            with path.open("rb") as handle:
                rest = b""
                while block := handle.read(BLOCK_BYTES):
                    data = rest + block
                    found = _newest_in(data, best)
                    best = found if found is not None else best
                    rest = data[-OVERLAP_BYTES:]
        except OSError:
            continue
    return datetime.fromtimestamp(best, UTC) if best is not None else None


def _newest_in(data: bytes, best: float | None) -> float | None:
    stamps = {stamp: moment(stamp[1:-1].decode()) for stamp in set(_STAMP.findall(data))}
    newer = [(when, stamp) for stamp, when in stamps.items() if when is not None and (best is None or when > best)]
    for when, stamp in sorted(newer, reverse=True):
        if _is_clock(data, stamp):
            return when
    return None


def _is_clock(data: bytes, stamp: bytes) -> bool:
    """Whether a time stands under a key that tells when something happened."""
    at, looked = data.find(stamp), 0
    while at >= 0 and looked < 1000:
        key = _KEY.search(data[max(0, at - 60) : at])
        if key and key[1].decode() in _CLOCK_KEYS:
            return True
        at, looked = data.find(stamp, at + 1), looked + 1
    return False
