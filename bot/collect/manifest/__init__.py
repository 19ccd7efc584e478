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


def check_text(text: str, name: str, version: str = "") -> Observations:
    """The objects and problems of one text. `name` is the file's; `version` a Kubernetes version, default the newest."""
    return check_texts([(name, text)], version)


def check_texts(texts: Iterable[tuple[str, str]], version: str = "") -> Observations:
    """The same of several files (name, text), with what shows only between them."""
    api = today(version)
    observations = Observations()
    pages: list[Page] = []
    subjects: list[Subject] = []
    for name, text in texts:
        page = Page.of(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), name)
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
    if _unchecked(subjects, api):
        observations.gaps.append(Gap("the fields of today's objects", "the package kubernetes-validate is not installed"))
    return observations


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
