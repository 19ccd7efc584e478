"""The JSON answer: the contract that programs read. Field names and meanings do not change."""

from __future__ import annotations

from typing import Any

from bot.render.words import because, in_language, see
from rules.explain import Explanation, Link
from rules.findings import Answer, Ranked


def answer_as_dict(answer: Answer, lang: str = "en") -> dict[str, Any]:
    result: dict[str, Any] = {
        "question": dict(answer.question),
        "findings": [_ranked(ranked, lang, answer.cluster) for ranked in answer.roots],
        "gaps": [{"what": g.what, "why": g.why, "command": g.command} for g in answer.gaps],
        "asks": [in_language(ask, lang) for ask in answer.asks],
    }
    if answer.stage is not None:
        result["stage"] = {"reached": answer.stage.reached, "stopped_by": answer.stage.stopped_by}
    if answer.etcd is not None:
        found = answer.etcd
        result["etcd"] = {
            "key": found.key,
            "directory": found.directory,
            "children": list(found.children),
            "value": found.value,
        }
    return result


def _ranked(ranked: Ranked, lang: str, cluster: str) -> dict[str, Any]:
    finding = ranked.finding
    return {
        "id": finding.id,
        "subject": finding.subject,
        "root": True,
        "title": in_language(finding.title, lang),
        "cause": in_language(finding.cause, lang),
        "certainty": finding.certainty,
        "severity": finding.entry.severity,
        "explains": [{"id": f.id, "subject": f.subject} for f in (*ranked.siblings, *ranked.explains)],
        "because": [{"fact": because(fact), "source": str(fact.source)} for fact in finding.evidence],
        "fix": [
            {"command": s.command, "note": in_language(s.note, lang), "risk": s.risk} | ({"on": s.on} if s.on else {})
            for s in finding.fix
        ],
        "verify": list(finding.verify),
        "see": see(finding),
        "confirm": in_language(finding.confirm, lang),
        "refute": in_language(finding.refute, lang),
        "fingerprint": finding.fingerprint(cluster),
    }


def explanation_as_dict(explanation: Explanation, lang: str = "en") -> dict[str, Any]:
    """What `kdiag why` says, for programs."""
    finding = explanation.finding
    return {
        "id": finding.id,
        "subject": finding.subject,
        "cause": in_language(finding.cause, lang),
        "chain": [_link(link) for link in explanation.chain],
        "confirm": in_language(finding.confirm, lang),
        "refute": in_language(finding.refute, lang),
        "rivals": [{"id": r.id, "title": in_language(r.title, lang), "missing": r.missing} for r in explanation.rivals],
        "vanish": [{"id": f.id, "subject": f.subject} for f in explanation.vanish],
        "see": see(finding),
    }


def _link(link: Link) -> dict[str, Any]:
    return {
        "fact": because(link.fact),
        "source": str(link.fact.source),
        "rule": link.rule,
        "premises": [_link(premise) for premise in link.premises],
    }
