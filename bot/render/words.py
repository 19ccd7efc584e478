"""The few words that answers are made of besides knowledge, in both languages, and what all renderers share."""

from __future__ import annotations

from typing import Final

from rules.findings import Answer, EtcdView, Finding, FixStep, Ranked, Stage
from rules.kinds import Fact
from rules.schema import STAGES, Text

WORDS: Final[dict[str, dict[str, str]]] = {
    "healthy": {"en": "Nothing is wrong, as far as can be seen.", "ja": "確認できた範囲では問題はありません。"},
    "unknown": {"en": "I do not know what this is.", "ja": "何が起きているか分かりません。"},
    "because": {"en": "Because", "ja": "根拠"},
    "on": {"en": "on {host}", "ja": "{host} で"},
    "fix": {"en": "Fix", "ja": "対処"},
    "verify": {"en": "It is over when", "ja": "解消の確認"},
    "explains": {"en": "Explains", "ja": "これが引き起こしたもの"},
    "also": {"en": "The same on", "ja": "同じ原因の対象"},
    "gaps": {"en": "Could not be checked", "ja": "確認できなかったこと"},
    "asks": {"en": "To be sure", "ja": "確かめるには"},
    "confirm": {"en": "Would confirm it", "ja": "裏付けになること"},
    "refute": {"en": "Would refute it", "ja": "否定する事実"},
    "see": {"en": "See", "ja": "参照"},
    "certainty": {"en": "certainty", "ja": "確度"},
    "stages": {"en": "Stages", "ja": "段階"},
    "stopped": {"en": "stopped by", "ja": "停止要因"},
    "more": {"en": "{n} more", "ja": "ほか {n} 件"},
    "others": {"en": "Other findings", "ja": "その他の所見"},
    "rivals": {"en": "Considered and not concluded", "ja": "検討したが該当しなかったもの"},
    "vanish": {"en": "Would vanish with it", "ja": "これが無ければ消えるもの"},
    "chain": {"en": "Chain of evidence", "ja": "証拠の連鎖"},
    "rule": {"en": "rule", "ja": "規則"},
    "none": {"en": "nothing", "ja": "なし"},
    "critical": {"en": "critical", "ja": "重大"},
    "warning": {"en": "warning", "ja": "警告"},
    "info": {"en": "info", "ja": "情報"},
    "read": {"en": "reads only", "ja": "参照のみ"},
    "change": {"en": "changes", "ja": "変更"},
    "destructive": {"en": "DESTRUCTIVE", "ja": "破壊的"},
    "incomplete": {
        "en": "No fault was found, but not everything could be checked.",
        "ja": "障害は見つかりませんでしたが、確認できなかった項目があります。",
    },
}
STAGE_WORDS: Final[dict[str, dict[str, str]]] = {
    "accepted": {"en": "accepted", "ja": "受付"},
    "scheduled": {"en": "scheduled", "ja": "配置"},
    "handed-to-kubelet": {"en": "kubelet", "ja": "kubelet"},
    "sandbox": {"en": "sandbox", "ja": "サンドボックス"},
    "image": {"en": "image", "ja": "イメージ"},
    "created": {"en": "created", "ja": "作成"},
    "started": {"en": "started", "ja": "起動"},
    "ready": {"en": "ready", "ja": "準備完了"},
    "serving": {"en": "serving", "ja": "提供中"},
}


def say(word: str, lang: str) -> str:
    return WORDS[word].get(lang) or WORDS[word]["en"]


def in_language(text: Text, lang: str) -> str:
    """The text in `lang`, else in English, else in whatever there is."""
    return text.get(lang) or text.get("en") or next(iter(text.values()), "")


def note_of(step: FixStep, lang: str) -> str:
    """What to know of a step before running it: the host that it is for, and its note."""
    note = in_language(step.note, lang)
    on = say("on", lang).format(host=step.on) if step.on and step.on not in note else ""
    return ": ".join(filter(None, (on, note)))


def because(fact: Fact) -> str:
    """A fact as evidence: the raw line where there is one, else its attributes."""
    return fact.source.text or str(fact)


def see(finding: Finding) -> list[str]:
    """Where it is written: guide rows and pages."""
    rows = [name for name in finding.entry.covers if name.startswith("guide ")]
    return list(dict.fromkeys([*rows, *finding.entry.source]))


def headline(answer: Answer, lang: str) -> str:
    """The answer in one sentence: for notifications, screen readers and summaries without a finding."""
    if answer.roots:
        finding = answer.roots[0].finding
        return f"{finding.subject}: {in_language(finding.title, lang)}"
    if answer.asks:
        return say("unknown", lang)
    return say("incomplete" if answer.gaps else "healthy", lang)


def pipeline(stage: Stage, lang: str) -> list[tuple[str, bool]]:
    """Each stage's word with whether it was reached."""
    last = STAGES.index(stage.reached)
    return [(STAGE_WORDS[name].get(lang, name), number <= last) for number, name in enumerate(STAGES)]


def accounted_for(ranked: Ranked) -> dict[str, list[str]]:
    """What a root explains: title -> subjects, for a short list."""
    grouped: dict[str, list[str]] = {}
    for finding in ranked.explains:
        grouped.setdefault(finding.id, []).append(finding.subject)
    return grouped


def etcd_lines(view: EtcdView) -> list[str]:
    """The entries of a directory, or the lines of a value."""
    return list(view.children) if view.directory else view.value.splitlines()
