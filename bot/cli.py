"""`kdiag`: parse arguments, call the service, print. No logic of its own."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Coroutine
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.questions import OBJECT_KINDS, Question
from rules.errors import KdiagError, UsageError

app = typer.Typer(
    name="kdiag",
    help="Kubernetes diagnosis: the probable root cause, the evidence behind it, and the commands that fix it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
kb = typer.Typer(help="The knowledge base: list, show, lint, test, coverage, facts, new.", no_args_is_help=True)
app.add_typer(kb, name="kb")


class Format(StrEnum):
    text = "text"
    json = "json"
    markdown = "markdown"
    slack = "slack"


class Lang(StrEnum):
    en = "en"
    ja = "ja"


Dump = Annotated[Path | None, typer.Option("--dump", help="A recorded cluster instead of a live one.")]
Now = Annotated[
    str | None, typer.Option("--now", help="The clock of the recording (RFC 3339). Default: its newest timestamp.")
]
Context = Annotated[
    str | None,
    typer.Option("--context", "--cluster", help="Which cluster: a name in kdiag.yaml, else a kubeconfig context."),
]
Config = Annotated[Path | None, typer.Option("--config", envvar="KDIAG_CONFIG", help="Path of kdiag.yaml.")]
FormatOption = Annotated[Format, typer.Option("--format", help="How to print the answer.")]
LangOption = Annotated[Lang, typer.Option("--lang", help="Language of the answer.")]
Hygiene = Annotated[bool, typer.Option("--hygiene", help="Also what is not broken but should be better.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"kdiag {version('kdiag')}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Options before the command."""


def _run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def _answer(work: Coroutine[Any, Any, None]) -> None:
    """Runs what ends with its answer. The cyclic collector would walk all that was loaded, for nothing to be freed."""
    gc.disable()
    asyncio.run(work)


def _clock(now: str | None) -> datetime | None:
    if now is None:
        return None
    try:
        moment = datetime.fromisoformat(now)
    except ValueError:
        raise UsageError(f"--now {now!r} is not a time like 2025-06-10T12:00:00Z") from None
    if moment.tzinfo is None:
        raise UsageError(f"--now {now!r} needs a time zone, such as Z or +09:00")
    return moment


@app.command()
def explain(
    file: Annotated[str, typer.Argument(help="A file, or - for standard input.")] = "-",
    dump: Dump = None,
    now: Now = None,
    context: Context = None,
    config: Config = None,
    format: FormatOption = Format.text,
    lang: LangOption = Lang.en,
) -> None:
    """Explain a pasted text: errors, kubectl output, logs, manifests."""
    from bot import commands

    _answer(commands.explain(file, dump, _clock(now), context, config, format, lang))


def _object_command(word: str, kind: str) -> None:
    def command(
        name: Annotated[str, typer.Argument(help="NAME, NAMESPACE/NAME, a UID, or an unambiguous beginning.")],
        dump: Dump = None,
        now: Now = None,
        context: Context = None,
        config: Config = None,
        format: FormatOption = Format.text,
        lang: LangOption = Lang.en,
        hygiene: Hygiene = False,
    ) -> None:
        from bot import commands

        asked = commands.Asked(dump, _clock(now), context, config, hygiene)
        _answer(commands.ask(Question(word, name), asked, format, lang))

    command.__doc__ = f"Diagnose one {kind}."
    app.command(name=word)(command)


for _word, _kind in {**OBJECT_KINDS, "host": "host", "etcd": "etcd path"}.items():
    _object_command(_word, _kind)


@app.command()
def summary(
    dump: Dump = None,
    now: Now = None,
    context: Context = None,
    config: Config = None,
    format: FormatOption = Format.text,
    lang: LangOption = Lang.en,
    hygiene: Hygiene = False,
) -> None:
    """The whole cluster's health, by root cause."""
    from bot import commands

    asked = commands.Asked(dump, _clock(now), context, config, hygiene)
    _answer(commands.ask(Question("summary"), asked, format, lang))


@app.command()
def lint(
    dump: Dump = None,
    now: Now = None,
    context: Context = None,
    config: Config = None,
    format: FormatOption = Format.text,
    lang: LangOption = Lang.en,
) -> None:
    """What is not broken but should be better: limits, probes, tags, rights, unused objects."""
    from bot import commands

    asked = commands.Asked(dump, _clock(now), context, config, hygiene=True)
    _answer(commands.ask(Question("lint"), asked, format, lang))


@app.command()
def check(
    manifests: Annotated[list[Path], typer.Argument(help="Manifest files (YAML or JSON), or - for standard input.")],
    kubernetes_version: Annotated[
        str,
        typer.Option("--kubernetes-version", help="The API to check against, such as 1.31. Default: the newest known."),
    ] = "",
    format: FormatOption = Format.text,
    lang: LangOption = Lang.en,
) -> None:
    """Check manifests before they are sent: file, line and the corrected lines."""
    from bot import commands

    _run(commands.check(manifests, format, lang, kubernetes_version))


