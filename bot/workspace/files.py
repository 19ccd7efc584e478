"""Files: what files.info says of them, and the two addresses that carry their bytes.

A download needs the bot's token and files:read, as on files.slack.com; without, Slack answers with its sign-in page
instead of an error, and so do we.
"""

from __future__ import annotations

import mimetypes
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from bot.workspace.errors import SlackError
from bot.workspace.state import TEAM_ID, File, State

MOST_BYTES: Final = 1 << 30
PREVIEW: Final = 8_000
SIGN_IN: Final = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to the workspace</body></html>"


def mimetype(name: str) -> str:
    """By the name's end, as Slack mostly does; text unless it says otherwise."""
    return mimetypes.guess_type(name)[0] or "text/plain"


def file_json(file: File, base_url: str) -> dict[str, Any]:
    """The file object (docs.slack.dev/reference/objects/file-object)."""
    kind = mimetype(file.name)
    address = f"{base_url}/files-pri/{TEAM_ID}-{file.id}"
    suffix = file.name.rpartition(".")[2] if "." in file.name else "text"
    shown: dict[str, Any] = {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title,
        "mimetype": kind,
        "filetype": {"txt": "text", "log": "text", "yml": "yaml"}.get(suffix, suffix),
        "pretty_type": "Plain Text" if kind == "text/plain" else suffix.upper(),
        "user": file.user,
        "user_team": TEAM_ID,
        "editable": file.mode == "snippet",
        "size": len(file.content),
        "mode": file.mode,
        "is_external": False,
        "is_public": False,
        "url_private": f"{address}/{quote(file.name)}",
        "url_private_download": f"{address}/download/{quote(file.name)}",
        "permalink": f"{base_url}/files/{file.user}/{file.id}/{quote(file.name)}",
        "file_access": "visible",
        "channels": list(file.channels),
    }
    if kind.startswith("text/"):
        text = file.content[:PREVIEW].decode(errors="replace")
        shown |= {"preview": text, "preview_is_truncated": len(file.content) > PREVIEW, "lines": text.count("\n") + 1}
    return shown


class FileServer:
    """The addresses of the bytes."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._uploads: dict[str, tuple[str, int]] = {}

    def seen_by_bot(self, file_id: str) -> File | None:
        """The file, if it is the bot's own or was shared in a channel of the bot's."""
        file = self._state.files.get(file_id)
        if file is None or file_id in self._uploads:
            return None
        where = [self._state.channels[channel] for channel in file.channels]
        shared = any(self._state.bot.id in channel.members for channel in where)
        return file if shared or file.user == self._state.bot.id else None

    def expect(self, name: str, length: int) -> File:
        """A file whose bytes are to be uploaded."""
        file = File(self._state.new_id("F"), name, name, b"", self._state.bot.id)
        self._uploads[file.id] = (name, length)
        self._state.files[file.id] = file
        return file

    def complete(self, file_id: str) -> File:
        """The file, when its bytes are there. Raises SlackError file_not_found."""
        file = self.seen_by_bot(file_id)
        if file is None:
            raise SlackError("file_not_found")
        return file

    async def upload(self, request: web.Request) -> web.Response:
        """Bytes for a file that was announced, raw or as the form field `file`."""
        file_id = request.match_info["file"]
        if file_id not in self._uploads:
            return web.Response(status=404, text="no such upload")
        if request.content_type.startswith("multipart/"):
            form = await request.post()
            part = next((v for v in form.values() if isinstance(v, web.FileField)), None)
            content = part.file.read() if part else b""
        else:
            content = await request.read()
        _, length = self._uploads[file_id]
        if len(content) != length:
            return web.Response(status=400, text=f"expected {length} bytes, got {len(content)}")
        del self._uploads[file_id]
        self._state.files[file_id].content = content
        return web.Response(text=f"OK - {len(content)}")

    async def download(self, request: web.Request) -> web.Response:
        """The bytes, for the bot."""
        file = self.seen_by_bot(request.match_info["file"])
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if bearer != self._state.app.bot_token or "files:read" not in self._state.app.scopes:
            return web.Response(text=SIGN_IN, content_type="text/html")
        if file is None:
            return web.Response(status=404, text="no such file")
        return web.Response(body=file.content, content_type=mimetype(file.name))
