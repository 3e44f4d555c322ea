"""Runs under way in this process: one task each, from the message that is kept to the end that is kept."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from agent.answer import Answer
from agent.conversations.endings import Ending, cancelled, completed, lost, went_wrong
from agent.conversations.feed import Feed
from agent.conversations.journal import Journal
from agent.conversations.starting import Starts
from agent.events import RunStarted
from agent.session import Session
from agent.storage.opening import Storage
from agent.storage.records import Run, Told
from graph.plan import Turn
from tools.errors import Conflict, NotFound, TooManyRequests, TransientError
from tools.types import Principal

ATTEMPTS = 2
"""How often a run is begun before it is given up."""
RETRY_SECONDS = 1.0
"""When to try again after a refusal: an answer takes about as long."""
LONGEST_PAUSE_SECONDS = 5.0
"""Between two attempts to keep the end of a run."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A run under way."""

    run: Run
    feed: Feed
    asking: asyncio.Task[Answer]


class Runs:
    """Begins runs, supervises them, and takes up those of processes that died."""

    def __init__(self, storage: Storage, session: Session, journal: Journal, *, most: int) -> None:
        """Work on at most so many runs at once."""
        self._storage = storage
        self._session = session
        self._journal = journal
        self._most = most
        self._starts = Starts()
        self._running: dict[str, Running] = {}
        self._held: Counter[str] = Counter()
        self._held_by_visitors = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.listeners: list[Callable[[Ending], None]] = []
        """Told of every run that ended here."""
        self.closed = False
        """True once nothing is worked on any more."""

    @property
    def ids(self) -> list[str]:
        """Name the runs under way."""
        return [*self._running]

    def feed(self, run_id: str, *, owner: str) -> Feed | None:
        """Return the feed of an owner's run; None when it is not under way here."""
        running = self._running.get(run_id)
        return running.feed if running is not None and running.run.owner == owner else None

    async def begin(self, run: Run, *, most: int) -> None:
        """Keep a run and start on it; once kept it goes on, whether or not the caller waits.

        Args:
            run: The run.
            most: Runs that its owner may have under way at once.

        Raises:
            NotFound: The owner has no such thread.
            Conflict: Another run of the thread is under way.
            TooManyRequests: The process, the owner, or all visitors together, have too many runs under way.
        """
        self._admit(run, most)
        self._take(run)
        await asyncio.shield(self._spawn(self._begin(run)))

    def cancel(self, run_id: str) -> None:
        """Have a run ended that may be under way here; its feed tells when it has."""
        if run_id in self._running:
            self._running[run_id].asking.cancel()

    async def end_thread(self, thread_id: str) -> None:
        """End what is under way in a thread."""
        for running in [one for one in self._running.values() if one.run.thread_id == thread_id]:
            running.asking.cancel()
            await running.feed.over.wait()

    async def recover(self, *, stale_seconds: float) -> None:
        """Take up the runs that no process has worked on for so long; give up those that were taken up."""
        for run in await self._storage.runs.unfinished(stale_seconds=stale_seconds):
            if run.id in self._running:
                continue
            if run.attempts >= ATTEMPTS:
                feed = Feed(run.id, attempt=run.attempts + 1, keep=self._journal.add)
                await self._end(run, lost(), feed)
            else:
                await self._take_up(run)

    async def close(self) -> None:
        """Stop working; what is under way stays unfinished, for the next start to take up."""
        self.closed = True
        running = [*self._running.values()]
        tasks = [*self._tasks, *(one.asking for one in running)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for one in running:
            one.feed.close()

    def _admit(self, run: Run, most: int) -> None:
        """Refuse one too many; visitors together get half, for anybody can be any number of them."""
        if self.closed:
            raise TransientError("the server is stopping; try again in a moment")
        visitors_full = run.site is not None and self._held_by_visitors >= max(1, self._most // 2)
        if self._held.total() >= self._most or visitors_full:
            raise TooManyRequests(
                "as many answers are under way here as there may be; try again in a moment",
                RETRY_SECONDS,
            )
        if self._held[run.owner] >= most:
            raise TooManyRequests(
                f"{most} of your questions are being answered, as many as there may be; "
                "wait for one of them, or end it",
                RETRY_SECONDS,
            )

    def _take(self, run: Run) -> None:
        self._held[run.owner] += 1
        self._held_by_visitors += run.site is not None

    def _release(self, run: Run) -> None:
        self._held_by_visitors -= run.site is not None
        self._held[run.owner] -= 1
        if not self._held[run.owner]:
            del self._held[run.owner]

    async def _begin(self, run: Run) -> None:
        try:
            await self._storage.runs.begin(run)
        except BaseException:
            self._release(run)
            raise
        self._start(run, Feed(run.id, attempt=run.attempts, keep=self._journal.add))

    async def _take_up(self, dead: Run) -> None:
        try:
            run = await self._storage.runs.take_up(dead.id, attempts=dead.attempts)
        except (Conflict, NotFound):  # another process was faster, or the thread is deleted
            return
        earlier = await self._storage.runs.events(run.id, owner=run.owner, after=0)
        log.warning("run %s was interrupted and is taken up again", run.id)
        self._take(run)
        self._start(run, Feed(run.id, attempt=run.attempts, keep=self._journal.add, earlier=earlier))

    def _start(self, run: Run, feed: Feed) -> None:
        feed.tell(RunStarted(run_id=run.id, thread_id=run.thread_id))
        running = Running(run=run, feed=feed, asking=asyncio.create_task(self._ask(run, feed)))
        self._running[run.id] = running
        self._spawn(self._supervise(running))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _ask(self, run: Run, feed: Feed) -> Answer:
        thread = await self._storage.threads.get(run.thread_id, owner=run.owner)
        await self._starts.turn()
        return await self._session.ask(
            run.question,
            thread_id=run.thread_id,
            history=[Turn(question=earlier.question, answer=earlier.answer) for earlier in thread.history],
            principal=Principal(groups=frozenset(run.groups), attributes=run.attributes),
            run_id=run.id,
            owner=run.owner,
            on_event=feed.tell,
        )

    async def _supervise(self, running: Running) -> None:
        run, feed = running.run, running.feed
        try:
            await self._end(run, await _ending_of(running), feed)
        except Exception:  # a process edge: whatever became of the run, it is reported
            log.exception("run %s: its end cannot be kept", run.id)
            await self._end(run, went_wrong(run.id), feed)
        finally:
            del self._running[run.id]
            self._release(run)
            feed.close()

    async def _end(self, run: Run, ending: Ending, feed: Feed) -> None:
        if last := await self._keep_end(run, ending, feed):
            feed.show(last)
            for listener in self.listeners:
                listener(ending)

    async def _keep_end(self, run: Run, ending: Ending, feed: Feed) -> list[Told]:
        """Commit the end of a run, however long storage is away; return what may be told of it then."""
        last = feed.number(ending.events)
        events, pause = [*await self._journal.rest(run.id), *last], 0.1
        while True:
            try:
                await self._storage.runs.end(
                    run.id, status=ending.status, answer=ending.answer, error=ending.error, events=events
                )
            except NotFound:  # the thread was deleted meanwhile, and the graph may have kept it again
                await self._session.forget(run.thread_id)
                return []
            except Conflict:  # another process took it for dead and has ended it
                return []
            except TransientError as error:
                log.warning("run %s: its end is not kept yet: %s", run.id, error)
            else:
                return last
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


async def _ending_of(running: Running) -> Ending:
    """Wait for what becomes of a run."""
    asking = running.asking
    await asyncio.wait({asking})
    if asking.cancelled():
        return cancelled()
    if (error := asking.exception()) is not None:
        log.error("run %s failed", running.run.id, exc_info=error)
        return went_wrong(running.run.id)
    return completed(asking.result())
