"""The workspace's page in a real browser, with a small app behind it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, Route, expect

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


async def test_the_last_one_chosen_is_who_one_is_however_late_the_other_state_comes(ws: Workspace, page: Page) -> None:
    anna, kenji = (ws.state.user(name).id for name in ("anna", "kenji"))
    came = asyncio.Event()

    async def late(route: Route) -> None:
        await came.wait()
        await route.continue_()

    await page.route(f"**/state?user={kenji}", late)
    async with page.expect_request(f"**/state?user={kenji}"):
        await page.locator("#me").select_option(kenji)
    async with page.expect_response(f"**/state?user={anna}"):
        await page.locator("#me").select_option(anna)
    async with page.expect_response(f"**/state?user={kenji}"):
        came.set()
    await write(page, "it is me")
    await expect(page.locator("#messages .message").last).to_have_attribute("aria-label", re.compile("^Anna.*it is me"))
    await expect(page.locator("#me")).to_have_value(anna)


async def test_a_state_that_cannot_be_had_is_asked_for_again(ws: Workspace, page: Page) -> None:
    kenji = ws.state.user("kenji").id

    async def garbled(route: Route) -> None:
        await route.fulfill(body="not JSON")

    await page.route(f"**/state?user={kenji}", garbled, times=1)
    await page.locator("#me").select_option(kenji)
    await expect(page.locator("#connection")).to_have_text(re.compile("lost"))
    await page.wait_for_function("me => sessionStorage.getItem('me') === me", arg=kenji)
    await expect(page.locator("#connection")).to_be_empty()


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
