"""Which object a person means: whole names, beginnings, UIDs, and names cut short by a table."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from rules.errors import KdiagError

SHOWN: int = 8
"""Names listed to a person who must choose."""


def bare(name: str) -> tuple[str, bool]:
    """The name without the dots that a table puts behind what it cut off, and whether there were any."""
    short = name.strip().removesuffix("...").removesuffix("…")
    return short, short != name.strip()


def matching(known: Mapping[str, str], name: str) -> list[str]:
    """The objects that a person may mean, of `namespace/name` -> UID, sorted; one when it is clear.

    A whole name goes before a beginning, so that `web` is not `web-2`. Also a UID, the beginning of any of these,
    and a beginning with `...` behind it, as tables cut names.
    """
    wanted, cut = bare(name)
    if not wanted:
        return []
    whole = [key for key, uid in known.items() if wanted in (key, uid) or key.rpartition("/")[2] == wanted]
    if whole and not cut:
        exact = [key for key in whole if key == wanted]
        return exact or sorted(whole)
    return sorted(
        key
        for key, uid in known.items()
        if key.startswith(wanted) or key.rpartition("/")[2].startswith(wanted) or (uid and uid.startswith(wanted))
    )


def nearest(known: Mapping[str, str], name: str) -> str | None:
    """The existing name nearest to one that does not exist, for the person who mistyped it."""
    names = {key.rpartition("/")[2]: key for key in reversed(list(known))}
    found = difflib.get_close_matches(name, list(known), 1, 0.7)
    if found:
        return found[0]
    near = difflib.get_close_matches(name.rpartition("/")[2], list(names), 1, 0.7)
    return names[near[0]] if near else None


class AmbiguousName(KdiagError):
    """More than one object could be meant. `candidates` are their full names, sorted."""

    def __init__(self, kind: str, name: str, candidates: Sequence[str]) -> None:
        more = f" and {len(candidates) - SHOWN} more" if len(candidates) > SHOWN else ""
        super().__init__(f"{name} could be {', '.join(candidates[:SHOWN])}{more}: say which")
        self.kind = kind
        self.candidates = tuple(candidates)


def the_one(kind: str, name: str, found: list[str], near: str | None) -> str:
    """The only name there is. KdiagError when there is none, or more than one."""
    if not found:
        raise KdiagError(f"no {kind} {name} in this cluster" + (f"; did you mean {near}?" if near else ""))
    if len(found) > 1:
        raise AmbiguousName(kind, name, found)
    return found[0]
