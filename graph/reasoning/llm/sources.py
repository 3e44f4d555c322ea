"""The numbered sources that a model answers from."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from graph.reasoning.harmless.words import addresses_in
from graph.state import Evidence
from tools.ranking.packing import strongest_at_the_ends
from tools.types import Hit, Rows

ANOTHER_DOCUMENT = "another document"
"""Stands for the name of one that is not among the sources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One passage or query result under the number by which the model cites it."""

    number: int
    """Counts from 1 in the order of the prompt."""
    parts: tuple[int, ...]
    """Parts of the plan that it serves, in order."""
    item: Hit | Rows

    @property
    def text(self) -> str:
        """Everything that it says, without its provenance."""
        if isinstance(self.item, Hit):
            return self.item.chunk.text
        return " ".join(str(cell) for row in self.item.rows for cell in row)


def number_sources(evidence: Sequence[Evidence]) -> tuple[Source, ...]:
    """Return each source once, in prompt order: part by part its rows, then its passages.

    Models read the middle of a long prompt worst, so a part's strongest passages stand at its two ends. What
    supersedes a passage is named only where it is a source as well: it may be closed to who asks.
    """
    seen = {(hit.chunk.knowledge_base, hit.chunk.source) for given in evidence for hit in given.hits}
    found: dict[Rows | str, Source] = {}
    for part, given in enumerate(evidence):
        new = [hit for hit in given.hits if hit.chunk.id not in found]
        items: tuple[Hit | Rows, ...] = (*given.rows, *strongest_at_the_ends(new), *given.hits)
        for item in items:
            key = item.chunk.id if isinstance(item, Hit) else item
            source = found.get(key) or Source(number=len(found) + 1, parts=(), item=item)
            if part not in source.parts:
                found[key] = replace(source, parts=(*source.parts, part))
    return tuple(replace(source, item=_discreet(source.item, seen)) for source in found.values())


def _discreet(item: Hit | Rows, seen: Collection[tuple[str, str]]) -> Hit | Rows:
    """Return a passage that names no document which is not seen."""
    if isinstance(item, Rows):
        return item
    chunk, metadata = item.chunk, item.chunk.metadata
    if metadata.superseded_by is None or (chunk.knowledge_base, metadata.superseded_by) in seen:
        return item
    return replace(item, chunk=replace(chunk, metadata=replace(metadata, superseded_by=ANOTHER_DOCUMENT)))


def addresses_of(sources: Iterable[Source]) -> frozenset[str]:
    """Return the hosts, paths and mail addresses that stand in the sources, but no full links."""
    return frozenset[str]().union(*(addresses_in(source.text) for source in sources))
