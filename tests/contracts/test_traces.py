"""The contract of kept recordings, on SQLite and PostgreSQL: what is found, by whom, and what goes."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from agent.recording.summary import Packed, Retention, Summary, Wanted
from agent.storage.opening import Storage, open_storage
from agent.storage.records import Feedback
from agent.storage.tables import VERSION_TABLE
from tests.agent.storage.kept import OWNER, STRANGER, begun, now, recorded
from tests.contracts.test_storage import ODD, rows_of, server, storage, url
from tools.errors import Conflict, InvalidInput, NotFound, TransientError

__all__ = ["server", "storage", "url"]

DAY = timedelta(days=1)
VALUES = {"a1": b"schema \0 and", "b2": b"configuration", "c3": b"x" * 9_000}
NO_LIMITS = Retention(days=None, runs=None, megabytes=None)


async def added(storage: Storage, *packed: Packed, given: dict[str, bytes] | None = None) -> None:
    """Keep recordings at once."""
    values = VALUES if given is None else given
    await asyncio.gather(*(storage.traces.add(one, values) for one in packed))


async def found(
    storage: Storage,
    *,
    owner: str | None = None,
    limit: int = 3,
    **wanted: Any,  # noqa: ANN401  # fields of Wanted
) -> list[str]:
    """Return the runs of every part of a list."""
    summaries: list[Summary] = []
    cursor, is_first = None, True
    while is_first or cursor is not None:
        page = await storage.traces.page(Wanted(**wanted), owner=owner, cursor=cursor, limit=limit)
        summaries, cursor, is_first = [*summaries, *page.items], page.next, False
    return [summary.run_id for summary in summaries]


async def test_a_recording_comes_back_as_it_was_kept(storage: Storage) -> None:
    """Its document byte by byte, every figure, and the values that it shares."""
    packed = recorded(
        kind="fork",
        parent="e" * 32,
        question="Why 日本語 🙂?",
        document=bytes(range(256)) * 99,
        attachments=("a1", "c3"),
        faithfulness=None,
        error="ValueError: no",
        scrubbed=True,
        imported=True,
        degraded=True,
    )
    await added(storage, packed)
    assert await storage.traces.get(packed.summary.run_id, owner=OWNER) == packed
    assert await storage.traces.summary(packed.summary.run_id, owner=None) == packed.summary
    assert await storage.traces.attachments(packed.attachments) == {"a1": VALUES["a1"], "c3": VALUES["c3"]}


async def test_the_size_is_that_of_what_is_kept(storage: Storage) -> None:
    """Whatever the summary says."""
    packed = recorded(document=b"12345", bytes=9_999)
    await added(storage, packed)
    assert (await storage.traces.summary(packed.summary.run_id, owner=OWNER)).bytes == 5


async def test_hostile_text_is_kept_readable(storage: Storage) -> None:
    """And found by what is left of it."""
    packed = recorded(question=ODD, error=ODD, thread_id=ODD, route=ODD)
    await added(storage, packed)
    readable = ODD.replace("\0", "\ufffd").replace("\ud800", "\ufffd")
    kept = await storage.traces.summary(packed.summary.run_id, owner=OWNER)
    assert (kept.question, kept.error, kept.thread_id, kept.route) == (readable,) * 4
    for text in (ODD[:30], "NUL \0, HALF \ud800"):
        assert await found(storage, text=text) == [packed.summary.run_id]
    assert await found(storage, thread_id=ODD) == [packed.summary.run_id]


async def test_a_run_is_recorded_once_unless_it_is_replaced(storage: Storage) -> None:
    """By its owner; what only the old one shared goes with it, and what both share stays."""
    old = recorded(attachments=("a1", "b2"))
    new = replace(old, document=b"new", attachments=("a1", "c3"), summary=replace(old.summary, bytes=3))
    await added(storage, old)
    with pytest.raises(Conflict, match="is there already"):
        await storage.traces.add(new, VALUES)
    foreign = replace(new, summary=replace(new.summary, owner=STRANGER))
    with pytest.raises(Conflict):
        await storage.traces.add(foreign, VALUES, replace=True)
    assert await storage.traces.get(old.summary.run_id, owner=OWNER) == old
    await storage.traces.add(new, {"c3": VALUES["c3"]}, replace=True)
    assert await storage.traces.get(old.summary.run_id, owner=OWNER) == new
    assert await storage.traces.known(VALUES) == {"a1", "c3"}


async def test_of_the_same_run_handed_over_many_times_at_once_one_is_kept(storage: Storage) -> None:
    """Whole; the others hear of it."""
    packed = recorded()
    several = [replace(packed, document=bytes([number]) * 9) for number in range(9)]
    results = await asyncio.gather(*(storage.traces.add(one, {}) for one in several), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), *[Conflict] * 8]
    assert (await storage.traces.get(packed.summary.run_id, owner=OWNER)).document == several[0].document


async def test_attachments_are_kept_once_and_need_not_be_given_again(storage: Storage) -> None:
    """One that is neither given nor there is asked for; nothing of such a recording is kept."""
    first, second = recorded(attachments=("a1", "b2")), recorded(attachments=("a1", "b2"))
    with pytest.raises(TransientError, match="hand all of it over"):
        await storage.traces.add(first, {"a1": b"1"})
    assert await storage.traces.known(VALUES) == set()
    await added(storage, first)
    assert await storage.traces.known(["a1", "b2", "c3"]) == {"a1", "b2"}
    await added(storage, second, given={})
    assert (await storage.traces.get(second.summary.run_id, owner=OWNER)).attachments == ("a1", "b2")
    assert await storage.traces.attachments(["c3"]) == {}


async def test_nothing_of_another_owner_is_found(storage: Storage) -> None:
    """Not to read, to list or to delete; None is everybody."""
    packed = recorded()
    run_id, thread_id = packed.summary.run_id, packed.summary.thread_id
    await added(storage, packed)
    attempts = [
        storage.traces.get(run_id, owner=STRANGER),
        storage.traces.summary(run_id, owner=STRANGER),
        storage.traces.delete(run_id, owner=STRANGER),
        storage.traces.delete_thread(thread_id, owner=STRANGER),
    ]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert [type(result) for result in results] == [NotFound] * len(attempts)
    assert await found(storage, owner=STRANGER) == []
    assert await found(storage, owner=None) == await found(storage, owner=OWNER) == [run_id]


@pytest.mark.parametrize(
    ("wanted", "odd_one_out"),
    [
        ({"status": "partial"}, {"status": "partial"}),
        ({"route": "manuals"}, {"route": "manuals"}),
        ({"slower_than_ms": 100.0}, {"duration_ms": 100.5}),
        ({"degraded": True}, {"degraded": True}),
        ({"faithfulness_below": 0.5}, {"faithfulness": 0.25}),
        ({"kind": "fork"}, {"kind": "fork"}),
        ({"parent": "p1"}, {"parent": "p1"}),
        ({"thread_id": "t1"}, {"thread_id": "t1"}),
        ({"text": "GRÖSSE"}, {"question": "Welche Größe?"}),
        ({"text": "50%"}, {"question": "Is it 50% off?"}),
        ({"text": "a_b/c\\d"}, {"question": "What is A_B/C\\D?"}),
        ({"text": "ABC-1"}, {"run_id": "abc-123"}),
        ({"text": "Über"}, {"thread_id": "Über"}),
        ({"text": "TRIAL"}, {"thread_id": "trial"}),
        ({"text": "off", "degraded": False, "route": "r"}, {"question": "Off?", "route": "r"}),
    ],
)
async def test_what_is_wanted_is_found(
    storage: Storage, wanted: dict[str, Any], odd_one_out: dict[str, Any]
) -> None:
    """And nothing else: signs with a meaning of their own have none in a text, and case does not count."""
    others = [
        recorded(question="50 percent of aXb/c\\d, as a great offer", faithfulness=None),
        recorded(question="Groesse", thread_id="trials", run_id="1-abc-1", duration_ms=100.0),
    ]
    wished = recorded(**odd_one_out)
    await added(storage, *others, wished)
    assert await found(storage, **wanted) == [wished.summary.run_id]


async def test_a_text_that_nobody_would_search_for_is_refused(storage: Storage) -> None:
    """To compare it with everything would take long; so are cursors and limits that cannot be."""
    for wanted, cursor, limit in (
        (Wanted(text="a" * 201), None, 5),
        (Wanted(), "W10", 5),
        (Wanted(), None, 0),
    ):
        with pytest.raises(InvalidInput, match=r"text|cursor|limit"):
            await storage.traces.page(wanted, owner=None, cursor=cursor, limit=limit)


async def test_the_owners_thumb_is_shown_and_found(storage: Storage) -> None:
    """As it is now; a run that is unknown to conversations has none."""
    run = await begun(storage)
    own = recorded(run_id=run.id, thread_id=run.thread_id)
    await added(storage, own, recorded())
    assert (await storage.traces.summary(run.id, owner=OWNER)).thumb is None
    for thumb in ("up", "down"):
        await storage.feedback.put(Feedback(run_id=run.id, thumb=thumb, created=now()), owner=OWNER)
    assert (await storage.traces.get(run.id, owner=OWNER)).summary.thumb == "down"
    assert await found(storage, thumb="down") == [run.id]
    assert await found(storage, thumb="up") == []


MOMENTS = st.integers(0, 3).map(
    lambda minutes: datetime(2026, 5, 1, 12, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(moments=st.lists(MOMENTS, max_size=12), limit=st.integers(1, 5))
@settings(max_examples=15, deadline=None)
def test_a_list_has_each_once_the_latest_first(
    tmp_path_factory: pytest.TempPathFactory, moments: list[datetime], limit: int
) -> None:
    """Also those of the same moment, in parts of any size."""

    async def listed() -> None:
        file = tmp_path_factory.mktemp("listed") / "traces.db"
        async with open_storage(f"sqlite:///{file}") as storage:
            kept = [recorded(started=moment) for moment in moments]
            await added(storage, *kept)
            latest_first = sorted(((one.summary.started, one.summary.run_id) for one in kept), reverse=True)
            assert await found(storage, limit=limit) == [run_id for _, run_id in latest_first]

    asyncio.run(listed())


async def test_a_deleted_recording_takes_with_it_what_it_alone_shared(storage: Storage, url: str) -> None:
    """And nothing else."""
    gone, stays = recorded(attachments=("a1", "b2")), recorded(attachments=("a1",))
    await added(storage, gone, stays)
    await storage.traces.delete(gone.summary.run_id, owner=None)
    with pytest.raises(NotFound):
        await storage.traces.delete(gone.summary.run_id, owner=None)
    assert await storage.traces.known(VALUES) == {"a1"}
    assert await storage.traces.get(stays.summary.run_id, owner=OWNER) == stays
    async with rows_of(url) as rows:
        assert rows["plumbline_trace_documents"] == rows["plumbline_trace_links"] == 1


async def test_recordings_go_with_their_thread(storage: Storage) -> None:
    """Those of its owner; another owner's of a thread with the same name stay."""
    run = await begun(storage)
    own = [recorded(thread_id=run.thread_id, run_id=run.id), recorded(thread_id=run.thread_id, kind="fork")]
    others = [recorded(STRANGER, thread_id=run.thread_id), recorded()]
    await added(storage, *own, *others)
    await storage.threads.delete(run.thread_id, owner=OWNER)
    assert {*await found(storage)} == {one.summary.run_id for one in others}


