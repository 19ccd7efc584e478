"""Slack's limits on messages and views: what the Web API refuses, with the place of each fault.

Numbers: docs.slack.dev/reference/block-kit, and the models of slack_sdk where the pages say nothing. The whole of a
message's blocks is refused near 13,200 characters (slackapi/bolt-js issue 2509). The wording and the JSON pointers of
the faults are those that the Web API sends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from bot.workspace.errors import SlackError

MESSAGE_BLOCKS: Final = 50
VIEW_BLOCKS: Final = 100
MESSAGE_CHARACTERS: Final = 13_200
MARKDOWN_CHARACTERS: Final = 12_000
"""Of one markdown block, and of all those of a message."""
POSTED_TEXT: Final = 40_000
"""Characters of `text` that chat.postMessage keeps; the rest is cut off."""
UPDATED_TEXT: Final = 4_000
"""Bytes of `text` that chat.update takes, counted after escaping; more is msg_too_long."""

Block = Mapping[str, Any]


class Checker:
    """Collects faults, each with the JSON pointer of its place."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def fault(self, what: str, at: str) -> None:
        self.faults.append(f"{what} [json-pointer:{at}]")

    def string(self, holder: Block, key: str, most: int, at: str, required: bool = False) -> None:
        value = holder.get(key)
        if value is None:
            if required:
                self.fault(f"missing required field: {key}", at)
        elif not isinstance(value, str):
            self.fault("must be a string", f"{at}/{key}")
        elif required and not value:
            self.fault("must be more than 0 characters", f"{at}/{key}")
        elif len(value) > most:
            self.fault(f"must be less than {most + 1} characters", f"{at}/{key}")

    def text(self, holder: Block, key: str, most: int, at: str, *, required: bool = True, plain: bool = False) -> None:
        """A text object; `plain` where Slack takes plain_text only."""
        value = holder.get(key)
        if value is None:
            if required:
                self.fault(f"missing required field: {key}", at)
            return
        self.text_object(value, most, f"{at}/{key}", plain)

    def text_object(self, value: object, most: int, at: str, plain: bool = False) -> None:
        if not isinstance(value, Mapping):
            self.fault("must be an object", at)
            return
        if value.get("type") not in (("plain_text",) if plain else ("plain_text", "mrkdwn")):
            self.fault(f"unsupported type: {value.get('type')}", f"{at}/type")
        self.string(value, "text", most, at, required=True)

    def items(self, holder: Block, key: str, most: int, at: str, least: int = 1) -> list[tuple[Any, str]]:
        """The list under `key`, each item with its place."""
        value = holder.get(key)
        if not isinstance(value, list):
            self.fault(f"missing required field: {key}" if value is None else "must be an array", at)
            return []
        if len(value) > most:
            self.fault(f"no more than {most} items allowed", f"{at}/{key}")
        if len(value) < least:
            self.fault(f"no less than {least} items allowed", f"{at}/{key}")
        found = []
        for i, item in enumerate(value):
            place = f"{at}/{key}/{i}"
            if isinstance(item, Mapping):
                found.append((item, place))
            else:
                self.fault("must be an object", place)
        return found


def _section(c: Checker, block: Block, at: str) -> None:
    if block.get("text") is None and not block.get("fields"):
        c.fault("missing required field: text", at)
    c.text(block, "text", 3000, at, required=False)
    if block.get("fields") is not None:
        for field, place in c.items(block, "fields", 10, at):
            c.text_object(field, 2000, place)
    if block.get("accessory") is not None:
        _element(c, block["accessory"], f"{at}/accessory")


def _header(c: Checker, block: Block, at: str) -> None:
    c.text(block, "text", 150, at, plain=True)


def _context(c: Checker, block: Block, at: str) -> None:
    for item, place in c.items(block, "elements", 10, at):
        if item.get("type") == "image":
            _image_element(c, item, place)
        else:
            c.text_object(item, 3000, place)


def _actions(c: Checker, block: Block, at: str) -> None:
    seen: set[str] = set()
    for item, place in c.items(block, "elements", 25, at):
        _element(c, item, place)
        name = item.get("action_id")
        if name is not None and name in seen:
            c.fault(f"`action_id` {name} already exists in this block", f"{place}/action_id")
        seen.add(str(name))


def _image(c: Checker, block: Block, at: str) -> None:
    _image_element(c, block, at)
    c.text(block, "title", 2000, at, required=False, plain=True)


