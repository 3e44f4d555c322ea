"""The compiled graph with fakes at its ports."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import cast

import aiosqlite
import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import MemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.types import Command

from graph.build import build
from graph.deps import Deps
from graph.plan import Turn
from graph.state import (
    CHECKPOINTED,
    Assessment,
    Claim,
    Clarification,
    Draft,
    State,
    Verdict,
    Verification,
    new_turn,
)
from tests.fakes import FakeStore
from tests.fakes_database import FakeCatalog
from tests.fakes_graph import (
    FakeJudge,
    FakePlanner,
    FakeWriter,
    chunk_of,
    deps_of,
    part_of,
    plan_of,
    route_of,
    rows_of,
    store_with,
)
from tools.errors import ConfigurationError, TransientError
from tools.ports import Matrix
from tools.types import Filter, Hit, Match

QUESTION = "How long does the kettle boil?"
BOIL = chunk_of("The kettle boils for two minutes.", metadata=None)
RULE = chunk_of("Kettles go back within a month.", identifier="chunk-2", base="rules", source="returns.md")
STOCK = Match(query="stock", score=0.9, parameters=(("name", "Kettle"),))
ORDER = Match(query="order", score=0.9, missing=("Which order?",))
CONFIG: RunnableConfig = {"configurable": {"thread_id": "thread"}}
AMBIGUOUS = Assessment(verdict="ambiguous", confidence=0.9, ask="Red or blue?", choices=("red", "blue"))


@dataclass
class StumblingStore(FakeStore):
    """A store whose searches for some queries fail, each a number of times."""

    errors: dict[str, list[Exception]] = field(default_factory=dict)
    """By query; each error is raised once."""
    searched: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(languages={"guides": "english", "rules": "english"})
        filled = store_with(BOIL, RULE)
        self.points = filled.points

    def search(self, text: str, vector: Matrix | None, *, limit: int, where: Filter) -> list[Hit]:
        """Fail as told, else search."""
        self.searched.append((text, where.knowledge_bases))
        if self.errors.get(text):
            raise self.errors[text].pop(0)
        return super().search(text, vector, limit=limit, where=where)


def away(times: int) -> list[Exception]:
    """Return so many failures that may pass."""
    return [TransientError("the store is away") for _ in range(times)]


async def run(deps: Deps, question: str = QUESTION) -> State:
    """Answer a question without a checkpointer."""
    return cast(State, await build().ainvoke(new_turn(question), context=deps))


async def visited(deps: Deps, question: str = QUESTION) -> list[str]:
    """Return the nodes that ran, a name for each task."""
    updates = build().astream(new_turn(question), context=deps, stream_mode="updates")
    return [name async for update in updates for name in update]


def written(value: object) -> object:
    """Return a value of the state with its type's name, for comparison as JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        return {"type": type(value).__name__, **{one.name: getattr(value, one.name) for one in fields(value)}}
    return repr(value)


def strict() -> JsonPlusSerializer:
    """Return the serializer of an installation: it restores nothing but our own types."""
    return JsonPlusSerializer(allowed_msgpack_modules=CHECKPOINTED)


# The drawing


def test_the_graph_is_drawn_as_the_readme_shows_it() -> None:
    """Every node and every edge."""
    drawing = build().get_graph().draw_mermaid()
    edges = {line.strip(" \t;") for line in drawing.splitlines() if "-->" in line or "-.->" in line}
    assert edges == set(EXPECTED.split("\n")) - {""}


EXPECTED = """
__start__ --> classify
__start__ --> prefetch
abstain --> __end__
assess -.-> abstain
assess -.-> clarify
assess -.-> classify
assess -.-> decline
assess -.-> synthesize
clarify --> classify
classify -.-> clarify
classify -.-> decline
classify -.-> query_database
classify -.-> rerank
classify -.-> retrieve
decline --> __end__
prefetch --> __end__
query_database --> rerank
rerank --> assess
retrieve --> rerank
revise --> verify
synthesize --> verify
verify -.-> __end__
verify -.-> abstain
verify -.-> decline
verify -.-> revise
"""


# The ways through


async def test_a_plain_question_needs_no_second_search() -> None:
    """What was prefetched is enough."""
    nodes = await visited(deps_of(store=store_with(BOIL)))
    assert sorted(nodes[:2]) == ["classify", "prefetch"]
    assert nodes[2:] == ["rerank", "assess", "synthesize", "verify"]


