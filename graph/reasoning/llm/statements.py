"""The statements of a model's reply, each with the sources it names."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from graph.reasoning.harmless.marks import ENCODED, decode
from graph.reasoning.llm.lines import Line
from graph.reasoning.llm.reading import Event
from tools.text.sentences import units

BlockKind = Literal["sentence", "item", "step", "table", "row"]

_SENTENCE_END = re.compile(
    rf"(?<=[.!?。！？…])[\"'”’)*_`\]]*\s*{ENCODED.pattern}|{ENCODED.pattern}(?=[*_)]*(?:\n|$))"
)
"""Markers that close a sentence: behind its full stop, or at the end of a line."""


@dataclass(slots=True, kw_only=True)
class Block:
    """A paragraph, a list item, the rows of a table, or the order to show one."""

    kind: BlockKind
    heading: int | None
    """Number of the part under whose heading it stands."""
    text: str = ""
    """Markers are encoded."""
    table: int | None = None
    """Source whose rows are to be shown."""

    @property
    def sources(self) -> tuple[int, ...]:
        """Numbers of the sources it names, in order."""
        return decode(self.text) if self.table is None else (self.table,)


@dataclass(slots=True, kw_only=True)
class Statement:
    """One sentence, list item, step or table of a reply."""

    text: str
    """Markers are encoded."""
    sources: tuple[int, ...]
    block: Block

    @property
    def is_lead_in(self) -> bool:
        """Whether it announces what follows."""
        return ENCODED.sub("", self.text).rstrip(" *_").endswith((":", "："))


def read_blocks(events: Iterable[Event], *, parts: int) -> list[Block]:
    """Return the blocks of a reply to a question of so many parts.

    Text below a list item, with no empty line between, goes on with it.
    """
    blocks: list[Block] = []
    heading: int | None = None
    is_open = False
    for event in events:
        if isinstance(event, str):
            blocks[-1].text += event
            continue
        if event.kind == "heading" and event.number in range(1, parts + 1):
            heading = event.number
        if event.kind in ("blank", "heading"):
            is_open = False
        elif is_open and _goes_on(blocks[-1], event):
            blocks[-1].text += "\n"
        else:
            blocks.append(_block(event, heading))
            is_open = event.kind != "table"
    return blocks


def read_statements(blocks: Sequence[Block]) -> list[Statement]:
    """Return the statements of these blocks, with what they inherit.

    A sentence without a source takes those of the next sentence of its paragraph that has some; a lead-in
    those of what it leads to. Markers without words go to the sentences above that have none.
    """
    statements: list[Statement] = []
    for block in blocks:
        for statement in _split(block):
            if re.search(r"[^\W_]", ENCODED.sub("", statement.text)) or block.table is not None:
                statements.append(statement)
            elif statement.sources and statements and not statements[-1].sources:
                statements[-1].sources = statement.sources
    for statement, following in reversed(list(pairwise(statements))):
        same = statement.block is following.block
        leads = statement.is_lead_in and statement.block.heading == following.block.heading
        if not statement.sources and (same or leads):
            statement.sources = following.sources
    return statements


def _goes_on(block: Block, line: Line) -> bool:
    if line.kind == "row" or block.kind == "row":
        return line.kind == block.kind
    return line.kind == "text"


def _block(line: Line, heading: int | None) -> Block:
    kinds: dict[str, BlockKind] = {"text": "sentence", "row": "row", "item": "item", "step": "step"}
    return Block(kind=kinds.get(line.kind, "table"), heading=heading, table=line.number)


def _split(block: Block) -> Iterator[Statement]:
    texts = {"sentence": _sentences, "row": _rows}.get(block.kind, _whole)(block.text)
    for text in texts:
        yield Statement(
            text=text, sources=decode(text) if block.table is None else block.sources, block=block
        )


def _whole(text: str) -> list[str]:
    return [text]


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for end in [*(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]:
        piece = " ".join(text[start:end].split())
        yield from [piece[unit.start : unit.end] for unit in units(piece)] or [piece]
        start = end


def _rows(text: str) -> list[str]:
    """Return rows as text with the names of their columns; a column that holds but markers goes unnamed."""
    return [re.sub(rf"(?:; |— )[^;—]*: (?={ENCODED.pattern})", "", unit.text) for unit in units(text)]
