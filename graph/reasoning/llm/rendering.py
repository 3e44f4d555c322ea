"""Sources as blocks of a prompt: what was found, with everything that tells when and for what it holds."""

from collections.abc import Iterator, Sequence
from datetime import date

from graph.reasoning.llm.marking import block
from graph.reasoning.llm.sources import Source
from graph.reasoning.tables import as_sentence, spell
from tools.types import Chunk, Metadata, Rows

MOST_ROWS = 40
"""Rows of one result that a model reads; whoever reads the answer can be shown all."""

Attributes = dict[str, str | None]


def render_source(
    source: Source, *, as_of: date | None = None, compound: bool = False, marker: str = ""
) -> str:
    """Return one source as a block.

    Args:
        source: A passage or the rows of a database query.
        as_of: The day asked about; given, the block says whether a document is in force on it.
        compound: Whether to say which parts of the question it was found for.
        marker: Joins its words.
    """
    attributes, text = _told(source, as_of)
    parts = ", ".join(str(part + 1) for part in source.parts) if compound else None
    return block("source", {"id": str(source.number), **attributes, "parts": parts}, text, marker=marker)


def texts_of(sources: Sequence[Source]) -> Iterator[str]:
    """Yield every untrusted text that the blocks of these sources hold."""
    for source in sources:
        attributes, text = _told(source, None)
        yield from (value for value in attributes.values() if value)
        yield text


def _told(source: Source, as_of: date | None) -> tuple[Attributes, str]:
    if isinstance(source.item, Rows):
        return _of_rows(source.item), _table(source.item)
    return _of_passage(source.item.chunk, as_of), source.item.chunk.text


def _of_passage(chunk: Chunk, as_of: date | None) -> Attributes:
    metadata = chunk.metadata
    return {
        "kind": "passage",
        "base": chunk.knowledge_base,
        "title": chunk.title,
        "section": " › ".join(chunk.section),
        "products": ", ".join(metadata.products),
        "version": metadata.version,
        "revision": metadata.revision,
        "authority": metadata.authority,
        "valid_from": metadata.valid_from.isoformat() if metadata.valid_from else None,
        "valid_to": metadata.valid_to.isoformat() if metadata.valid_to else None,
        "superseded_by": metadata.superseded_by,
        "in_force": _in_force(metadata, as_of) if as_of else None,
    }


def _in_force(metadata: Metadata, day: date) -> str | None:
    """Tell whether a document holds on a day; None when its dates do not say."""
    first, last = metadata.valid_from, metadata.valid_to
    if (first and day < first) or (last and day > last):
        return "no"
    if last is None and metadata.superseded_by:
        return None
    return "yes" if first or last else None


def _of_rows(rows: Rows) -> Attributes:
    return {
        "kind": "rows",
        "query": rows.name,
        "description": rows.description,
        "parameters": ", ".join(f"{name} = {spell(value)}" for name, value in rows.parameters),
        "count": f"{len(rows.rows)}{' or more' if rows.truncated else ''}",
        "shown": f"the first {MOST_ROWS}" if len(rows.rows) > MOST_ROWS else None,
    }


def _table(rows: Rows) -> str:
    """Return a line of column names, a line for each row, and what the query's author says they mean."""
    lines = [
        [column.replace("_", " ") for column in rows.columns],
        *(
            [" ".join(spell(value).replace("|", "/").split()) for value in row]
            for row in rows.rows[:MOST_ROWS]
        ),
    ]
    sentence = as_sentence(rows)
    return "\n".join(
        [*(" | ".join(line) for line in lines), *([f"In words: {sentence}"] if sentence else [])]
    )
