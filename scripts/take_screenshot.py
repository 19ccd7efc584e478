"""Takes docs/demo.png: the demo in Chromium, with an answer and its Why. Needs scripts/bootstrap browser once."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.async_api import async_playwright

from bot.demo.in_workspace import open_workspace, run_bot

PICTURE = Path(__file__).parent.parent / "docs" / "demo.png"
COLOURS = 256


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with (
            open_workspace(0) as ws,
            run_bot(ws, Path(folder), Path(folder) / "bot.log"),
            async_playwright() as p,
        ):
            await ws.connected(60)
            ws.say("ops", "omar", "customers report errors from the cart since ten minutes, is anyone on it?")
            browser = await p.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = await browser.new_page(viewport={"width": 1440, "height": 900})
            await page.goto(ws.url)
            await page.get_by_role("button", name="Why is cart down?").click()
            await page.get_by_role("button", name="Why", exact=True).click()
            await page.get_by_role("button", name="1 reply").click()
            await page.locator("#replies .message").nth(1).scroll_into_view_if_needed()
            await page.locator("#messages .message").last.evaluate("m => m.scrollIntoView(true)")
            await page.locator("#replies .message").last.evaluate("m => m.scrollIntoView(true)")
            await page.wait_for_timeout(500)
            await page.screenshot(path=PICTURE)
            await browser.close()
    with Image.open(PICTURE) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(PICTURE, optimize=True)
    print(f"{PICTURE}: {PICTURE.stat().st_size // 1024} KB")


if __name__ == "__main__":
    asyncio.run(main())
