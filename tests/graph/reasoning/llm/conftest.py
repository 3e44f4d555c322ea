"""A small installation for the judgments with a language model: two bases, real local sides, a fake model."""

from dataclasses import dataclass

import pytest

from graph.reasoning.local.judge import LocalJudge
from graph.reasoning.local.lexicon import read_lexicon
from graph.reasoning.local.planner import LocalPlanner
from graph.reasoning.local.router import Place, learn
from graph.reasoning.local.supports import SpanFinder
from graph.reasoning.local.writer import LocalWriter
from tests.fakes import FakeEmbedder
from tests.fakes_graph import chunk_of
from tools.knowledge.similarity import EmbeddedSimilarity
from tools.types import Chunk, Metadata

BOIL = chunk_of(
    "The Moor 2 boils one litre in two minutes. Never open the lid while it boils.",
    identifier="boil",
    metadata=Metadata(products=("Moor 2",)),
)
RETURNS = chunk_of(
    "You can return a kettle within 45 days of delivery. The refund is paid within 5 days.",
    identifier="returns",
    base="rules",
    source="returns.md",
    title="Returns",
    section=(),
)


@dataclass(frozen=True, kw_only=True)
class LocalSide:
    """What the model's side falls back on."""

    planner: LocalPlanner
    judge: LocalJudge
    writer: LocalWriter


@pytest.fixture
def local() -> LocalSide:
    """Teach the local side a passage of each base."""
    return local_side()


def local_side() -> LocalSide:
    """Teach the local side a passage of each base."""
    embedder = FakeEmbedder()
    chunks: dict[str, list[Chunk]] = {"guides": [BOIL], "rules": [RETURNS]}
    examples = {"guides": ["How do I boil water?"], "rules": ["Can I return the kettle?"]}
    places = [
        Place(
            name=base,
            description=embedder.embed([base]),
            examples=embedder.embed(examples[base]),
            chunks=embedder.embed([chunk.embedding_text for chunk in found]),
        )
        for base, found in chunks.items()
    ]
    lexicon = read_lexicon(chunks)
    router = learn(
        places, bases=tuple(chunks), lexicon=lexicon, examples=examples, headings={}, embedder=embedder
    )
    return LocalSide(
        planner=LocalPlanner(router=router, embedder=embedder, catalog=None, about="Ask about kettles."),
        judge=LocalJudge(
            lexicon=lexicon, finder=SpanFinder(lexicon, EmbeddedSimilarity(embedder)), abstain=0.2
        ),
        writer=LocalWriter(),
    )
