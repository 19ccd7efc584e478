"""HTTP mode: payloads posted to the app's request URL, signed.

Facts: docs.slack.dev/apis/events-api, docs.slack.dev/authentication/verifying-requests-from-slack. Events are JSON,
commands are forms, interactions are JSON in the form field `payload`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.workspace.app import App
from bot.workspace.delivery import Delivery, EnvelopeKind, NotDelivered, Retry


class HttpEvents:
    """The transport."""

    def __init__(self, app: App, request_url: str) -> None:
        self._app = app
        self._session: aiohttp.ClientSession | None = None
        self.request_url = request_url
        self.clock_skew = 0.0
        """Seconds by which the workspace's clock is ahead."""

    def sign(self, body: str, timestamp: int) -> dict[str, str]:
        """The headers that prove where a request comes from."""
        signed = f"v0:{timestamp}:{body}".encode()
        digest = hmac.new(self._app.signing_secret.encode(), signed, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}

    async def verify_url(self, within: float) -> None:
        """The handshake when a request URL is entered. Raises NotDelivered when the app does not answer it."""
        challenge = {"type": "url_verification", "token": self._app.verification_token, "challenge": "3eZbrw1a"}
        status, headers, text = await self._post(json.dumps(challenge), "application/json", {}, within)
        answered = json.loads(text).get("challenge") if "json" in headers.get("Content-Type", "") else text
        if status != 200 or answered != challenge["challenge"]:
            raise NotDelivered("the request URL did not answer the challenge")

    async def send(self, delivery: Delivery, retry: Retry | None, within: float) -> dict[str, Any]:
        body, content_type = _encoded(delivery.kind, delivery.payload)
        extra = {"X-Slack-Retry-Num": str(retry.attempt), "X-Slack-Retry-Reason": retry.reason} if retry else {}
        status, headers, text = await self._post(body, content_type, extra, within)
        if status != 200:
            raise NotDelivered("http_error", final=headers.get("X-Slack-No-Retry") == "1")
        if "json" in headers.get("Content-Type", "") and text:
            answer = json.loads(text)
            return answer if isinstance(answer, dict) else {}
        return {"text": text} if text else {}

    async def _post(
        self, body: str, content_type: str, extra: dict[str, str], within: float
    ) -> tuple[int, dict[str, str], str]:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        headers = {"Content-Type": content_type, **self.sign(body, int(time.time() + self.clock_skew)), **extra}
        try:
            async with self._session.post(
                self.request_url,
                data=body.encode(),
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=within),
                allow_redirects=False,
            ) as response:
                return response.status, dict(response.headers), await response.text()
        except TimeoutError:
            raise NotDelivered("http_timeout") from None
        except aiohttp.ClientError:
            raise NotDelivered("connection_failed") from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def _encoded(kind: EnvelopeKind, payload: dict[str, Any]) -> tuple[str, str]:
    if kind == "events_api":
        return json.dumps(payload), "application/json"
    form = "application/x-www-form-urlencoded"
    if kind == "interactive":
        return urlencode({"payload": json.dumps(payload)}), form
    return urlencode({k: str(v).lower() if isinstance(v, bool) else v for k, v in payload.items()}), form
