"""A model's reply as claims with citations.

What is kept of its Markdown: bold, italics and code. Headings, rules and code fences go; the content of a
fence is read like any other line. The rows of a table that the model wrote itself become list items.
"""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from itertools import chain

from graph.reasoning.citing import cite_passage, cite_rows
from graph.reasoning.harmless.marks import ENCODED
from graph.reasoning.harmless.sanitizing import sanitize
from graph.reasoning.llm.quoting import quote
from graph.reasoning.llm.reading import ReplyReader
from graph.reasoning.llm.sources import Source, addresses_of
from graph.reasoning.llm.statements import Statement, read_blocks, read_statements
from graph.reasoning.tables import as_table
from graph.state import Citation, Claim, Draft
from tools.types import Hit, Rows

LONGEST_CLAIM = 1_000
"""Most characters of a claim, some five long sentences: nobody can check more at once."""
_EMPTY = re.compile(r"\*\*\s*\*\*|__\s*__|[(（][\s,;，；、]*[)）]")
"""What is left of marks and brackets that held nothing but markers."""

_SPACE_BEFORE_POINT = re.compile(r"(?<![<\]!\s]) +(?=[.,;:!?](?:\s|$))")
"""Not behind what the sanitiser keeps apart from what follows: `< ?` must not become the start of a tag."""


def read_draft(text: str, sources: Sequence[Source], *, parts: int) -> Draft:
    """Return what a reply claims, and what it cites for it.

    Citations count from 1 in the order in which the text first names their sources, as in the stream. A claim
    that cites nothing is kept for verification to reject; one that is too long to be checked is cut, and
    cites nothing.

    Args:
        text: The reply, untrusted.
        sources: What the model was given.
        parts: Number of parts of the question; a line such as `## 2` opens the answer to one.

    Raises:
        ModelOutputError: The reply is longer than any answer.
    """
    reader = ReplyReader(sources)
    blocks = read_blocks(chain(reader.feed(text), reader.close()), parts=parts)
    given = {source.number: source for source in sources}
    blocks = [block for block in blocks if block.table is None or _is_table(given.get(block.table))]
    named = dict.fromkeys(number for block in blocks for number in block.sources)
    citations = {number: position for position, number in enumerate(named, start=1)}
    claims = tuple(_claims(read_statements(blocks), given, citations))
    return Draft(claims=claims, citations=tuple(_citations(claims, given, citations)))


def _is_table(source: Source | None) -> bool:
    return source is not None and isinstance(source.item, Rows)


def _claims(
    statements: Sequence[Statement], given: Mapping[int, Source], citations: Mapping[int, int]
) -> Iterator[Claim]:
    kept = addresses_of(given.values())
    shown: set[int] = set()
    part = 0
    for statement in statements:
        part = _part(statement, given, part)
        cited = tuple(citations[number] for number in statement.sources)
        kind = "item" if statement.block.kind == "row" else statement.block.kind
        if kind != "table":
            if re.search(r"[^\W_]", words := _words(statement.text, kept)):
                yield _within_bounds(Claim(text=words, citations=cited, kind=kind, part=part))
            continue
        rows = given[statement.sources[0]].item
        if isinstance(rows, Rows) and statement.sources[0] not in shown:
            shown.add(statement.sources[0])
            yield Claim(text=as_table(rows), citations=cited, kind="table", part=part)


def _within_bounds(claim: Claim) -> Claim:
    if len(claim.text) <= LONGEST_CLAIM:
        return claim
    return replace(claim, text=f"{claim.text[:LONGEST_CLAIM]}…", citations=())


def _part(statement: Statement, given: Mapping[int, Source], previous: int) -> int:
    """Return the part of the heading above; else that of the first source; else the previous claim's."""
    if statement.block.heading is not None:
        return statement.block.heading - 1
    return given[statement.sources[0]].parts[0] if statement.sources else previous


def _words(text: str, kept: Set[str]) -> str:
    """Return a statement's own words as one line of harmless Markdown."""
    text = ENCODED.sub("", re.sub(rf"(?<=\S)({ENCODED.pattern})(?=\w)", " ", text))
    text = " ".join(_EMPTY.sub("", text).split())
    for mark in ("**", "__", "`"):
        text = text.replace(mark, "") if text.count(mark) % 2 else text
    text = sanitize(text, kept=kept)
    return _SPACE_BEFORE_POINT.sub("", text).strip()


def _citations(
    claims: Sequence[Claim], given: Mapping[int, Source], citations: Mapping[int, int]
) -> Iterator[Citation]:
    for number, citation in citations.items():
        texts = [claim.text for claim in claims if citation in claim.citations]
        item = given[number].item
        if not texts:
            continue
        if isinstance(item, Hit):
            start, end = quote(texts, item.chunk)
            yield cite_passage(citation, item.chunk, start=start, end=end)
        else:
            yield cite_rows(citation, item)
