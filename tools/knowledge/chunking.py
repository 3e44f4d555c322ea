"""Documents to passages: by headings first, then by tokens, every offset true in the document."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID, uuid5

from tools.knowledge.markdown import Heading, headings
from tools.knowledge.tokens import Tokens
from tools.types import Chunk, ChunkingMethod, Document

NAMESPACE = UUID("6f1f4f0e-58f3-5c0e-9a55-3a6e3f0f7c11")
CAPACITY = 220
"""Tokens in a chunk: with its heading it stays within the bundled embedder's 256."""

TINY = 80
"""Neighbouring sections are joined up to this many tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The text from one heading to the next."""

    level: int
    """Level of the heading; 0 in front of the first one."""
    path: tuple[str, ...]
    """Headings above and its own, outermost first."""
    start: int
    body: int
    """Offset behind the heading."""
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A stretch of text that is chunked on its own."""

    path: tuple[str, ...]
    start: int
    end: int


def chunk(
    document: Document,
    *,
    knowledge_base: str,
    pipeline: str,
    tokens: Tokens,
    capacity: int = CAPACITY,
    tiny: int = TINY,
    method: ChunkingMethod = "structure",
) -> list[Chunk]:
    """Cut a document into passages, in order and without overlap.

    `document.text[start:end] == text` holds for each. A passage crosses a heading only where small sections
    under one parent were joined. Headings without text of their own appear only in `section`.

    Args:
        document: The document; one with text gives at least one chunk.
        knowledge_base: Name of its base.
        pipeline: Version of everything that makes the index; part of the ids.
        tokens: Measures and splits text.
        capacity: Most tokens in a passage.
        tiny: Sections are joined with the next ones under the same parent up to this many tokens.
        method: `fixed` is blind to headings: it cuts wherever the capacity is reached.
    """
    seed = (knowledge_base, document.source, content_hash(document), pipeline)
    return [
        Chunk(
            id=str(uuid5(NAMESPACE, json.dumps([*seed, start]))),
            knowledge_base=knowledge_base,
            source=document.source,
            title=document.title,
            section=tuple(name for name in path if name),
            text=document.text[start:end],
            start=start,
            end=end,
            metadata=document.metadata,
            url=document.url,
        )
        for path, start, end in (
            _windows(document, tokens=tokens, capacity=capacity)
            if method == "fixed"
            else _spans(document, tokens=tokens, capacity=capacity, tiny=tiny)
        )
    ]


def _windows(document: Document, *, tokens: Tokens, capacity: int) -> list[tuple[tuple[str, ...], int, int]]:
    """Return start and end of windows of words that fill the capacity, without headings."""
    spans = [_trim(document.text, *window) for window in tokens.windows(document.text, capacity=capacity)]
    behind = [(max(start, document.body_start), end) for start, end in spans]
    return [((), start, end) for start, end in behind if start < end]


def content_hash(document: Document) -> str:
    """Return a hash of everything in a document that reaches the index."""
    fields = json.dumps(asdict(document), default=str, sort_keys=True)
    return hashlib.sha256(fields.encode()).hexdigest()


def _spans(
    document: Document, *, tokens: Tokens, capacity: int, tiny: int
) -> list[tuple[tuple[str, ...], int, int]]:
    """Return headings, start and end of each passage."""
    units = _join_tiny(document.text, _sections(document), tokens=tokens, tiny=min(tiny, capacity))
    spans = [
        (unit.path, start, end)
        for unit in units
        for start, end in _split(document.text, unit, tokens=tokens, capacity=capacity)
        if any(character.isalnum() for character in document.text[start:end])
    ]
    if spans:
        return spans
    whole = Unit(path=(), start=document.body_start, end=len(document.text))
    return [((), *span) for span in _split(document.text, whole, tokens=tokens, capacity=capacity)]


def _sections(document: Document) -> list[Section]:
    """Cut at every heading and give each section its path."""
    found = headings(document.text, body_start=document.body_start)
    first = found[0].start if found else len(document.text)
    sections = [Section(level=0, path=(), start=document.body_start, body=document.body_start, end=first)]
    ends = [*(heading.start for heading in found[1:]), len(document.text)]
    above: list[Heading] = []
    for heading, end in zip(found, ends, strict=False):
        above = [*(parent for parent in above if parent.level < heading.level), heading]
        sections.append(
            Section(
                level=heading.level,
                path=_path(above, document.title),
                start=heading.start,
                body=heading.end,
                end=end,
            )
        )
    return sections


def _path(above: Sequence[Heading], title: str) -> tuple[str, ...]:
    """Name the headings, without a first one that repeats the title."""
    names = tuple(heading.title for heading in above)
    return names[1:] if names and names[0].casefold() == title.casefold() else names


def _join_tiny(text: str, sections: list[Section], *, tokens: Tokens, tiny: int) -> Iterator[Unit]:
    """Join neighbouring siblings while together they stay tiny; drop headings without text."""
    index = 0
    while index < len(sections):
        first = sections[index]
        last = index
        while last + 1 < len(sections) and _joins(first, sections, last + 1):
            if tokens.count(text[first.start : sections[last + 1].end]) > tiny:
                break
            last += 1
        if last > index:
            yield Unit(path=first.path[:-1], start=first.start, end=sections[last].end)
        elif text[first.body : first.end].strip():
            yield Unit(path=first.path, start=first.body, end=first.end)
        index = last + 1


def _joins(first: Section, sections: list[Section], following: int) -> bool:
    """Tell whether a section is a sibling of the first and has no sections below it."""
    candidate = sections[following]
    is_leaf = following + 1 == len(sections) or sections[following + 1].level <= candidate.level
    return candidate.level == first.level > 0 and candidate.path[:-1] == first.path[:-1] and is_leaf


def _split(text: str, unit: Unit, *, tokens: Tokens, capacity: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of a unit that fit the capacity, trimmed."""
    start, end = _trim(text, unit.start, unit.end)
    if tokens.count(text[start:end]) <= capacity:
        spans = [(start, end)]
    else:
        pieces = tokens.split(text[start:end], capacity=capacity)
        spans = [_trim(text, start + offset, start + offset + len(piece)) for offset, piece in pieces]
    yield from (span for span in spans if span[0] < span[1])


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Narrow a span to what lies between white space."""
    piece = text[start:end]
    first = start + len(piece) - len(piece.lstrip())
    return first, max(first, start + len(piece.rstrip()))
