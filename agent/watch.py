"""Watches one run of the graph: times its nodes and tells what happens."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.answer import Timings
from agent.events import SHOWN_ROWS, Event, NodeFinished, NodeStarted, QueryMade, RowsFound, Token, Verified
from graph.plan import Plan
from graph.state import Token as Drafted


@dataclass
class Watch:
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

    def observe(self, part: object) -> list[Event]:
        """Take a part of the graph's stream (modes `tasks` and `custom`) and return what it tells."""
        if not isinstance(part, dict):
            return []
        data = part["data"]
        if part["type"] == "custom" and isinstance(data, Drafted):
            if self.first_token is None and data.text:
                self.first_token = self.now()
            return [Token(text=data.text, restart=data.restart)]
        if part["type"] != "tasks":
            return []
        if "input" in data:
            self.begun[data["id"]] = (data["name"], self.now())
            return [NodeStarted(node=data["name"])]
        return self._finished(data["id"], data.get("result") or {})

    def _finished(self, task: str, result: Mapping[str, Any]) -> list[Event]:
        """Note that a task ended; parallel tasks of one node share one span.

        What notes a node's failure has no start and no span.
        """
        self.plan = result.get("plan", self.plan)
        if task not in self.begun:
            return []
        node, start = self.begun.pop(task)
        end = self.now()
        first, last = self.spans.get(node, (start, start))
        self.spans[node] = (min(first, start), max(last, end))
        return [*_found(node, result), NodeFinished(node=node, milliseconds=round(end - start, 2))]

    def timings(self) -> Timings:
        """Return what was measured."""
        return Timings(
            total=round(self.now(), 2),
            first_token=None if self.first_token is None else round(self.first_token, 2),
            nodes={node: round(end - start, 2) for node, (start, end) in self.spans.items()},
        )


def _found(node: str, result: Mapping[str, Any]) -> Iterator[Event]:
    """Tell what a node's result means to the asker."""
    if "plan" in result:
        yield from _queries(result["plan"], result.get("ready", ()))
    for queried in result.get("queried", ()) if node == "query_database" else ():
        rows = queried.rows
        yield RowsFound(
            statement=rows.statement,
            columns=list(rows.columns),
            rows=[list(row) for row in rows.rows[:SHOWN_ROWS]],
            count=len(rows.rows),
        )
    if "verification" in result:
        yield Verified(faithfulness=round(result["verification"].faithfulness, 4))


def _queries(plan: Plan, ready: Iterable[int]) -> Iterator[Event]:
    """Tell what the parts that are ready will look up."""
    for number in ready:
        part = plan.parts[number]
        if part.knowledge_bases:
            for query in part.queries:
                yield QueryMade(text=query.text, knowledge_bases=list(part.knowledge_bases))
        if part.matches or part.writes_sql:
            yield QueryMade(text=part.question, database=True)