async def test_a_thread_that_only_recordings_know_can_be_deleted(storage: Storage) -> None:
    """As the command line's."""
    own, other = recorded(thread_id="mine", attachments=("a1",)), recorded(STRANGER, thread_id="mine")
    await added(storage, own, other)
    await storage.traces.delete_thread("mine", owner=OWNER)
    assert await found(storage) == [other.summary.run_id]
    assert await storage.traces.known(["a1"]) == set()
    with pytest.raises(NotFound, match="no recordings of a thread 'mine'"):
        await storage.traces.delete_thread("mine", owner=OWNER)


async def test_what_comes_after_its_thread_was_deleted_is_refused(storage: Storage) -> None:
    """What began later, or was imported since, is none of that."""
    run = await begun(storage)
    late = recorded(thread_id=run.thread_id)
    await storage.threads.delete(run.thread_id, owner=OWNER)
    with pytest.raises(NotFound, match="it was deleted"):
        await storage.traces.add(late, {})
    imported = replace(late, summary=replace(late.summary, imported=True))
    await added(
        storage, recorded(thread_id=run.thread_id), recorded(STRANGER, thread_id=run.thread_id), imported
    )
    assert len(await found(storage)) == 3


async def test_a_thread_that_is_deleted_while_recordings_come_has_none_in_the_end(url: str) -> None:
    """In whatever order two processes see it; what others share meanwhile is whole."""
    async with open_storage(url) as one, open_storage(url) as other:
        run = await begun(one)
        kept: list[Packed] = []

        async def add(storage: Storage) -> None:
            for _ in range(12):
                late = recorded(thread_id=run.thread_id, started=run.started, attachments=("a1", "b2"))
                stays = recorded(attachments=("a1", "c3"))
                done = await asyncio.gather(
                    storage.traces.add(late, VALUES),
                    storage.traces.add(stays, VALUES),
                    return_exceptions=True,
                )
                assert isinstance(done[0], NotFound | None)
                assert done[1] is None
                kept.append(stays)

        async def delete() -> None:
            await asyncio.sleep(0.02)
            await other.threads.delete(run.thread_id, owner=OWNER)
            for stays in kept[:3]:
                await other.traces.delete(stays.summary.run_id, owner=OWNER)

        await asyncio.gather(add(one), add(other), delete())
        assert await found(one, thread_id=run.thread_id) == []
        remaining = await found(one, limit=50)
        assert len(remaining) == len(kept) - 3
        for run_id in remaining:
            digests = (await one.traces.get(run_id, owner=OWNER)).attachments
            assert {*await one.traces.attachments(digests)} == {"a1", "c3"}


