"""The library's front door: answers, and what happens meanwhile."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date

import pytest
from langgraph.checkpoint.memory import MemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from agent.assistant import Assistant
from agent.events import Answered, Cited, Clarified, Done, NodeStarted, RunStarted, Token
from agent.session import Session
from graph.build import build
from graph.deps import Deps
from graph.plan import Plan, Turn
from graph.state import CHECKPOINTED, Assessment
from tests.fakes_graph import FakeJudge, FakePlanner, chunk_of, deps_of, store_with
from tools.errors import InvalidInput
from tools.metering import Meter
from tools.types import ANYONE, Principal

QUESTION = "How long does the kettle boil?"
BOIL = chunk_of("The kettle boils for two minutes.")
AMBIGUOUS = Assessment(verdict="ambiguous", confidence=0.9, ask="Red or blue?", choices=("red", "blue"))


@dataclass(slots=True, kw_only=True)
class EndlessPlanner(FakePlanner):
    """Never comes to a plan, and notes when it is told to stop."""

    began: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def plan(
        self,
        question: str,
        history: Sequence[Turn],
        *,
        today: date,
        meter: Meter,
        principal: Principal = ANYONE,
    ) -> Plan:
        """Think for ever."""
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped.set()
        raise AssertionError("nothing sets the event")


def assistant_of(deps: Deps | None = None) -> Assistant:
    """Return an assistant that knows how long the kettle boils."""
    saver = MemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=CHECKPOINTED))
    return Assistant(Session(build(saver), deps or deps_of(store=store_with(BOIL))))


async def test_a_stream_runs_from_the_start_to_the_answer() -> None:
    """With drafts and sources between them, and the same answer that asking gives."""
    assistant = assistant_of()
    told = [event async for event in assistant.stream(QUESTION, thread_id="t-1")]
    start, first, *_, answered, done = told
    assert isinstance(start, RunStarted)
    assert isinstance(first, NodeStarted)
    assert isinstance(answered, Answered)
    assert done == Done(status="completed")
    assert (start.thread_id, start.run_id) == ("t-1", answered.answer.run_id)
    assert [event.citation for event in told if isinstance(event, Cited)] == answered.answer.citations
    assert "".join(event.text for event in told if isinstance(event, Token)) == answered.answer.answer
    assert (await assistant.ask(QUESTION)).answer == answered.answer.answer


async def test_a_thread_goes_on_from_its_id() -> None:
    """What is asked back comes with its choices; the reply is a question of the same thread."""
    judge = FakeJudge(assessments=[[AMBIGUOUS]])
    assistant = assistant_of(deps_of(store=store_with(BOIL), judge=judge))
    told = [event async for event in assistant.stream(QUESTION)]
    assert told[-3] == Clarified(question="Red or blue?", choices=["red", "blue"])
    assert isinstance(told[0], RunStarted)
    replied = [event async for event in assistant.stream("the red one", thread_id=told[0].thread_id)]
    assert isinstance(replied[-2], Answered)
    assert replied[-2].answer.status == "answered"


async def test_a_question_that_cannot_be_used_starts_nothing() -> None:
    """Nothing is told, and the error is the one of asking."""
    with pytest.raises(InvalidInput, match="empty"):
        await anext(assistant_of().stream(" "))


async def test_a_closed_stream_ends_the_work() -> None:
    """Whoever stops listening pays for nothing more."""
    planner = EndlessPlanner()
    stream = assistant_of(deps_of(store=store_with(BOIL), planner=planner)).stream(QUESTION)
    async with aclosing(stream), asyncio.timeout(10):
        async for event in stream:
            if isinstance(event, NodeStarted) and event.node == "classify":
                await planner.began.wait()
                break
    assert planner.stopped.is_set()


async def test_a_cancelled_listener_ends_the_work() -> None:
    """Cancellation reaches what it waits for."""
    planner = EndlessPlanner()
    assistant = assistant_of(deps_of(store=store_with(BOIL), planner=planner))

    async def listen() -> None:
        async for _ in assistant.stream(QUESTION):
            pass

    listening = asyncio.create_task(listen())
    await planner.began.wait()
    listening.cancel()
    await asyncio.wait([listening])
    assert listening.cancelled()
    assert planner.stopped.is_set()
