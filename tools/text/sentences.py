"""Split Markdown text into quotable units: sentences, list items and table rows, with true offsets."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

UnitKind = Literal["sentence", "item", "step", "row", "heading"]

_FENCE = re.compile(r"^\s*(```|~~~)")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(?P<text>.*?)\s*#*\s*$")
_BOLD_LINE = re.compile(r"^\s*\*\*[^*]+\*\*:?\s*$")
_ITEM = re.compile(r"^\s*(?P<mark>[-*+•]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+(?=\S)")
_TABLE = re.compile(r"^\s*\|.*\|\s*$")
_TABLE_RULE = re.compile(r"^\s*\|[\s:|\-]+\|\s*$")
_QUOTE_MARK = re.compile(r"^\s*>\s?")
_RULE = re.compile(r"^\s*([-*_]\s*){3,}$")
_BOUNDARY = re.compile(r"(?<=[.!?])[\"'”’)\]*_]*\s+(?=[\"'“‘(\[*_]*[A-Z0-9À-Þ])|(?<=[。！？；])(?=.)")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|approx|no|nos|vs|cf|mr|mrs|ms|dr|prof|st|inc|ltd|jr|sr|fig|pp|ca|u\.s|a\.m|p\.m)"
    r"|\b[A-Z])\.$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """The smallest piece of a text that can be quoted. `text[start:end]` is its source."""

    kind: UnitKind
    text: str
    """Readable text: Markdown marks removed, a table row written as "First cell — Column: cell; …"."""
    start: int
    end: int
    block: int
    """Number of the paragraph, list or table it stands in; equal numbers belong together."""


def units(text: str) -> list[Unit]:
    """Return the units of a Markdown text in reading order."""
    return list(_walk(text))


def plain(text: str) -> str:
    """Remove inline Markdown marks and fold white space."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"(\*\*|__|`|~~)", "", text)
    text = re.sub(r"(?<!\w)[*_](\S(?:.*?\S)?)[*_](?!\w)", r"\1", text)
    text = re.sub(r"<(?:/?[A-Za-z]|!--)[^>\n]{0,200}>", " ", text)
    text = re.sub(r"\\([\\`*_{}\[\]()#+\-.!|])", r"\1", text)
    return " ".join(text.split())


@dataclass(slots=True)
class _Cursor:
    block: int = 0
    header: tuple[str, ...] = ()
    in_table: bool = False
    fenced: bool = False
    open: bool = False
    """True while the last line can be continued by the next one."""


def _walk(text: str) -> Iterator[Unit]:
    cursor = _Cursor()
    paragraph: list[tuple[int, int]] = []
    kind: UnitKind = "sentence"
    lines = list(_lines(text))
    for (start, end), following in zip(lines, [*lines[1:], (len(text), len(text))], strict=False):
        line = text[start:end]
        opens = _kind_of(line, cursor)
        if opens == "continue" and paragraph:
            paragraph.append((start, end))
            continue
        yield from _sentences(text, paragraph, kind, cursor)
        paragraph = []
        if opens == "row":
            yield from _row(line, text[slice(*following)], start, cursor)
        elif opens == "heading":
            cursor.block += 1
            yield Unit(kind="heading", text=_heading(line), start=start, end=end, block=cursor.block)
        elif opens != "blank":
            kind = "sentence" if opens == "continue" else opens
            paragraph = [(start, end)]
    yield from _sentences(text, paragraph, kind, cursor)


def _kind_of(line: str, cursor: _Cursor) -> Literal["blank", "continue", "row", "heading", "item", "step"]:
    if _FENCE.match(line):
        cursor.fenced = not cursor.fenced
        return "blank"
    if cursor.fenced:
        return "continue"
    if _TABLE.match(line):
        return "row"
    cursor.header, cursor.in_table = (), False
    if not line.strip() or _RULE.match(line):
        return "blank"
    if _HEADING.match(line) or _BOLD_LINE.match(line):
        return "heading"
    if item := _ITEM.match(line):
        return "step" if item["mark"].strip("(.)").isdigit() else "item"
    return "continue"


def _sentences(text: str, lines: list[tuple[int, int]], kind: UnitKind, cursor: _Cursor) -> Iterator[Unit]:
    if not lines:
        return
    cursor.block += kind == "sentence" or not cursor.open
    cursor.open = kind != "sentence"
    start, end = lines[0][0], lines[-1][1]
    mark = _ITEM.match(text[start:end]) if kind in ("item", "step") else _QUOTE_MARK.match(text[start:end])
    start += mark.end() if mark else 0
    if kind in ("item", "step"):
        yield _unit(text, start, end, kind, cursor.block)
        return
    for first, last in _split(text, start, end):
        yield _unit(text, first, last, kind, cursor.block)


def _unit(text: str, start: int, end: int, kind: UnitKind, block: int) -> Unit:
    raw = text[start:end]
    start += len(raw) - len(raw.lstrip())
    end -= len(raw) - len(raw.rstrip())
    return Unit(kind=kind, text=plain(re.sub(r"\n\s*>", "\n", raw)), start=start, end=end, block=block)


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    first = start
    for boundary in _BOUNDARY.finditer(text, start, end):
        if boundary.start() <= first or _ABBREVIATION.search(text, first, boundary.start()):
            continue
        yield first, boundary.start()
        first = boundary.end()
    if text[first:end].strip():
        yield first, end


def _row(line: str, following: str, start: int, cursor: _Cursor) -> Iterator[Unit]:
    if _TABLE_RULE.match(line) and "-" in line:
        return
    if not cursor.in_table:
        cursor.block += 1
        cursor.open = False
    cursor.in_table = True
    cells = tuple(plain(cell) for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1]))
    if _TABLE_RULE.match(following) and "-" in following:
        cursor.header = cells
        return
    if body := _read_row(cells, cursor.header):
        leading = len(line) - len(line.lstrip())
        end = start + len(line.rstrip())
        yield Unit(kind="row", text=body, start=start + leading, end=end, block=cursor.block)


def _read_row(cells: tuple[str, ...], header: tuple[str, ...]) -> str:
    """Write a row as "First cell — Column: cell; Column: cell"."""
    named = list(zip(cells, header + ("",) * len(cells), strict=False))
    rest = "; ".join(f"{name}: {cell}" if name else cell for cell, name in named[1:] if cell)
    if not cells[0] or not rest:
        return cells[0] or rest
    return f"{cells[0]} — {rest}" if any(header[1:]) else f"{cells[0]}: {rest}"


def _heading(line: str) -> str:
    match = _HEADING.match(line)
    return plain(match["text"] if match else line)


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.splitlines(keepends=True):
        yield start, start + len(line.rstrip("\r\n"))
        start += len(line)
