"""Looks things up where no answer is wanted: passages, and rows, in the JSON of the public contract."""

from dataclasses import dataclass
from typing import Any

from agent.bootstrap import Library
from agent.data_desk import Answered, Unanswered
from agent.settings import Settings
from tools.errors import InvalidInput, ModelError
from tools.types import ANYONE, Filter, Hit, Principal

MOST_HITS = 100
"""Of one search."""
FEW_HITS = 5
"""Of one search that does not say how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found, best first."""

    hits: list[Hit]
    remark: str | None = None
    """What the searcher should know of how it was found."""


def find_passages(
    library: Library,
    query: str,
    *,
    knowledge_base: str | None = None,
    limit: int = FEW_HITS,
    principal: Principal = ANYONE,
) -> Found:
    """Find the passages nearest in meaning and words; words alone decide when there are no vectors.

    It embeds and searches, which takes some milliseconds of the calling thread.

    Raises:
        InvalidInput: The query cannot be used, or there is no such knowledge base.
    """
    from agent.questions import clean

    check_knowledge_base(knowledge_base, library.settings)
    if not query.strip():
        raise InvalidInput("the query is empty; say what to look for")
    text, remark, vector = clean(query), None, None
    try:
        vector = library.embedder.embed([text])
    except ModelError as error:
        remark = f"searched by words alone: {error}"
    where = _permitted(knowledge_base, principal)
    return Found(hits=library.store.search(text, vector, limit=limit, where=where), remark=remark)


def check_knowledge_base(name: object, settings: Settings) -> None:
    """Raise InvalidInput when a search names a knowledge base that is not configured; None means all."""
    if name is not None and (not isinstance(name, str) or name not in settings.knowledge_bases):
        names = ", ".join(settings.knowledge_bases) or "none"
        raise InvalidInput(f"there is no knowledge base {name!r}; the configuration has: {names}")


def found_as_json(found: Found) -> dict[str, Any]:
    """Return what a search found; `remark` is there only when there is one."""
    hits = {"hits": [_hit_as_json(hit) for hit in found.hits]}
    return hits if found.remark is None else {**hits, "remark": found.remark}


def _hit_as_json(hit: Hit) -> dict[str, Any]:
    chunk = hit.chunk
    return {
        "source": chunk.source,
        "knowledge_base": chunk.knowledge_base,
        "title": chunk.title,
        "section": " › ".join(chunk.section),
        "text": chunk.text,
        "start": chunk.start,
        "end": chunk.end,
        "score": round(hit.score, 6),
        "explanation": dict(hit.explanation),
    }


def reply_as_json(reply: Answered | Unanswered) -> dict[str, Any]:
    """Return what a question to the database gave; without rows it has an `error`."""
    if isinstance(reply, Unanswered):
        return {
            "statement": None,
            "columns": [],
            "rows": [],
            "attempts": len(reply.attempts),
            "error": reply.message,
            "notes": list(reply.notes),
        }
    from graph.reasoning.tables import as_sentence
    from tools.database.charts import chart_for

    rows = reply.rows
    chart = chart_for(rows.columns, rows.rows)
    return {
        "statement": rows.statement,
        "columns": list(rows.columns),
        "rows": [list(row) for row in rows.rows],
        "attempts": len(reply.attempts),
        "named": rows.name or None,
        "parameters": dict(rows.parameters),
        "description": rows.description,
        "sentence": as_sentence(rows),
        "truncated": rows.truncated,
        "chart": {"kind": chart.kind, "label": chart.label, "value": chart.value} if chart else None,
        "notes": list(reply.notes),
    }


def _permitted(knowledge_base: str | None, principal: Principal) -> Filter:
    return Filter(knowledge_bases=(knowledge_base,) if knowledge_base else (), groups=principal.groups)
