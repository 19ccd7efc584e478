"""Files that people share: text only, of bounded size, from Slack's own host and nowhere else.

The bot's token goes along with the request, so it is sent to no other host and no redirect is followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

MAX_BYTES: Final = 4 << 20
TIMEOUT_S: Final = 30
TEXT_TYPES: Final = frozenset(
    "text txt log yaml yml json conf ini toml xml csv tsv md markdown sh shell bash out err plain".split()
)


class FileError(Exception):
    """The file cannot be read: why, for the person who shared it. `size` when it is only too big."""


class TooBig(FileError):
    pass


def kept_of(file: Mapping[str, Any]) -> dict[str, Any]:
    """What a job keeps of a file object."""
    names = ("id", "name", "size", "mode", "mimetype", "filetype", "file_access", "url_private_download", "url_private")
    return {name: file[name] for name in names if isinstance(file.get(name), str | int)}


def is_text(file: Mapping[str, Any]) -> bool:
    """Whether a file object is of text, as far as Slack says."""
    name = str(file.get("name") or "")
    kinds = {str(file.get("filetype") or "").lower(), name.rpartition(".")[2].lower()}
    mime = str(file.get("mimetype") or "")
    return (
        file.get("mode") == "snippet"
        or mime.startswith("text/")
        or mime in ("application/json", "application/yaml", "application/x-yaml")
        or bool(kinds & TEXT_TYPES)
        or file.get("file_access") == "check_file_info"
    )


class Files:
    """Downloads. `client` is the bot's; its base URL says which host is Slack."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        api = urlsplit(client.base_url)
        self._own = None if api.hostname == "slack.com" else (api.scheme, api.hostname, api.port)

    async def text(self, file: Mapping[str, Any]) -> str:
        """The file's text. FileError says why there is none."""
        if file.get("file_access") == "check_file_info" or not _url(file):
            try:
                answer = await self._client.files_info(file=str(file.get("id") or ""))
            except SlackClientError as error:
                raise FileError(str(getattr(error, "response", {}).get("error") or error)) from error
            file = answer.get("file") or {}
        if int(file.get("size") or 0) > MAX_BYTES:
            raise TooBig(str(file.get("name")))
        url = _url(file)
        if not self._is_slack(url):
            raise FileError("it is not stored at Slack")
        return _decoded(await self._bytes(url))

    def _is_slack(self, url: str) -> bool:
        where = urlsplit(url)
        if self._own is not None:
            return (where.scheme, where.hostname, where.port) == self._own
        host = where.hostname or ""
        return where.scheme == "https" and (host == "slack.com" or host.endswith(".slack.com"))

    async def _bytes(self, url: str) -> bytes:
        headers = {"Authorization": f"Bearer {self._client.token}"}
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(url, headers=headers, allow_redirects=False) as answer,
            ):
                if answer.status != 200:
                    raise FileError(f"Slack answered {answer.status}")
                data = await answer.content.read(MAX_BYTES + 1)
                while len(data) <= MAX_BYTES and (more := await answer.content.read(MAX_BYTES + 1 - len(data))):
                    data += more
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise FileError(type(error).__name__) from error
        if len(data) > MAX_BYTES:
            raise TooBig(url)
        if answer.content_type == "text/html" and data[:200].lstrip().lower().startswith(b"<!doctype html"):
            raise FileError("Slack asks to sign in: the scope files:read is missing")
        return data


def _url(file: Mapping[str, Any]) -> str:
    return str(file.get("url_private_download") or file.get("url_private") or "")


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:65536]:
        raise FileError("it is not text")
    return data.decode("utf-8", "replace")
