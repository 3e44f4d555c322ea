"""Watches one run of the graph: times its nodes and tells what happens."""

import time
from dataclasses import dataclass, field

from agent.answer import Timings
from agent.events import Event, NodeFinished, NodeStarted
from graph.plan import Plan
from graph.state import Token


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

    def observe(self, part: object) -> Event | None:
        """Take a part of the graph's stream (modes `tasks` and `custom`) and return what it tells."""
        if not isinstance(part, dict):
            return None
        data = part["data"]
        if part["type"] == "custom" and isinstance(data, Token):
            if self.first_token is None and data.text:
                self.first_token = self.now()
            return data
        if part["type"] != "tasks":
            return None
        if "input" in data:
            self.begun[data["id"]] = (data["name"], self.now())
            return NodeStarted(node=data["name"])
        self.plan = (data.get("result") or {}).get("plan", self.plan)
        return self._finished(data["id"])

    def _finished(self, task: str) -> Event | None:
        """Note that a task ended; parallel tasks of one node share one span.

        What notes a node's failure has no start and no span.
        """
        if task not in self.begun:
            return None
        node, start = self.begun.pop(task)
        first, last = self.spans.get(node, (start, start))
        self.spans[node] = (min(first, start), max(last, self.now()))
        return NodeFinished(node=node)

    def timings(self) -> Timings:
        """Return what was measured."""
        return Timings(
            total=round(self.now(), 2),
            first_token=None if self.first_token is None else round(self.first_token, 2),
            nodes={node: round(end - start, 2) for node, (start, end) in self.spans.items()},
        )