async def test_what_is_beyond_the_limits_is_not_kept(storage: Storage) -> None:
    """The latest are, each of the limits counts, and what nobody shares any more goes."""
    moment = now()
    kept = [
        recorded(started=moment - number * DAY, attachments=("a1",) if number < 3 else ("b2",))
        for number in range(6)
    ]
    await added(storage, *reversed(kept))
    run_ids = [one.summary.run_id for one in kept]
    assert await storage.traces.retain(NO_LIMITS, now=moment) == 0
    assert await storage.traces.retain(replace(NO_LIMITS, days=4.5), now=moment) == 1
    assert await found(storage) == run_ids[:5]
    assert await storage.traces.retain(replace(NO_LIMITS, runs=4), now=moment) == 1
    assert await storage.traces.known(VALUES) == {"a1", "b2"}
    assert await storage.traces.retain(Retention(days=2.5, runs=4, megabytes=1.0), now=moment) == 1
    assert await found(storage) == run_ids[:3]
    assert await storage.traces.known(VALUES) == {"a1"}
    assert await storage.traces.retain(Retention(days=1e12), now=moment) == 0


async def test_room_counts_what_recordings_share_once(storage: Storage) -> None:
    """Two with a large value in common fit where two with one each do not."""
    half = bytes(400_000)
    moment = now()
    sharing = [recorded(started=moment - number * DAY, attachments=("a1",)) for number in range(3)]
    alone = recorded(started=moment - 3 * DAY, attachments=("b2",))
    latest = recorded(started=moment, document=half)
    await added(storage, *sharing, alone, latest, given={"a1": half, "b2": half})
    assert await storage.traces.retain(replace(NO_LIMITS, megabytes=1.0), now=moment) == 1
    assert {*await found(storage)} == {one.summary.run_id for one in (latest, *sharing)}
    assert await storage.traces.known(VALUES) == {"a1"}


