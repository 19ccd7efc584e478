"""The answer for people at a terminal: one screen, the cause first, commands ready to copy."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.text import Text as Line
from rich.tree import Tree

from bot.render.words import accounted_for, because, etcd_lines, headline, in_language, note_of, pipeline, say, see
from rules.explain import Explanation, Link
from rules.findings import Answer, Finding, Ranked

COLOURS = {"critical": "bold red", "warning": "bold yellow", "info": "bold blue"}
RISK_COLOURS = {"read": "dim", "change": "yellow", "destructive": "bold red"}
SHOWN_EVIDENCE = 5
SHOWN_SUBJECTS = 5
SHOWN_ROOTS = 8
SHOWN_WHOLE = 3
MAX_LINE = 400


def show_answer(answer: Answer, lang: str, console: Console) -> None:
    if answer.etcd is not None:
        for line in etcd_lines(answer.etcd):
            console.print(Line(_plain(line)), soft_wrap=True)
        if not answer.roots:
            return
    if not answer.roots:
        good = not answer.asks and not answer.gaps
        console.print(
            Line(("✓ " if good else "? ") + _plain(headline(answer, lang)), style="green" if good else "yellow")
        )
    for number, ranked in enumerate(answer.roots[:SHOWN_ROOTS]):
        _show_root(ranked, lang, console, full=number < SHOWN_WHOLE)
        console.print()
    if len(answer.roots) > SHOWN_ROOTS:
        console.print(Line(say("more", lang).format(n=len(answer.roots) - SHOWN_ROOTS), style="dim"))
    if answer.stage is not None:
        stages = Line(say("stages", lang) + "  ", style="bold")
        for number, (word, reached) in enumerate(pipeline(answer.stage, lang)):
            stages.append(" → " if number else "", style="dim")
            stages.append(word, style="green" if reached else "dim")
        if answer.stage.stopped_by:
            stages.append(f"   {say('stopped', lang)} {answer.stage.stopped_by}", style="red")
        console.print(stages)
    if answer.gaps:
        console.print(Line(say("gaps", lang), style="bold"))
        for gap in answer.gaps[:8]:
            console.print(_bullet(f"{gap.what}: {gap.why}", gap.command))
        if len(answer.gaps) > 8:
            console.print(_bullet(say("more", lang).format(n=len(answer.gaps) - 8)))
    for ask in answer.asks:
        console.print(Line(say("asks", lang) + ": ", style="bold").append(_plain(in_language(ask, lang))))


def _show_root(ranked: Ranked, lang: str, console: Console, *, full: bool) -> None:
    finding = ranked.finding
    console.print(_title(finding, lang))
    console.print(Padding(Line(_plain(in_language(finding.cause, lang))), (0, 2), expand=False))
    if not full:
        return
    console.print(Padding(_evidence(finding, lang), (0, 2), expand=False))
    if finding.fix:
        console.print(Padding(Line(say("fix", lang), style="bold"), (0, 2), expand=False))
    for step in finding.fix:
        known = note_of(step, lang)
        note = Line(f"# {_plain(known)}" if known else "", style="dim")
        if step.risk != "read":
            note.append(
                f"  [{say(step.risk, lang)}]" if known else f"# [{say(step.risk, lang)}]", RISK_COLOURS[step.risk]
            )
        if note.plain:
            console.print(Padding(note, (0, 4), expand=False))
        _show_command(step.command, console)
    if finding.verify:
        console.print(Padding(Line(say("verify", lang), style="bold"), (0, 2), expand=False))
    for command in finding.verify:
        _show_command(command, console)
    folded = _folded(ranked, lang)
    if folded is not None:
        console.print(Padding(folded, (0, 2), expand=False))
    links = see(finding)
    if links:
        console.print(
            Padding(Line(_plain(f"{say('see', lang)}: {', '.join(links[:3])}"), style="dim"), (0, 2), expand=False)
        )


def _show_command(command: str, console: Console) -> None:
    """Without wrapping and indentation marks of ours, so that what is copied is what is meant."""
    for line in _plain(command, keep_lines=True).splitlines():
        console.print(Line("    " + line, style="cyan"), soft_wrap=True)


def _title(finding: Finding, lang: str) -> Line:
    severity = finding.entry.severity
    line = Line("● " + say(severity, lang) + "  ", style=COLOURS[severity])
    line.append(_plain(finding.subject), style="bold")
    line.append("  " + _plain(in_language(finding.title, lang)))
    line.append(f"   {say('certainty', lang)} {finding.certainty:.0%}  {finding.id}", style="dim")
    return line


def _evidence(finding: Finding, lang: str) -> Tree:
    tree = Tree(Line(say("because", lang), style="bold"), guide_style="dim")
    for fact in finding.evidence[:SHOWN_EVIDENCE]:
        line = Line(_plain(because(fact)))
        if str(fact.source):
            line.append(f"  ({_plain(str(fact.source))})", style="dim")
        tree.add(line)
    if len(finding.evidence) > SHOWN_EVIDENCE:
        tree.add(Line(say("more", lang).format(n=len(finding.evidence) - SHOWN_EVIDENCE), style="dim"))
    return tree


def _folded(ranked: Ranked, lang: str) -> Tree | None:
    if not ranked.explains and not ranked.siblings:
        return None
    tree = Tree(Line(say("explains" if ranked.explains else "also", lang), style="bold"), guide_style="dim")
    if ranked.siblings:
        tree.add(Line(_subjects([f.subject for f in ranked.siblings], lang)))
    for id_, subjects in list(accounted_for(ranked).items())[:8]:
        tree.add(Line(id_ + "  ").append(_subjects(subjects, lang), style="dim"))
    return tree


def _subjects(subjects: list[str], lang: str) -> str:
    shown = ", ".join(subjects[:SHOWN_SUBJECTS])
    if len(subjects) > SHOWN_SUBJECTS:
        shown += ", " + say("more", lang).format(n=len(subjects) - SHOWN_SUBJECTS)
    return _plain(shown)


def show_explanation(explanation: Explanation, lang: str, console: Console) -> None:
    finding = explanation.finding
    console.print(_title(finding, lang))
    console.print(Padding(Line(_plain(in_language(finding.cause, lang))), (0, 2), expand=False))
    tree = Tree(Line(say("chain", lang), style="bold"), guide_style="dim")
    for link in explanation.chain[:30]:
        _add(tree, link, lang)
    console.print(Padding(tree, (0, 2), expand=False))
    for word, text in (("confirm", finding.confirm), ("refute", finding.refute)):
        if text:
            console.print(
                Padding(
                    Line(say(word, lang) + ": ", style="bold").append(_plain(in_language(text, lang))),
                    (0, 2),
                    expand=False,
                )
            )
    console.print(Padding(Line(say("rivals", lang), style="bold"), (0, 2), expand=False))
    for rival in explanation.rivals:
        console.print(_bullet(f"{in_language(rival.title, lang)} ({rival.id}): {rival.missing}", indent=4))
    if not explanation.rivals:
        console.print(_bullet(say("none", lang), indent=4))
    console.print(Padding(Line(say("vanish", lang), style="bold"), (0, 2), expand=False))
    for gone in explanation.vanish[:20]:
        console.print(_bullet(f"{gone.id}  {gone.subject}", indent=4))
    if not explanation.vanish:
        console.print(_bullet(say("none", lang), indent=4))


def _add(tree: Tree, link: Link, lang: str) -> None:
    line = Line(_plain(because(link.fact)))
    if str(link.fact.source):
        line.append(f"  ({_plain(str(link.fact.source))})", style="dim")
    if link.rule:
        line.append(f"  ← {say('rule', lang)} {link.rule}", style="magenta")
    branch = tree.add(line)
    for premise in link.premises:
        _add(branch, premise, lang)


def _bullet(text: str, command: str = "", indent: int = 2) -> Padding:
    line = Line("· " + _plain(text))
    if command:
        line.append("  ").append(_plain(command), style="cyan")
    return Padding(line, (0, indent), expand=False)


def _plain(text: str, *, keep_lines: bool = False) -> str:
    """Untrusted text for a terminal: no control characters, no escape sequences, of bounded length."""
    cleaned = "".join(c if c.isprintable() or (keep_lines and c == "\n") else " " for c in text)
    return cleaned if len(cleaned) <= MAX_LINE * (10 if keep_lines else 1) else cleaned[:MAX_LINE] + "…"
