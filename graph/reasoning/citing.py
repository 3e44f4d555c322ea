"""Citations made from what they cite, so that a quotation stands where it says."""

from graph.state import PassageCitation, RowsCitation
from tools.types import Chunk, Rows


def cite_passage(number: int, chunk: Chunk, *, start: int, end: int) -> PassageCitation:
    """Quote a span of a passage; offsets count in the document's text."""
    return PassageCitation(
        id=number,
        chunk_id=chunk.id,
        knowledge_base=chunk.knowledge_base,
        source=chunk.source,
        title=chunk.title,
        section=" › ".join(chunk.section),
        quote=chunk.text[start - chunk.start : end - chunk.start],
        start=start,
        end=end,
        url=chunk.url,
    )


def cite_rows(number: int, rows: Rows) -> RowsCitation:
    """Cite all rows of a result."""
    return RowsCitation(
        id=number,
        statement=rows.statement,
        parameters=rows.parameters,
        columns=rows.columns,
        rows=rows.rows,
    )
