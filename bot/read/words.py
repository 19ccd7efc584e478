"""Small readings that every block shares: ages, numbers, names, labels, columns. Each gives None for what it is not."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

KIND_NAMES: Final[dict[str, str]] = {
    alias: kind
    for kind, aliases in {
        "pod": "pods po",
        "node": "nodes no minion minions",
        "service": "services svc",
        "endpoints": "ep endpoint",
        "deployment": "deployments deploy",
        "replicaset": "replicasets rs",
        "replicationcontroller": "replicationcontrollers rc controllers replicationControllers",
        "statefulset": "statefulsets sts",
        "daemonset": "daemonsets ds",
        "job": "jobs",
        "cronjob": "cronjobs cj",
        "persistentvolumeclaim": "persistentvolumeclaims pvc",
        "persistentvolume": "persistentvolumes pv",
        "storageclass": "storageclasses sc",
        "event": "events ev",
        "horizontalpodautoscaler": "horizontalpodautoscalers hpa",
        "ingress": "ingresses ing",
        "namespace": "namespaces ns",
        "configmap": "configmaps cm",
        "secret": "secrets",
        "serviceaccount": "serviceaccounts sa",
        "resourcequota": "resourcequotas quota",
        "limitrange": "limitranges limits",
        "poddisruptionbudget": "poddisruptionbudgets pdb",
        "networkpolicy": "networkpolicies netpol",
        "componentstatus": "componentstatuses cs",
        "apiservice": "apiservices",
        "certificatesigningrequest": "certificatesigningrequests csr",
        "volumeattachment": "volumeattachments",
        "lease": "leases",
    }.items()
    for alias in (kind, *aliases.split())
}
"""What people and kubectl write for a kind -> the kind in lower case."""

WORKLOADS: Final = frozenset(
    {"deployment", "replicaset", "replicationcontroller", "statefulset", "daemonset", "job", "cronjob"}
)
CLUSTER_SCOPED: Final = frozenset(
    {"node", "namespace", "persistentvolume", "storageclass", "componentstatus", "apiservice",
     "certificatesigningrequest", "volumeattachment"}
)  # fmt: skip
POD_PHASES: Final = frozenset({"Pending", "Running", "Succeeded", "Failed", "Unknown", "Waiting"})

UNKNOWN_POD: Final = "<pod>"
"""The Pod of a text that shows one without its name; `<name>` is how answers write what nobody told."""
UNKNOWN_CONTAINER: Final = "<container>"
UNKNOWN_NODE: Final = "<node>"

_AGE = re.compile(
    r"(?:(\d{1,6})y)?(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m(?!s))?(?:(\d{1,9})(?:\.\d+)?s)?(?:\d+ms)?"
)
_LONG_AGE = re.compile(r"(?:About )?(an?|\d{1,6}) (second|minute|hour|day|week|month|year)s?(?: ago)?", re.IGNORECASE)
_LONG_UNITS: Final = {
    "second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 2592000, "year": 31536000,
}  # fmt: skip
_LABEL = re.compile(r"[\w./-]{1,317}=[\w./:@-]{0,253}")
_HASHES = re.compile(r"-[a-z0-9]{6,10}-[a-z0-9]{5}$|-[0-9]{8,10}-[a-z0-9]{5}$")
_MONTHS: Final = {
    month: number for number, month in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), start=1)
}
_RFC1123 = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d)(?: ([+-])(\d\d)(\d\d))?"
)
_RFC3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?: ?(Z|([+-])(\d\d):?(\d\d)))?")


def whole(text: str | None) -> int | None:
    """The number that `text` is written as, if it is a plain one of sensible size."""
    return int(text) if text and len(text) <= 15 and text.isascii() and text.isdigit() else None


def age(text: str | None) -> int | None:
    """Seconds of `2m40s`, `5d3h`, `6y12d`, `About an hour ago`, `47 hours ago`.

    >>> age("2m40s"), age("47 hours"), age("<unknown>")
    (160, 169200, None)
    """
    if not text or len(text) > 40:
        return None
    text = text.strip()
    found = _AGE.fullmatch(text.removesuffix(" ago"))
    if found and text[:1].isdigit() and text.isascii():
        years, days, hours, minutes, seconds = found.groups()
        return (
            (int(years) * 31536000 if years else 0)
            + (int(days) * 86400 if days else 0)
            + (int(hours) * 3600 if hours else 0)
            + (int(minutes) * 60 if minutes else 0)
            + (int(seconds) if seconds else 0)
        )
    long = _LONG_AGE.fullmatch(text)
    if long and text.isascii():
        count = 1 if long[1].lower() in ("a", "an") else int(long[1])
        return count * _LONG_UNITS[long[2].lower()]
    return 0 if text.lower() == "less than a second ago" else None


def moment(text: str | None) -> datetime | None:
    """The instant of an RFC 3339 or RFC 1123 time at the front of `text`; without a zone it is taken as UTC."""
    if not text:
        return None
    text = text.strip()
    found = _RFC3339.match(text)
    try:
        if found:
            year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
            sign, off_hours, off_minutes = found[8], found[9], found[10]
        else:
            found = _RFC1123.match(text)
            if not found or found[2] not in _MONTHS:
                return None
            day, month, year = int(found[1]), _MONTHS[found[2]], int(found[3])
            hour, minute, second = int(found[4]), int(found[5]), int(found[6])
            sign, off_hours, off_minutes = found[7], found[8], found[9]
        when = datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
        offset = (int(off_hours) * 3600 + int(off_minutes) * 60) if sign else 0
        return datetime.fromtimestamp(when - (-offset if sign == "-" else offset), tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def seconds_since(text: str | None, now: datetime | None) -> int | None:
    """Seconds from an instant or age written in `text`; instants need a clock, which only the caller can have."""
    short = age(text)
    if short is not None:
        return short
    if now is None:
        return None
    when = moment(text)
    if when is None:
        return None
    clock = now if now.tzinfo else now.replace(tzinfo=UTC)
    return max(0, int((clock - when).total_seconds()))


def labels(text: str | None) -> str | None:
    """Labels as facts write them: sorted `k=v`, comma separated; None for `<none>` and for what is no label.

    >>> labels("uses=db,name=web")
    'name=web,uses=db'
    """
    if not text or "=" not in text:
        return None
    found = sorted(set(_LABEL.findall(text)))
    return ",".join(found) or None


def known(text: str | None) -> str | None:
    """The text unless it is kubectl's word for nothing: `<none>`, `<unset>`, `<unknown>`, `<nil>`, a dash."""
    if text is None:
        return None
    text = text.strip()
    return None if text in ("", "<none>", "<unset>", "<unknown>", "<nil>", "-", "<invalid>", "<no value>") else text


