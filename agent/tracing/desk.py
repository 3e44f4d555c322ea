"""What people do with recordings, whichever front they use."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from agent.evaluation.destinations import DATABASE, OUT_OF_SCOPE
from agent.reasoning import Outside
from agent.recording.encoding import attachment_bytes, attachment_value, pack, summary_of, unpack
from agent.recording.recorder import Recorder
from agent.recording.recording import Changes, Json, Recording
from agent.recording.summary import Packed, Summary, Wanted
from agent.settings import Settings
from agent.storage.opening import Storage
from agent.storage.records import Page
from agent.tracing.diffing import Comparison, compare
from agent.tracing.exporting import exported, imported
from agent.tracing.forking import fork
from agent.tracing.keeper import Keeper
from agent.tracing.keeping import append, case_of
from agent.tracing.replaying import Replay, replay
from agent.tracing.view import trace_given
from agent.tracing.view_step import step_given
from agent.tracing.views import StepGiven, TraceGiven
from tools.errors import AccessDenied, ConfigurationError, InvalidInput, NotFound
from tools.types import Principal

AT_ONCE = 2
"""Replays, forks and imports under way in one process; more of them wait."""
SPENDING = ("assistant.budget", "assistant.mode", "models", "database", "expansion")
"""Keys that decide how much a question may cost."""
MOST_FORKS = 100
"""Named with the run that they come from."""
SETTLING_SECONDS = 1.0
"""Longest wait for runs that have ended and are not stored yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The evaluation case that a recording has become."""

    case: dict[str, Json]
    file: str
    """Name of the file that holds it."""


class TraceDesk:
    """The use cases of recordings. An owner that is None may use everybody's; nobody else finds others'.

    Whatever takes a run's id raises NotFound when the owner has no recording of it.
    """

    def __init__(
        self,
        storage: Storage,
        settings: Settings,
        recorder: Recorder,
        *,
        keeper: Keeper | None = None,
        live: Callable[[], Outside | None] = lambda: None,
    ) -> None:
        """Take what is kept and what forks need.

        Args:
            storage: Where recordings are kept.
            settings: The installation.
            recorder: Encodes what forks do.
            keeper: Keeps what runs do, if they are recorded; what it has not stored yet is waited for.
            live: Returns what forks ask where the recording does not answer; may block.
        """
        self._storage = storage
        self._settings = settings
        self._recorder = recorder
        self._keeper = keeper
        self._live = live
        self._places = asyncio.Semaphore(AT_ONCE)

    @property
    def routes(self) -> list[str]:
        """Name the destinations that questions can have."""
        database = [] if self._settings.database is None else [DATABASE]
        return [*self._settings.knowledge_bases, *database, OUT_OF_SCOPE]

    async def page(
        self, wanted: Wanted, *, owner: str | None, cursor: str | None = None, limit: int = 50
    ) -> Page[Summary]:
        """List recordings, the latest begun first.

        Raises:
            InvalidInput: The cursor is none, or the text too long.
        """
        await self._settled()
        return await self._storage.traces.page(wanted, owner=owner, cursor=cursor, limit=limit)

    async def summary(self, run_id: str, *, owner: str | None) -> Summary:
        """Return what lists show of a recording."""
        await self._settled()
        return await self._storage.traces.summary(run_id, owner=owner)

    async def recording(self, run_id: str, *, owner: str | None) -> Recording:
        """Return a whole recording."""
        return (await self._opened(run_id, owner))[1]

    async def trace(self, run_id: str, *, owner: str | None) -> TraceGiven:
        """Show a recording: the path it took, its steps and calls, and what stands out."""
        summary, recording = await self._opened(run_id, owner)
        forks = await self.page(Wanted(parent=run_id), owner=owner, limit=MOST_FORKS)
        feedback = await self._storage.feedback.get(run_id, owner=summary.owner)
        return await asyncio.to_thread(trace_given, recording, summary, forks=forks.items, feedback=feedback)

    async def step(self, run_id: str, number: int, *, owner: str | None) -> StepGiven:
        """Show one step: what it was given, what it wrote, and what it asked of the outside.

        Raises:
            NotFound: The run has no such step, either.
        """
        recording = await self.recording(run_id, owner=owner)
        return await asyncio.to_thread(step_given, recording, number)

    async def replay(self, run_id: str, *, owner: str | None) -> Replay:
        """Run the same graph on what was recorded, and say where it goes another way.

        Raises:
            InvalidInput: The recording cannot be replayed.
        """
        recording = await self.recording(run_id, owner=owner)
        async with self._places:
            with _told_to_whoever_asks():
                return await replay(recording)

    async def fork(
        self,
        run_id: str,
        at: int,
        changes: Changes,
        *,
        owner: str | None,
        principal: Principal | None = None,
    ) -> Summary:
        """Run a recorded question again from one of its steps on, and keep that as a fork of the run.

        Args:
            run_id: The run.
            at: Number of the last step that is kept; 0 runs all of it again.
            changes: What is different from then on.
            owner: Whose recordings may be used.
            principal: What the person who forks may see; None when that is everything. A fork sees what the
                run that it comes from was allowed to see.

        Raises:
            AccessDenied: The run was asked on behalf of somebody else.
            InvalidInput: A change is of something that there is not, or its value does not fit.
            NotFound: The run has no such step, either.
        """
        recording = await self.recording(run_id, owner=owner)
        if principal is not None:
            _check_rights(recording, principal)
            _check_spending(changes)
        async with self._places:
            outside = await asyncio.to_thread(self._live)
            with _told_to_whoever_asks():
                ended = await fork(recording, at, changes, outside)
            child = await asyncio.to_thread(self._recorder.recording, ended)
        return await self._store(child)

    async def diff(self, a: str, b: str, *, owner: str | None) -> Comparison:
        """Compare two recordings."""
        (a_summary, first), (b_summary, second) = await self._opened(a, owner), await self._opened(b, owner)
        return await asyncio.to_thread(compare, first, second, a_summary=a_summary, b_summary=b_summary)

    async def keep(
        self, run_id: str, *, owner: str | None, case_id: str | None = None, note: str = ""
    ) -> Kept:
        """Make a recording an evaluation case, in the file of `tracing.cases`.

        Raises:
            Conflict: There is another case of this id.
            InvalidInput: The run gave no answer, or the file holds what are no cases.
        """
        recording = await self.recording(run_id, owner=owner)
        file = self._settings.resolve(self._settings.tracing.cases)

        def kept() -> dict[str, Json]:
            case = case_of(recording, id=case_id, note=note)
            append(case, file)
            return case.model_dump(mode="json")

        return Kept(case=await asyncio.to_thread(kept), file=file.name)

    async def export(self, run_id: str, *, scrub: bool, owner: str | None) -> bytes:
        """Return a recording as a file that stands alone; `scrub` replaces personal data in it."""
        recording = await self.recording(run_id, owner=owner)
        return await asyncio.to_thread(exported, recording, scrub=scrub)

    async def take_in(self, content: bytes, *, owner: str) -> Summary:
        """Keep a recording that was exported, here or elsewhere; it becomes the owner's.

        Raises:
            InvalidInput: The file is no recording, or says what cannot be.
            Conflict: There is a recording of this run, whoever's it is.
        """
        async with self._places:
            recording = await asyncio.to_thread(imported, content)
            return await self._store(replace(recording, owner=owner), is_imported=True)

    async def delete(self, run_id: str, *, owner: str | None) -> None:
        """Delete a recording; its forks and its conversation stay."""
        await self._settled()
        await self._storage.traces.delete(run_id, owner=owner)

    async def _opened(self, run_id: str, owner: str | None) -> tuple[Summary, Recording]:
        await self._settled()
        packed = await self._storage.traces.get(run_id, owner=owner)
        values = await self._storage.traces.attachments(packed.attachments)
        if len(values) < len(packed.attachments):
            raise NotFound(f"the recording of run {run_id[:80]!r} was deleted a moment ago")
        return packed.summary, await asyncio.to_thread(_unpacked, packed, values)

    async def _store(self, recording: Recording, *, is_imported: bool = False) -> Summary:
        """Keep a recording with everything it refers to, of which others may delete what they share."""
        packed, values = await asyncio.to_thread(_packed, recording, is_imported)
        await self._storage.traces.add(packed, values)
        return packed.summary

    async def _settled(self) -> None:
        """Wait for what has ended and is not stored yet: whoever was answered looks at it next."""
        if self._keeper is not None:
            with suppress(TimeoutError):  # they never end where questions never do
                await asyncio.wait_for(self._keeper.settled(), SETTLING_SECONDS)


def _packed(recording: Recording, is_imported: bool) -> tuple[Packed, Mapping[str, bytes]]:
    packed = pack(recording, summary_of(recording, imported=is_imported))
    return packed, {digest: attachment_bytes(value) for digest, value in recording.attachments.items()}


def _unpacked(packed: Packed, values: Mapping[str, bytes]) -> Recording:
    return unpack(packed.document, {digest: attachment_value(value) for digest, value in values.items()})


def _check_rights(recording: Recording, principal: Principal) -> None:
    """See that nobody asks anew on behalf of somebody who may see more."""
    attributes = {(str(name), value) for name, value in recording.attributes}
    if not (principal.groups.issuperset(recording.groups) and attributes == {*principal.attributes}):
        raise AccessDenied(
            "the run was asked with other groups or attributes than yours; use a key that has them, or the "
            "scope admin"
        )


def _check_spending(changes: Changes) -> None:
    """See that nobody spends more by a fork than by a question."""
    if spending := [key for key in changes.configuration if key.startswith(SPENDING)]:
        raise AccessDenied(f"changing {spending[0][:80]!r} may cost money; use a key with the scope admin")


@contextmanager
def _told_to_whoever_asks() -> Iterator[None]:
    """Take a wrong configuration for what it is here: that of the recording, or what a fork makes of it."""
    try:
        yield
    except ConfigurationError as error:
        raise InvalidInput(str(error)) from error
