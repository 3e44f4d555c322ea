"""Questions whose parts need one another: the second round of the compiled graph."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import MemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.types import Command

from graph.build import STEPS, build
from graph.deps import Deps
from graph.edges import MOST_ROUNDS
from graph.plan import Part
from graph.state import CHECKPOINTED, Assessment, State, Verification, new_turn
from tests.fakes import FakeStore
from tests.fakes_database import FakeCatalog
from tests.fakes_graph import (
    BASES,
    FakeJudge,
    FakePlanner,
    chunk_of,
    deps_of,
    part_of,
    plan_of,
    rows_of,
    store_with,
    support_of,
)
from tools.ports import Matrix
from tools.types import Chunk, Filter, Hit, Match

QUESTION = "What does the kettle that boils fastest cost?"
FASTEST = part_of("Which kettle boils fastest?", bases=("guides",))
COST = part_of("What does {1} cost?", needs=(0,))
SWIFT_COST = part_of("What does the Swift cost?", bases=("rules",))
FAST = chunk_of("The Swift boils fastest.")
PRICE = chunk_of("The Swift costs nine crowns.", identifier="chunk-2", base="rules", source="prices.md")
STOCK = Match(query="stock", score=0.9, parameters=(("name", "Swift"),))
LONGEST = 24
"""Supersteps of the longest way."""
CONFIG: RunnableConfig = {"configurable": {"thread_id": "thread"}}


class RecordingStore(FakeStore):
    """A store that remembers what it was searched for."""

    def __init__(self, *chunks: Chunk) -> None:
        super().__init__(languages=dict.fromkeys(BASES, "english"))
        self.points = store_with(*chunks).points
        self.searched: list[tuple[str, str]] = []

    def search(self, text: str, vector: Matrix | None, *, limit: int, where: Filter) -> list[Hit]:
        """Note query and base, and search."""
        self.searched += [(text, base) for base in where.knowledge_bases]
        return super().search(text, vector, limit=limit, where=where)


def planner_of(*parts: Part, then: Sequence[Part] = (), question: str = QUESTION) -> FakePlanner:
    """Return a planner that carries these parts on to others, or leaves them as they are."""
    plan = plan_of(*parts)
    carried = replace(plan, parts=tuple(then or parts))
    return FakePlanner(plans={question: plan, f"{plan.question} (carried on)": carried})


def found(chunk: Chunk) -> Assessment:
    """Return the verdict of a part that a passage answers."""
    return Assessment(verdict="sufficient", confidence=0.9, supports=(support_of(chunk),))


def gap(note: str) -> Assessment:
    """Return the verdict of a part without an answer."""
    return Assessment(verdict="gap", confidence=0.1, note=note)


async def run(deps: Deps) -> tuple[State, list[str]]:
    """Answer the question; return the final state and the nodes that ran, in order."""
    nodes: list[str] = []
    state: State = {}
    async for kind, part in build().astream(
        new_turn(QUESTION), context=deps, stream_mode=["updates", "values"]
    ):
        if kind == "updates":
            nodes += cast(dict[str, object], part)
        else:
            state = cast(State, part)
    return state, nodes


async def test_a_part_that_needs_another_is_asked_in_a_second_round() -> None:
    """With what the first round found; the answer carries both."""
    planner = planner_of(FASTEST, COST, then=(FASTEST, SWIFT_COST))
    store = RecordingStore(FAST, PRICE)
    state, nodes = await run(deps_of(store=store, planner=planner))
    assert sorted(nodes[:2]) == ["classify", "prefetch"]
    one_round = ["retrieve", "rerank", "assess"]
    assert nodes[2:] == [*one_round, "classify", *one_round, "synthesize", "verify"]
    assert state["result"].status == "answered"
    assert [claim.text for claim in state["draft"].claims] == [FAST.text, PRICE.text]
    ((_, evidence),) = planner.carried_on
    assert [[hit.chunk for hit in one.hits] for one in evidence] == [[FAST], []]
    assert COST.question not in {query for query, _ in store.searched}
    assert (state["round"], state["notes"]) == (2, [])


async def test_a_part_that_waited_may_ask_the_database() -> None:
    """The rows are evidence of the part that waited."""
    then = (FASTEST, part_of("What does the Swift cost?", bases=(), matches=(STOCK,)))
    catalog = FakeCatalog(results={"stock": rows_of(("Swift", 9), answer="{name}: {stock}")})
    planner = planner_of(FASTEST, COST, then=then)
    state, nodes = await run(deps_of(store=store_with(FAST), planner=planner, catalog=catalog))
    assert nodes.count("query_database") == 1
    assert [len(one.rows) for one in state["evidence"]] == [0, 1]
    assert "Swift: 9" in state["result"].answer


async def test_a_part_whose_need_was_not_met_goes_on_waiting_and_is_reported() -> None:
    """Nobody asks the planner to complete it; the rest is answered."""
    other = part_of("What else?", bases=("rules",))
    planner = planner_of(FASTEST, COST, other)
    judge = FakeJudge(assessments=[[gap("fastest"), gap("cost"), found(PRICE)]])
    state, nodes = await run(deps_of(store=RecordingStore(PRICE), planner=planner, judge=judge))
    assert (nodes.count("classify"), planner.carried_on) == (1, [])
    assert state["plan"].waiting == (1,)
    assert (state["result"].status, state["notes"]) == ("partial", ["fastest", "cost"])


async def test_a_part_that_cannot_be_completed_is_reported() -> None:
    """The second round searches nothing, and the answer lacks the part."""
    store = RecordingStore(FAST)
    judge = FakeJudge(assessments=[[found(FAST), gap("cost")]] * 2)
    state, nodes = await run(deps_of(store=store, planner=planner_of(FASTEST, COST), judge=judge))
    assert nodes[-6:] == ["assess", "classify", "rerank", "assess", "synthesize", "verify"]
    assert store.searched[-1] == (FASTEST.question, "guides")
    assert (state["result"].status, state["notes"]) == ("partial", ["cost"])


async def test_a_part_that_needs_one_that_waited_is_never_asked() -> None:
    """There are no more rounds than allowed; it is reported instead."""
    last = part_of("Who sold {2}?", needs=(1,))
    planner = planner_of(FASTEST, COST, last, then=(FASTEST, SWIFT_COST, last))
    judge = FakeJudge(
        assessments=[[found(FAST), gap("cost"), gap("last")], [found(FAST), found(PRICE), gap("last")]]
    )
    state, nodes = await run(deps_of(store=store_with(FAST, PRICE), planner=planner, judge=judge))
    assert nodes.count("classify") == MOST_ROUNDS
    assert (state["plan"].waiting, state["notes"]) == ((2,), ["last"])


async def test_what_waited_may_still_be_asked_back_about() -> None:
    """What the second round lacks ends in a question, and the reply begins a first round anew."""
    missing = part_of("Which order?", bases=(), matches=(Match(query="o", score=0.9, missing=("Which?",)),))
    planner = planner_of(FASTEST, COST, then=(FASTEST, missing))
    graph = build(MemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=CHECKPOINTED)))
    deps = deps_of(store=store_with(FAST, PRICE), planner=planner)
    paused = await graph.ainvoke(new_turn(QUESTION), CONFIG, context=deps)
    assert [pause.value.question for pause in paused["__interrupt__"]] == ["Which?"]
    after = await graph.ainvoke(Command(resume="the first"), CONFIG, context=deps)
    assert (after["round"], after["result"].status) == (1, "answered")


async def test_the_longest_way_stays_within_the_limit_of_steps() -> None:
    """Two rounds, a question back, two rounds, a revision, quotations in its stead, and nothing let out."""
    wrong = Verification(faithfulness=0.0, rejected=((0, "why"),))
    unjudged = replace(wrong, shortfall="Nobody judged it.")
    ambiguous = Assessment(verdict="ambiguous", confidence=0.9, ask="Which?")
    once, then = [found(FAST), gap("cost")], [found(FAST), found(PRICE)]
    judge = FakeJudge(
        assessments=[once, [ambiguous, gap("cost")], once, then], verifications=[wrong, unjudged, wrong]
    )
    planner = planner_of(FASTEST, COST, then=(FASTEST, SWIFT_COST))
    planner.plans[f"{planner.plans[QUESTION].question.rstrip('?')} (the first)?"] = planner.plans[QUESTION]
    graph = build(MemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=CHECKPOINTED)))
    deps = deps_of(store=store_with(FAST, PRICE), planner=planner, judge=judge)
    await graph.ainvoke(new_turn(QUESTION), CONFIG, context=deps)
    after = await graph.ainvoke(Command(resume="the first"), CONFIG, context=deps)
    assert (after["round"], after["revisions"], after["result"].status) == (2, 2, "unanswerable")
    steps = ((await graph.aget_state(CONFIG)).metadata or {})["step"]
    assert steps == LONGEST <= STEPS


async def test_each_turn_of_a_thread_has_its_own_rounds() -> None:
    """And searches again for what an earlier turn searched for."""
    store = RecordingStore(FAST, PRICE)
    planner = planner_of(FASTEST, COST, then=(FASTEST, SWIFT_COST))
    graph = build(MemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=CHECKPOINTED)))
    searched = []
    for _ in range(2):
        store.searched.clear()
        state = await graph.ainvoke(new_turn(QUESTION), CONFIG, context=deps_of(store=store, planner=planner))
        searched.append(sorted(store.searched))
        assert (state["round"], state["result"].status) == (2, "answered")
    assert searched[0] == searched[1]


@st.composite
def plans(draw: st.DrawFn) -> tuple[list[Part], list[Part]]:
    """Draw parts that need one another, and what a planner makes of those that wait."""
    texts = st.lists(st.sampled_from(["a", "b", QUESTION]), min_size=1, max_size=2, unique=True)
    bases = st.lists(st.sampled_from(list(BASES)), max_size=2, unique=True)

    def part(needs: frozenset[int] = frozenset()) -> Part:
        return part_of("q", queries=tuple(draw(texts)), bases=tuple(draw(bases)), needs=tuple(sorted(needs)))

    more = range(1, draw(st.integers(1, 4)))
    first = [part(), *(part(draw(st.frozensets(st.integers(0, number - 1)))) for number in more)]
    completed = draw(st.frozensets(st.integers(0, 3)))
    return first, [part() if one.needs and number in completed else one for number, one in enumerate(first)]


@given(plans())
@settings(max_examples=60, deadline=None)
async def test_no_plan_goes_round_too_often_or_searches_twice(drawn: tuple[list[Part], list[Part]]) -> None:
    """Whatever parts need, and whatever the planner makes of them, there is one result."""
    first, then = drawn
    store = RecordingStore(FAST)
    state, nodes = await run(deps_of(store=store, planner=planner_of(*first, then=then)))
    assert nodes.count("classify") <= MOST_ROUNDS
    assert len(store.searched) == len(set(store.searched))
    assert len(state["history"]) == 1
    assert state["result"].answer
