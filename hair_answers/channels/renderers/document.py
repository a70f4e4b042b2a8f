"""The CommonMark subset that answers are written in, read once for every channel.

Paragraphs, **bold**, *italic*, lists and links: nothing else is markup, so text a person typed stays text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

SAFE_LINKS = ("https://", "http://", "tel:", "sms:", "mailto:")
BULLET = "•"


@dataclass(frozen=True)
class Span:
    """A run of text with one look; `link` is a safe address or ""."""

    text: str
    bold: bool = False
    italic: bool = False
    link: str = ""


Line = tuple[Span, ...]
Block = tuple[Line, ...]  # a paragraph, a list with a line an item, or a table row with a line a cell
Blocks = tuple[Block, ...]


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # "zero" knows paragraphs alone: what is not switched on here is read as plain text.
    return MarkdownIt("zero").enable(["list", "emphasis", "link", "escape", "newline"])


def read(text: str) -> Blocks:
    """Return the blocks of a text; anything outside the subset stays visible as typed."""
    blocks: list[Block] = []
    lists: list[_List] = []
    for token in _parser().parse(text):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            lists.append(_List.opened(token, depth=len(lists)))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            done = lists.pop()
            if lists:
                lists[-1].lines.extend(done.lines)
            else:
                blocks.append(tuple(done.lines))
        elif token.type == "list_item_open":
            lists[-1].next_item()
        elif token.type == "inline":
            lines = tuple(_lines(token.children or ()))
            if lists:
                lists[-1].add(lines)
            else:
                blocks.append(lines)
    return tuple(blocks)


@dataclass
class _List:
    """A list being read: its lines so far and the marker of the next item."""

    ordered: bool
    number: int
    indent: str
    lines: list[Line]
    marker: str = ""

    @classmethod
    def opened(cls, token: Token, depth: int) -> _List:
        start = int(token.attrGet("start") or 1)
        return cls(token.type == "ordered_list_open", start - 1, "   " * depth, [])

    def next_item(self) -> None:
        self.number += 1
        self.marker = f"{self.number}." if self.ordered else BULLET

    def add(self, lines: Sequence[Line]) -> None:
        """Add an item's lines; only its first carries the marker."""
        for line in lines:
            head = f"{self.indent}{self.marker} " if self.marker else f"{self.indent}   "
            self.lines.append((Span(head), *line))
            self.marker = ""


def _lines(tokens: Iterable[Token]) -> Iterator[Line]:
    """Split inline tokens at hard breaks."""
    look = Span("")
    line: list[Span] = []
    for token in tokens:
        if token.type == "hardbreak":
            yield tuple(line)
            line = []
        elif token.type in ("text", "softbreak", "text_special"):
            text = " " if token.type == "softbreak" else token.content
            if text:
                line.append(replace(look, text=text))
        else:
            look = _look(look, token)
    yield tuple(line)


def _look(look: Span, token: Token) -> Span:
    """Return the look after an opening or closing mark."""
    opened = token.nesting == 1
    if token.tag == "strong":
        return replace(look, bold=opened)
    if token.tag == "em":
        return replace(look, italic=opened)
    address = str(token.attrGet("href") or "") if opened else ""
    return replace(look, link=address if address.startswith(SAFE_LINKS) else "")


# Cutting to a platform's limit


def pack(
    blocks: Iterable[Block], render: Callable[[Block], str], limit: int, measure: Callable[[str], int]
) -> list[str]:
    """Render blocks into as few texts of at most `limit` as their borders allow.

    Cut between paragraphs first, then between a block's lines, then between sentences, then words.
    """

    def fits(block: Block) -> bool:
        return measure(render(block)) <= limit

    chunks: list[str] = []
    for block in blocks:
        for part in [block] if fits(block) else _parts(block, fits):
            text = render(part)
            if not text.strip():
                continue
            joined = f"{chunks[-1]}\n\n{text}" if chunks else text
            if chunks and measure(joined) <= limit:
                chunks[-1] = joined
            else:
                chunks.append(text)
    return chunks


def _parts(block: Block, fits: Callable[[Block], bool]) -> Iterator[Block]:
    """Gather a long block's lines into the largest blocks that fit; cut a line that fits nowhere."""
    kept: Block = ()
    for line in block:
        for piece in _pieces(line, fits):
            if kept and not fits((*kept, piece)):
                yield kept
                kept = ()
            kept = (*kept, piece)
    if kept:
        yield kept


def _pieces(line: Line, fits: Callable[[Block], bool]) -> list[Line]:
    length = sum(len(span.text) for span in line)
    if length < 2 or fits((line,)):
        return [line]
    first, second = _halves(line, length)
    return [*_pieces(first, fits), *_pieces(second, fits)]


def _halves(line: Line, length: int) -> tuple[Line, Line]:
    """Cut a line near its middle, after a sentence if there is one, else after a word; the look is kept."""
    text = "".join(span.text for span in line)
    cut = length // 2
    for border in (". ", " "):
        places = [i + len(border) for i in range(length // 4, 3 * length // 4) if text.startswith(border, i)]
        if places:
            cut = min(places, key=lambda place: abs(place - length // 2))
            break
    first: list[Span] = []
    second: list[Span] = []
    at = 0
    for span in line:
        inside = max(0, min(len(span.text), cut - at))
        first.extend([replace(span, text=span.text[:inside])] if inside else [])
        second.extend([replace(span, text=span.text[inside:])] if inside < len(span.text) else [])
        at += len(span.text)
    return tuple(first), tuple(second)
