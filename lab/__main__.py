"""`python -m lab build|up|down|status|break|heal`."""

from __future__ import annotations

import argparse
import sys

from lab import cluster, faults, programs
from lab.faults import Fault
from lab.shell import LabError, say


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab", description="A real cluster on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="build Kubernetes' programs, and no more")
    commands.add_parser("up", help="build and start it")
    commands.add_parser("down", help="remove it")
    commands.add_parser("status", help="say what is not well")
    commands.add_parser("break", help="make a fault; without one, list them").add_argument("fault", nargs="?")
    commands.add_parser("heal", help="mend a fault; without one, all that are made").add_argument("fault", nargs="?")
    arguments = parser.parse_args()
    try:
        return _do(arguments.command, getattr(arguments, "fault", None))
    except LabError as error:
        say(f"FAILED: {error}")
        return 1


def _do(command: str, name: str | None) -> int:
    if command == "build":
        say(f"the programs are in {programs.directory()}")
    elif command == "up":
        cluster.up()
    elif command == "down":
        cluster.down()
    elif command == "status":
        ills = cluster.ills()
        say("\n".join(ills) or "all is well")
        return 1 if ills else 0
    elif command == "break" and name is None:
        for fault in faults.catalogue().values():
            print(f"{fault.id:40}{fault.what}")
    elif command == "break":
        faults.break_(_fault(name))
    else:
        for fault in faults.broken() if name is None else [_fault(name)]:
            faults.heal(fault)
    return 0


def _fault(name: str | None) -> Fault:
    try:
        return faults.catalogue()[name or ""]
    except KeyError:
        raise LabError(f"no fault is called {name}; `python -m lab break` lists them") from None


sys.exit(main())
