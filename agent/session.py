"""Use cases of a conversation: ask, and answer what was asked back. The only caller of `graph.astream`."""

import asyncio
import re
import time
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command

from agent.answer import Answer, PassageQuote, RouteTaken, RowsQuote, Timings
from graph.build import Graph
from graph.deps import Deps
from graph.state import Citation, Clarification, PassageCitation, Plan, Result, State, Token, Turn, new_turn
from tools.errors import InvalidInput

LONGEST_QUESTION = 8_000
"""Characters; longer messages are documents, not questions."""
_THREAD = re.compile(r"[A-Za-z0-9_\-]{1,64}")


@dataclass
class _Watch:
    """Times one run."""

    started: float = field(default_factory=time.perf_counter)
    first_token: float | None = None
    spans: dict[str, tuple[float, float]] = field(default_factory=dict)
    begun: dict[str, tuple[str, float]] = field(default_factory=dict)
    plan: Plan | None = None
    """The plan of this run, as soon as there is one."""

    def now(self) -> float:
        """Return milliseconds since the start."""
        return (time.perf_counter() - self.started) * 1000

    def begin(self, task: str, node: str) -> None:
        """Note that a node's task starts."""
        self.begun[task] = (node, self.now())

    def finish(self, task: str) -> None:
        """Note that it ended; parallel tasks of one node share one span.

        What notes a node's failure has no start and no span.
        """
        if task not in self.begun:
            return
        node, start = self.begun.pop(task)
        first, last = self.spans.get(node, (start, start))
        self.spans[node] = (min(first, start), max(last, self.now()))

    def timings(self) -> Timings:
        """Return what was measured."""
        return Timings(
            total=round(self.now(), 2),
            first_token=None if self.first_token is None else round(self.first_token, 2),
            nodes={node: round(end - start, 2) for node, (start, end) in self.spans.items()},
        )


class Session:
    """Asks questions of one opened installation; any number of threads at once."""

    def __init__(self, graph: Graph, deps: Deps) -> None:
        """Take a compiled graph and what its nodes need."""
        self._graph = graph
        self._deps = deps

    async def ask(
        self, question: str, *, thread_id: str | None = None, history: Sequence[Turn] = ()
    ) -> Answer:
        """Answer a question, or go on where the thread asked back.

        Args:
            question: Up to 8,000 characters of text.
            thread_id: A conversation to continue; a new one by default.
            history: Earlier exchanges of a conversation that was held elsewhere.

        Raises:
            InvalidInput: The question or the thread id cannot be used.
        """
        question = clean(question)
        thread = thread_id or uuid.uuid4().hex
        if not _THREAD.fullmatch(thread):
            raise InvalidInput(
                f"thread id {thread[:80]!r} is not usable; use 1 to 64 letters, digits, - and _"
            )
        config: RunnableConfig = {"configurable": {"thread_id": thread}}
        start = await self._start(question, history, config)
        watch = _Watch()
        in_time = await self._run(start, config, watch)
        snapshot = await self._graph.aget_state(config)
        asked = [pause.value for pause in snapshot.interrupts]
        if not in_time:
            return _out_of_time(watch, thread)
        return _answer(snapshot.values, watch, thread, asked[0] if asked else None)

    async def _start(
        self, question: str, history: Sequence[Turn], config: RunnableConfig
    ) -> State | Command[str]:
        """Return the input of the run: a new turn, or the reply to what was asked back."""
        before = await self._graph.aget_state(config)
        if before.interrupts:
            return Command(resume=question)
        turn = new_turn(question)
        if history:
            turn["history"] = list(history)
        return turn

    async def _run(self, start: State | Command[str], config: RunnableConfig, watch: _Watch) -> bool:
        """Run the graph to its end or pause; False when it ran out of time."""
        try:
            async with asyncio.timeout(self._deps.limits.seconds):
                async for part in self._graph.astream(
                    start,
                    config,
                    context=self._deps,
                    stream_mode=["tasks", "custom"],
                    version="v2",
                    durability="exit",
                ):
                    _observe(part, watch)
        except TimeoutError:
            return False
        return True


