"""API objects -> facts, texts and relations. `projector` is the door; the rest is one module for each family."""

from bot.collect.objects.projector import Projector, project_objects, unfolded

__all__ = ["Projector", "project_objects", "unfolded"]
