"""`kdiag check`: what is wrong in manifests before they are sent, with file, line and the lines as they should be.

`check_texts` is the one door: files go in together, because some faults only show between them. What is found becomes
`manifest_problem` facts, whose words are in `knowledge/manifest/`. No text makes it raise.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.collect.manifest.across import check_together
from bot.collect.manifest.check import check_page
from bot.collect.manifest.problems import Page
from bot.collect.manifest.schemas import Api, today
from bot.collect.manifest.walk import Subject
from rules.kinds import Fact, Source, fact
from rules.observations import Gap, Observations

__all__ = ["check_text", "check_texts"]


def check_text(text: str, name: str, version: str = "", first_line: int = 1) -> Observations:
    """The objects and problems of one text. `name` is the file's, `version` that of Kubernetes (the newest).

    `first_line` is the number of its first line, where it is a part of a longer text such as a paste.
    """
    return check_texts([(name, "\n" * (first_line - 1) + text)], version)


def check_texts(texts: Iterable[tuple[str, str]], version: str = "") -> Observations:
    """The same of several files (name, text), with what shows only between them."""
    api = today(version)
    observations = Observations()
    pages: list[Page] = []
    subjects: list[Subject] = []
    for name, text in texts:
        page = Page.of(_clean(text), name)
        pages.append(page)
        subjects += check_page(page, api)
    check_together(subjects)
    for subject in subjects:
        subject.page.problems += subject.problems
        if subject.era != "fragment":
            observations.facts.append(_manifest(subject))
    for page in pages:
        observations.facts += page.facts()
        observations.gaps += page.gaps
        if not page.problems and not page.gaps and not any(one.page is page for one in subjects):
            observations.gaps.append(Gap(page.file, "it holds no object of Kubernetes"))
    if any(one.era == "2015" for one in subjects):
        observations.facts.append(fact("cluster", Source(pages[0].file), era="2015"))
    if _unchecked(subjects, api):
        observations.gaps.append(
            Gap("the fields of today's objects", "the package kubernetes-validate is not installed")
        )
    return observations


def _clean(text: str) -> str:
    """The text as a file holds it: no byte order mark, lines that end in one way, nothing that UTF-8 cannot write."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _unchecked(subjects: list[Subject], api: Api | None) -> bool:
    return api is None and any(one.era == "today" for one in subjects)


def _manifest(subject: Subject) -> Fact:
    page, line = subject.page, subject.root.line
    return fact(
        "manifest",
        Source(page.file, f"line {line}", page.seen(line).strip()[:400]),
        file=page.file,
        line=line,
        kind=subject.kind[:253],
        api_version=subject.api_version[:253],
        name=subject.name[:253],
        namespace=subject.namespace[:253],
        era=subject.era,
    )