def clean(question: str) -> str:
    """Return a question as plain text: no control characters, no broken surrogates.

    Raises:
        InvalidInput: Nothing readable is left, it is mostly not text, or it is too long.
    """
    text = question.encode("utf-8", "replace").decode("utf-8")
    printable = (
        " " if unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") else character
        for character in text
    )
    kept = " ".join("".join(printable).split())
    if not kept:
        raise InvalidInput("the question is empty; ask something in words")
    if len(kept) > LONGEST_QUESTION:
        raise InvalidInput(
            f"the question has {len(kept)} characters, at most {LONGEST_QUESTION} are read; "
            "shorten it, or ingest the text as a document"
        )
    if sum(character.isalnum() for character in kept) * 4 < len(kept.replace(" ", "")) or "�" * 3 in kept:
        raise InvalidInput("the question is not readable text; ask something in words")
    return kept


def _observe(part: object, watch: _Watch) -> None:
    if not isinstance(part, dict):
        return
    data = part["data"]
    if part["type"] == "custom" and isinstance(data, Token) and watch.first_token is None:
        watch.first_token = watch.now()
    elif part["type"] == "tasks" and "input" in data:
        watch.begin(data["id"], data["name"])
    elif part["type"] == "tasks":
        watch.finish(data["id"])
        watch.plan = (data.get("result") or {}).get("plan", watch.plan)


def _answer(values: Mapping[str, Any], watch: _Watch, thread: str, asked: Clarification | None) -> Answer:
    """Compose the public answer from the final state."""
    result: Result = values["result"] if asked is None else Result(answer=asked.question, status="clarify")
    failures = values.get("failures", [])
    plan: Plan = values["plan"]
    return Answer(
        answer=result.answer,
        status=result.status,
        citations=[_public(citation) for citation in result.citations],
        route=_route(plan),
        queries=_queries(plan),
        faithfulness=round(result.faithfulness, 4),
        mode="local",
        degraded=bool(failures),
        notes=[*values.get("notes", []), *failures],
        choices=list(asked.choices) if asked else [],
        exit_reason="clarification" if asked else "completed",
        timings_ms=watch.timings(),
        thread_id=thread,
        run_id=uuid.uuid4().hex,
    )


def _out_of_time(watch: _Watch, thread: str) -> Answer:
    """Say that time ran out; the thread's state may be that of an earlier run."""
    return Answer(
        answer="I ran out of time before I could answer.",
        status="unanswerable",
        citations=[],
        route=_route(watch.plan),
        queries=_queries(watch.plan),
        faithfulness=1.0,
        mode="local",
        degraded=True,
        notes=[],
        exit_reason="out_of_time",
        timings_ms=watch.timings(),
        thread_id=thread,
        run_id=uuid.uuid4().hex,
    )


def _route(plan: Plan | None) -> RouteTaken:
    if plan is None:
        return RouteTaken(category="unknown", knowledge_bases={}, database=0.0, in_scope=0.0)
    return RouteTaken(
        category=plan.route.category,
        knowledge_bases={name: round(p, 4) for name, p in plan.route.knowledge_bases.items()},
        database=round(plan.route.database, 4),
        in_scope=round(plan.route.in_scope, 4),
    )


def _queries(plan: Plan | None) -> list[str]:
    return list(dict.fromkeys(query for part in plan.parts for query in part.queries)) if plan else []


def _public(citation: Citation) -> PassageQuote | RowsQuote:
    if isinstance(citation, PassageCitation):
        return PassageQuote(
            id=citation.id,
            knowledge_base=citation.knowledge_base,
            source=citation.source,
            title=citation.title,
            section=citation.section,
            quote=citation.quote,
            start=citation.start,
            end=citation.end,
            url=citation.url,
        )
    return RowsQuote(
        id=citation.id,
        statement=citation.statement,
        columns=list(citation.columns),
        rows=[list(row) for row in citation.rows],
    )