def kind_of(text: str) -> str | None:
    """The kind in lower case that `pods`, `po`, `Pod` or `deployment.apps` means; None if it is none we know.

    >>> kind_of("deploy.apps"), kind_of("ReplicaSet")
    ('deployment', 'replicaset')
    """
    word = text.partition(".")[0]
    return KIND_NAMES.get(word) or KIND_NAMES.get(word.lower())


def qualified(namespace: str | None, name: str) -> str:
    return f"{namespace}/{name}" if namespace and "/" not in name else name


def runtime_of(text: str | None) -> str | None:
    """docker, containerd or cri-o from `containerd://1.7.2` or a container's id."""
    if not text:
        return None
    word = text.partition("://")[0].strip().lower()
    return word if word in ("docker", "containerd", "cri-o") else None


def unit_name(text: str) -> str:
    """A unit's name as facts write it.

    >>> unit_name("kubelet.service")
    'kubelet'
    """
    return text.strip().removesuffix(".service")


def workload_of_pod(name: str, pod_template_hash: str | None) -> str | None:
    """The Deployment's name in a Pod's, when the Pod carries the hash that proves it."""
    if pod_template_hash and f"-{pod_template_hash}-" in name:
        return name[: name.rindex(f"-{pod_template_hash}-")]
    return None
