"""A question when the embedding model is lost after opening: answered by words alone, and it says so."""

from collections.abc import Sequence
from dataclasses import dataclass

from langgraph.checkpoint.memory import MemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from agent.answer import PassageQuote
from agent.session import Session
from graph.build import build
from graph.deps import Deps
from graph.reasoning.llm.examples import ExampleStore, read_examples
from graph.reasoning.llm.planner import is_plain
from graph.reasoning.local.judge import LocalJudge
from graph.reasoning.local.lexicon import read_lexicon
from graph.reasoning.local.planner import NO_QUERY, UNKNOWN, LocalPlanner, Occasion
from graph.reasoning.local.router import Place, learn
from graph.reasoning.local.supports import SpanFinder
from graph.state import CHECKPOINTED, WORDS_ALONE, Evidence
from tests.fakes import FakeEmbedder
from tests.fakes_database import FakeCatalog
from tests.fakes_graph import TODAY, chunk_of, deps_of, hit_of, part_of, plan_of, route_of, store_with
from tools.knowledge.similarity import EmbeddedSimilarity
from tools.metering import Meter
from tools.types import Chunk, Match

QUESTION = "How long does the kettle boil the water?"
EXAMPLES = {"guides": ["How do I boil water?"], "rules": ["Can I return the kettle?"]}
CHUNKS = {
    "guides": [
        chunk_of("The kettle boils the water for two minutes."),
        chunk_of("Clean the lid with a soft brush.", identifier="chunk-2", start=80),
    ],
    "rules": [
        chunk_of("Send it back within a month.", identifier="chunk-3", base="rules", source="returns.md")
    ],
}


@dataclass(frozen=True, kw_only=True)
class Installation:
    """A small installation that works, and the embedder that can be lost."""

    embedder: FakeEmbedder
    planner: LocalPlanner
    judge: LocalJudge
    deps: Deps


def installed(*, catalog: FakeCatalog | None = None) -> Installation:
    """Open the local mode over a few passages."""
    embedder, chunks = FakeEmbedder(), [chunk for base in CHUNKS.values() for chunk in base]
    places = [
        Place(
            name=base,
            description=embedder.embed([base]),
            examples=embedder.embed(EXAMPLES[base]),
            chunks=embedder.embed(_texts(passages)),
        )
        for base, passages in CHUNKS.items()
    ]
    lexicon = read_lexicon(CHUNKS)
    router = learn(
        places, bases=tuple(CHUNKS), lexicon=lexicon, examples=EXAMPLES, headings={}, embedder=embedder
    )
    planner = LocalPlanner(router=router, embedder=embedder, catalog=catalog, about="")
    judge = LocalJudge(lexicon=lexicon, finder=SpanFinder(lexicon, EmbeddedSimilarity(embedder)), abstain=0.2)
    store = store_with(*chunks, embedder=embedder)
    deps = deps_of(store=store, embedder=embedder, catalog=catalog, planner=planner, judge=judge)
    return Installation(embedder=embedder, planner=planner, judge=judge, deps=deps)


def _texts(chunks: Sequence[Chunk]) -> list[str]:
    return [chunk.embedding_text for chunk in chunks]


def session_of(deps: Deps) -> Session:
    """Open a session that remembers in memory."""
    return Session(build(MemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=CHECKPOINTED))), deps)


async def test_an_answer_is_found_by_words_and_marked_degraded() -> None:
    """It is cited as ever; the loss is noted once although every search and every span missed its vector."""
    installation = installed()
    session = session_of(installation.deps)
    before = await session.ask(QUESTION)
    installation.embedder.away = True
    answer = await session.ask(QUESTION)
    assert (before.status, before.degraded, before.notes) == ("answered", False, [])
    assert (answer.status, answer.degraded, answer.notes) == ("answered", True, [WORDS_ALONE])
    cited = answer.citations[0]
    assert isinstance(cited, PassageQuote)
    assert cited.quote == "The kettle boils the water for two minutes."
    assert answer.faithfulness == 1.0
    assert set(answer.route.knowledge_bases) == {"guides", "rules"}


async def test_an_answer_that_words_cannot_find_is_withheld() -> None:
    """Losing the vectors makes nothing up."""
    installation = installed()
    installation.embedder.away = True
    answer = await session_of(installation.deps).ask("Who won the chess tournament in Lisbon?")
    assert answer.status in ("unanswerable", "declined")
    assert (answer.degraded, answer.citations) == (True, [])


async def test_the_database_that_is_not_asked_is_named() -> None:
    """Which query fits is not guessed from words."""
    stock = Match(query="stock", score=0.9, parameters=(("name", "Kettle"),))
    installation = installed(catalog=FakeCatalog(matches={QUESTION: [stock]}))
    installation.embedder.away = True
    answer = await session_of(installation.deps).ask(QUESTION)
    assert (answer.status, answer.degraded) == ("answered", True)
    assert sorted(answer.notes) == sorted([WORDS_ALONE, NO_QUERY])


async def test_a_plan_without_vectors_searches_every_base_and_is_not_plain() -> None:
    """The rules still split the question; a language model is asked where there is one."""
    installation = installed()
    installation.embedder.away = True
    asked = "How long does the kettle boil the water? Can I return the lid?"
    plan = await installation.planner.plan(asked, [], today=TODAY, meter=Meter())
    assert len(plan.parts) == 2
    for part in plan.parts:
        assert set(part.knowledge_bases) == {"guides", "rules"}
        assert (part.matches, part.shortfall, part.route.in_scope) == ((), WORDS_ALONE, UNKNOWN)
    single = await installation.planner.plan(QUESTION, [], today=TODAY, meter=Meter())
    assert not is_plain(single, QUESTION)


async def test_what_a_language_model_knows_of_the_route_is_kept() -> None:
    """Only the queries of the database are missing."""
    installation = installed(catalog=FakeCatalog())
    installation.embedder.away = True
    route = route_of(guides=0.95, rules=0.02, in_scope=0.9)
    part = installation.planner.part(QUESTION, Occasion(today=TODAY), route=route)
    assert part.knowledge_bases == ("guides",)
    assert (part.route.in_scope, part.shortfall) == (0.9, NO_QUERY)


async def test_spans_are_weighed_by_words_when_only_they_miss_their_vectors() -> None:
    """More of the question found means more confidence, and the judge says what it lacked."""
    installation = installed()
    installation.embedder.away = True
    good, poor = (Evidence(hits=(hit_of(CHUNKS["guides"][number]),)) for number in (0, 1))
    plan = plan_of(part_of(QUESTION), part_of(QUESTION))
    found, missed = await installation.judge.assess(plan, [good, poor])
    assert (found.verdict, found.supports[0].text) == ("sufficient", CHUNKS["guides"][0].text)
    assert 0 < missed.confidence < found.confidence < 1
    assert found.shortfall == missed.shortfall == WORDS_ALONE
    installation.embedder.away = False
    assert [one.shortfall for one in await installation.judge.assess(plan, [good, poor])] == [None, None]


def test_a_writer_without_vectors_gets_no_examples_and_finds_them_again_later() -> None:
    """A failure is not remembered."""
    embedder = FakeEmbedder()
    examples = ExampleStore(read_examples(), embedder)
    embedder.away = True
    assert examples.nearest(QUESTION) == ()
    embedder.away = False
    assert len(examples.nearest(QUESTION)) == 2