async def test_an_imported_recording_ages_from_its_import(storage: Storage) -> None:
    """It would be gone at once otherwise, old as it may be."""
    old = recorded(started=now() - 400 * DAY, imported=True)
    await added(storage, old)
    assert await storage.traces.retain(Retention(days=30), now=now()) == 0
    assert await storage.traces.retain(Retention(days=30), now=now() + 31 * DAY) == 1


async def test_many_more_than_go_at_once_can_go(storage: Storage) -> None:
    """In several turns, so that others can write in between."""
    await added(storage, *(recorded(attachments=("a1",)) for _ in range(450)))
    assert await storage.traces.retain(replace(NO_LIMITS, runs=10), now=now()) == 440
    assert len(await found(storage, limit=100)) == 10


@pytest.mark.parametrize(
    "odd",
    [
        {"run_id": "a\0b"},
        {"run_id": "x" * 81},
        {"run_id": ""},
        {"parent": "../.."},
        {"thread_id": "機" * 501},
        {"duration_ms": float("nan")},
        {"cost_usd": float("inf")},
        {"faithfulness": float("-inf")},
        {"input_tokens": 2**64},
        {"steps": -1},
    ],
)
async def test_what_cannot_be_kept_is_refused(storage: Storage, odd: dict[str, Any]) -> None:
    """As a file that is imported may hold it."""
    with pytest.raises(InvalidInput, match="none of ours"):
        await storage.traces.add(recorded(**odd), {})
    with pytest.raises(InvalidInput, match="none of ours"):
        await storage.traces.add(recorded(attachments=("a b",)), {"a b": b""})


async def test_many_come_at_once_with_those_that_cannot_be_kept(storage: Storage) -> None:
    """The others are, each as it is."""
    good = [recorded(document=bytes([number]), attachments=("a1", "b2")) for number in range(40)]
    bad = [recorded(attachments=("d4",)), good[0]]
    results = await asyncio.gather(
        *(storage.traces.add(one, VALUES) for one in [*good, *bad]), return_exceptions=True
    )
    assert [type(result) for result in results] == [*[type(None)] * 40, TransientError, Conflict]
    kept = await asyncio.gather(*(storage.traces.get(one.summary.run_id, owner=OWNER) for one in good))
    assert kept == good


async def test_a_database_of_the_first_version_gets_the_tables(url: str) -> None:
    """Conversations stay as they are."""
    async with open_storage(url) as storage:
        run = await begun(storage)
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        for table in ("links", "attachments", "documents"):
            connection.exec_driver_sql(f"DROP TABLE plumbline_trace_{table}")
        for table in ("traces", "forgotten_threads"):
            connection.exec_driver_sql(f"DROP TABLE plumbline_{table}")
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '0001'")
    engine.dispose()
    async with open_storage(url) as storage:
        await added(storage, recorded(run_id=run.id))
        assert await storage.runs.get(run.id, owner=OWNER) == run
