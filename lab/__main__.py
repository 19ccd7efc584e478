"""`python -m lab up|down|status`."""

from __future__ import annotations

import argparse
import sys

from lab import cluster
from lab.shell import LabError, say


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab", description="A real cluster on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="build and start it")
    commands.add_parser("down", help="remove it")
    commands.add_parser("status", help="say what is not well")
    arguments = parser.parse_args()
    try:
        if arguments.command == "up":
            cluster.up()
        elif arguments.command == "down":
            cluster.down()
        else:
            ills = cluster.ills()
            say("\n".join(ills) or "all is well")
            return 1 if ills else 0
    except LabError as error:
        say(f"FAILED: {error}")
        return 1
    return 0


sys.exit(main())
