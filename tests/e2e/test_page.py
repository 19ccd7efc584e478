"""The workspace's page in a real browser, with a small app behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from bot.workspace import Suggestion, Workspace
from tests.e2e import robot
from tests.e2e.browser import open_page

pytestmark = pytest.mark.e2e


@pytest.fixture
async def ws() -> AsyncIterator[Workspace]:
    suggestions = [Suggestion("Show buttons", "/robot buttons"), Suggestion("Home", "")]
    async with Workspace(suggestions=suggestions) as workspace, robot.over_socket(workspace):
        yield workspace


@pytest.fixture
async def page(ws: Workspace) -> AsyncIterator[Page]:
    async with open_page(ws.url) as opened:
        yield opened


async def write(page: Page, text: str) -> None:
    await page.locator("#text").fill(text)
    await page.locator("#text").press("Enter")


async def test_a_mention_is_answered_and_read_in_the_thread(ws: Workspace, page: Page) -> None:
    await write(page, "@robot are you there?")
    await page.locator("#messages").get_by_role("button", name="1 reply").click()
    await expect(page.locator("#replies .message").last).to_contain_text("hello")
    await page.locator("#reply-text").fill("thanks")
    await page.locator("#reply-text").press("Enter")
    await expect(page.locator("#replies .message")).to_have_count(3)
    await expect(page.locator("#messages")).to_contain_text("2 replies")
    await page.keyboard.press("Escape")
    await expect(page.locator("#thread")).to_be_hidden()


async def test_a_button_asks_first_and_a_menu_chooses(ws: Workspace, page: Page) -> None:
    await page.get_by_role("button", name="Show buttons").click()
    message = page.locator("#messages .message", has_text="Choose")
    await message.get_by_role("button", name="Wipe").click()
    await page.get_by_role("button", name="Keep it").click()
    await expect(message).to_be_visible()
    await message.get_by_label("Which one?").select_option("web-2")
    await expect(page.locator("#messages")).to_contain_text("picked shop/web-2")


async def test_a_button_confirmed(ws: Workspace, page: Page) -> None:
    await write(page, "/robot buttons")
    await page.get_by_role("button", name="Wipe").click()
    await page.get_by_role("button", name="Wipe it").click()
    await expect(page.locator("#messages .message", has_text="Choose")).to_have_count(0)


async def test_files_edits_and_the_message_menu(ws: Workspace, page: Page) -> None:
    await page.locator("#text-file").set_input_files(
        {"name": "node.log", "mimeType": "text/plain", "buffer": b"disk pressure\n"}
    )
    await write(page, "see this")
    message = page.locator("#messages .message", has_text="see this")
    await expect(message.locator("pre")).to_have_text("disk pressure\n")
    await message.hover()
    await message.get_by_role("button", name="Edit").click()
    await page.get_by_label("Edit the message").fill("see *that*")
    await page.get_by_role("button", name="Save").click()
    changed = page.locator("#messages .message", has_text="(edited)")
    await expect(changed.locator("strong")).to_have_text("that")
    await changed.hover()
    await changed.get_by_role("button", name="Look at this").click()
    await page.get_by_role("button", name="1 reply").click()
    await expect(page.locator("#replies pre").last).to_have_text("seen: see *that*")


async def test_an_ephemeral_answer_is_seen_by_one(ws: Workspace, page: Page) -> None:
    await write(page, "/robot hi")
    await expect(page.locator(".ephemeral")).to_contain_text("Only visible to you")
    await page.locator("#me").select_option(ws.state.user("kenji").id)
    await expect(page.locator("#messages .empty")).to_be_visible()


async def test_home_and_modal(ws: Workspace, page: Page) -> None:
    await page.get_by_role("button", name="Robot home").click()
    await expect(page.locator("#home h3")).to_have_text("At home")
    await page.locator("[data-channel=ops]").click()
    await write(page, "/robot form")
    await page.get_by_label("What").fill("bad")
    await page.get_by_role("button", name="Send").last.click()
    await expect(page.locator("#modal .error")).to_have_text("not that")
    await page.get_by_label("What").fill("good")
    await page.get_by_role("button", name="Send").last.click()
    await expect(page.locator("#modal")).to_be_hidden()


async def test_hostile_text_stays_text(ws: Workspace, page: Page) -> None:
    ws.say("ops", "kenji", "<img src=x onerror=alert(1)> <javascript:alert(1)|click> <b>bold</b>")
    await expect(page.locator("#messages .message").last).to_contain_text("<img src=x onerror=alert(1)>")
    assert await page.locator("#messages img, #messages a[href^='javascript'], #messages b").count() == 0


async def test_a_permalink_opens_its_thread(ws: Workspace, page: Page) -> None:
    said = ws.say("shop", "anna", "over here")
    reply = ws.say("shop", "omar", "yes", thread_ts=said["ts"])
    channel = ws.state.channel("shop").id
    await page.goto(f"{ws.url}/archives/{channel}/p{reply['ts'].replace('.', '')}?thread_ts={said['ts']}")
    await expect(page.locator("#replies .message")).to_have_count(2)
