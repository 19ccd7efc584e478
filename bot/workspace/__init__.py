"""A Slack of our own on this machine, for the demo and the tests. It knows nothing of kdiag: any Slack app connects."""

from bot.workspace.live import live_parts
from bot.workspace.page_server import Suggestion
from bot.workspace.server import Workspace

__all__ = ["Suggestion", "Workspace", "live_parts"]
