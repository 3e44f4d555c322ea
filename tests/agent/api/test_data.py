"""Search, questions to the database and ingestion over a real connection."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from agent.adapters import PinnedClock
from agent.data_desk import DataDesk
from agent.lookups import find_passages, found_as_json, reply_as_json
from agent.sections_server import Server
from graph.reasoning.local.sql.writer import LocalSqlWriter
from tests.agent.api.hosts import BOIL, issued, open_fake_host
from tests.agent.api.serving import EVENTS, Lines, error_of, served
from tests.fakes import FakeStore
from tests.fakes_graph import BASES, FakeSqlWriter, chunk_of, deps_of, store_with, written_of
from tools.database.engine import SqlDatabase, open_database
from tools.metering import Meter
from tools.ports import Matrix
from tools.types import Chunk, Metadata, Principal

COUNT = "How many boats are there?"
STATEMENT = "SELECT name, berth FROM boats ORDER BY berth"
MUG = "# Mug\n\nThe mug of the kettle holds a third of a litre.\n"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqlDatabase]:
    """Open a harbour with two boats."""
    file = tmp_path / "harbour.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE boats (name TEXT, berth INTEGER)")
        connection.executemany("INSERT INTO boats VALUES (?, ?)", [("Skiff", 3), ("Yawl", 7)])
    with closing(open_database(f"sqlite:///{file}", tables=(), deadline_seconds=5)) as opened:
        yield opened


def desk_of(database: SqlDatabase, writer: FakeSqlWriter) -> DataDesk:
    return DataDesk(
        database=database,
        clock=PinnedClock(date(2026, 5, 4)),
        meter=Meter,
        composer=LocalSqlWriter(database),
        writer=writer,
        repairs=0,
        most_rows=10,
    )


class SlowStore(FakeStore):
    """Writes only when it may."""

    def __init__(self) -> None:
        super().__init__(languages=dict.fromkeys(BASES, "english"))
        self.began, self.may_go_on = threading.Event(), threading.Event()

    def upsert(self, chunks: Sequence[Chunk], vectors: Matrix) -> None:
        """Wait, then write."""
        self.began.set()
        assert self.may_go_on.wait(timeout=30)
        super().upsert(chunks, vectors)


async def test_a_search_returns_what_the_command_line_prints(tmp_path: Path) -> None:
    """The same JSON, as many hits and from that knowledge base as was asked for."""
    other = chunk_of("You may return the kettle.", identifier="chunk-2", base="rules", source="returns.md")
    async with (
        open_fake_host(tmp_path, deps=deps_of(store=store_with(BOIL, other))) as host,
        served(host) as client,
    ):
        both = await client.post("/api/search", json={"query": "the kettle"})
        one = await client.post("/api/search", json={"query": "the kettle", "limit": 1})
        rules = await client.post("/api/search", json={"query": "the kettle", "knowledge_base": "rules"})
        assert both.json() == found_as_json(find_passages(host.library, "the kettle"))
        assert both.json()["hits"][:1] == one.json()["hits"]
        assert [hit["source"] for hit in rules.json()["hits"]] == ["returns.md"]
        for body in ({"query": " "}, {"query": "x", "limit": 0}, {"query": "x", "knowledge_base": "no"}, {}):
            assert error_of(await client.post("/api/search", json=body)) == (422, "invalid_input"), body


async def test_a_search_finds_only_what_the_caller_may_read(tmp_path: Path) -> None:
    """Documents of a group exist for keys of that group alone."""
    secret = chunk_of("The kettle explodes.", identifier="s", metadata=Metadata(groups=("staff",)))
    async with (
        open_fake_host(tmp_path, deps=deps_of(store=store_with(BOIL, secret))) as host,
        served(host) as client,
    ):
        staff = {"Authorization": f"Bearer {(await issued(host, groups=('staff',))).secret}"}
        body = {"query": "what does the kettle do"}
        outside = (await client.post("/api/search", json=body)).json()["hits"]
        inside = (await client.post("/api/search", json=body, headers=staff)).json()["hits"]
    assert {hit["text"] for hit in outside} == {BOIL.text}
    assert {hit["text"] for hit in inside} == {BOIL.text, secret.text}


async def test_a_question_to_the_database_is_asked_for_its_caller(
    tmp_path: Path, database: SqlDatabase
) -> None:
    """The same JSON as the command line prints; rows are those the caller may see."""
    writer = FakeSqlWriter(written={COUNT: [written_of(STATEMENT), written_of(STATEMENT)]})
    desk = desk_of(database, writer)
    async with open_fake_host(tmp_path, desk=desk) as host, served(host) as client:
        staff = {"Authorization": f"Bearer {(await issued(host, 'data', groups=('staff',))).secret}"}
        reply = await client.post("/api/query", json={"question": COUNT}, headers=staff)
        assert reply.json() == reply_as_json(await desk.ask(COUNT))
        unknown = await client.post("/api/query", json={"question": "Who snores?"}, headers=staff)
        assert unknown.json() == reply_as_json(await desk.ask("Who snores?"))
        chat = {"Authorization": f"Bearer {(await issued(host, 'chat')).secret}"}
        refused = await client.post("/api/query", json={"question": COUNT}, headers=chat)
    assert reply.json()["rows"] == [["Skiff", 3], ["Yawl", 7]]
    assert "error" in unknown.json()
    assert writer.asked[0][2] == Principal(groups=frozenset({"staff"}))
    assert error_of(refused) == (403, "access_denied")


async def test_without_a_database_no_question_is_put_to_it(tmp_path: Path) -> None:
    """The refusal says what can be asked instead."""
    async with open_fake_host(tmp_path) as host, served(host) as client:
        refused = await client.post("/api/query", json={"question": COUNT})
    assert error_of(refused) == (422, "invalid_input")


async def test_what_is_ingested_while_serving_is_found(tmp_path: Path) -> None:
    """The report counts it; what cannot be read is named."""
    async with open_fake_host(tmp_path) as host, served(host) as client:
        (tmp_path / "guides" / "mug.md").write_text(MUG, encoding="utf-8")
        (tmp_path / "guides" / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
        report = (await client.post("/api/ingest", json={"knowledge_base": "guides"})).json()
        found = (await client.post("/api/search", json={"query": "How much does the mug hold?"})).json()
    assert (report["added"], [one["path"] for one in report["failed"]]) == (1, ["broken.pdf"])
    assert {**report["knowledge_bases"]}.keys() == {"guides"}
    assert found["hits"][0]["source"] == "mug.md"


async def test_an_ingestion_tells_how_far_it_is(tmp_path: Path) -> None:
    """One after another it counts what is done; its last event is the report."""
    async with open_fake_host(tmp_path) as host, served(host) as client:
        (tmp_path / "guides" / "mug.md").write_text(MUG, encoding="utf-8")
        async with client.stream("POST", "/api/ingest", json={"paths": ["guides"]}, headers=EVENTS) as stream:
            sent = [one async for one in Lines().read(stream)]
    assert [one.name for one in sent] == ["progress", "report"]
    assert sent[0].data == {
        "knowledge_base": "guides",
        "documents": 1,
        "total_documents": 1,
        "chunks": 1,
        "total_chunks": 1,
    }
    assert (sent[1].data["added"], sent[1].data["knowledge_bases"]["rules"]["removed"]) == (1, 0)


async def test_processes_that_share_a_store_are_said_to_be_behind(tmp_path: Path) -> None:
    """One that has nobody beside it says nothing."""
    remarks = []
    for workers in (1, 2):
        async with (
            open_fake_host(tmp_path, server=Server(workers=workers)) as host,
            served(host) as client,
        ):
            report = (await client.post("/api/ingest", json={})).json()
            remarks.append(report.get("remark"))
    assert remarks[0] is None
    assert "restart" in remarks[1]


async def test_one_ingestion_at_a_time_and_no_connection_ends_it(tmp_path: Path) -> None:
    """A second one is refused while the first goes on; whoever asked for it need not wait."""
    store = SlowStore()
    async with open_fake_host(tmp_path, deps=deps_of(store=store)) as host, served(host) as client:
        (tmp_path / "guides" / "mug.md").write_text(MUG, encoding="utf-8")
        first = asyncio.create_task(client.post("/api/ingest", json={}))
        assert await asyncio.to_thread(store.began.wait, 30)
        first.cancel()
        await asyncio.wait([first])
        for headers in ({}, EVENTS):
            refused = await client.post("/api/ingest", json={}, headers=headers)
            assert error_of(refused) == (409, "conflict")
        store.may_go_on.set()
    assert [chunk.source for chunk, _ in store.points.values()] == ["mug.md"]


async def test_an_ingestion_that_breaks_off_says_why(tmp_path: Path) -> None:
    """As an event, or as a refusal; the next one may begin."""
    store = store_with(BOIL)
    async with open_fake_host(tmp_path, deps=deps_of(store=store)) as host, served(host) as client:
        store.close()
        async with client.stream("POST", "/api/ingest", json={}, headers=EVENTS) as stream:
            sent = [one async for one in Lines().read(stream)]
        assert [(one.name, {*one.data}) for one in sent] == [("error", {"message"})]
        assert error_of(await client.post("/api/ingest", json={})) == (503, "unavailable")


async def test_what_cannot_be_ingested_is_refused_at_once(tmp_path: Path) -> None:
    """Paths and bases that do not exist, and callers who are no administrators."""
    async with open_fake_host(tmp_path) as host, served(host) as client:
        for body in (
            {"knowledge_base": "no"},
            {"paths": ["missing"]},
            {"paths": ["~nobody/x"]},
            {"paths": ["x" * 5000]},
            {"paths": "guides"},
            {"more": 1},
        ):
            assert error_of(await client.post("/api/ingest", json=body)) == (422, "invalid_input"), body
        chat = {"Authorization": f"Bearer {(await issued(host, 'chat', 'search', 'data')).secret}"}
        refused = await client.post("/api/ingest", json={}, headers=chat)
    assert error_of(refused) == (403, "access_denied")
