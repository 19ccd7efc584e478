"""How often the first finding is right, on cases that people really pasted and on recorded clusters.

    python scripts/accuracy.py [--cases DIR] [--recordings DIR] [--verbose]

Each case names regexes that the first finding's own words must match, and some of which its commands must match. The
texts belong to other people and are not in this repository, so the folder is an argument. What is printed: first
findings right, fixes right, negatives silent, and how certainty compares with being right (calibration).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from bot.questions import Question
from bot.render.json import answer_as_dict
from bot.service import consult
from bot.sources import PasteSource
from rules.expert import Expert
from rules.knowledge import load

BINS = ((0.0, 0.5), (0.5, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 1.01))


class Score:
    """Counts, and the pairs (certainty, right) for the calibration."""

    def __init__(self, verbose: bool) -> None:
        self.verbose = verbose
        self.counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.calibration: list[tuple[float, bool]] = []

    def add(self, group: str, good: bool) -> None:
        self.counts[group][0] += good
        self.counts[group][1] += 1

    def case(self, name: str, case: Mapping[str, Any], answer: Mapping[str, Any], group: str) -> None:
        findings = answer["findings"]
        first = findings[0] if findings else None
        words = f"{first['id']} {first['title']} {first['cause']}" if first else ""
        missing = [p for p in case["must_name"] if not re.search(p, words, re.I)]
        commands = "\n".join(f"{s['command']} {s['note']}" for s in first["fix"]) if first else ""
        cause = first is not None and not missing
        fix = first is not None and any(re.search(p, commands, re.I) for p in case["fix_any"])
        self.add(f"{group}: first finding right", cause)
        self.add(f"{group}: fix right", fix)
        if first:
            self.calibration.append((first["certainty"], cause))
        if self.verbose and not (cause and fix):
            others = [f["id"] for f in findings[1:4]]
            print(f"- {name}: {'cause' if not cause else ''} {'fix' if not fix else ''}")
            print(f"    wanted: {case['cause']}")
            print(f"    first: {words[:300] or 'nothing'}" + (f"; then {others}" if others else ""))
            if missing:
                print(f"    not named: {missing}")
            if not fix:
                print(f"    no command of: {case['fix_any']}")

    def report(self) -> None:
        print()
        for group, (good, total) in self.counts.items():
            print(f"{group:44} {good:4} of {total:4}  {100 * good / total:5.1f} %")
        print("\ncertainty      right   of")
        for low, high in BINS:
            inside = [right for certainty, right in self.calibration if low <= certainty < high]
            if inside:
                print(
                    f"{low:.2f} - {min(high, 1):.2f}   {sum(inside):5}  {len(inside):4}  {100 * sum(inside) / len(inside):5.1f} %"
                )


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


async def cases(expert: Expert, folder: Path, score: Score) -> None:
    for path in sorted(folder.glob("*.jsonl")):
        for case in lines(path):
            consultation = await consult(expert, PasteSource(case["input"]), Question("explain", text=case["input"]))
            answer = answer_as_dict(consultation.answer)
            if "must_name" in case:
                score.case(case["id"], case, answer, path.stem)
            else:
                silent = not answer["findings"]
                score.add(f"{path.stem}: silent", silent)
                if score.verbose and not silent:
                    print(f"- {case['id']}: should be silent ({case['why']}), found {answer['findings'][0]['id']}")


async def recordings(expert: Expert, folder: Path, score: Score) -> None:
    from bot.collect.dump import Dump
    from bot.sources import DumpSource

    for case in yaml.safe_load((folder / "index.yaml").read_text(encoding="utf-8")):
        question = case["question"].replace("cluster", "summary").split(" ", 1)
        source = DumpSource(Dump(folder / case["name"]), None, False)
        consultation = await consult(expert, source, Question(question[0], question[1] if len(question) > 1 else ""))
        answer = answer_as_dict(consultation.answer)
        if case["healthy"]:
            score.add("recordings: healthy is silent", not answer["findings"])
            if score.verbose and answer["findings"]:
                print(f"- {case['name']}: healthy, found {[(f['id'], f['subject']) for f in answer['findings'][:3]]}")
        else:
            score.case(case["name"], case, answer, "recordings")


async def run(arguments: argparse.Namespace) -> None:
    expert = Expert(load())
    score = Score(arguments.verbose)
    try:
        if arguments.cases.is_dir():
            await cases(expert, arguments.cases, score)
        if arguments.recordings.is_dir():
            await recordings(expert, arguments.recordings, score)
    finally:
        await expert.close()
    if not score.counts:
        sys.exit(f"no cases in {arguments.cases} and no recordings in {arguments.recordings}")
    score.report()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, default=Path("../shared/cases"))
    parser.add_argument("--recordings", type=Path, default=Path("../shared/recordings"))
    parser.add_argument("--verbose", action="store_true", help="each case that failed, with what was found")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
