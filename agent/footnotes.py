"""Answers as plain Markdown for readers who see nothing but text: the sources stand in a list below."""

import re

from agent.answer import Answer, PassageQuote, RowsQuote
from graph.reasoning.harmless.quotations import quotation

LONGEST_NAME = 200
"""Characters of a source's name."""
_HEADING = "Sources:"
_SOURCES = re.compile(rf"\n\n{_HEADING}\n(?:- \[\d+\] [^\n]*(?:\n|\Z))+\Z")


def with_footnotes(answer: Answer) -> str:
    """Return the answer with its sources below it; an answer that cites nothing stays as it is."""
    if not answer.citations:
        return answer.answer
    lines = (f"- [{citation.id}] {_named(citation)}" for citation in answer.citations)
    return "\n".join((f"{answer.answer}\n\n{_HEADING}", *lines))


def without_footnotes(text: str) -> str:
    """Return an answer without the list that `with_footnotes` put below it."""
    return _SOURCES.sub("", text)


def _named(citation: PassageQuote | RowsQuote) -> str:
    if isinstance(citation, RowsQuote):
        number = f"{len(citation.rows)} row{'' if len(citation.rows) == 1 else 's'}"
        return f"{number} of the database: {_shown(', '.join(citation.columns))}"
    name = _shown(", ".join(filter(None, (citation.title, citation.section))))
    address = f" {citation.url}" if citation.url else ""
    return f"{name} ({citation.knowledge_base}){address}"


def _shown(text: str) -> str:
    """Return words of a document on one line, in which nothing is a link, an image or a marker."""
    return " ".join(quotation(" ".join(text.split())[:LONGEST_NAME]).split())