@app.command()
def record(
    directory: Annotated[Path, typer.Argument(help="A directory that is empty, or is made.")],
    context: Context = None,
    config: Config = None,
) -> None:
    """Record the live cluster, for a bug report or a test; secrets are left out and masked."""
    from bot import commands

    _run(commands.record(directory, context, config))


@app.command()
def rbac(
    secrets: Annotated[
        bool,
        typer.Option("--secrets", help="Also let it list Secrets, which Kubernetes grants only with their content."),
    ] = False,
    config: Config = None,
) -> None:
    """The rights that kdiag needs: a ClusterRole, and the commands that it may run on hosts."""
    from bot import commands

    commands.rbac(secrets, config)


@app.command()
def why(
    id: Annotated[str, typer.Argument(help="A finding of the last answer, by its id.")],
    format: FormatOption = Format.text,
    lang: LangOption = Lang.en,
) -> None:
    """The chain behind a finding of the last answer, its rivals, and what would vanish with it."""
    from bot import commands

    _run(commands.why(id, format, lang))


@app.command()
def serve(
    dump: Dump = None,
    now: Now = None,
    config: Config = None,
    http: Annotated[
        bool, typer.Option("--http", help="Take Slack's requests by HTTP (SLACK_SIGNING_SECRET), not by Socket Mode.")
    ] = False,
    host: Annotated[str, typer.Option("--host", help="Address of probes, metrics and Slack's requests.")] = "0.0.0.0",
    port: Annotated[int, typer.Option("--port", help="Port of probes, metrics and Slack's requests.")] = 3000,
) -> None:
    """The bot in Slack. Tokens come from SLACK_BOT_TOKEN and SLACK_APP_TOKEN or SLACK_SIGNING_SECRET."""
    from bot import commands

    _run(commands.serve(dump, _clock(now), config, http, host, port))


@app.command()
def doctor(
    dump: Dump = None,
    config: Config = None,
) -> None:
    """Check what the bot needs (tokens, scopes, channels, clusters, storage) and say how to mend it."""
    from bot import commands

    raise typer.Exit(asyncio.run(commands.doctor(dump, config)))


@app.command()
def demo(
    terminal: Annotated[
        bool | None,
        typer.Option(
            "--terminal/--workspace",
            help="Print some answers, or run the bot in a workspace of its own. Default: the workspace, "
            "or printed when the output is not a terminal.",
        ),
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the workspace in a browser.")] = True,
    port: Annotated[
        int | None, typer.Option("--port", help="Of the workspace. Default: 8765, or one that is free.")
    ] = None,
) -> None:
    """See kdiag at work on a recorded broken cluster, in a workspace on this machine."""
    from bot import demo

    demo.run(terminal, browser, port)


@kb.command("lint")
def kb_lint(
    paths: Annotated[list[str] | None, typer.Argument(help="Entries, files or folders; default all.")] = None,
) -> None:
    """Load the knowledge and say everything that is wrong with it."""
    from bot import kb_commands

    raise typer.Exit(kb_commands.lint(paths or []))


@kb.command("test")
def kb_test(
    paths: Annotated[list[str] | None, typer.Argument(help="Entries, files or folders; default all.")] = None,
) -> None:
    """Run the examples of the entries."""
    from bot import kb_commands

    raise typer.Exit(kb_commands.test(paths or []))


@kb.command("list")
def kb_list() -> None:
    """One line for each entry."""
    from bot import kb_commands

    kb_commands.list_entries()


@kb.command("show")
def kb_show(id: str, lang: LangOption = Lang.en) -> None:
    """One entry, as its page of the handbook."""
    from bot import kb_commands

    kb_commands.show(id, lang)


@kb.command("facts")
def kb_facts() -> None:
    """The vocabulary: every kind of fact and its attributes."""
    from bot import kb_commands

    kb_commands.facts()


@kb.command("coverage")
def kb_coverage() -> None:
    """Which guide rows and catalogue signals the knowledge holds; fails when one is missing."""
    from bot import kb_commands

    raise typer.Exit(kb_commands.coverage())


@kb.command("feedback")
def kb_feedback(config: Config = None) -> None:
    """What people in Slack said about the answers, by entry."""
    from bot import kb_commands

    _run(kb_commands.feedback(config))


@kb.command("new")
def kb_new(
    id: Annotated[str, typer.Argument(help="The new entry's id, kebab-case.")],
    file: Annotated[str, typer.Argument(help="A pasted error, or - for standard input.")] = "-",
) -> None:
    """A skeleton of a new entry, made from a pasted error."""
    from bot import kb_commands

    kb_commands.new(id, file)


def main() -> None:
    """The program. Exit status: 0 answered, 1 could not be answered, 2 wrong usage."""
    try:
        app(standalone_mode=True)
    except UsageError as error:
        print(f"kdiag: {error}", file=sys.stderr)
        sys.exit(2)
    except KdiagError as error:
        print(f"kdiag: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
