"""Builds what is generated: the README's picture, the reference of fact kinds, and the handbook of all entries.

    python scripts/build_docs.py [--out site]

`docs/picture.svg`, `docs/facts.md`, `docs/settings.md` and `deploy/rbac.yaml` are kept in the repository. The handbook goes to `site/`: a page for each entry in English and Japanese, as a static site that needs no server.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from bot.collect.dump import Dump
from bot.config.reference import reference
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
from rules.knowledge import Knowledge, load
from rules.schema import LANGUAGES

ROOT = Path(__file__).parent.parent
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
    (ROOT / "docs" / "facts.md").write_text(facts(), encoding="utf-8")
    (ROOT / "docs" / "settings.md").write_text(reference(), encoding="utf-8")
    (ROOT / "deploy" / "rbac.yaml").write_text(manifests(load()), encoding="utf-8")
    if not arguments.no_site:
        site(load(), arguments.out)


if __name__ == "__main__":
    main()
