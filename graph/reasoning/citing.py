"""Citations made from what they cite, so that a quotation stands where it says."""

from collections.abc import Iterable

from graph.reasoning.tables import MOST_ROWS, spell
from graph.state import Claim, PassageCitation, RowsCitation
from tools.database.charts import chart_for
from tools.text.words import words
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
        chart=chart_for(rows.columns, rows.rows),
    )


def shown_cells(citation: RowsCitation, claims: Iterable[Claim]) -> list[tuple[int, str]]:
    """Return row, counted from 0, and column of each cell that claims show of the rows they cite.

    A table shows the cells of its first rows; a sentence shows a cell when it holds the cell's value.
    """
    citing = [claim for claim in claims if citation.id in claim.citations]
    tabled = any(claim.kind == "table" for claim in citing)
    said = [f" {' '.join(words(claim.text))} " for claim in citing if claim.kind != "table"]
    return [
        (number, column)
        for number, row in enumerate(citation.rows)
        for column, cell in zip(citation.columns, row, strict=True)
        if (tabled and number < MOST_ROWS)
        or any(f" {' '.join(words(spell(cell)))} " in text for text in said if words(spell(cell)))
    ]
