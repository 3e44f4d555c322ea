"""The use cases that every front shares: threads, messages, runs, feedback, hand-offs."""

import asyncio
import re
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime

from agent.access.caller import Caller
from agent.answer import Answer
from agent.conversations.endings import Ending
from agent.conversations.journal import open_journal
from agent.conversations.remarks import exchanges, remark
from agent.conversations.running import Runs
from agent.conversations.watching import STALE_SECONDS, watching
from agent.events import Done
from agent.questions import clean
from agent.session import Session
from agent.storage.opening import Storage
from agent.storage.records import Earlier, Feedback, HandOff, Message, Page, Run, Thread, Thumb, Told
from tools.errors import AccessDenied, Conflict, InvalidInput, NotFound, TransientError

POLL_SECONDS = 0.25
"""How often the journal is read for a run that another process works on."""
LONGEST_REMARK = 4_000
"""Characters of a note, a reason or a correction."""
LONGEST_CONTACT = 300

_THREAD = re.compile(r"[A-Za-z0-9_\-]{1,64}")
_STOPPING = "the server is stopping; the answer is finished at its next start"


class Conversations:
    """What people do with the assistant. Everything is somebody's, and nobody else finds it."""

    def __init__(self, storage: Storage, session: Session, runs: Runs) -> None:
        """Use `open_conversations`."""
        self._storage = storage
        self._session = session
        self._runs = runs

    @property
    def under_way(self) -> int:
        """Count the answers under way in this process."""
        return len(self._runs.ids)

    def on_end(self, listener: Callable[[Ending], None]) -> None:
        """Have a listener told of every run that ends in this process, as soon as its end is kept."""
        self._runs.listeners.append(listener)

    async def open_thread(
        self,
        caller: Caller,
        *,
        thread_id: str | None = None,
        history: Sequence[Earlier] = (),
        listed: bool = True,
    ) -> Thread:
        """Begin a conversation.

        Args:
            caller: Whose it is.
            thread_id: A name for it, which the scope `admin` may choose; a thread that exists is returned.
            history: What was said elsewhere before.
            listed: Whether it is shown among the caller's threads.

        Raises:
            AccessDenied: The caller may not choose a name.
            InvalidInput: The name or the history cannot be used.
        """
        if thread_id is not None:
            _check_name(caller, thread_id)
            try:
                return await self._storage.threads.get(thread_id, owner=caller.owner)
            except NotFound:
                pass
        now = datetime.now(UTC)
        thread = Thread(
            id=thread_id or uuid.uuid4().hex,
            owner=caller.owner,
            title="",
            created=now,
            updated=now,
            history=exchanges(history),
        )
        await self._storage.threads.create(thread, listed=listed)
        return thread

    async def threads(self, caller: Caller, *, cursor: str | None = None, limit: int = 50) -> Page[Thread]:
        """List the caller's conversations, the latest first."""
        return await self._storage.threads.page(caller.owner, cursor=cursor, limit=limit)

    async def thread(self, caller: Caller, thread_id: str) -> Thread:
        """Return a conversation.

        Raises:
            NotFound: The caller has no such thread.
        """
        return await self._storage.threads.get(thread_id, owner=caller.owner)

    async def messages(
        self, caller: Caller, thread_id: str, *, cursor: str | None = None, limit: int = 50
    ) -> Page[Message]:
        """List what was said in a conversation, the oldest first.

        Raises:
            NotFound: The caller has no such thread.
        """
        return await self._storage.threads.messages(thread_id, owner=caller.owner, cursor=cursor, limit=limit)

    async def say(self, caller: Caller, thread_id: str, content: str) -> Run:
        """Keep a message and start answering it; the answer is worked on whether or not anybody waits.

        Raises:
            InvalidInput: The message cannot be used.
            NotFound: The caller has no such thread.
            Conflict: The thread's last message is still being answered.
            TooManyRequests: Too much is under way.
        """
        run = Run(
            id=uuid.uuid4().hex,
            thread_id=thread_id,
            owner=caller.owner,
            question=clean(content),
            status="running",
            attempts=1,
            started=datetime.now(UTC),
            site=caller.site,
            groups=tuple(sorted(caller.principal.groups)),
            attributes=caller.principal.attributes,
        )
        await self._runs.begin(run, most=caller.limits.runs)
        return run

    async def run(self, caller: Caller, run_id: str) -> Run:
        """Return a run as it is.

        Raises:
            NotFound: The caller has no such run.
        """
        return await self._storage.runs.get(run_id, owner=caller.owner)

    async def follow(self, caller: Caller, run_id: str, *, after: int = 0) -> AsyncGenerator[Told]:
        """Yield the events of a run behind a place, to its end, as they happen.

        It also ends, without `Done`, when the server stops.

        Raises:
            NotFound: The caller has no such run.
        """
        while not self._runs.closed:
            events, running = await self._after(caller, run_id, after)
            for told in events:
                yield told
                if isinstance(told.event, Done):
                    return
                after = told.sequence
            if not running:
                return

    async def answer(self, caller: Caller, run_id: str) -> Answer:
        """Wait for a run's end and return its answer.

        Raises:
            NotFound: The caller has no such run.
            Conflict: It was cancelled.
            TransientError: It failed.
        """
        while (run := await self._ended(caller, run_id)) is None:
            if self._runs.closed:
                raise TransientError(_STOPPING)
            await asyncio.sleep(POLL_SECONDS)
        if run.status == "cancelled":
            raise Conflict("this answer was cancelled; ask again")
        if run.answer is None:
            raise TransientError(run.error or "this question could not be answered; ask again")
        return run.answer

    async def cancel(self, caller: Caller, run_id: str) -> Run:
        """End a run; one that another process works on ends a moment later, one that has ended stays so.

        Raises:
            NotFound: The caller has no such run.
        """
        feed = self._runs.feed(run_id, owner=caller.owner)
        if feed is not None:
            self._runs.cancel(run_id)
            await feed.over.wait()
        else:
            await self._storage.runs.request_cancel(run_id, owner=caller.owner)
        return await self.run(caller, run_id)

    async def rate(
        self, caller: Caller, run_id: str, *, thumb: Thumb, reason: str = "", correction: str = ""
    ) -> Feedback:
        """Keep what the caller thinks of an answer, in place of what it thought before.

        Raises:
            NotFound: The caller has no such run.
            InvalidInput: A text is too long.
        """
        feedback = Feedback(
            run_id=run_id,
            thumb=thumb,
            reason=remark(reason, what="reason", most=LONGEST_REMARK),
            correction=remark(correction, what="correction", most=LONGEST_REMARK),
            created=datetime.now(UTC),
        )
        await self._storage.feedback.put(feedback, owner=caller.owner)
        return feedback

    async def hand_off(self, caller: Caller, thread_id: str, *, contact: str = "", note: str = "") -> HandOff:
        """Keep the wish that a person takes a conversation over.

        Raises:
            NotFound: The caller has no such thread.
            InvalidInput: A text is too long.
        """
        thread = await self.thread(caller, thread_id)
        handoff = HandOff(
            id=uuid.uuid4().hex,
            thread_id=thread.id,
            owner=caller.owner,
            site=caller.site,
            contact=remark(contact, what="contact", most=LONGEST_CONTACT),
            note=remark(note, what="note", most=LONGEST_REMARK),
            created=datetime.now(UTC),
        )
        await self._storage.handoffs.add(handoff)
        return handoff

    async def delete_thread(self, caller: Caller, thread_id: str) -> None:
        """Delete a conversation with everything that was kept of it; what is under way there is ended.

        Raises:
            NotFound: The caller has no such thread.
        """
        thread = await self.thread(caller, thread_id)
        await self._runs.end_thread(thread.id)
        await self._session.forget(thread.id)  # first: should it fail, the thread is still there to delete
        await self._storage.threads.delete(thread.id, owner=caller.owner)

    async def close(self) -> None:
        """Stop working; followers are let go, what is under way is taken up at the next start."""
        await self._runs.close()

    async def _after(self, caller: Caller, run_id: str, after: int) -> tuple[Sequence[Told], bool]:
        """Return what follows a place, and whether more may; wait a while when nothing does yet."""
        feed = self._runs.feed(run_id, owner=caller.owner)
        if feed is not None:
            return await feed.after(after), True
        run = await self.run(caller, run_id)
        events = await self._storage.runs.events(run_id, owner=caller.owner, after=after)
        running = run.status == "running"
        if running and not events:
            await asyncio.sleep(POLL_SECONDS)
        return events, running

    async def _ended(self, caller: Caller, run_id: str) -> Run | None:
        """Return a run that has ended, waiting for one under way here; None when it goes on elsewhere."""
        feed = self._runs.feed(run_id, owner=caller.owner)
        if feed is not None:
            await feed.over.wait()
        run = await self.run(caller, run_id)
        return None if run.status == "running" else run


@asynccontextmanager
async def open_conversations(
    storage: Storage, session: Session, *, runs: int, single_process: bool
) -> AsyncIterator[Conversations]:
    """Open the conversations of an installation and take up what a process that died left unfinished.

    Args:
        storage: Where they are kept.
        session: Answers questions.
        runs: Most answers under way at the same time.
        single_process: No other process works on the same storage, so whatever is unfinished is dead.
    """
    async with open_journal(storage) as journal:
        working = Runs(storage, session, journal, most=runs)
        try:
            await working.recover(stale_seconds=0.0 if single_process else STALE_SECONDS)
            async with nullcontext() if single_process else watching(storage, working):
                yield Conversations(storage, session, working)
        finally:
            await working.close()


def _check_name(caller: Caller, thread_id: str) -> None:
    if "admin" not in caller.scopes:
        raise AccessDenied("a thread's name may only be chosen with the scope admin; leave it out")
    if not _THREAD.fullmatch(thread_id):
        raise InvalidInput(
            f"thread id {thread_id[:80]!r} is not usable; use 1 to 64 letters, digits, - and _"
        )
