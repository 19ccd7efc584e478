"""An entry as a page for people: `kdiag kb show`, and the pages of the handbook."""

from __future__ import annotations

from bot.render.words import in_language, say
from rules.knowledge import Knowledge
from rules.schema import Entry, Pattern, Text

LABELS = {
    "signs": {"en": "How it shows", "ja": "現れ方"},
    "when": {"en": "Concluded when", "ja": "判定条件"},
    "means": {"en": "What it is", "ja": "原因"},
    "tells": {"en": "What tells it apart", "ja": "見分け方"},
    "explains": {"en": "Accounts for", "ja": "これで説明がつくもの"},
    "covers": {"en": "Holds", "ja": "対応する行"},
    "examples": {"en": "Examples", "ja": "例"},
    "not": {"en": "Near misses", "ja": "該当しない例"},
}


def entry_as_markdown(entry: Entry, knowledge: Knowledge, lang: str) -> str:
    """The whole entry; every id it names is a link to that entry's page."""
    title = in_language(entry.title, lang) or entry.id
    lines = [
        f"# {title}",
        "",
        f"`{entry.id}` · {say(entry.severity, lang)} · {say('certainty', lang)} {entry.certainty:.0%}",
    ]
    lines += ["", f"*{entry.file}:{entry.line}*", ""]
    if entry.cause:
        lines += [f"## {_label('means', lang)}", "", _words(in_language(entry.cause, lang)), ""]
    if entry.signs:
        lines += [f"## {_label('signs', lang)}", ""]
        for sign in entry.signs:
            where = f" ({', '.join(sign.via)})" if sign.via else ""
            lines += [f"- {' … '.join(_code(p) for p in sign.patterns)}{where}"]
        lines.append("")
    if any(route.patterns[0].name != "sign" for route in entry.routes):
        lines += [f"## {_label('when', lang)}", ""]
        for route in entry.routes:
            lines += [f"- {', '.join(_pattern(p) for p in route.patterns)}"]
        lines.append("")
    tells: list[tuple[str, Text]] = [("confirm", entry.confirm), ("refute", entry.refute), ("asks", entry.ask)]
    if any(text for _, text in tells) or entry.rivals:
        lines += [f"## {_label('tells', lang)}", ""]
        lines += [f"- {say(word, lang)}: {_words(in_language(text, lang))}" for word, text in tells if text]
        lines += [f"- {_link(id_, knowledge, lang)}" for id_ in entry.rivals]
        lines.append("")
    if entry.fix:
        lines += [f"## {say('fix', lang)}", ""]
        for step in entry.fix:
            only = ", ".join(f"{k}: {'/'.join(v)}" for k, v in step.only.items())
            note = " ".join(x for x in (in_language(step.note, lang), f"({only})" if only else "") if x)
            lines += [f"{note} *[{say(step.risk, lang)}]*".strip(), "", "```sh", step.command, "```", ""]
    if entry.verify:
        lines += [f"## {say('verify', lang)}", "", "```sh", *entry.verify, "```", ""]
    if entry.explains:
        lines += [f"## {_label('explains', lang)}", ""]
        lines += [f"- {_link(name, knowledge, lang)}" for name in entry.explains] + [""]
    for label, examples in (("examples", entry.match), ("not", entry.no_match)):
        if examples:
            lines += [f"## {_label(label, lang)}", ""]
            for example in examples:
                lines += [f"- {example.name}"]
                if example.text:
                    lines += ["", *[f"      {line}" for line in example.text.rstrip().splitlines()], ""]
            lines.append("")
    if entry.covers or entry.source:
        lines += [f"## {say('see', lang)}", "", *[f"- {name}" for name in (*entry.covers, *entry.source)], ""]
    return "\n".join(lines).rstrip() + "\n"


def _label(name: str, lang: str) -> str:
    return LABELS[name].get(lang) or LABELS[name]["en"]


def _link(name: str, knowledge: Knowledge, lang: str) -> str:
    entry = knowledge.by_id.get(name)
    return f"[{in_language(entry.title, lang) or name}]({name}.md)" if entry is not None else f"*{name}*"


def _words(text: str) -> str:
    return text.replace("[[", "").replace("]]", "")


def _code(text: str) -> str:
    return f"``{text}``" if "`" in text else f"`{text}`"


def _pattern(pattern: Pattern) -> str:
    tests = [f"{t.attribute} {t.op} {t.value}" for t in pattern.tests]
    joins = [f"{j.attribute} = {j.other}.{j.other_attribute}" for j in pattern.joins]
    return _code(f"{pattern.name}: {pattern.kind}({', '.join(tests + joins)})")