def _image_element(c: Checker, item: Block, at: str) -> None:
    if item.get("slack_file") is None:
        c.string(item, "image_url", 3000, at, required=True)
    c.string(item, "alt_text", 2000, at, required=True)


def _file(c: Checker, block: Block, at: str) -> None:
    c.string(block, "external_id", 255, at, required=True)
    if block.get("source") != "remote":
        c.fault("must be one of: remote", f"{at}/source")


def _input(c: Checker, block: Block, at: str) -> None:
    c.text(block, "label", 2000, at, plain=True)
    c.text(block, "hint", 2000, at, required=False, plain=True)
    if block.get("element") is None:
        c.fault("missing required field: element", at)
    else:
        _element(c, block["element"], f"{at}/element")


def _markdown(c: Checker, block: Block, at: str) -> None:
    c.string(block, "text", MARKDOWN_CHARACTERS, at, required=True)


def _table(c: Checker, block: Block, at: str) -> None:
    rows = block.get("rows")
    if not isinstance(rows, list) or not rows:
        c.fault("missing required field: rows", at)
        return
    if len(rows) > 100:
        c.fault("no more than 100 items allowed", f"{at}/rows")
    for i, row in enumerate(rows):
        if not isinstance(row, list):
            c.fault("must be an array", f"{at}/rows/{i}")
        elif len(row) > 20:
            c.fault("no more than 20 items allowed", f"{at}/rows/{i}")


RICH_CONTAINERS: Final = {"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"}
RICH_ELEMENTS: Final = {
    *("text", "link", "emoji", "user", "usergroup", "channel", "broadcast", "date", "color", "team"),
}


def _rich_text(c: Checker, block: Block, at: str) -> None:
    for item, place in c.items(block, "elements", 10_000, at):
        if item.get("type") not in RICH_CONTAINERS:
            c.fault(f"unsupported type: {item.get('type')}", f"{place}/type")
        elif item["type"] == "rich_text_list":
            if item.get("style") not in ("bullet", "ordered"):
                c.fault("must be one of: bullet, ordered", f"{place}/style")
            for line, line_place in c.items(item, "elements", 10_000, place):
                _rich_elements(c, line, line_place)
        else:
            _rich_elements(c, item, place)


def _rich_elements(c: Checker, holder: Block, at: str) -> None:
    for item, place in c.items(holder, "elements", 10_000, at, least=0):
        if item.get("type") not in RICH_ELEMENTS:
            c.fault(f"unsupported type: {item.get('type')}", f"{place}/type")
        elif item["type"] == "text":
            c.string(item, "text", POSTED_TEXT, place, required=True)
        elif item["type"] == "link":
            c.string(item, "url", 3000, place, required=True)


def _divider(c: Checker, block: Block, at: str) -> None:
    pass


BLOCKS: Final[Mapping[str, Callable[[Checker, Block, str], None]]] = {
    "actions": _actions,
    "context": _context,
    "divider": _divider,
    "file": _file,
    "header": _header,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "rich_text": _rich_text,
    "section": _section,
    "table": _table,
}


def _button(c: Checker, item: Block, at: str) -> None:
    c.text(item, "text", 75, at, plain=True)
    c.string(item, "value", 2000, at)
    c.string(item, "url", 3000, at)
    if item.get("style", "primary") not in ("primary", "danger"):
        c.fault("must be one of: primary, danger", f"{at}/style")


def _select(c: Checker, item: Block, at: str) -> None:
    c.text(item, "placeholder", 150, at, required=False, plain=True)
    if item.get("option_groups") is not None:
        for group, place in c.items(item, "option_groups", 100, at):
            c.text(group, "label", 75, place, plain=True)
            _options(c, group, place, 100)
    else:
        _options(c, item, at, 100)


def _options(c: Checker, item: Block, at: str, most: int) -> None:
    for option, place in c.items(item, "options", most, at):
        c.text(option, "text", 75, place)
        c.string(option, "value", 150, place, required=True)
        c.text(option, "description", 75, place, required=False)


def _overflow(c: Checker, item: Block, at: str) -> None:
    _options(c, item, at, 5)


def _choices(c: Checker, item: Block, at: str) -> None:
    _options(c, item, at, 10)


def _picker(c: Checker, item: Block, at: str) -> None:
    c.text(item, "placeholder", 150, at, required=False, plain=True)


