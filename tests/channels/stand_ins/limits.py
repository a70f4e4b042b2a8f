"""The limits Slack and Telegram document for a message, with the errors they answer."""

from __future__ import annotations

import html
import re
from typing import Any


class SlackRefusal(Exception):
    """Slack's error code, with the messages of response_metadata."""

    def __init__(self, error: str, *messages: str) -> None:
        self.error, self.messages = error, messages
        super().__init__(f"{error}: {'; '.join(messages)}")


class TelegramRefusal(Exception):
    """Telegram's description of a 400."""


# Slack: docs.slack.dev/reference/methods/chat.postMessage and docs.slack.dev/reference/block-kit/blocks

_BLOCK_TYPES = {"section", "context", "actions", "divider", "header"}


def check_slack_post(arguments: dict[str, Any]) -> None:
    """Raise SlackRefusal unless chat.postMessage would take this."""
    blocks, text = arguments.get("blocks") or [], arguments.get("text") or ""
    if not arguments.get("channel"):
        raise SlackRefusal("channel_not_found")
    if not blocks and not text.strip():
        raise SlackRefusal("no_text")
    if len(text) > 40_000:
        raise SlackRefusal("msg_too_long")
    check_slack_blocks(blocks, 50)


def check_slack_blocks(blocks: list[dict[str, Any]], most: int) -> None:
    """Raise SlackRefusal with every fault of the blocks; `most` is 50 in a message, 100 in a view."""
    faults = [f"no more than {most} items allowed"] if len(blocks) > most else []
    for place, block in enumerate(blocks):
        faults += [f"{fault} [json-pointer:/blocks/{place}]" for fault in _block_faults(block)]
    ids = [e.get("action_id") for b in blocks if b.get("type") == "actions" for e in b.get("elements", ())]
    faults += ["duplicate action_id"] if len(ids) != len(set(ids)) else []
    if faults:
        raise SlackRefusal("invalid_blocks", *faults)


def _block_faults(block: dict[str, Any]) -> list[str]:
    kind = block.get("type")
    if kind not in _BLOCK_TYPES:
        return [f"unsupported type: {kind}"]
    if kind == "section":
        return _text_faults(block.get("text") or {}, 3000)
    if kind == "context":
        elements = block.get("elements") or []
        faults = ["no more than 10 items allowed"] if not 0 < len(elements) <= 10 else []
        return faults + [fault for element in elements for fault in _text_faults(element, 3000)]
    if kind == "actions":
        elements = block.get("elements") or []
        faults = ["no more than 25 items allowed"] if len(elements) > 25 else []
        faults += ["must have at least 1 element"] if not elements else []
        return faults + [fault for element in elements for fault in _button_faults(element)]
    return []


def _text_faults(text: dict[str, Any], most: int) -> list[str]:
    value = text.get("text") or ""
    faults = [] if text.get("type") in ("mrkdwn", "plain_text") else ["unsupported text type"]
    faults += ["must be more than 0 characters"] if not value else []
    faults += [f"must be less than {most + 1} characters"] if len(value) > most else []
    return faults


def _button_faults(button: dict[str, Any]) -> list[str]:
    faults = _text_faults(button.get("text") or {}, 75)
    faults += ["buttons take plain_text"] if (button.get("text") or {}).get("type") != "plain_text" else []
    faults += ["value must be less than 2001 characters"] if len(button.get("value") or "") > 2000 else []
    faults += (
        ["action_id must be less than 256 characters"] if len(button.get("action_id") or "") > 255 else []
    )
    return faults


# Telegram: core.telegram.org/bots/api#sendmessage, #html-style, #inlinekeyboardbutton

_TAGS = {
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ins",
    "s",
    "strike",
    "del",
    "code",
    "pre",
    "a",
    "blockquote",
    "tg-spoiler",
}
_TAG = re.compile(r"<(/?)([a-z-]+)((?:\s+[a-z-]+=\"[^\"<>]*\")*)\s*>")


def check_telegram_post(arguments: dict[str, Any]) -> None:
    """Raise TelegramRefusal unless sendMessage would take this."""
    text = str(arguments.get("text") or "")
    if arguments.get("parse_mode") == "HTML":
        text = telegram_text(text)
    if not text.strip():
        raise TelegramRefusal("Bad Request: message text is empty")
    if len(text.encode("utf-16-le")) // 2 > 4096:
        raise TelegramRefusal("Bad Request: message is too long")
    check_telegram_keyboard(arguments.get("reply_markup") or {})


def telegram_text(markup: str) -> str:
    """Return the text of Telegram's HTML; raise as the Bot API does when it cannot be read."""
    opened: list[str] = []
    text, at = "", 0
    for match in _TAG.finditer(markup):
        text += _plain(markup[at : match.start()])
        at = match.end()
        closing, tag, _ = match.groups()
        if tag not in _TAGS:
            raise TelegramRefusal(f'Bad Request: can\'t parse entities: Unsupported start tag "{tag}"')
        if not closing:
            opened.append(tag)
        elif not opened or opened.pop() != tag:
            raise TelegramRefusal("Bad Request: can't parse entities: Unexpected end tag")
    if opened:
        raise TelegramRefusal("Bad Request: can't parse entities: Can't find end tag")
    return text + _plain(markup[at:])


def _plain(text: str) -> str:
    if "<" in text:
        raise TelegramRefusal("Bad Request: can't parse entities: Unsupported start tag")
    return html.unescape(text)


def check_telegram_keyboard(markup: dict[str, Any]) -> None:
    """Raise TelegramRefusal unless this is an inline keyboard the Bot API takes."""
    rows = markup.get("inline_keyboard", [])
    if any(len(row) > 8 for row in rows) or sum(map(len, rows)) > 100:
        raise TelegramRefusal("Bad Request: BUTTON_ROW_INVALID")
    for button in (button for row in rows for button in row):
        if not button.get("text"):
            raise TelegramRefusal("Bad Request: BUTTON_TEXT_EMPTY")
        if not 1 <= len(str(button.get("callback_data", "")).encode()) <= 64:
            raise TelegramRefusal("Bad Request: BUTTON_DATA_INVALID")
