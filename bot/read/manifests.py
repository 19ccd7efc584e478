"""Has the manifests of a text checked as `kdiag check` checks files: together, each on the lines where it stands."""

from __future__ import annotations

from typing import Final

from bot.collect.manifest import check_texts
from bot.read.draft import Command, Draft

UNNAMED: Final = "manifest.yaml"
"""What a manifest is called whose file the text does not name."""


def note_manifest(draft: Draft, index: int, end: int) -> None:
    """These lines are a manifest, whole or broken."""
    file = _file(draft.command)
    if file in draft.manifests:
        file = UNNAMED  # the command showed the first one; this stands somewhere below
    draft.manifests.setdefault(file, []).append((index, end))
    draft.show("manifest", index)
    draft.mark(index, end, {"via": "manifest"})


def check_manifests(draft: Draft) -> None:
    """The objects and problems of all manifests in the text."""
    pages: list[tuple[str, list[str]]] = []
    for file, places in draft.manifests.items():
        lines: list[str] = []
        for index, end in places:
            first = draft.lines[index].number
            if not lines or len(lines) >= first:  # right behind another one there is no room for a separator
                lines = []
                pages.append((file, lines))
            lines += [""] * (first - 1 - len(lines))
            if lines:
                lines[-1] = "---"
            lines += _as_written(draft, index, end, first)
    if not pages:
        return
    seen = check_texts((file, "\n".join(lines)) for file, lines in pages)
    for one in seen.facts:
        if one.kind == "cluster":  # there is one fact of the cluster, made of all the evidence in the text
            draft.evidence("era", one["era"], next(iter(draft.manifests.values()))[0][0])
        else:
            draft.facts.append(one)
    draft.page.gaps += seen.gaps


def _as_written(draft: Draft, index: int, end: int, first: int) -> list[str]:
    """The lines of a manifest at the left edge, with blank ones in place of those that the reader left out."""
    texts = [line.text for line in draft.lines[index:end]]
    base = min((len(text) - len(text.lstrip()) for text in texts if text.strip()), default=0)
    lines: list[str] = []
    for line, text in zip(draft.lines[index:end], texts, strict=True):
        lines += [""] * (line.number - first - len(lines))
        lines.append(text[base:])
    return lines


def _file(command: Command) -> str:
    """The file that a command showed or sent: `cat db-service.yaml`, `kubectl create -f web.json`."""
    for word in reversed(command.text.split()):
        if word.endswith((".yaml", ".yml", ".json")):
            return word
    return UNNAMED
