"""What the subcommands of `kdiag` do, apart from parsing their arguments."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import orjson
from rich.console import Console
from rich.text import Text

from bot import last
from bot.clusters import Clusters
from bot.collect.redact import redact
from bot.config import Settings, load_settings
from bot.progress import end_progress, show_progress
from bot.questions import Question
from bot.render.blocks import answer_as_blocks
from bot.render.json import answer_as_dict, explanation_as_dict
from bot.render.markdown import answer_as_markdown
from bot.render.terminal import show_answer, show_explanation
from bot.service import BUDGET_S, Consultation, Source, consult
from rules.errors import KdiagError
from rules.expert import Expert
from rules.explain import explain as explain_finding
from rules.findings import named
from rules.knowledge import Knowledge, load

MAX_INPUT_BYTES: Final = 64 << 20


def read_input(file: str) -> str:
    """The text of a file or of standard input. KdiagError when it is missing, empty, binary or too long."""
    try:
        data = sys.stdin.buffer.read(MAX_INPUT_BYTES + 1) if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise KdiagError(f"cannot read {file}: {error.strerror or error}") from error
    if len(data) > MAX_INPUT_BYTES:
        raise KdiagError(f"{file} is larger than {MAX_INPUT_BYTES >> 20} MB; paste the part that matters")
    if not data.strip():
        raise KdiagError(f"{'standard input' if file == '-' else file} is empty: nothing to explain")
    if b"\0" in data[:65536] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise KdiagError(f"{'standard input' if file == '-' else file} is not text")
    return data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8", "replace")


async def explain(
    file: str,
    dump: Path | None,
    now: datetime | None,
    context: str | None,
    config: Path | None,
    format: str,
    lang: str,
) -> None:
    from bot.sources import PasteOnCluster, PasteSource

    text = read_input(file)
    asked = Asked(dump, now, context, config)
    settings = load_settings(config)
    knowledge = load(settings.knowledge)
    source: Source = PasteSource(text, now)
    budget_s = BUDGET_S
    if dump or context:
        cluster, budget_s = _source(asked, settings, knowledge)
        source = PasteOnCluster(text, cluster, now)
    await _answer(knowledge, source, Question("explain", text=text), format, lang, budget_s=budget_s)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which cluster, and how: the options that all questions have in common."""

    dump: Path | None
    now: datetime | None
    context: str | None
    config: Path | None
    hygiene: bool = False


def _source(asked: Asked, settings: Settings, knowledge: Knowledge) -> tuple[Source, float]:
    """The cluster that the options choose, and the time there is for a question to it."""
    clusters = Clusters(settings, asked.dump, asked.now, contexts=True, knowledge=knowledge)
    name = asked.context if asked.context and not asked.dump else clusters.only()
    source = clusters.source(name, hygiene=asked.hygiene, progress=show_progress)
    return source, clusters.settings_of(name)[0].budget_s


async def ask(question: Question, asked: Asked, format: str, lang: str) -> None:
    settings = load_settings(asked.config)
    knowledge = load(settings.knowledge)
    source, budget_s = _source(asked, settings, knowledge)
    await _answer(knowledge, source, question, format, lang, hygiene=asked.hygiene, budget_s=budget_s)


async def _answer(
    knowledge: Knowledge,
    source: Source,
    question: Question,
    format: str,
    lang: str,
    *,
    hygiene: bool = False,
    budget_s: float = BUDGET_S,
) -> None:
    expert = Expert(knowledge)
    try:
        consultation = await consult(
            expert, source, question, budget_s=budget_s, hygiene=hygiene, progress=show_progress
        )
    finally:
        end_progress()
        await expert.close()
    show(consultation, format, lang)


async def record(directory: Path, context: str | None, config: Path | None) -> None:
    from bot.record import record as record_cluster

    clusters = Clusters(load_settings(config), contexts=True)
    cluster, kubernetes_context = clusters.settings_of(context or clusters.only())
    if cluster.dump:
        raise KdiagError(f"{context or 'this cluster'} is a recording already: {cluster.dump}")
    try:
        objects, gaps = await record_cluster(cluster, kubernetes_context, directory, show_progress)
    finally:
        end_progress()
    for gap in gaps:
        print(f"kdiag: not recorded: {gap.what}: {gap.why}", file=sys.stderr)
    print(f"{objects} objects in {directory}; ask it with `kdiag summary --dump {directory}`")


def rbac(secrets: bool, config: Path | None) -> None:
    from bot.rbac import manifests

    sys.stdout.write(manifests(load(load_settings(config).knowledge), secrets=secrets))


async def serve(dump: Path | None, now: datetime | None, config: Path | None, http: bool, host: str, port: int) -> None:
    from bot.slack.serve import serve as serve_slack

    settings = load_settings(config)
    await serve_slack(settings, Clusters(settings, dump, now), http=http, host=host, port=port)


async def doctor(dump: Path | None, config: Path | None) -> int:
    """Print every check; 1 when something has to be mended."""
    from bot.doctor import examine
    from bot.slack.serve import Tokens

    settings = load_settings(config)
    signs = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "fault": ("✗", "red")}
    console = Console(highlight=False)
    faults = 0
    async for one in examine(settings, Clusters(settings, dump), Tokens.from_environment()):
        sign, colour = signs[one.outcome]
        console.print(Text.assemble((f"{sign} ", colour), (one.what, "bold"), f": {redact(one.seen)}"), soft_wrap=True)
        if one.mend:
            console.print(Text(f"  → {one.mend}", style=colour), soft_wrap=True)
        faults += one.outcome == "fault"
    return 1 if faults else 0


async def check(manifests: list[Path], format: str, lang: str, kubernetes_version: str = "") -> None:
    from bot.collect.manifest.source import ManifestSource

    names = [str(manifest) for manifest in manifests]
    source = ManifestSource([(name, read_input(name)) for name in names], kubernetes_version)
    expert = Expert(load())
    try:
        consultation = await consult(expert, source, Question("check", " ".join(names)))
    finally:
        await expert.close()
    show(consultation, format, lang)


async def why(id_: str, format: str, lang: str) -> None:
    question, asked, observations = last.load()
    expert = Expert(load())
    try:
        reasoning = await expert.reason(observations)
        ranked = reasoning.ranked(asked=asked, one_text=question.kind == "explain", hygiene=True)
        finding = named([f for r in ranked for f in (r.finding, *r.siblings, *r.explains)], id_)
        if finding is None:
            raise KdiagError("the last answer has no finding: there is nothing to explain")
        explanation = await explain_finding(expert, observations, reasoning, finding)
    finally:
        await expert.close()
    if format == "json":
        _print_json(explanation_as_dict(explanation, lang))
    else:
        show_explanation(explanation, lang, Console(highlight=False))


def show(consultation: Consultation, format: str, lang: str) -> None:
    """Print the answer, and keep what it rests on for `kdiag why`."""
    last.save(consultation.question, consultation.asked, consultation.observations)
    if format == "json":
        _print_json(answer_as_dict(consultation.answer, lang))
    elif format == "text":
        show_answer(consultation.answer, lang, Console(highlight=False, soft_wrap=False))
    elif format == "markdown":
        sys.stdout.write(answer_as_markdown(consultation.answer, lang))
    else:
        _print_json(answer_as_blocks(consultation.answer, lang))


def _print_json(data: object) -> None:
    sys.stdout.write(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode() + "\n")
