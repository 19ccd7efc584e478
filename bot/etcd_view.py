"""What etcd holds at a path (guide §4.6.1): the entries of a directory, or a key's value, pretty-printed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import orjson

from rules.errors import KdiagError
from rules.findings import EtcdView
from rules.kinds import Fact
from rules.observations import Gap


def view(path: str, facts: Iterable[Fact], gaps: Iterable[Gap] = ()) -> EtcdView:
    """The directory or key at `path`, from `etcd_key` facts. KdiagError when it is not there, or could not be read."""
    wanted = "/" + path.strip("/")
    keys = {str(f["key"]): f for f in facts if f.kind == "etcd_key"}
    found = keys.get(wanted)
    if found is None or found.get("exists") is False:
        if not keys:
            why = next((gap.why for gap in gaps), "nothing of it is known here")
            raise KdiagError(f"etcd could not be read: {why}")
        near = difflib.get_close_matches(wanted, [key for key, f in keys.items() if f.get("exists") is not False], 1)
        raise KdiagError(f"etcd has no key {wanted}" + (f"; did you mean {near[0]}?" if near else ""))
    if found.get("dir"):
        prefix = wanted.rstrip("/") + "/"
        children = sorted(
            key for key in keys if key.startswith(prefix) and "/" not in key[len(prefix) :] and key != prefix
        )
        return EtcdView(wanted, True, tuple(children), "")
    return EtcdView(wanted, False, (), pretty(str(found.get("value") or "")))


def pretty(value: str) -> str:
    """JSON indented; anything else as it is."""
    try:
        return orjson.dumps(orjson.loads(value), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return value