async def test_a_fan_out_joins_once() -> None:
    """Searches and queries run side by side, then everything behind them runs a single time."""
    parts = (part_of("one", queries=("one", "wide")), part_of("two", matches=(STOCK,)))
    deps = deps_of(
        store=store_with(BOIL, RULE),
        planner=FakePlanner(plans={QUESTION: plan_of(*parts)}),
        catalog=FakeCatalog(results={"stock": rows_of(("Kettle", 4))}),
    )
    nodes = await visited(deps)
    assert nodes.count("retrieve") == 6
    assert nodes.count("query_database") == 1
    assert nodes[-4:] == ["rerank", "assess", "synthesize", "verify"]
    assert [nodes.count(name) for name in ("rerank", "assess", "synthesize", "verify")] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("deps", "tail"),
    [
        pytest.param(
            deps_of(
                planner=FakePlanner(plans={QUESTION: plan_of(part_of(QUESTION, route=route_of(in_scope=0)))})
            ),
            ["decline"],
            id="out of scope",
        ),
        pytest.param(deps_of(), ["rerank", "assess", "abstain"], id="nothing found"),
        pytest.param(
            deps_of(store=store_with(BOIL), writer=FakeWriter()),
            ["rerank", "assess", "synthesize", "verify", "abstain"],
            id="nothing written",
        ),
        pytest.param(
            deps_of(
                store=store_with(BOIL),
                writer=FakeWriter(),
                planner=FakePlanner(
                    plans={QUESTION: plan_of(part_of(QUESTION, route=route_of(in_scope=0.1)))}
                ),
                judge=FakeJudge(assessments=[[Assessment(verdict="sufficient", confidence=0.5)]]),
            ),
            ["rerank", "assess", "synthesize", "verify", "decline"],
            id="nothing written and hardly ours",
        ),
        pytest.param(
            deps_of(
                store=store_with(BOIL),
                writer=FakeWriter(draft=Draft(claims=(Claim(text="x", citations=()),))),
            ),
            ["rerank", "assess", "synthesize", "verify", "revise", "verify", "abstain"],
            id="nothing holds",
        ),
        pytest.param(
            deps_of(
                store=store_with(BOIL),
                judge=FakeJudge(verifications=[Verification(faithfulness=0.9, rejected=((9, "why"),))]),
            ),
            ["rerank", "assess", "synthesize", "verify", "revise", "verify"],
            id="holds after a revision",
        ),
    ],
)
async def test_every_way_ends_with_a_result(deps: Deps, tail: list[str]) -> None:
    """The nodes behind `classify`, in order, each once unless the graph says otherwise."""
    nodes = await visited(deps)
    assert [name for name in nodes if name not in ("prefetch", "classify")] == tail


# Failures


async def test_a_search_that_fails_once_is_tried_again() -> None:
    """Nothing is noted: the answer lacks nothing."""
    store = StumblingStore(errors={QUESTION: away(1), "wide": away(1)})
    plan = plan_of(part_of(QUESTION, queries=(QUESTION, "wide"), bases=("guides",)))
    state = await run(deps_of(store=store, planner=FakePlanner(plans={QUESTION: plan})))
    assert state["result"].status == "answered"
    assert state["failures"] == []
    assert [text for text, _ in store.searched].count("wide") == 2


async def test_an_answer_comes_without_the_search_that_failed() -> None:
    """The failure is noted, once for each search, and the rest joins once."""
    plan = plan_of(part_of(QUESTION, queries=(QUESTION, "wide"), bases=("guides",)))
    store = StumblingStore(errors={"wide": away(2)})
    deps = deps_of(store=store, planner=FakePlanner(plans={QUESTION: plan}))
    state = await run(deps)
    assert state["result"].answer == "The kettle boils for two minutes. [1]"
    assert state["failures"] == ["One search of the documents failed: the store is away"]
    store.errors["wide"] = away(2)
    nodes = await visited(deps)
    assert [nodes.count(name) for name in ("rerank", "synthesize", "verify")] == [1, 1, 1]


async def test_an_answer_comes_without_the_first_search() -> None:
    """The expansions alone may find enough."""
    plan = plan_of(part_of("kettle boils", queries=("kettle boils",), bases=("guides",)))
    store = StumblingStore(errors={QUESTION: away(4)})
    state = await run(deps_of(store=store, planner=FakePlanner(plans={QUESTION: plan})))
    assert state["result"].status == "answered"
    assert state["failures"] == ["The documents could not be searched: the store is away"]


