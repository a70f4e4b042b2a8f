"""Slack: mrkdwn in Block Kit. Limits: docs.slack.dev/reference/block-kit and chat.postMessage."""

from __future__ import annotations

from itertools import islice
from typing import Any

from hair_answers.channels.renderers.document import Block, Line, Span, pack
from hair_answers.channels.renderers.sheet import Button, Message, Sheet, lay_out, shorten

SECTION = 3000  # characters in a text object
BUTTON_TITLE = 75  # characters
BUTTON_VALUE = 2000  # characters
ACTIONS = 25  # elements in one actions block
BLOCKS = 50  # in one message
ACTION_PREFIX = "say"
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_GLUE = "\u200b"  # lets * and _ mark part of a word, which mrkdwn alone does not


def escape(text: str) -> str:
    """Escape what Slack reads as control: no typed <!channel> can call anybody."""
    return text.translate(_ESCAPES)


def render_line(line: Line) -> str:
    """Return a line in mrkdwn."""
    text = ""
    for index, span in enumerate(line):
        following = line[index + 1].text if index + 1 < len(line) else ""
        text += _mark(span, text, following)
    return text


def _mark(span: Span, before: str, after: str) -> str:
    core = span.text.strip()
    marks = "*" * span.bold + "_" * span.italic
    text = escape(span.text)
    if span.link and core:
        text = f"<{escape(span.link).replace('|', '%7C')}|{text}>"
    if not marks or not core:
        return text
    # Slack marks whole words only and no spaces at the edges.
    left, right = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    text = f"{left}{marks}{text.strip()}{marks[::-1]}{right}"
    text = f"{_GLUE}{text}" if not left and before[-1:].isalnum() else text
    return f"{text}{_GLUE}" if not right and after[:1].isalnum() else text


def render_block(block: Block) -> str:
    """Return a block in mrkdwn, a line a line."""
    return "\n".join(render_line(line) for line in block)


def render(message: Message, heading: bool = False) -> list[dict[str, Any]]:
    """Return the arguments of chat.postMessage, one entry a post; sources and buttons go with the last."""
    sheet = lay_out(message, heading)
    posts = [
        {"text": text, "blocks": [section(text)]} for text in pack(sheet.blocks, render_block, SECTION, len)
    ]
    tail = _tail(sheet)
    if tail and not posts:
        posts = [{"text": escape(sheet.buttons[0].title) if sheet.buttons else "…", "blocks": []}]
    if posts:
        posts[-1]["blocks"] += tail  # type: ignore[operator]
    return posts


def _tail(sheet: Sheet) -> list[dict[str, Any]]:
    """Return the sources as small print, then the buttons."""
    blocks = []
    if sheet.footer:
        linked = render_line(sheet.footer)
        bare = escape("".join(span.text for span in sheet.footer))[:SECTION]
        blocks.append(context(linked if len(linked) <= SECTION else bare))
    return blocks + buttons(sheet.buttons)


def section(text: str) -> dict[str, Any]:
    """Return a section; `verbatim` keeps Slack from making mentions and links of plain words."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def context(text: str) -> dict[str, Any]:
    """Return a line of small print."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}


def buttons(shown: tuple[Button, ...]) -> list[dict[str, Any]]:
    """Return actions blocks of at most 25 buttons; a payload too long for Slack is left out, never cut."""
    elements = [
        {
            "type": "button",
            "action_id": f"{ACTION_PREFIX}-{index}",
            "text": {"type": "plain_text", "text": shorten(button.title, BUTTON_TITLE), "emoji": False},
            "value": button.payload,
        }
        for index, button in enumerate(shown)
        if len(button.payload) <= BUTTON_VALUE
    ]
    rest = iter(elements)
    rows = iter(lambda: list(islice(rest, ACTIONS)), [])
    return [{"type": "actions", "elements": row} for row in islice(rows, BLOCKS // 10)]


def without_button(blocks: list[dict[str, Any]], action_id: str, note: str) -> list[dict[str, Any]]:
    """Return a posted message's blocks after a tap: a note of the choice for the tapped button."""
    kept: list[dict[str, Any]] = []
    for block in blocks:
        if block.get("type") != "actions":
            kept.append(block)
            continue
        left = [element for element in block.get("elements", ()) if element.get("action_id") != action_id]
        if len(left) < len(block.get("elements", ())):
            kept.append(context(note))
        if left:
            kept.append({**block, "elements": left})
    return kept
