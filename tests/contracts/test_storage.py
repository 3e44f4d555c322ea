"""The contract of storage, on SQLite and PostgreSQL: what is kept, for whom, in which order."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from time import monotonic
from uuid import uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, make_url

from agent.events import Done
from agent.storage.opening import Storage, open_storage
from agent.storage.records import Earlier, Feedback, HandOff, Key, Thread, Told
from agent.storage.tables import VERSION_TABLE, metadata
from tests.agent.storage.kept import (
    OWNER,
    STRANGER,
    answer_to,
    begun,
    completed,
    new_run,
    new_thread,
    now,
    whole_thread,
    words_of,
)
from tests.postgres_server import PostgresMissing, postgres_server
from tools.errors import ConfigurationError, Conflict, InvalidInput, NotFound

NUMBERS = count()
ODD = "tab\there, NUL \0, half \ud800, 日本語, 🙂, ' \" ; -- %s :x"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Run one PostgreSQL for all tests of this file."""
    try:
        with postgres_server() as url:
            yield url
    except PostgresMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'data' / 'conversations.db'}"
    server, name = request.getfixturevalue("server"), f"storage_{next(NUMBERS)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return make_url(server).set(database=name).render_as_string()


@pytest.fixture
async def storage(url: str) -> AsyncIterator[Storage]:
    """Open it."""
    async with open_storage(url) as storage:
        yield storage


async def test_a_thread_comes_back_as_it_was_kept(storage: Storage) -> None:
    """Its owner, its times to the microsecond, and what was said before it."""
    history = (Earlier(question="Is it safe?", answer="Yes [1]."), Earlier(question=ODD, answer=ODD))
    thread = replace(new_thread(), title="Warranty", history=history)
    await storage.threads.create(thread)
    assert await storage.threads.get(thread.id, owner=OWNER) == thread


async def test_an_id_is_given_once(storage: Storage) -> None:
    """Whoever wants it again, and the first thread stays as it is."""
    thread = new_thread()
    await storage.threads.create(thread)
    for owner in (OWNER, STRANGER):
        with pytest.raises(Conflict, match="exists already"):
            await storage.threads.create(replace(thread, owner=owner, title="Mine"))
    assert await storage.threads.get(thread.id, owner=OWNER) == thread


async def test_nothing_of_another_owner_is_found(storage: Storage) -> None:
    """Not to read, to continue, to rate, to cancel, to hand off or to delete; and nothing has changed."""
    run = await begun(storage)
    thread = await storage.threads.get(run.thread_id, owner=OWNER)
    await storage.threads.mark(thread.id, "fingerprint")
    opinion = Feedback(run_id=run.id, thumb="up", created=now())
    handoff = HandOff(
        id=uuid4().hex, thread_id=thread.id, owner=STRANGER, site=None, contact="", note="", created=now()
    )
    attempts = [
        storage.threads.get(thread.id, owner=STRANGER),
        storage.threads.messages(thread.id, owner=STRANGER, cursor=None, limit=5),
        storage.threads.delete(thread.id, owner=STRANGER),
        storage.runs.begin(replace(new_run(thread), owner=STRANGER)),
        storage.runs.get(run.id, owner=STRANGER),
        storage.runs.events(run.id, owner=STRANGER, after=0),
        storage.runs.request_cancel(run.id, owner=STRANGER),
        storage.feedback.put(opinion, owner=STRANGER),
        storage.handoffs.add(handoff),
    ]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert [type(result) for result in results] == [NotFound] * len(attempts)
    assert (await storage.threads.page(STRANGER, cursor=None, limit=5)).items == []
    assert await storage.threads.continued(STRANGER, "fingerprint") is None
    assert await storage.threads.get(thread.id, owner=OWNER) == thread
    assert await storage.runs.get(run.id, owner=OWNER) == run
    assert await storage.runs.cancel_requested([run.id]) == set()
    assert (await storage.handoffs.page(cursor=None, limit=5)).items == []


async def test_ids_of_any_text_are_only_unknown(storage: Storage) -> None:
    """They come from addresses that anybody can type."""
    for odd in ("", ODD, "x" * 10_000, "' OR 1=1 --"):
        with pytest.raises(NotFound):
            await storage.threads.get(odd, owner=OWNER)
        with pytest.raises(NotFound):
            await storage.runs.events(odd, owner=OWNER, after=0)


