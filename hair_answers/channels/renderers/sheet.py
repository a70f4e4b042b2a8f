"""What every chat platform shows of a message, in order: text, table, steps, help lines, sources, buttons."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hair_answers.channels.renderers.document import BULLET, Block, Blocks, Line, Span, read
from hair_answers.speech.provenance import labels

Message = Mapping[str, Any]


@dataclass(frozen=True)
class Button:
    """What a tap says (`title`) and what it sends (`payload`)."""

    title: str
    payload: str


@dataclass(frozen=True)
class Sheet:
    """A message laid out, before any platform's markup."""

    blocks: Blocks
    footer: Line
    buttons: tuple[Button, ...]


def lay_out(message: Message, heading: bool = False) -> Sheet:
    """Lay a message out; `heading` puts an answer's title first, where a tap is not echoed."""
    metadata = message.get("metadata") or {}
    blocks: list[Block] = []
    # Only a curated answer has a grade: a greeting needs no heading.
    if heading and metadata.get("evidence") and metadata.get("title"):
        blocks.append(((Span(str(metadata["title"]), bold=True),),))
    blocks.extend(read(str(message.get("text") or "")))
    blocks.extend(_table(metadata.get("table") or {}))
    blocks.extend(_steps(metadata.get("steps") or {}))
    blocks.extend(_helplines(metadata.get("helplines") or ()))
    return Sheet(tuple(blocks), _footer(metadata), _buttons(message.get("buttons") or ()))


def shorten(text: str, limit: int) -> str:
    """Cut a text at a word so that it has at most `limit` characters with its ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    return f"{cut.rsplit(' ', 1)[0] if ' ' in cut else cut}…"


def _buttons(buttons: Sequence[Mapping[str, Any]]) -> tuple[Button, ...]:
    """Return the buttons that say and send something, each payload once."""
    found: dict[str, Button] = {}
    for button in buttons:
        title, payload = str(button.get("title") or "").strip(), str(button.get("payload") or "")
        if title and payload:
            found.setdefault(payload, Button(title, payload))
    return tuple(found.values())


def _table(table: Mapping[str, Any]) -> Iterator[Block]:
    """Return a block a row: its label, then a line a column, which no narrow screen breaks."""
    columns = [str(column) for column in table.get("columns") or ()]
    for row in table.get("rows") or ():
        cells = [str(cell.get("text") or "") for cell in row.get("cells") or ()]
        # The first column may head the labels.
        names = columns[1:] if len(columns) > len(cells) else columns
        lines: list[Line] = [(Span(str(row.get("label") or ""), bold=True),)]
        lines += [
            (Span(f"{BULLET} {name}: "), *_inline(cell))
            for name, cell in zip(names, cells, strict=False)
            if cell
        ]
        yield tuple(lines)


def _inline(text: str) -> Line:
    """Return a cell's text as one line."""
    lines = [line for block in read(text) for line in block]
    return tuple(span for index, line in enumerate(lines) for span in ((Span(" "),) if index else ()) + line)


def _steps(steps: Mapping[str, Any]) -> Iterator[Block]:
    """Return where in the procedure an answer stands; the overview's own text already lists the steps."""
    current = steps.get("current")
    if not current:
        return
    titles = [str(title) for title in steps.get("titles") or ()]
    spans = [Span(f"{number}. {title}", bold=number == current) for number, title in enumerate(titles, 1)]
    yield (
        tuple(
            part for index, span in enumerate(spans) for part in ((Span(" → "),) if index else ()) + (span,)
        ),
    )


def _helplines(lines: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    """Return a line a help line; calling or opening it takes one tap where the platform allows."""
    found: list[Line] = []
    for line in lines:
        name, number = str(line.get("name") or ""), str(line.get("number") or "")
        kind = line.get("kind")
        if kind == "url":
            found.append((Span(f"{BULLET} "), Span(name, link=number)))
        elif name and number:
            address = f"{'sms' if kind == 'sms' else 'tel'}:{re.sub(r'[^0-9+*#]', '', number)}"
            found.append((Span(f"{BULLET} {name}: "), Span(number, bold=True, link=address)))
    if found:
        yield tuple(found)


def _footer(metadata: Mapping[str, Any]) -> Line:
    """Return the source line with each source's name linked to its page."""
    line = str(metadata.get("source_line") or "")
    pages: dict[str, str] = {}
    for source in metadata.get("sources") or ():
        name = str(source.get("publisher") or source.get("title") or "")
        if name:
            pages[name] = pages.get(name) or str(source.get("url") or "")
    if not line and pages:
        line = str(labels()["sources"]).format(names="; ".join(pages))
    if not line:
        return ()
    head, sources, names = line.partition(str(labels()["sources"]).partition("{")[0])
    linked = [name for name in sorted(pages, key=len, reverse=True) if pages[name]]
    if not (names and linked):
        return (Span(line),)
    pattern = re.compile("|".join(re.escape(name) for name in linked))
    spans, at = [Span(head + sources)], 0
    for match in pattern.finditer(names):
        if match.start() > at:
            spans.append(Span(names[at : match.start()]))
        spans.append(Span(match.group(), link=pages[match.group()]))
        at = match.end()
    return (*spans, Span(names[at:])) if at < len(names) else tuple(spans)
