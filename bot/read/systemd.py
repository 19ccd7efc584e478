"""Reads what systemctl prints: status, is-active and is-enabled (the guide's loops too), show, list-units."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from bot.read.commands import is_command
from bot.read.draft import Draft
from bot.read.words import age, unit_name, whole
from rules.kinds import Scalar

_STATUS_HEAD = re.compile(r"\s*(?:[\u25cf\u25cb\u2717\u00d7*\u2022x] ?)?([\w@:.\\-]{1,120})\.service(?: - (.*))?$")
_LOADED = re.compile(r"\s*Loaded: (loaded|not-found|masked|error|bad-setting)(?: \(([^;()]*)(?:; ?(\w[\w-]*))?)?")
_ACTIVE = re.compile(
    r"\s*Active: (active|inactive|failed|activating|deactivating|reloading)(?: \(([\w-]+)\))?(?: \(Result: "
    r"([\w-]+)\))?(.*)$"
)
_RESULT = re.compile(r"\(?Result: ([\w-]+)\)?")
_SINCE = re.compile(r"; ((?:\d+\w+ ?){1,4}) ago")
_EXIT = re.compile(r"\(code=(\w+), (?:status|signal)=(\w+)(?:/([\w-]+))?\)")
_FIELD = re.compile(
    r"\s*(?:Loaded|Active|Docs|Process|Main PID|Memory|CGroup|Tasks|CPU|Drop-In|Status|IO|IP|Triggered ?By|Triggers|"
    r"Condition|Asserts?|"
    r"Duration|Until|Invocation|Device|Follow|Error|FD Store|Listen|Accepted|TriggeredBy|Cntrl PID|Tasks|Limit)[\w "
    r"]*: |\s+[\u2514\u251c\u2502|`]|\s+\d+ /|\s+/etc/systemd|\s+/run/systemd|\s+\S+ \(code="
)
_BLOCK = re.compile(r"\s*-{2,4} ?([\w@.-]{1,120}) ?-{2,4}\s*$")
_ACTIVE_WORDS: Final = frozenset({"active", "inactive", "failed", "activating", "deactivating", "unknown", "reloading"})
_ENABLED_WORDS: Final = frozenset(
    {
        "enabled",
        "disabled",
        "static",
        "masked",
        "indirect",
        "generated",
        "linked",
        "alias",
        "not-found",
        "enabled-runtime",
    }
)
_LISTED = re.compile(
    r"\s*[\u25cf*\u2022]? ?([\w@:.\\-]{1,120})\.service\s+(loaded|not-found|masked|error|bad-setting)\s+(active|"
    r"inactive|failed|activating|deactivating)\s+([\w-]+)(?:\s+(.*))?$"
)
_UNIT_FILE = re.compile(
    r"\s*([\w@:.\\-]{1,120})\.service\s+(enabled|disabled|static|masked|indirect|generated)(?:\s+\w+)?\s*$"
)
_NO_FILE = re.compile(r"Failed to get unit file state for ([\w@.:-]{1,120}?)(?:\.service)?: (.*)")
_NOT_FOUND = re.compile(
    r"Unit ([\w@.:-]{1,120}?)(?:\.service)? (?:could not be found|not found|not loaded|is not loaded)"
)
_SHOW = re.compile(
    r"(Id|Names|LoadState|ActiveState|SubState|UnitFileState|Result|NRestarts|ExecMainStatus|ExecMainCode"
    r"|StateChangeTimestamp)=(.*)$"
)
_EXIT_WORDS = re.compile(r"code=exited, status=(\d{1,3})")


def _about(draft: Draft, unit: str) -> dict[str, Scalar]:
    about: dict[str, Scalar] = {"via": "paste", "unit": unit}
    if draft.host:
        about["host"] = draft.host
    return about


def read_status(draft: Draft, index: int) -> int | None:
    """`systemctl status`: the unit's block; the journal lines below it are left to the journal reader."""
    lines = draft.lines
    found = _STATUS_HEAD.match(lines[index].text)
    if found:
        unit = found[1]
        end = index + 1
    elif _LOADED.match(lines[index].text) and index + 1 < len(lines) and _ACTIVE.match(lines[index + 1].text):
        unit = draft.command.unit or "<unit>"
        end = index
    else:
        return None
    loaded: re.Match[str] | None = None
    active: re.Match[str] | None = None
    exited: re.Match[str] | None = None
    while end < len(lines) and (_FIELD.match(lines[end].text) or (lines[end].text.startswith("    ") and active)):
        text = lines[end].text
        loaded = loaded or _LOADED.match(text)
        active = active or _ACTIVE.match(text)
        if "code=" in text and (exited is None or "Main PID" in text):
            exited = _EXIT.search(text) or exited
        end += 1
    if loaded is None and active is None:
        return None
    draft.show("systemctl-status", index)
    draft.status_unit = unit
    tail = active[4] if active else ""
    since = _SINCE.search(tail)
    result = (active[3] if active else None) or (found_result[1] if (found_result := _RESULT.search(tail)) else None)
    killed = exited is not None and exited[1] == "killed"
    draft.add(
        "unit", index, host=draft.host, unit=unit, exists=loaded[1] != "not-found" if loaded else True,
        enabled=_enabled_of(loaded),
        active=active[1] if active else None, sub=active[2] if active and active[2] != "Result" else None,
        result=result,
        exit_code=whole(exited[2]) if exited and not killed else None,
        signal=(exited[3] or exited[2]) if exited and killed else None,
        since_s=_long_age(since[1]) if since else None,
    )  # fmt: skip
    draft.mark(index, end, _about(draft, unit))
    return end


