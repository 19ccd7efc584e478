"""`kdiag.yaml`: read once, checked whole, wrong settings named with their place.

Each section is a module of its own: `clusters` (what can be asked), `chat` (who may ask, where and when it is told).
Without a file every setting has its default.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import Field, ValidationError

from bot.config.chat import Chat
from bot.config.clusters import Cluster
from bot.config.section import Section
from rules.errors import KdiagError
from rules.schema import Loader

MAX_BYTES: Final = 1 << 20


class Settings(Section):
    """The whole of `kdiag.yaml`."""

    clusters: dict[str, Cluster] = Field(default_factory=dict, description="The clusters that can be asked, by name.")
    chat: Chat = Field(default_factory=Chat, description="Who may ask in Slack, and where kdiag reports.")
    knowledge: list[Path] = Field(default_factory=list, description="Directories of entries that add or override.")
    storage: str = Field(default="", description="SQLAlchemy URL; default: an SQLite file in the data directory.")


def load_settings(path: Path | None) -> Settings:
    """The settings of `path`; the defaults when there is none. KdiagError lists every wrong setting."""
    if path is None:
        return Settings()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise KdiagError(f"cannot read {path}: {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise KdiagError(f"{path} is larger than {MAX_BYTES >> 20} MB: that is no configuration of kdiag")
    try:
        content = yaml.load(data, Loader)
    except yaml.YAMLError as error:
        raise KdiagError(f"{path} is not valid YAML: {error}") from error
    if content is None:
        return Settings()
    if not isinstance(content, dict):
        raise KdiagError(f"{path}: expected settings by name, such as `clusters:`")
    try:
        return Settings.model_validate(content)
    except ValidationError as error:
        raise KdiagError("\n".join(_fault(path, content, one) for one in error.errors())) from None


def _fault(path: Path, content: dict[str, Any], error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(error["loc"][-1]), _names(), n=1)
        return f"{path}: {place}: no such setting" + (f"; did you mean {near[0]}?" if near else "")
    return f"{path}: {place}: {error['msg'][0].lower()}{error['msg'][1:]}"


def _names() -> list[str]:
    return sorted({name for model in (Settings, Cluster, Chat) for name in model.model_fields})
