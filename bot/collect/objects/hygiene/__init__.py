"""Matters of hygiene: nothing is broken, but it is not as it is recommended. Only when asked for.

`Keeper` looks at each object while it streams by; `project` adds what only all of them together show.
"""

from bot.collect.objects.hygiene.joins import project
from bot.collect.objects.hygiene.keeper import Keeper

__all__ = ["Keeper", "project"]