def _enabled_of(loaded: re.Match[str] | None) -> str | None:
    if loaded is None:
        return None
    return loaded[3] if loaded[3] in _ENABLED_WORDS else "masked" if loaded[1] == "masked" else None


def _long_age(text: str) -> int | None:
    """Seconds of `6min`, `1h 12min`, `2 days`, as systemd writes them."""
    total = 0
    units = {"s": 1, "sec": 1, "min": 60, "h": 3600, "day": 86400, "days": 86400, "week": 604800, "weeks": 604800,
             "month": 2629800, "months": 2629800, "year": 31557600, "years": 31557600}  # fmt: skip
    for number, word in re.findall(r"(\d{1,6}) ?([a-z]+)", text):
        if word not in units:
            return age(text)
        total += int(number) * units[word]
    return total


def read_states(draft: Draft, index: int) -> int | None:
    """`--- etcd ---` blocks of the guide's loops, and bare `active`/`enabled` below is-active or is-enabled."""
    lines = draft.lines
    found = _BLOCK.match(lines[index].text)
    if not found:
        return _read_bare_states(draft, index)
    end = index + 1
    states: list[str] = []
    start = index
    unit = unit_name(found[1])
    if unit in ("BEGIN", "END"):
        return None
    messages: list[int] = []
    while end < len(lines) and end - index < 12:
        text = lines[end].text.strip()
        if text in _ACTIVE_WORDS or text in _ENABLED_WORDS:
            states.append(text)
        elif _NO_FILE.search(text) or _NOT_FOUND.search(text):
            states.append("not-found")
            messages.append(end)
        elif text:
            break
        end += 1
    if not states:
        return None
    draft.show("systemctl-loop", index)
    _emit_states(draft, start, unit, states)
    while end > start + 1 and not lines[end - 1].text.strip():
        end -= 1
    draft.mark(start, end, _about(draft, unit))
    return end


def _emit_states(draft: Draft, index: int, unit: str, states: list[str]) -> None:
    active = next((state for state in states if state in _ACTIVE_WORDS), None)
    enabled = next((state for state in states if state in _ENABLED_WORDS and state != "not-found"), None)
    absent = "not-found" in states
    draft.add(
        "unit", index, host=draft.host, unit=unit, active=active, enabled=enabled,
        exists=False if absent else True if enabled or active in ("active", "failed") else None,
    )  # fmt: skip


