"""Builds what is generated: the README's picture, the references of fact kinds and of the
format of knowledge, the table of what other tools check, and the handbook of all entries.

    python scripts/build_docs.py [--out site]

`docs/picture.svg`, `docs/facts.md`, `docs/knowledge.md`, `docs/settings.md`, `docs/peers.md` and `deploy/rbac.yaml` are kept in the repository. The handbook goes to `site/`: a page for each entry in English and Japanese, as a static site that needs no server.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import re
import subprocess
import sys
from pathlib import Path

import yaml
from rich.console import Console

from bot.collect.dump import Dump
from bot.config import reference as settings
from bot.coverage import claimed, load_lists
from bot.demo import RECORDING
from bot.handbook import entry_as_markdown
from bot.questions import Question
from bot.rbac import manifests
from bot.render.terminal import show_answer
from bot.render.words import in_language, say
from bot.service import consult
from bot.sources import DumpSource
from rules.expert import Expert
from rules.kinds import describe_kinds
from rules.knowledge import BUILT_IN, Knowledge, load
from rules.schema import EXAMPLE_FIELDS, FIELDS, LANGUAGES, PROFILE, RISKS, SEVERITIES, SIGN_FIELDS, STAGES, VIAS

ROOT = Path(__file__).parent.parent
PEERS = ("k8sgpt", "popeye", "robusta", "node-problem-detector", "troubleshoot")
NAMES = {"en": "English", "ja": "日本語"}


async def picture() -> str:
    """The terminal after `kdiag pod cart` in the demo's cluster, as SVG without outside fonts."""
    console = Console(record=True, width=110, highlight=False, file=io.StringIO(), force_terminal=True)
    expert = Expert(load())
    try:
        answer = (await consult(expert, DumpSource(Dump(RECORDING)), Question("pod", "cart-7c9d8f6b5-w9d3s"))).answer
    finally:
        await expert.close()
    answer.roots = answer.roots[:1]
    console.print("$ kdiag pod cart", style="dim")
    show_answer(answer, "en", console)
    svg = console.export_svg(title="kdiag", unique_id="kdiag")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S)


def facts() -> str:
    lines = [
        "# Fact kinds",
        "",
        "What `when` may ask for. Generated from `rules/kinds.py`; `kdiag kb facts` prints the same.",
        "",
    ]
    for name, doc, attributes in describe_kinds():
        lines += [f"## {name}", "", doc, "", "| attribute | type | |", "| --- | --- | --- |"]
        lines += [f"| `{attribute}` | {type_} | {text} |" for attribute, type_, text in attributes] + [""]
    return "\n".join(lines)


def reference() -> str:
    """`docs/knowledge.md`: the format of knowledge, from its schema."""
    sections = [
        ("An entry's fields", FIELDS),
        ("A sign", SIGN_FIELDS),
        ("An example", EXAMPLE_FIELDS),
        ("Tags", yaml.safe_load((BUILT_IN / "tags.yaml").read_text(encoding="utf-8"))),
    ]
    lines = [
        "# The format of knowledge",
        "",
        "Generated from `rules/schema.py`. How to write an entry, with an example: "
        "[knowledge/README.md](../knowledge/README.md). What `when` may ask for: [facts.md](facts.md).",
        "",
    ]
    for title, fields in sections:
        lines += [f"## {title}", "", "| name | |", "| --- | --- |"]
        lines += [f"| `{name}` | {doc} |" for name, doc in fields.items()] + [""]
    lines += ["## Values", "", "| of | one of |", "| --- | --- |"]
    values = {"severity": SEVERITIES, "risk": RISKS, "in (of a sign)": VIAS, "stage": STAGES}
    values |= {f"only: {name}": words for name, words in PROFILE.items()}
    lines += [f"| {name} | {', '.join(f'`{word}`' for word in words)} |" for name, words in values.items()] + [""]
    return "\n".join(lines)


