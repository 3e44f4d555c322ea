"""Conversations over the real graph and a real storage, with fakes where something would think."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from agent.access.caller import SCOPES, Caller, Limits
from agent.checkpoints import open_checkpoints
from agent.conversations.conversations import Conversations, open_conversations
from agent.session import Session
from agent.storage.opening import open_storage
from agent.storage.records import Told
from graph.build import Graph, build
from graph.deps import Deps
from graph.plan import Plan, Turn
from tests.fakes_graph import FakePlanner, chunk_of, deps_of, store_with
from tools.metering import Meter
from tools.types import ANYONE, Principal

QUESTION = "How long does the kettle boil?"
BOIL = chunk_of("The kettle boils for two minutes.")
ANSWER = "The kettle boils for two minutes. [1]"


@dataclass(slots=True, kw_only=True)
class HeldPlanner(FakePlanner):
    """Plans when it is let; the port `Planner`."""

    let: asyncio.Event = field(default_factory=asyncio.Event)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    principals: list[Principal] = field(default_factory=list)

    async def plan(
        self,
        question: str,
        history: Sequence[Turn],
        *,
        today: date,
        meter: Meter,
        principal: Principal = ANYONE,
    ) -> Plan:
        """Wait, and plan."""
        self.principals.append(principal)
        self.began.set()
        await self.let.wait()
        return await FakePlanner.plan(self, question, history, today=today, meter=meter)


@asynccontextmanager
async def opened(
    folder: Path,
    deps: Deps | None = None,
    *,
    runs: int = 256,
    single_process: bool = True,
    session: Callable[[Graph, Deps], Session] = Session,
) -> AsyncIterator[Conversations]:
    """Open what is kept in a folder, as a process does."""
    async with (
        open_checkpoints(folder / "threads.db") as saver,
        open_storage(f"sqlite:///{folder / 'conversations.db'}") as storage,
    ):
        asking = session(build(saver), deps or knowing())
        async with open_conversations(
            storage, asking, runs=runs, single_process=single_process
        ) as conversations:
            yield conversations


def knowing(planner: FakePlanner | None = None) -> Deps:
    """Return what nodes are given that know how long the kettle boils."""
    return deps_of(store=store_with(BOIL), planner=planner)


def caller_of(owner: str = "key:a", *, runs: int = 64, principal: Principal = ANYONE) -> Caller:
    """Return somebody who may do everything."""
    return Caller(
        owner=owner,
        scopes=SCOPES,
        limits=Limits(requests_per_minute=None, runs=runs),
        principal=principal,
        site="shop",
    )


async def begun(conversations: Conversations, caller: Caller, question: str = QUESTION) -> tuple[str, str]:
    """Ask in a thread of its own; return the ids of thread and run."""
    thread = await conversations.open_thread(caller)
    run = await conversations.say(caller, thread.id, question)
    return thread.id, run.id


async def told(conversations: Conversations, caller: Caller, run_id: str, *, after: int = 0) -> list[Told]:
    """Return what is told behind a place, to the end."""
    return [one async for one in conversations.follow(caller, run_id, after=after)]
