"""A small recorded cluster that can be broken and mended while the bot runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def write(folder: Path, missing: dict[str, str]) -> Path:
    """A recording with one Pod for each name in `missing`: "" for a healthy one, else the Secret that it lacks."""
    (folder / "shop").mkdir(parents=True, exist_ok=True)
    nodes: dict[str, Any] = {"kind": "NodeList", "apiVersion": "v1", "items": []}
    (folder / "nodes.json").write_text(json.dumps(nodes))
    events: dict[str, Any] = {"kind": "EventList", "apiVersion": "v1", "items": []}
    (folder / "shop" / "events.json").write_text(json.dumps(events))
    pods = {"kind": "PodList", "apiVersion": "v1", "items": [_pod(*one) for one in missing.items()]}
    (folder / "shop" / "pods.json").write_text(json.dumps(pods))
    return folder


def _pod(name: str, secret: str) -> dict[str, Any]:
    waiting = {"reason": "CreateContainerConfigError", "message": f'secret "{secret}" not found'}
    running = {"startedAt": "2025-06-10T11:00:10Z"}
    ready = "False" if secret else "True"
    return {
        "metadata": {"name": name, "namespace": "shop", "creationTimestamp": "2025-06-10T11:00:00Z"},
        "spec": {"nodeName": "n1", "containers": [{"name": "web", "image": "registry.example.com/web:1"}]},
        "status": {
            "phase": "Pending" if secret else "Running",
            "conditions": [{"type": "Ready", "status": ready}, {"type": "PodScheduled", "status": "True"}],
            "containerStatuses": [
                {
                    "name": "web",
                    "ready": not secret,
                    "restartCount": 0,
                    "image": "registry.example.com/web:1",
                    "state": {"waiting": waiting} if secret else {"running": running},
                }
            ],
        },
    }