async def test_an_answer_comes_without_the_database() -> None:
    """The documents answer, and the failure is noted."""
    plan = plan_of(part_of(QUESTION, matches=(STOCK,)))
    catalog = FakeCatalog(failure=TransientError("the database is away"))
    deps = deps_of(store=store_with(BOIL), catalog=catalog, planner=FakePlanner(plans={QUESTION: plan}))
    state = await run(deps)
    assert state["result"].answer == "The kettle boils for two minutes. [1]"
    assert state["failures"] == ["The database could not be asked: the database is away"]


async def test_with_everything_away_the_graph_abstains_and_says_why() -> None:
    """There is always a result."""
    state = await run(deps_of(store=StumblingStore(errors={QUESTION: away(4)})))
    assert state["result"].status == "unanswerable"
    assert len(state["failures"]) == 1


@pytest.mark.parametrize("query", [QUESTION, "wide"], ids=["prefetch", "retrieve"])
async def test_a_lasting_failure_is_not_tried_again(query: str) -> None:
    """Only what may pass is worth a second attempt."""
    store = StumblingStore(errors={query: [ConfigurationError("the store is broken")]})
    plan = plan_of(part_of("wide", bases=("guides",)))
    state = await run(deps_of(store=store, planner=FakePlanner(plans={QUESTION: plan})))
    assert len(state["failures"]) == 1
    assert state["failures"][0].endswith("the store is broken")


@pytest.mark.parametrize("query", [QUESTION, "wide"], ids=["prefetch", "retrieve"])
async def test_a_defect_travels_on(query: str) -> None:
    """A programming error is no degraded answer."""
    store = StumblingStore(errors={query: [ZeroDivisionError("a defect")]})
    plan = plan_of(part_of("wide", bases=("guides",)))
    with pytest.raises(ZeroDivisionError, match="a defect"):
        await run(deps_of(store=store, planner=FakePlanner(plans={QUESTION: plan})))


# Threads


async def test_a_turn_starts_from_nothing_but_the_history() -> None:
    """Evidence, notes and failures of the turn before are gone; the conversation is not."""
    judge, planner = FakeJudge(), FakePlanner()
    first = plan_of(part_of(QUESTION, queries=(QUESTION, "wide"), matches=(STOCK,)))
    planner.plans[QUESTION] = first
    store = StumblingStore(errors={"wide": away(3)})
    catalog = FakeCatalog(results={"stock": rows_of(("Kettle", 4))})
    deps = deps_of(store=store, planner=planner, judge=judge, catalog=catalog)
    graph = build(MemorySaver(serde=strict()))
    before = await graph.ainvoke(new_turn(QUESTION), CONFIG, context=deps)
    assert before["failures"]
    assert before["queried"]
    store.points = {}
    after = await graph.ainvoke(new_turn("And the mug?"), CONFIG, context=deps)
    assert [(found.hits, found.rows) for found in judge.assessed[-1]] == [((), ())]
    assert (after["retrieved"], after["queried"], after["failures"]) == ([], [], [])
    assert (after["draft"], after["revisions"], after["round"]) == (Draft(), 0, 1)
    assert after["result"].status == "unanswerable"
    assert planner.asked[-1][1] == (Turn(question=QUESTION, answer=before["result"].answer),)
    assert [turn.question for turn in after["history"]] == [QUESTION, "And the mug?"]


async def test_threads_know_nothing_of_each_other() -> None:
    """Another thread has its own conversation."""
    planner = FakePlanner()
    graph = build(MemorySaver(serde=strict()))
    for thread in ("one", "two"):
        config: RunnableConfig = {"configurable": {"thread_id": thread}}
        await graph.ainvoke(new_turn(QUESTION), config, context=deps_of(planner=planner))
    assert [history for _, history, _ in planner.asked] == [(), ()]


@asynccontextmanager
async def reopened(folder: Path | None, memory: MemorySaver) -> AsyncIterator[BaseCheckpointSaver[str]]:
    """Open the checkpoints: from disk when there is a folder, else those in memory."""
    if folder is None:
        yield memory
        return
    async with aiosqlite.connect(folder / "threads.db") as connection:
        yield AsyncSqliteSaver(connection, serde=strict())


