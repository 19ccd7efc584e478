"""The system's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, async_playwright

MISSING = "no Chromium on this machine: run scripts/bootstrap browser"


@asynccontextmanager
async def open_page(url: str, width: int = 1280, height: int = 860) -> AsyncIterator[Page]:
    """The address in a window of its own. A fault or a refused request in the page fails the test."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        if os.environ.get("CI"):
            raise RuntimeError(MISSING)
        pytest.skip(MISSING)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox"],  # CI runs as root, where the sandbox refuses to start
        )
        page = await browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=1)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        await page.goto(url)
        try:
            yield page
        finally:
            # A browser that is being closed may say that its lines were cut: that is our doing.
            told = "\n".join(faults)
            await browser.close()
    assert not told, told