def _read_bare_states(draft: Draft, index: int) -> int | None:
    lines = draft.lines
    command = draft.command
    first = lines[index].text.strip()
    missing = _NO_FILE.search(first) or _NOT_FOUND.search(first)
    if missing and (command.tool == "systemctl" or "service" in first):
        draft.add("unit", index, host=draft.host, unit=unit_name(missing[1]), exists=False)
        draft.mark(index, index + 1, _about(draft, unit_name(missing[1])))
        return index + 1
    if command.tool != "systemctl" or command.verb not in ("is-active", "is-enabled", "is-failed") or not command.units:
        return None
    words = _ACTIVE_WORDS if command.verb != "is-enabled" else _ENABLED_WORDS
    end = index
    for unit in command.units:
        if end >= len(lines) or lines[end].text.strip() not in words:
            break
        _emit_states(draft, end, unit, [lines[end].text.strip()])
        draft.mark(end, end + 1, _about(draft, unit))
        end += 1
    if end == index:
        return None
    draft.show("systemctl-" + command.verb, index)
    return end


def read_list(draft: Draft, index: int) -> int | None:
    """`systemctl list-units` and `list-unit-files`, with or without their header."""
    end = index
    lines = draft.lines
    if re.match(r"\s*(?:UNIT\s+LOAD\s+ACTIVE\s+SUB|UNIT FILE\s+STATE)", lines[index].text):
        end += 1
    first = end
    while end < len(lines):
        found = _LISTED.match(lines[end].text)
        if found:
            draft.add(
                "unit", end, host=draft.host, unit=found[1], active=found[3], sub=found[4],
                exists=found[2] != "not-found",
            )  # fmt: skip
        else:
            found = _UNIT_FILE.match(lines[end].text)
            if not found:
                break
            draft.add("unit", end, host=draft.host, unit=found[1], enabled=found[2], exists=True)
        draft.abouts[end] = _about(draft, found[1])
        end += 1
    if end == first:
        return None
    draft.show("systemctl-list-units", index)
    draft.mark(index, end, {"via": "paste"})
    return end


def read_show(draft: Draft, index: int) -> int | None:
    """`systemctl show UNIT`: the properties that say how the unit is."""
    lines = draft.lines
    if not _SHOW.match(lines[index].text.strip()):
        return None
    values: dict[str, str] = {}
    telling = end = index  # the line that says most
    while end < len(lines) and re.match(r"\s*[A-Z]\w{1,60}=", lines[end].text):
        found = _SHOW.match(lines[end].text.strip())
        if found:
            values.setdefault(found[1], found[2].strip())
            if found[1] == "ActiveState" or found[0] == "UnitFileState=masked":
                telling = end
        end += 1
    if len(values) < 2 or "ActiveState" not in values:
        return None
    unit = unit_name(values.get("Id") or draft.command.unit or "<unit>")
    restarts = whole(values.get("NRestarts"))
    draft.add(
        "unit", telling, host=draft.host, unit=unit, active=values["ActiveState"], sub=values.get("SubState"),
        enabled=values.get("UnitFileState"), result=values.get("Result"), restarts=restarts,
        since_s=_since(draft, values),
        exit_code=whole(values.get("ExecMainStatus")),
        exists=values["LoadState"] != "not-found" if "LoadState" in values else None,
    )  # fmt: skip
    draft.show("systemctl-show", index)
    draft.mark(index, end, _about(draft, unit))
    return end


def _since(draft: Draft, values: dict[str, str]) -> int | None:
    """Seconds in the present state; None where the clock or the time zone (only UTC is sure) is not known."""
    found = re.fullmatch(r"[A-Z][a-z]{2} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", values.get("StateChangeTimestamp", ""))
    if draft.now is None or found is None:
        return None
    since = datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return max(0, int((draft.now - since).total_seconds()))


def read_systemd(draft: Draft, index: int) -> int | None:
    """Whatever systemctl printed from this line on."""
    text = draft.lines[index].text
    if is_command(text):
        return None
    return read_status(draft, index) or read_states(draft, index) or read_list(draft, index) or read_show(draft, index)
