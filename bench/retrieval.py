"""How often search finds the right documents, on public question sets.

Hits are passages; a document takes the place of its first one.

    recall@k     share of the relevant documents among the first k, averaged over the questions
    precision@k  share of the first k that is relevant, averaged
    MRR@k        1 / place of the first relevant document, 0 beyond place k, averaged

The published evaluation of anthropic_docs_rag looks at the three documents it retrieved and no further, so
its MRR is compared with MRR@3.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from agent.bootstrap import Library
from bench.figures import AtLeast, Figure, Outcome, Skipped, data_folder
from bench.installations import ingested, temporary_folder, with_documents
from tools.types import Filter

PASSAGES = 60
"""Passages asked for, so that ten documents remain when several come from one document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A question and what search made of it."""

    record: Mapping[str, Any]
    relevant: frozenset[str]
    found: tuple[str, ...]
    """Documents by falling score."""


Metric = Callable[[Judged], float]


def measure() -> Iterator[Outcome]:
    """Measure every question set that is there."""
    for name, language, figures in (
        ("anthropic_docs_rag", "english", _anthropic),
        ("squad2_sample", "english", _squad),
        ("cmrc2018", "chinese", _cmrc),
    ):
        folder = data_folder() / name
        if folder.is_dir():
            yield from figures(name, _judge(folder, language))
        else:
            yield Skipped(measured=f"{name}: retrieval", reason="../shared/data does not hold this set")


def _judge(folder: Path, language: str) -> list[Judged]:
    """Ingest the documents of a set and ask its questions."""
    documents = folder / "docs.jsonl"
    lines = (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    with (
        temporary_folder() as place,
        ingested(with_documents(place, documents, language=language)) as library,
    ):
        return [
            Judged(
                record=record,
                relevant=frozenset(record.get("correct_chunks") or [record["doc_id"]]),
                found=_documents(library, record["question"], prefix=f"{documents.name}#"),
            )
            for record in map(json.loads, lines)
        ]


def _documents(library: Library, question: str, *, prefix: str) -> tuple[str, ...]:
    """Search and name each document once, where its best passage stands."""
    vector = library.embedder.embed([question])
    hits = library.store.search(question, vector, limit=PASSAGES, where=Filter())
    return tuple(dict.fromkeys(hit.chunk.source.removeprefix(prefix) for hit in hits))


def _recall(places: int) -> Metric:
    return lambda judged: len(judged.relevant.intersection(judged.found[:places])) / len(judged.relevant)


def _precision(places: int) -> Metric:
    return lambda judged: len(judged.relevant.intersection(judged.found[:places])) / places


def _reciprocal(places: int) -> Metric:
    def metric(judged: Judged) -> float:
        found = judged.found[:places]
        return next((1 / place for place, name in enumerate(found, 1) if name in judged.relevant), 0.0)

    return metric


def _figure(
    measured: str,
    metric: Metric,
    judged: Sequence[Judged],
    *,
    at_least: float | None = None,
    remark: str = "",
) -> Figure:
    return Figure(
        measured=measured,
        value=fmean(map(metric, judged)),
        target=None if at_least is None else AtLeast(value=at_least),
        rounds=f"1 × {len(judged)} questions",
        remark=remark,
    )


def _anthropic(name: str, judged: Sequence[Judged]) -> Iterable[Figure]:
    published = "published: summaries and model reranking"
    return (
        _figure(f"{name}: recall@3", _recall(3), judged, at_least=0.70, remark=f"{published} .693"),
        _figure(f"{name}: precision@3", _precision(3), judged, remark=f"{published} .437"),
        _figure(f"{name}: MRR@3", _reciprocal(3), judged, at_least=0.86, remark=f"{published} .865"),
        _figure(f"{name}: MRR@10", _reciprocal(10), judged, remark="looks further than the published one"),
    )


def _squad(name: str, judged: Sequence[Judged]) -> Iterable[Figure]:
    answerable = [item for item in judged if not item.record["is_impossible"]]
    return (
        _figure(f"{name}: recall@3, all questions", _recall(3), judged, at_least=0.96),
        _figure(f"{name}: recall@3, answerable questions", _recall(3), answerable, at_least=0.96),
        _figure(f"{name}: MRR@10, all questions", _reciprocal(10), judged),
    )


def _cmrc(name: str, judged: Sequence[Judged]) -> Iterable[Figure]:
    return (
        _figure(f"{name}: recall@5", _recall(5), judged, at_least=0.90),
        _figure(f"{name}: recall@1", _recall(1), judged, remark="published: BM25 about .96"),
    )
