"""Plain text: for a terminal, an SMS gateway or a speech reader."""

from __future__ import annotations

from hair_answers.channels.renderers.document import Block, Line
from hair_answers.channels.renderers.sheet import Message, lay_out


def render_line(line: Line) -> str:
    """Return a line without marks; a link's address follows its text unless they are the same."""
    parts = []
    for span in line:
        address = span.link if span.link.startswith("http") else ""
        bare = address.removeprefix("https://").removeprefix("http://").rstrip("/")
        parts.append(
            f"{span.text} ({address})" if address and span.text not in (address, bare) else span.text
        )
    return "".join(parts)


def render_block(block: Block) -> str:
    """Return a block, a line a line."""
    return "\n".join(render_line(line) for line in block)


def render(message: Message) -> str:
    """Return a whole message as plain text; buttons become a list of their titles."""
    sheet = lay_out(message)
    parts = [render_block(block) for block in sheet.blocks]
    if sheet.footer:
        parts.append("".join(span.text for span in sheet.footer))
    if sheet.buttons:
        parts.append("\n".join(f"> {button.title}" for button in sheet.buttons))
    return "\n\n".join(parts)
