"""Asking many questions at once while the model's endpoint fails, and judging how each of them ended."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import aiosqlite
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from agent.answer import Answer
from agent.endpoints import chat_for
from agent.session import Session
from agent.settings import Settings
from graph.build import build
from graph.deps import Deps
from graph.reasoning.llm.judge import LlmJudge
from graph.reasoning.llm.planner import LlmPlanner
from graph.reasoning.llm.writer import LlmWriter
from graph.state import CHECKPOINTED
from tests.agent.contract import CITED, problems
from tools.models.endpoint import Endpoint

GRACE_SECONDS = 1.0
"""A question that takes this much longer than its budget hangs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a question ended: with an answer, with an error, or not at all."""

    question: str
    answer: Answer | None = None
    error: BaseException | None = None

    @property
    def hung(self) -> bool:
        """Tell whether nothing came in time."""
        return self.answer is None and self.error is None

    @property
    def useful(self) -> bool:
        """Tell whether an answerable question was answered from sources."""
        return self.answer is not None and self.answer.status in CITED and bool(self.answer.citations)

    @property
    def hit(self) -> bool:
        """Tell whether a request for the question failed."""
        if self.answer is None:
            return True
        calls = self.answer.usage.calls
        return self.answer.degraded or any(call.error or call.attempts > 1 for call in calls)

    @property
    def flaws(self) -> list[str]:
        """Return what an answer has wrong in itself: its form, or what it says of its own making."""
        if self.answer is None:
            return []
        return [*problems(self.answer.model_dump()), *_contradictions(self.answer)]


async def ask_all(
    session: Session, questions: Sequence[str], *, seconds: float, at_once: int = 1
) -> list[Ending]:
    """Ask every question in a thread of its own.

    Args:
        session: Asked.
        questions: In order.
        seconds: Budget of one question.
        at_once: Questions under way at the same time.
    """
    places = asyncio.Semaphore(at_once)

    async def ask(question: str) -> Ending:
        async with places:
            task = asyncio.create_task(session.ask(question))
            done, _ = await asyncio.wait({task}, timeout=seconds + GRACE_SECONDS)
            if not done:
                task.cancel()
                return Ending(question=question)
            error = task.exception()
            return Ending(question=question, error=error, answer=None if error else task.result())

    return await asyncio.gather(*map(ask, questions))


@asynccontextmanager
async def open_with(deps: Deps, settings: Settings, endpoint: Endpoint) -> AsyncIterator[Session]:
    """Open a session as the product does, save that the endpoint of its model is given.

    So its breaker and its waits can be other than those of an installation; threads are kept in memory.
    """
    assert isinstance(deps.planner, LlmPlanner)
    assert isinstance(deps.judge, LlmJudge)
    assert isinstance(deps.writer, LlmWriter)
    chat = chat_for(settings, endpoint)
    serializer = JsonPlusSerializer(allowed_msgpack_modules=CHECKPOINTED)
    async with aiosqlite.connect(":memory:") as connection:
        deps = replace(
            deps,
            judgments=None,
            planner=replace(deps.planner, chat=chat),
            judge=replace(deps.judge, chat=chat),
            writer=replace(deps.writer, chat=chat),
        )
        yield Session(build(AsyncSqliteSaver(connection, serde=serializer)), deps)


def _contradictions(answer: Answer) -> Iterator[str]:
    """Compare mode, degradation, notes and reason with each other and with the calls that were made."""
    if answer.degraded and not answer.notes:
        yield "degraded without a note"
    if answer.mode == "local" and not answer.degraded:
        yield "finished by the local mode without being degraded"
    if not answer.degraded and answer.exit_reason != "completed":
        yield f"not degraded, but ended as {answer.exit_reason}"
    if answer.mode == "local" and answer.exit_reason == "completed":
        yield "finished by the local mode as if nothing was lacking"
    succeeded = {call.prompt for call in answer.usage.calls if call.error is None}
    if answer.mode == "llm" and answer.status in CITED and not succeeded & {"write", "revise"}:
        yield "written by the model, but no call of the writer succeeded"
    lost = {call.prompt for call in answer.usage.calls} - succeeded
    if lost and not answer.degraded:
        yield f"not degraded, but every call of {min(lost)!r} failed"
