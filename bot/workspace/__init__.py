"""A Slack of our own on this machine, for the demo and the tests. It knows nothing of kdiag: any Slack app connects."""

from bot.workspace.server import Workspace

__all__ = ["Workspace"]