def peers(knowledge: Knowledge) -> str:
    """`docs/peers.md`: check by check, which entry holds what another tool checks, or why none does."""
    lines = [
        "# What other tools check, and where kdiag has it",
        "",
        "Generated from `knowledge/coverage/peers-*.yaml` and the entries' `covers`. Entries marked *lint* are matters of"
        " hygiene: `kdiag lint`, `kdiag summary --hygiene`. `kdiag kb show ID` prints an entry.",
    ]
    claims, lists = claimed(knowledge), load_lists()
    for peer in PEERS:
        name = f"peers-{peer}"
        signals = lists[name]
        held = sum(1 for signal in signals.values() if signal["fault"])
        counts = f"{len(signals)} checks, {held} made by kdiag too."
        lines += ["", f"## {peer}", "", counts, "", "| check | what | kdiag |", "| --- | --- | --- |"]
        for id_, signal in signals.items():
            entries = sorted(claims[name][id_], key=lambda each: each.id)
            shown = ", ".join(f"`{each.id}`{' *lint*' if each.hygiene else ''}" for each in entries)
            what = str(signal["what"]).replace("|", "\\|")
            lines.append(f"| {id_} | {what} | {shown or 'no: ' + str(signal['why'])} |")
    return "\n".join(lines) + "\n"


def handbook(knowledge: Knowledge, folder: Path) -> None:
    """Markdown pages by language and family, for MkDocs."""
    for lang in LANGUAGES:
        index = [f"# kdiag: {NAMES[lang]}", ""]
        families: dict[str, list[str]] = {}
        for entry in sorted(knowledge.entries, key=lambda e: e.id):
            if not entry.is_finding:
                continue
            page = folder / lang / f"{entry.id}.md"
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(entry_as_markdown(entry, knowledge, lang), encoding="utf-8")
            title = in_language(entry.title, lang).replace("[[", "").replace("]]", "")
            family = "/".join(entry.file.split("/")[1:-1])
            families.setdefault(family, []).append(f"- [{title}]({entry.id}.md) ({say(entry.severity, lang)})")
        for family, links in sorted(families.items()):
            index += [f"## {family}", "", *links, ""]
        (folder / lang / "index.md").write_text("\n".join(index), encoding="utf-8")
    links = "\n".join(f"- [{NAMES[lang]}]({lang}/index.md)" for lang in LANGUAGES)
    (folder / "index.md").write_text(f"# What kdiag knows\n\n{links}\n", encoding="utf-8")


def kept() -> dict[str, str]:
    """The pages that are kept in the repository: path -> what it must hold. A test compares them."""
    return {
        "docs/facts.md": facts(),
        "docs/knowledge.md": reference(),
        "docs/peers.md": peers(load()),
        "docs/settings.md": settings.reference(),
        "deploy/rbac.yaml": manifests(load()),
    }


def site(knowledge: Knowledge, out: Path) -> None:
    pages = out.parent / f".{out.name}-pages"
    handbook(knowledge, pages)
    config = pages.parent / f".{out.name}.yml"
    config.write_text(
        f"site_name: kdiag\ndocs_dir: {pages.resolve()}\nsite_dir: {out.resolve()}\nuse_directory_urls: false\n"
        "theme: {name: mkdocs, locale: en, highlightjs: false}\nplugins: [search]\nnav: [{kdiag: index.md}, {English: en/index.md}, {日本語: ja/index.md}]\n"
        "validation: {omitted_files: ignore, links: {not_found: ignore}}\n",
        encoding="utf-8",
    )
    subprocess.run([sys.executable, "-m", "mkdocs", "--quiet", "build", "--clean", "-f", str(config)], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "site")
    parser.add_argument("--no-site", action="store_true", help="only what is kept in the repository")
    arguments = parser.parse_args()
    (ROOT / "docs" / "picture.svg").write_text(asyncio.run(picture()), encoding="utf-8")
    for name, content in kept().items():
        (ROOT / name).write_text(content, encoding="utf-8")
    if not arguments.no_site:
        site(load(), arguments.out)


if __name__ == "__main__":
    main()