ELEMENTS: Final[Mapping[str, Callable[[Checker, Block, str], None]]] = {
    "button": _button,
    "channels_select": _picker,
    "checkboxes": _choices,
    "conversations_select": _picker,
    "datepicker": _picker,
    "image": _image_element,
    "multi_static_select": _select,
    "overflow": _overflow,
    "plain_text_input": _picker,
    "radio_buttons": _choices,
    "static_select": _select,
    "timepicker": _picker,
    "users_select": _picker,
}


def _element(c: Checker, item: object, at: str) -> None:
    if not isinstance(item, Mapping):
        c.fault("must be an object", at)
        return
    check = ELEMENTS.get(item.get("type", ""))
    if check is None:
        c.fault(f"unsupported type: {item.get('type')}", f"{at}/type")
        return
    check(c, item, at)
    c.string(item, "action_id", 255, at)
    confirm = item.get("confirm")
    if confirm is not None:
        c.text(confirm, "title", 100, f"{at}/confirm", plain=True)
        c.text(confirm, "text", 300, f"{at}/confirm")
        c.text(confirm, "confirm", 30, f"{at}/confirm", plain=True)
        c.text(confirm, "deny", 30, f"{at}/confirm", plain=True)


def characters(item: object) -> int:
    """Characters of all text in blocks: the values under `text` that are strings."""
    if isinstance(item, Mapping):
        own = len(item["text"]) if isinstance(item.get("text"), str) else 0
        return own + sum(characters(v) for v in item.values() if not isinstance(v, str))
    if isinstance(item, list):
        return sum(characters(v) for v in item)
    return 0


def faults_of_blocks(blocks: object, most: int, at: str = "/blocks") -> list[str]:
    """What is wrong with blocks, in the Web API's words; empty when nothing is."""
    checker = Checker()
    if not isinstance(blocks, list):
        return [f"must be an array [json-pointer:{at}]"]
    if len(blocks) > most:
        checker.fault(f"no more than {most} items allowed", at)
    names: set[str] = set()
    for i, block in enumerate(blocks):
        place = f"{at}/{i}"
        if not isinstance(block, Mapping):
            checker.fault("must be an object", place)
            continue
        check = BLOCKS.get(block.get("type", ""))
        if check is None:
            checker.fault(f"unsupported type: {block.get('type')}", f"{place}/type")
            continue
        check(checker, block, place)
        checker.string(block, "block_id", 255, place)
        name = block.get("block_id")
        if name is not None and name in names:
            checker.fault(f"block_id already exists: {name}", f"{place}/block_id")
        names.add(str(name))
    written = sum(len(b.get("text", "")) for b in blocks if isinstance(b, Mapping) and b.get("type") == "markdown")
    if written > MARKDOWN_CHARACTERS and not checker.faults:
        checker.fault(f"markdown blocks must be less than {MARKDOWN_CHARACTERS + 1} characters together", at)
    return checker.faults


def check_message(text: str, blocks: object) -> None:
    """Raise SlackError when Slack would not take the message."""
    if blocks:
        faults = faults_of_blocks(blocks, MESSAGE_BLOCKS)
        if faults:
            raise invalid_blocks(faults)
        if characters(blocks) > MESSAGE_CHARACTERS:
            raise SlackError("msg_blocks_too_long")
    elif not text.strip():
        raise SlackError("no_text")


def check_view(view: object, kinds: tuple[str, ...]) -> None:
    """Raise SlackError when Slack would not take the modal or Home tab."""
    if not isinstance(view, Mapping) or view.get("type") not in kinds:
        raise SlackError("invalid_arguments", response_metadata={"messages": ["[ERROR] invalid view"]})
    checker = Checker()
    if view["type"] == "modal":
        checker.text(view, "title", 24, "/view", plain=True)
        checker.text(view, "submit", 24, "/view", required=False, plain=True)
        checker.text(view, "close", 24, "/view", required=False, plain=True)
    checker.string(view, "private_metadata", 3000, "/view")
    checker.string(view, "callback_id", 255, "/view")
    faults = checker.faults + faults_of_blocks(view.get("blocks"), VIEW_BLOCKS, "/view/blocks")
    if faults:
        raise SlackError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {f}" for f in faults]})


def invalid_blocks(faults: list[str]) -> SlackError:
    messages = [f"[ERROR] {fault}" for fault in faults]
    return SlackError("invalid_blocks", errors=faults, response_metadata={"messages": messages})
