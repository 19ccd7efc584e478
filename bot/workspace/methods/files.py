"""files.*"""

from __future__ import annotations

from typing import Any

from bot.workspace.app import BOT_USER
from bot.workspace.errors import SlackError
from bot.workspace.files import MOST_BYTES, file_json
from bot.workspace.limits import check_message
from bot.workspace.methods.call import Call, method
from bot.workspace.methods.chat import check_thread


@method("files.info", ("files:read",))
def info(call: Call) -> dict[str, Any]:
    file = call.files.seen_by_bot(call.need("file", "file_not_found"))
    if file is None:
        raise SlackError("file_not_found")
    return {"file": file_json(file, call.base_url)}


@method("files.getUploadURLExternal", ("files:write",))
def get_upload_url(call: Call) -> dict[str, Any]:
    name = call.need("filename")
    try:
        length = int(call.need("length"))
    except ValueError:
        raise SlackError("invalid_arguments") from None
    if not 0 < length <= MOST_BYTES:
        raise SlackError("file_upload_size_restricted" if length > 0 else "invalid_arguments")
    file = call.files.expect(name, length)
    return {"upload_url": f"{call.base_url}/upload/{file.id}", "file_id": file.id}


@method("files.completeUploadExternal", ("files:write",))
def complete_upload(call: Call) -> dict[str, Any]:
    wanted = call.args.get("files") or []
    if not isinstance(wanted, list) or not wanted:
        raise SlackError("invalid_arguments")
    files = []
    for item in wanted:
        file = call.files.complete(str(item.get("id", "")))
        file.title = item.get("title") or file.name
        files.append(file)
    to = str(call.args.get("channel_id") or call.args.get("channels") or "")
    if to:
        channel = call.state.channel(to)
        if BOT_USER not in channel.members:
            raise SlackError("not_in_channel")
        if channel.archived:
            raise SlackError("is_archived")
        comment = str(call.args.get("initial_comment") or "")
        if comment:
            check_message(comment, [])
        for file in files:
            file.channels.append(channel.id)
        fields: dict[str, Any] = {"text": comment, "files": [file_json(file, call.base_url) for file in files]}
        if call.args.get("thread_ts"):
            fields["thread_ts"] = str(call.args["thread_ts"])
            check_thread(channel, fields["thread_ts"])
        call.state.post(channel, call.state.by_bot(subtype="file_share", upload=True, **fields))
    return {"files": [file_json(file, call.base_url) for file in files]}
