"""The installed app: what its manifest asks for, and the secrets it was given.

Read from an app manifest (docs.slack.dev/reference/app-manifest), so that the workspace grants the scopes, sends the
events and offers the commands and shortcuts that the real Slack would, and no others.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

APP_ID: Final = "A0WORKSPACE"
BOT_ID: Final = "B0WORKSPACE"
BOT_USER: Final = "U0BOT"

NEEDED_SCOPES: Final = {
    "app_mention": ("app_mentions:read",),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "file_shared": ("files:read",),
    "reaction_added": ("reactions:read",),
    "member_joined_channel": ("channels:read", "groups:read"),
    "app_home_opened": (),
}
"""Event -> the scopes of which one is needed to subscribe to it. These are the events the workspace sends."""

DEFAULT_MANIFEST: Final[Mapping[str, Any]] = {
    "display_information": {"name": "Robot"},
    "features": {
        "app_home": {"home_tab_enabled": True},
        "bot_user": {"display_name": "robot"},
        "slash_commands": [{"command": "/robot", "description": "Ask the robot", "should_escape": True}],
        "shortcuts": [{"name": "Look at this", "type": "message", "callback_id": "look"}],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                *("app_mentions:read", "channels:history", "channels:join", "channels:read", "chat:write", "commands"),
                *("files:read", "files:write", "groups:history", "groups:read", "im:history", "im:read", "im:write"),
                *("reactions:read", "reactions:write", "team:read", "usergroups:read", "users:read"),
            ]
        }
    },
    "settings": {"event_subscriptions": {"bot_events": sorted(NEEDED_SCOPES)}},
}


@dataclass(frozen=True)
class Command:
    name: str
    """With its slash: `/kdiag`."""
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False


@dataclass(frozen=True)
class Shortcut:
    name: str
    kind: str
    """`message` or `global`."""
    callback_id: str


def _token(prefix: str) -> str:
    return f"{prefix}-{secrets.token_hex(12)}"


@dataclass
class App:
    """One app in the workspace."""

    name: str
    bot_name: str
    scopes: set[str]
    events: frozenset[str]
    commands: tuple[Command, ...]
    shortcuts: tuple[Shortcut, ...]
    home_tab: bool
    bot_token: str = field(default_factory=lambda: _token("xoxb"))
    app_token: str = field(default_factory=lambda: _token("xapp-1"))
    signing_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    verification_token: str = field(default_factory=lambda: secrets.token_hex(12))

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any]) -> App:
        """Install the app.

        Raises ValueError when the manifest subscribes to an event whose scope it does not ask for (Slack refuses it
        too), or to one that the workspace does not know."""
        features = manifest.get("features", {})
        scopes = set(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", ()))
        events = frozenset(manifest.get("settings", {}).get("event_subscriptions", {}).get("bot_events", ()))
        for event in sorted(events):
            if event not in NEEDED_SCOPES:
                raise ValueError(f"the workspace sends no event {event}")
            needed = NEEDED_SCOPES[event]
            if needed and scopes.isdisjoint(needed):
                raise ValueError(f"event {event} needs the scope {' or '.join(needed)}")
        name = manifest["display_information"]["name"]
        return cls(
            name=name,
            bot_name=features.get("bot_user", {}).get("display_name", name),
            scopes=scopes,
            events=events,
            commands=tuple(
                Command(
                    c["command"], c.get("description", ""), c.get("usage_hint", ""), bool(c.get("should_escape", False))
                )
                for c in features.get("slash_commands", ())
            ),
            shortcuts=tuple(Shortcut(s["name"], s["type"], s["callback_id"]) for s in features.get("shortcuts", ())),
            home_tab=bool(features.get("app_home", {}).get("home_tab_enabled", False)),
        )

    def subscribes(self, event: str) -> bool:
        """Whether the app asked for the event and still has the scope for it."""
        needed = NEEDED_SCOPES[event]
        return event in self.events and (not needed or not self.scopes.isdisjoint(needed))

    def command(self, name: str) -> Command | None:
        return next((c for c in self.commands if c.name == name), None)
