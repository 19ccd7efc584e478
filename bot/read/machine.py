"""Reads the state of a machine: file systems (`df`), memory (`free`), and whether its clock is kept (`timedatectl`)."""

from __future__ import annotations

import re
from typing import Final

from bot.read.draft import PASTE, Draft

_DF_HEAD = re.compile(
    r"\s*Filesystem\s+(\S+)\s+(?:I?Used)\s+(?:Avail\w*|IFree)\s+(?:Use%|Capacity|IUse%)\s+Mounted on\s*$"
)
_DF_ROW = re.compile(
    r"\s*(\S.{0,200}?)\s+([\d.]+[KMGTPEi]*|-)\s+([\d.]+[KMGTPEi]*|-)\s+(-?[\d.]+[KMGTPEi]*|-)\s+(\d{1,3})%\s+(/\S*)\s*$"
)
_FREE_HEAD = re.compile(r"\s+total\s+used\s+free\b.*$")
_FREE_ROW = re.compile(r"\s*(Mem|Swap):\s+(\S+)\s+(\S+)\s+(\S+)((?:\s+\S+)*)\s*$")
_CLOCK = re.compile(r"\s*(?:System clock|NTP) synchronized: (yes|no)\s*$")
_BLOCK = re.compile(r"(\d{0,6})([KMG]?)-?(?:B-)?blocks")
_UNITS: Final = {"": 0, "B": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
_AMOUNT = re.compile(r"(\d{1,18}(?:\.\d{1,4})?)([BKMGTPE]?)i?B?$")


def size_bytes(text: str, unit: int) -> int | None:
    """Bytes of `12G`, or of a bare number of `unit` bytes."""
    found = _AMOUNT.match(text)
    if not found:
        return None
    scale = 1024 ** _UNITS[found[2]] if found[2] else unit
    return int(float(found[1]) * scale)


def read_machine(draft: Draft, index: int) -> int | None:
    """Whatever df, free or timedatectl printed from this line on."""
    text = draft.lines[index].text
    return (
        _df(draft, index)
        if "Mounted on" in text
        else _free(draft, index)
        if "total" in text
        else _clock(draft, index)
        if "synchronized:" in text
        else None
    )


def _df(draft: Draft, index: int) -> int | None:
    head = _DF_HEAD.match(draft.lines[index].text)
    if not head:
        return None
    inodes = head[1] == "Inodes"
    end = index + 1
    while end < len(draft.lines) and (row := _DF_ROW.match(draft.lines[end].text)):
        percent = int(row[5])
        if inodes:
            draft.add("disk", end, host=draft.host, mount=row[6], inodes_used_percent=percent)
        else:
            free = size_bytes(row[4], _block(head[1]))
            draft.add("disk", end, host=draft.host, mount=row[6], used_percent=percent, free_bytes=free)
        end += 1
    draft.show("df", index)
    draft.mark(index, end, PASTE)
    return end


def _block(head: str) -> int:
    """Bytes in a block, as the head of the column says: `1K-blocks`, `1024-blocks`, `1B-blocks`."""
    found = _BLOCK.match(head)
    if not found:
        return 1 if head.startswith("1B") else 1024
    number = int(found[1] or 1)
    return number << (10 * _UNITS[found[2]])


def _free(draft: Draft, index: int) -> int | None:
    head = draft.lines[index].text
    if not _FREE_HEAD.match(head):
        return None
    end = index + 1
    total = available = swap = None
    unit = {"-b": 1, "-m": 1 << 20, "-g": 1 << 30}.get(_flag(draft), 1024)
    while end < len(draft.lines) and (row := _FREE_ROW.match(draft.lines[end].text)):
        if row[1] == "Mem":
            rest = row[5].split()
            total = size_bytes(row[2], unit)
            available = size_bytes(rest[-1], unit) if "available" in head and rest else None
        else:
            swap = size_bytes(row[2], unit)
        end += 1
    if total is None:
        return None
    draft.add(
        "memory", index, host=draft.host, total_bytes=total, available_bytes=available, swap_bytes=swap,
        available_percent=available * 100 // total if available is not None and total else None,
    )  # fmt: skip
    draft.show("free", index)
    draft.mark(index, end, PASTE)
    return end


def _flag(draft: Draft) -> str:
    words = draft.command.text.split() if draft.command.tool == "free" else []
    return next((word for word in words if word.startswith("-")), "")


def _clock(draft: Draft, index: int) -> int | None:
    found = _CLOCK.match(draft.lines[index].text)
    if not found:
        return None
    draft.add("clock", index, host=draft.host, synchronized=found[1] == "yes")
    draft.mark(index, index + 1, PASTE)
    return index + 1