async def test_threads_are_listed_latest_first_a_part_at_a_time(storage: Storage) -> None:
    """Each once, also those of the same moment; those not to be listed are left out."""
    moment = now()
    wanted = [new_thread(updated=moment - timedelta(minutes=number // 3)) for number in range(8)]
    for thread in wanted:
        await storage.threads.create(thread)
    await storage.threads.create(new_thread(), listed=False)
    found: list[Thread] = []
    cursor, parts = None, 0
    while parts == 0 or cursor is not None:
        page = await storage.threads.page(OWNER, cursor=cursor, limit=3)
        found, cursor, parts = [*found, *page.items], page.next, parts + 1
    assert found == sorted(wanted, key=lambda thread: (thread.updated, thread.id), reverse=True)
    assert parts == 3


async def test_a_question_names_its_thread_and_puts_it_first(storage: Storage) -> None:
    """The first gives the title; every one the date."""
    first = await begun(storage, question="How do I descale   the machine?")
    await begun(storage)
    await completed(storage, first)
    thread = await storage.threads.get(first.thread_id, owner=OWNER)
    assert (thread.title, thread.updated) == ("How do I descale the machine?", first.started)
    second = new_run(thread, "And how often?")
    await storage.runs.begin(second)
    latest = (await storage.threads.page(OWNER, cursor=None, limit=1)).items[0]
    assert (latest.id, latest.title, latest.updated) == (thread.id, thread.title, second.started)


async def test_a_long_question_is_cut_for_the_title(storage: Storage) -> None:
    """Between two words if there are any thereabouts; it has at most eighty characters."""
    for question, title in (
        ("word " * 40, "word " * 15 + "word…"),
        ("a " + "機" * 99, "a " + "機" * 77 + "…"),
    ):
        run = await begun(storage, question=question)
        kept = (await storage.threads.get(run.thread_id, owner=OWNER)).title
        assert (kept, len(kept) <= 80) == (title, True)


async def test_messages_come_oldest_first_with_answers_and_opinions(storage: Storage) -> None:
    """The user's as soon as the run began; a part at a time."""
    run = await begun(storage, question="Is it safe?")
    asked = await storage.threads.messages(run.thread_id, owner=OWNER, cursor=None, limit=5)
    assert [(message.role, message.content) for message in asked.items] == [("user", "Is it safe?")]
    answer = await completed(storage, run, text="Yes [1].")
    opinion = Feedback(run_id=run.id, thumb="down", reason="short", correction=ODD, created=now())
    await storage.feedback.put(opinion, owner=OWNER)
    second = new_run(await storage.threads.get(run.thread_id, owner=OWNER), "Why?")
    await storage.runs.begin(second)
    page = await storage.threads.messages(run.thread_id, owner=OWNER, cursor=None, limit=2)
    user, assistant = page.items
    assert (user.role, user.run_id, user.answer, user.feedback) == ("user", run.id, None, None)
    assert (assistant.role, assistant.content, assistant.answer) == ("assistant", "Yes [1].", answer)
    readable = ODD.replace("\0", "\ufffd").replace("\ud800", "\ufffd")
    assert assistant.feedback == replace(opinion, correction=readable)
    rest = await storage.threads.messages(run.thread_id, owner=OWNER, cursor=page.next, limit=2)
    assert [message.content for message in rest.items] == ["Why?"]
    assert rest.next is None


async def test_a_run_comes_back_as_it_was_kept(storage: Storage) -> None:
    """With whose behalf it is on, and in the end with its answer."""
    run = await begun(storage)
    assert await storage.runs.get(run.id, owner=OWNER) == run
    answer = await completed(storage, run)
    ended = await storage.runs.get(run.id, owner=OWNER)
    assert ended.ended is not None
    assert ended == replace(run, status="completed", answer=answer, ended=ended.ended)


async def test_a_run_that_failed_leaves_no_message(storage: Storage) -> None:
    """It leaves what happened."""
    run = await begun(storage)
    await storage.runs.end(run.id, status="failed", answer=None, error="something went wrong", events=[])
    ended = await storage.runs.get(run.id, owner=OWNER)
    assert (ended.status, ended.error, ended.answer) == ("failed", "something went wrong", None)
    page = await storage.threads.messages(run.thread_id, owner=OWNER, cursor=None, limit=5)
    assert [message.role for message in page.items] == ["user"]


async def test_a_thread_has_one_running_run(storage: Storage) -> None:
    """Of many begun at once one succeeds, and leaves the only message; after it, the next may."""
    thread = new_thread()
    await storage.threads.create(thread)
    runs = [new_run(thread, f"question {number}") for number in range(20)]
    results = await asyncio.gather(*map(storage.runs.begin, runs), return_exceptions=True)
    assert sorted(str(type(result)) for result in results) == sorted(
        [str(type(None)), *[str(Conflict)] * (len(runs) - 1)]
    )
    winner = runs[results.index(None)]
    page = await storage.threads.messages(thread.id, owner=OWNER, cursor=None, limit=5)
    assert [message.content for message in page.items] == [winner.question]
    await completed(storage, winner)
    await storage.runs.begin(new_run(thread))


async def test_many_at_once_are_kept_each_as_it_is(storage: Storage) -> None:
    """Those that cannot be do not hinder the others."""
    good = [new_thread(f"owner {number}") for number in range(50)]
    await asyncio.gather(*map(storage.threads.create, good))
    runs = [
        new_run(thread, f"question of {thread.owner}") for thread in [*good, *(new_thread() for _ in "123")]
    ]
    results = await asyncio.gather(*map(storage.runs.begin, runs), return_exceptions=True)
    assert [type(result) for result in results] == [*[type(None)] * len(good), *[NotFound] * 3]
    kept = await asyncio.gather(*(storage.runs.get(run.id, owner=run.owner) for run in runs[: len(good)]))
    assert kept == runs[: len(good)]


async def test_events_come_back_in_order_after_a_place(storage: Storage) -> None:
    """Told of several runs together, and the last with the end."""
    one, other = await begun(storage), await begun(storage, STRANGER)
    first, theirs = words_of(one, 3, text="a\0b 🙂"), words_of(other, 2)
    await storage.runs.tell([*theirs, *reversed(first)])
    await storage.runs.tell([])
    last = Told(run_id=one.id, sequence=4, event=Done(status="cancelled"))
    await storage.runs.end(one.id, status="cancelled", answer=None, error=None, events=[last])
    assert await storage.runs.events(one.id, owner=OWNER, after=0) == [*first, last]
    assert await storage.runs.events(one.id, owner=OWNER, after=2) == [first[2], last]
    assert await storage.runs.events(other.id, owner=STRANGER, after=-(2**70)) == theirs
    assert await storage.runs.events(other.id, owner=STRANGER, after=2**70) == []


async def test_an_event_told_twice_is_kept_once(storage: Storage) -> None:
    """A journal tells again what it does not know to be kept; what was kept stays."""
    run = await begun(storage)
    await storage.runs.tell(words_of(run, 2, text="first "))
    await storage.runs.tell(words_of(run, 3, text="again "))
    events = await storage.runs.events(run.id, owner=OWNER, after=0)
    assert [told.event for told in events] == [
        *(told.event for told in words_of(run, 2, text="first ")),
        words_of(run, 3, text="again ")[2].event,
    ]


async def test_events_of_a_deleted_run_hinder_no_others(storage: Storage) -> None:
    """They are of nothing any more; the end of such a run is said to be too late."""
    gone, there = await begun(storage), await begun(storage)
    await storage.threads.delete(gone.thread_id, owner=OWNER)
    await storage.runs.tell([*words_of(gone, 2), *words_of(there, 2)])
    assert await storage.runs.events(there.id, owner=OWNER, after=0) == words_of(there, 2)
    with pytest.raises(NotFound):
        await completed(storage, gone)


async def test_a_run_ends_once(storage: Storage) -> None:
    """The same end again is none, as it may not have been known to be kept; another one is a conflict."""
    run = await begun(storage)
    answer = answer_to(run)
    for _ in range(2):
        await storage.runs.end(run.id, status="completed", answer=answer, error=None, events=[])
    with pytest.raises(Conflict, match="has ended before: completed"):
        await storage.runs.end(run.id, status="cancelled", answer=None, error=None, events=words_of(run, 1))
    assert (await storage.runs.get(run.id, owner=OWNER)).status == "completed"
    assert await storage.runs.events(run.id, owner=OWNER, after=0) == []
    page = await storage.threads.messages(run.thread_id, owner=OWNER, cursor=None, limit=5)
    assert [message.role for message in page.items] == ["user", "assistant"]


async def test_of_two_ends_at_once_one_is_kept(storage: Storage) -> None:
    """The first."""
    run = await begun(storage)
    results = await asyncio.gather(
        storage.runs.end(run.id, status="completed", answer=answer_to(run), error=None, events=[]),
        storage.runs.end(run.id, status="cancelled", answer=None, error=None, events=[]),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [type(None), Conflict]
    assert (await storage.runs.get(run.id, owner=OWNER)).status == "completed"


async def test_an_unfinished_run_is_taken_up_by_one(storage: Storage) -> None:
    """A heartbeat says that nobody need; of several that take it up, one does; one that ended is left."""
    run, other = await begun(storage), await begun(storage, STRANGER)
    assert await storage.runs.unfinished(stale_seconds=0) == [run, other]
    assert await storage.runs.unfinished(stale_seconds=60) == []
    results = await asyncio.gather(
        *(storage.runs.take_up(run.id, attempts=run.attempts) for _ in range(3)), return_exceptions=True
    )
    assert results[0] == replace(run, attempts=2)
    assert [type(result) for result in results[1:]] == [Conflict, Conflict]
    assert (await storage.runs.take_up(run.id)).attempts == 3
    await completed(storage, run)
    with pytest.raises(Conflict):
        await storage.runs.take_up(run.id)
    with pytest.raises(NotFound):
        await storage.runs.take_up(uuid4().hex)
    assert await storage.runs.unfinished(stale_seconds=0) == [other]


async def test_a_heartbeat_keeps_a_run_from_being_stale(storage: Storage) -> None:
    """Of those it names."""
    beating, silent = await begun(storage), await begun(storage)
    await asyncio.sleep(0.3)
    before = monotonic()
    await storage.runs.beat([beating.id])
    assert await storage.runs.unfinished(stale_seconds=monotonic() - before + 0.1) == [silent]


async def test_another_process_may_ask_to_cancel(storage: Storage) -> None:
    """Whoever works on the run finds it among its own."""
    run, other = await begun(storage), await begun(storage)
    await storage.runs.request_cancel(run.id, owner=OWNER)
    assert await storage.runs.cancel_requested([other.id, run.id]) == {run.id}
    assert await storage.runs.cancel_requested([]) == set()


async def test_a_second_opinion_replaces_the_first(storage: Storage) -> None:
    """There is one for each run."""
    run = await begun(storage)
    await completed(storage, run)
    first = Feedback(run_id=run.id, thumb="down", reason="wrong", created=now())
    second = Feedback(run_id=run.id, thumb="up", created=now())
    for opinion in (first, second):
        await storage.feedback.put(opinion, owner=OWNER)
    page = await storage.threads.messages(run.thread_id, owner=OWNER, cursor=None, limit=5)
    assert page.items[1].feedback == second


async def test_the_thread_that_continues_is_recognised_by_its_mark(storage: Storage) -> None:
    """The latest of them; a new mark replaces the old."""
    older, newer = new_thread(updated=now() - timedelta(days=1)), new_thread()
    for thread in (newer, older):
        await storage.threads.create(thread, listed=False)
        await storage.threads.mark(thread.id, "one")
    assert await storage.threads.continued(OWNER, "one") == newer
    await storage.threads.mark(newer.id, "two")
    assert await storage.threads.continued(OWNER, "one") == older
    assert await storage.threads.continued(OWNER, "three") is None


async def test_a_key_is_kept_until_it_is_revoked(storage: Storage) -> None:
    """And then with the time of that, which a second revocation leaves."""
    key = Key(
        id="a1",
        name="Till",
        owner="key:a1",
        digest="0f" * 32,
        scopes=("chat", "search"),
        groups=("staff",),
        attributes=(("region", "north"), ("limit", 2.5), ("trial", True)),
        created=now(),
    )
    await storage.keys.add(key)
    with pytest.raises(Conflict):
        await storage.keys.add(replace(key, owner=STRANGER))
    later = replace(key, id="a0", created=key.created + timedelta(seconds=1))
    await storage.keys.add(later)
    assert await storage.keys.all() == [key, later]
    await storage.keys.revoke(key.id)
    revoked = await storage.keys.get(key.id)
    assert revoked is not None
    assert revoked.revoked is not None
    assert revoked == replace(key, revoked=revoked.revoked)
    await storage.keys.revoke(key.id)
    assert await storage.keys.get(key.id) == revoked
    assert await storage.keys.get("a2") is None
    with pytest.raises(NotFound):
        await storage.keys.revoke("a2")


async def test_hand_offs_are_listed_latest_first(storage: Storage) -> None:
    """Everybody's, a part at a time."""
    kept = []
    for owner in (OWNER, STRANGER, OWNER):
        thread = new_thread(owner)
        await storage.threads.create(thread)
        kept.append(
            HandOff(
                id=uuid4().hex,
                thread_id=thread.id,
                owner=owner,
                site="shop",
                contact="ann@example.org",
                note="Please call.",
                created=now(),
            )
        )
        await storage.handoffs.add(kept[-1])
    with pytest.raises(Conflict):
        await storage.handoffs.add(kept[0])
    page = await storage.handoffs.page(cursor=None, limit=2)
    rest = await storage.handoffs.page(cursor=page.next, limit=2)
    assert [*page.items, *rest.items] == kept[::-1]
    assert rest.next is None


async def test_a_secret_is_made_once(url: str) -> None:
    """Also when two processes want it at the same moment; another name has another."""
    async with open_storage(url) as one, open_storage(url) as other:
        made = await asyncio.gather(*(opened.secrets.get_or_make("visitors") for opened in (one, other) * 4))
        assert len({*made}) == 1
        assert len(made[0]) == 32
        assert await other.secrets.get_or_make("else") != made[0]
    async with open_storage(url) as again:
        assert await again.secrets.get_or_make("visitors") == made[0]


async def test_everything_of_a_deleted_thread_is_gone(storage: Storage, url: str) -> None:
    """Messages, runs, events, opinions and hand-offs; what is another's stays."""
    thread_id = await whole_thread(storage, "canary", turns=2)
    other = await begun(storage)
    await storage.threads.delete(thread_id, owner=OWNER)
    with pytest.raises(NotFound):
        await storage.threads.delete(thread_id, owner=OWNER)
    async with rows_of(url) as rows:
        assert {table: number for table, number in rows.items() if number} == {
            "plumbline_threads": 1,
            "plumbline_runs": 1,
            "plumbline_messages": 1,
            "plumbline_forgotten_threads": 1,
        }
    assert await storage.runs.get(other.id, owner=OWNER) == other


@asynccontextmanager
async def rows_of(url: str) -> AsyncIterator[dict[str, int]]:
    """Yield how many rows each table has."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        yield {table.name: len(connection.execute(table.select()).all()) for table in metadata.sorted_tables}
    engine.dispose()


async def test_cursors_and_limits_that_cannot_be_are_refused(storage: Storage) -> None:
    """Whoever carries a cursor may have changed it; a part has something, and not everything."""
    run = await begun(storage)
    for cursor, limit in (
        ("", 5),
        ("WzE4NDQ2NzQ0MDczNzA5NTUxNjE2XQ", 5),
        (None, 0),
        (None, -1),
        (None, 1001),
    ):
        for page in (
            storage.threads.page(OWNER, cursor=cursor, limit=limit),
            storage.threads.messages(run.thread_id, owner=OWNER, cursor=cursor, limit=limit),
            storage.handoffs.page(cursor=cursor, limit=limit),
        ):
            with pytest.raises(InvalidInput, match=r"cursor|limit"):
                await page


async def test_the_migrations_make_the_tables_that_the_code_knows(storage: Storage, url: str) -> None:
    """Column for column, index for index."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_many_may_open_a_new_database_at_once(url: str) -> None:
    """One makes the tables, the others wait for it; all can write."""

    async def opened() -> None:
        async with open_storage(url) as storage:
            await begun(storage)

    await asyncio.gather(*(opened() for _ in range(8)))
    async with rows_of(url) as rows:
        assert rows["plumbline_runs"] == 8


async def test_a_database_of_a_newer_version_is_left_alone(url: str) -> None:
    """Its tables may mean something else."""
    async with open_storage(url):
        pass
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(ConfigurationError, match="a newer Plumbline; install that version"):
        async with open_storage(url):
            pytest.fail("it was opened")


async def test_a_caller_that_goes_away_leaves_the_others_their_turn(storage: Storage) -> None:
    """What it handed over is made nevertheless, and nothing is stuck."""
    threads = [new_thread() for _ in range(6)]
    tasks = [asyncio.create_task(storage.threads.create(thread)) for thread in threads]
    await asyncio.sleep(0)
    reading = asyncio.create_task(storage.threads.page(OWNER, cursor=None, limit=5))
    await asyncio.sleep(0.001)
    for task in (*tasks[::2], reading):
        task.cancel()
    await asyncio.gather(*tasks, reading, return_exceptions=True)
    await storage.threads.create(new_thread())
    kept = await storage.threads.page(OWNER, cursor=None, limit=10)
    assert {thread.id for thread in threads} < {thread.id for thread in kept.items}


async def test_what_was_handed_over_is_kept_when_storage_is_closed(url: str) -> None:
    """Even if nobody waited for it."""
    thread = new_thread()
    async with open_storage(url) as storage:
        task = asyncio.create_task(storage.threads.create(thread))
        await asyncio.sleep(0)
    await task
    async with open_storage(url) as storage:
        assert await storage.threads.get(thread.id, owner=OWNER) == thread
