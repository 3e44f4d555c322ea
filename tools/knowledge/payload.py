"""Chunks as store payloads and back, and points found to hits."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from tools.errors import ConfigurationError
from tools.knowledge.groups import from_stored, to_stored
from tools.knowledge.sparse import Branch
from tools.types import Chunk, Hit, Metadata


def to_payload(chunk: Chunk) -> dict[str, Any]:
    """Write a chunk as plain JSON values; the id is the point's."""
    metadata = chunk.metadata
    return {
        "knowledge_base": chunk.knowledge_base,
        "source": chunk.source,
        "title": chunk.title,
        "section": list(chunk.section),
        "text": chunk.text,
        "start": chunk.start,
        "end": chunk.end,
        "url": chunk.url,
        "groups": to_stored(metadata.groups),
        "metadata": {
            "valid_from": _iso(metadata.valid_from),
            "valid_to": _iso(metadata.valid_to),
            "superseded_by": metadata.superseded_by,
            "version": metadata.version,
            "products": list(metadata.products),
            "authority": metadata.authority,
            "extra": [list(pair) for pair in metadata.extra],
        },
    }


def from_payload(identifier: object, payload: Mapping[str, Any] | None) -> Chunk:
    """Read a chunk from a point.

    Raises:
        ConfigurationError: Something else wrote the point.
    """
    try:
        values = payload or {}
        metadata = values["metadata"]
        return Chunk(
            id=str(identifier),
            knowledge_base=values["knowledge_base"],
            source=values["source"],
            title=values["title"],
            section=tuple(values["section"]),
            text=values["text"],
            start=values["start"],
            end=values["end"],
            url=values["url"],
            metadata=Metadata(
                valid_from=_day(metadata["valid_from"]),
                valid_to=_day(metadata["valid_to"]),
                superseded_by=metadata["superseded_by"],
                version=metadata["version"],
                products=tuple(metadata["products"]),
                authority=metadata["authority"],
                groups=from_stored(values["groups"]),
                extra=tuple((key, value) for key, value in metadata["extra"]),
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"store: point {identifier} was not written by this version of Plumbline; ingest again"
        ) from error


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def to_hits(found: Sequence[Any], plan: Sequence[Branch], lists: Sequence[Sequence[Any]]) -> list[Hit]:
    """Make hits of fused points and of the points each branch found alone.

    Equal scores are ordered by source and place, so that runs repeat.
    """
    parts: dict[str, dict[str, float | str]] = {}
    for branch, points in zip(plan, lists, strict=True):
        for point in points:
            parts.setdefault(str(point.id), {})["dense" if branch.language is None else "bm25"] = point.score
    hits = [
        Hit(
            chunk=from_payload(point.id, point.payload),
            score=point.score,
            explanation={**parts.get(str(point.id), {}), "fused": point.score},
        )
        for point in found
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.chunk.source, hit.chunk.start, hit.chunk.id))
