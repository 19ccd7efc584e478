"""The methods of the Web API, by family. Each answers what docs.slack.dev/reference/methods says of it."""

from bot.workspace.methods import chat, conversations, files, people, views
from bot.workspace.methods.call import METHODS

__all__ = ["METHODS", "chat", "conversations", "files", "people", "views"]