@pytest.mark.parametrize("on_disk", [False, True], ids=["memory", "disk"])
async def test_a_question_asked_back_is_answered_after_a_restart(tmp_path: Path, on_disk: bool) -> None:
    """The graph pauses with question and choices, and goes on with the reply from a new connection."""
    folder, memory = (tmp_path if on_disk else None), MemorySaver(serde=strict())
    judge = FakeJudge(assessments=[[AMBIGUOUS]])
    deps = deps_of(store=store_with(BOIL, RULE), judge=judge)
    async with reopened(folder, memory) as saver:
        paused = await build(saver).ainvoke(new_turn(QUESTION), CONFIG, context=deps, durability="exit")
    assert [pause.value for pause in paused["__interrupt__"]] == [
        Clarification(question="Red or blue?", choices=("red", "blue"))
    ]
    async with reopened(folder, memory) as saver:
        graph = build(saver)
        assert (await graph.aget_state(CONFIG)).interrupts
        after = await graph.ainvoke(Command(resume="the red one"), CONFIG, context=deps, durability="exit")
        assert not (await graph.aget_state(CONFIG)).interrupts
    assert after["plan"].question == "How long does the kettle boil (the red one)?"
    assert after["result"].answer == "The kettle boils for two minutes. [1]"


@pytest.mark.parametrize("on_disk", [False, True], ids=["memory", "disk"])
async def test_a_whole_state_survives_the_strict_serializer(tmp_path: Path, on_disk: bool) -> None:
    """Rows, hits, drafts and results come back as what they were; only tuples come back as lists."""
    folder, memory = (tmp_path if on_disk else None), MemorySaver(serde=strict())
    plan = plan_of(part_of(QUESTION, queries=(QUESTION, "wide"), matches=(STOCK,)))
    catalog = FakeCatalog(results={"stock": rows_of(("Kettle", 4), answer="{name}: {stock}")})
    said = Verdict(claim="The kettle boils.", evidence=BOIL.text, objection=None)
    judge = FakeJudge(verifications=[Verification(faithfulness=1.0, verdicts=(said,))])
    deps = deps_of(
        store=store_with(BOIL, RULE),
        catalog=catalog,
        planner=FakePlanner(plans={QUESTION: plan}),
        judge=judge,
    )
    async with reopened(folder, memory) as saver:
        state = await build(saver).ainvoke(new_turn(QUESTION), CONFIG, context=deps)
    async with reopened(folder, memory) as saver:
        restored = (await build(saver).aget_state(CONFIG)).values
    assert json.dumps(restored, default=written) == json.dumps(state, default=written)


@pytest.mark.parametrize(
    "plans",
    [
        pytest.param([[AMBIGUOUS], [AMBIGUOUS]], id="still ambiguous"),
        pytest.param([[AMBIGUOUS], [Assessment(verdict="gap", confidence=0.3)]], id="then a gap"),
    ],
)
async def test_the_asker_is_asked_back_at_most_once(plans: Sequence[list[Assessment]]) -> None:
    """A second doubt ends the turn with an honest word."""
    deps = deps_of(store=store_with(BOIL), judge=FakeJudge(assessments=list(plans)))
    graph = build(MemorySaver(serde=strict()))
    await graph.ainvoke(new_turn(QUESTION), CONFIG, context=deps)
    after = await graph.ainvoke(Command(resume="the red one"), CONFIG, context=deps)
    assert "__interrupt__" not in after
    assert after["result"].status == "unanswerable"


async def test_a_missing_variable_is_asked_for_once() -> None:
    """When the reply does not help either, nothing is asked again and the query is not run."""
    planner = FakePlanner()
    asked = part_of("Where is it?", bases=(), matches=(ORDER,))
    planner.plans = {question: plan_of(asked) for question in ("Where is it?", "Where is it (no idea)?")}
    deps = deps_of(planner=planner, catalog=FakeCatalog())
    graph = build(MemorySaver(serde=strict()))
    paused = await graph.ainvoke(new_turn("Where is it?"), CONFIG, context=deps)
    assert [pause.value.question for pause in paused["__interrupt__"]] == ["Which order?"]
    after = await graph.ainvoke(Command(resume="no idea"), CONFIG, context=deps)
    assert after["result"].status == "unanswerable"


async def test_the_next_turn_may_ask_back_again() -> None:
    """Once a question, not once a thread."""
    judge = FakeJudge(assessments=[[AMBIGUOUS]])
    deps = deps_of(store=store_with(BOIL), judge=judge)
    graph = build(MemorySaver(serde=strict()))
    await graph.ainvoke(new_turn(QUESTION), CONFIG, context=deps)
    await graph.ainvoke(Command(resume="red"), CONFIG, context=deps)
    judge.assessments = [[AMBIGUOUS]]
    assert "__interrupt__" in await graph.ainvoke(new_turn("And the mug?"), CONFIG, context=deps)
