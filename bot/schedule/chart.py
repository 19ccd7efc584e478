"""The picture of the last days: problems by severity, one bar a day. Drawn by Pillow, returned as PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw, ImageFont

from bot.store import Health

DAYS: Final = 14
WIDTH: Final = 720
HEIGHT: Final = 260
LEFT: Final = 44
RIGHT: Final = 12
TOP: Final = 34
BOTTOM: Final = 30
COLOURS: Final = {"critical": "#c62828", "warning": "#f9a825", "info": "#1e88e5"}
INK: Final = "#37474f"
GRID: Final = "#e0e0e0"
LINES: Final = 4


def by_day(healths: Sequence[Health], zone: str, today: date) -> list[tuple[date, Health | None]]:
    """The last health of each of the last DAYS days; None where nothing was seen."""
    last: dict[date, Health] = {}
    for health in healths:
        last[datetime.fromtimestamp(health.at, ZoneInfo(zone)).date()] = health
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    return [(day, last.get(day)) for day in days]


def draw(days: Sequence[tuple[date, Health | None]]) -> bytes:
    """A PNG of WIDTH by HEIGHT pixels. A day on which nothing was seen has a dash, a day without problems a 0."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(12)
    top = _round_up(max((h.critical + h.warning + h.info for _, h in days if h is not None), default=0))
    base = HEIGHT - BOTTOM
    for step in range(LINES + 1):
        y = base - (base - TOP) * step / LINES
        pen.line([(LEFT, y), (WIDTH - RIGHT, y)], fill=GRID)
        pen.text((LEFT - 8, y), str(top * step // LINES), fill=INK, font=font, anchor="rm")
    x = LEFT
    for severity, colour in COLOURS.items():
        pen.rectangle([x, 11, x + 11, 22], fill=colour)
        pen.text((x + 17, 17), severity, fill=INK, font=font, anchor="lm")
        x += 90
    width = (WIDTH - LEFT - RIGHT) / len(days)
    for number, (day, health) in enumerate(days):
        left, right = LEFT + number * width + width * 0.2, LEFT + (number + 1) * width - width * 0.2
        middle = (left + right) / 2
        pen.text((middle, base + 14), f"{day.month}/{day.day}", fill=INK, font=font, anchor="mm")
        if health is None:
            pen.text((middle, base - 8), "-", fill=INK, font=font, anchor="mm")
            continue
        bottom = float(base)
        for severity, colour in COLOURS.items():
            height = (base - TOP) * getattr(health, severity) / top
            if height:
                pen.rectangle([left, bottom - height, right, bottom - 1], fill=colour)
            bottom -= height
        if bottom == base:
            pen.text((middle, base - 8), "0", fill=INK, font=font, anchor="mm")
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def in_words(days: Sequence[tuple[date, Health | None]]) -> str:
    """The same for those who do not see it."""
    return ", ".join(
        f"{day.isoformat()}: {health.critical}/{health.warning}/{health.info}" for day, health in days if health
    )


def _round_up(number: int) -> int:
    """A full scale above the highest bar that divides evenly into the grid's lines."""
    return max(LINES, -(-number // LINES) * LINES)
