"""Telegram: HTML and inline keyboards. Limits: core.telegram.org/bots/api."""

from __future__ import annotations

import html
from typing import Any

from hair_answers.channels.payloads import short_key
from hair_answers.channels.renderers.document import Block, Line, pack
from hair_answers.channels.renderers.sheet import Button, Message, lay_out, shorten

TEXT = 4096  # UTF-16 units after Telegram has read the tags; measured with the tags, to be on the safe side
BUTTONS = 100  # in one keyboard
BUTTON_TITLE = 60  # characters: more is cut on a phone
ROW = 34  # characters two titles may have together to stand side by side on a phone


def measure(text: str) -> int:
    """Return the length Telegram counts: UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def render_line(line: Line) -> str:
    """Return a line in Telegram's HTML; phone numbers stay text, which the app makes callable itself."""
    parts = []
    for span in line:
        text = html.escape(span.text, quote=False)
        if span.link.startswith(("http://", "https://")):
            text = f'<a href="{html.escape(span.link)}">{text}</a>'
        if span.italic:
            text = f"<i>{text}</i>"
        if span.bold:
            text = f"<b>{text}</b>"
        parts.append(text)
    return "".join(parts)


def render_block(block: Block) -> str:
    """Return a block in HTML, a line a line."""
    return "\n".join(render_line(line) for line in block)


def render(message: Message, heading: bool = False) -> list[dict[str, Any]]:
    """Return the arguments of sendMessage, one entry a post; sources and buttons go with the last."""
    sheet = lay_out(message, heading)
    texts = pack(sheet.blocks, render_block, TEXT, measure)
    if sheet.footer:
        footer = f"<i>{render_line(sheet.footer)}</i>"
        if measure(footer) > TEXT:
            footer = html.escape("".join(span.text for span in sheet.footer)[: TEXT // 6], quote=False)
        if texts and measure(f"{texts[-1]}\n\n{footer}") <= TEXT:
            texts[-1] = f"{texts[-1]}\n\n{footer}"
        else:
            texts.append(footer)
    if sheet.buttons and not texts:
        texts = ["…"]
    posts: list[dict[str, Any]] = [{"text": text, "parse_mode": "HTML"} for text in texts]
    if posts and sheet.buttons:
        posts[-1]["reply_markup"] = {"inline_keyboard": keyboard(sheet.buttons)}
    return posts


def keyboard(shown: tuple[Button, ...]) -> list[list[dict[str, str]]]:
    """Return rows of one button, or of two short ones."""
    rows: list[list[dict[str, str]]] = []
    for button in shown[:BUTTONS]:
        entry = {"text": shorten(button.title, BUTTON_TITLE), "callback_data": short_key(button.payload)}
        if rows and len(rows[-1]) == 1 and len(rows[-1][0]["text"]) + len(entry["text"]) <= ROW:
            rows[-1].append(entry)
        else:
            rows.append([entry])
    return rows


def without_button(rows: list[list[dict[str, Any]]], data: str) -> list[list[dict[str, Any]]]:
    """Return a posted keyboard after a tap: the tapped button gone."""
    left = [[entry for entry in row if entry.get("callback_data") != data] for row in rows]
    return [row for row in left if row]
