"""Values out of JSON that nobody vouches for: each function gives the right type or nothing.

Objects come from clusters, files and pastes, and may be cut, null or of the wrong shape anywhere. Every other module
of this package reads them through these functions, so that none has to check and none can raise.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final

Json = dict[str, Any]
"""An API object or a part of one, as parsed. Read only."""

NOTHING: Final[Json] = {}
MAX_MESSAGE: Final = 4096
"""Messages are cut here: the API server keeps events to 1 KB, and a status message says all it has to by then."""
MAX_NAMES_COMPARED: Final = 2000
"""Names looked through for a similar one; difflib takes some 20 microseconds each."""


def mapping(value: object) -> Json:
    return value if type(value) is dict else NOTHING


def sequence(value: object) -> list[Any]:
    return value if type(value) is list else []


def mappings(value: object) -> list[Json]:
    """The members of a list that are objects."""
    return [item for item in value if type(item) is dict] if type(value) is list else []


def text(value: object) -> str | None:
    return value if type(value) is str and value else None


def word(value: object) -> str | None:
    """A string, or a number as written (ports come as either)."""
    if type(value) is str:
        return value or None
    return str(value) if type(value) is int or type(value) is float else None


def message(value: object) -> str | None:
    found = text(value)
    return found[:MAX_MESSAGE] if found else None


def integer(value: object) -> int | None:
    if type(value) is int:
        return value if -(1 << 53) < value < (1 << 53) else None
    if type(value) is str and value.isascii() and value.isdecimal() and len(value) < 16:
        return int(value)
    return None


def boolean(value: object) -> bool | None:
    return value if type(value) is bool else None


def at(value: object, *path: str) -> object:
    """The value under a path of keys, None where the path ends early."""
    for key in path:
        if type(value) is not dict:
            return None
        value = value.get(key)
    return value


@lru_cache(maxsize=65_536)
def _moment(written: str) -> float | None:
    try:
        found = datetime.fromisoformat(written)
        if found.tzinfo is None:
            found = found.replace(tzinfo=UTC)
        return found.timestamp()
    except (ValueError, OverflowError):
        return None


def moment(value: object) -> float | None:
    """Seconds since the epoch of an RFC 3339 time (YAML may have parsed it already)."""
    if type(value) is str:
        return _moment(value) if value else None
    if isinstance(value, datetime):
        return _moment(value.isoformat())
    if isinstance(value, date):
        return _moment(f"{value.isoformat()}T00:00:00Z")
    return None


def seconds(now: float, then: float | None) -> int | None:
    """How long ago `then` was, never negative: clocks of two machines differ by a little."""
    return None if then is None else max(0, int(now - then))


_SUFFIX: Final = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip


@lru_cache(maxsize=8192)
def _quantity(written: str) -> float | None:
    for length in (2, 1, 0):
        suffix = written[len(written) - length :] if length else ""
        if suffix in _SUFFIX and len(suffix) == length:
            number = written[: len(written) - length]
            if not number or number.strip() != number or "_" in number:
                return None
            try:
                found = float(number) * _SUFFIX[suffix]
            except ValueError:
                continue
            return found if abs(found) < 1e24 else None
    return None


def quantity(value: object) -> float | None:
    """A Kubernetes quantity as a number in its base unit (cores, bytes, pieces).

    >>> quantity("1500m"), quantity("64Mi"), quantity(2)
    (1.5, 67108864.0, 2.0)
    """
    written = word(value)
    return _quantity(written) if written else None


def shown_quantity(resource: str, amount: float) -> str:
    """A number as Kubernetes would write it: `1930m` of CPU, `4Gi` or `512Mi` of memory.

    >>> shown_quantity("cpu", 1.93), shown_quantity("memory", 2.0**32), shown_quantity("pods", 7)
    ('1930m', '4Gi', '7')
    """
    if resource == "cpu":
        return str(round(amount)) if abs(amount - round(amount)) < 1e-9 else f"{round(amount * 1000)}m"
    if resource in ("memory", "ephemeral-storage", "storage") or resource.startswith("hugepages-"):
        if abs(amount) >= 2**30 and amount % 2**30 == 0:
            return f"{int(amount // 2**30)}Gi"
        return f"{int(amount // 2**20)}Mi" if abs(amount) >= 2**20 else str(int(amount))
    return str(round(amount))


def labels(value: object) -> Mapping[str, str]:
    """A map of labels with the values as strings (YAML may have made `"1"` a number)."""
    found = mapping(value)
    for key, item in found.items():
        if type(item) is not str or type(key) is not str:
            return {str(k): v if type(v) is str else str(v) for k, v in found.items() if v is not None}
    return found


def shown_labels(pairs: Mapping[str, str]) -> str | None:
    """`k=v` pairs, sorted and comma separated; None when there are none."""
    return ",".join(f"{key}={pairs[key]}" for key in sorted(pairs)) or None


def joined(words: Iterable[object]) -> str | None:
    """Words in the given order, each once, comma separated; None when there are none."""
    return ",".join(dict.fromkeys(str(each) for each in words if each not in (None, ""))) or None


def similar(name: str, existing: Iterable[str]) -> str | None:
    """The existing name that is nearest to `name`, if it is near enough to be what was meant.

    A name that contains the other's words counts as near too: `database-secret` and `db-credentials` do not,
    `web-config` and `web-config-v2` do.
    """
    pool = [each for each in existing if each != name][:MAX_NAMES_COMPARED]
    slip = next((each for each in pool if len(name) > 2 and _one_slip(name, each)), None)
    if slip:
        return slip
    near = difflib.get_close_matches(name, pool, n=1, cutoff=0.72)
    if near:
        return near[0]
    inside = [each for each in pool if len(each) > 3 and (each in name or name in each)]
    return min(inside, key=lambda each: (abs(len(each) - len(name)), each)) if inside else None


def _one_slip(one: str, other: str) -> bool:
    """Whether two names differ by one letter more, less, changed, or by two neighbours swapped.

    >>> _one_slip("wbe", "web"), _one_slip("databse", "database"), _one_slip("web", "api")
    (True, True, False)
    """
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[:2][::-1] and a[2:] == b[2:])


def namespaced(namespace: str | None, name: str) -> str:
    return f"{namespace}/{name}" if namespace else name


def event_reason(value: str) -> str:
    """An event's reason as it is written today: until 1.1 its first letter was small.

    >>> event_reason("failedScheduling")
    'FailedScheduling'
    """
    return value[:1].upper() + value[1:]
