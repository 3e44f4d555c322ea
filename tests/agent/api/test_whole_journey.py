"""A small real installation, served: from the first question to the deleted thread."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agent.answer import Answer
from agent.assistant import THREADS
from agent.bootstrap import open_library
from agent.hosting import Listening, open_host
from agent.settings import CONVERSATIONS_FILE, Settings, load
from tests.agent.api.serving import followed, new_thread, served, streamed
from tests.agent.small_shop import write_shop

HERE = Listening(host="127.0.0.1", port=8000)
MIXER = """# Mixer

## Kneading
Knead dough in the mixer for 8 minutes at level 2.
"""


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    """Ingest the documents of a small shop that also has a database, in local mode."""
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection, connection:
        connection.execute("CREATE TABLE appliances (name TEXT, stock INTEGER)")
        connection.executemany("INSERT INTO appliances VALUES (?, ?)", [("kettle", 4), ("toaster", 9)])
    database = {"url": "sqlite:///shop.db", "description": "Stock of the appliances"}
    settings = load(write_shop(tmp_path, {"assistant": {"mode": "local"}, "database": database}))
    with open_library(settings) as library:
        for name in settings.knowledge_bases:
            library.ingest(name)
    return settings


def kept_of(shop: Settings, words: bytes) -> set[str]:
    """Return which of the installation's databases have these words, be it in the log of what is written."""
    files = shop.folder.glob("*.db*")
    return {file.name.removesuffix("-wal") for file in files if words in file.read_bytes()}


async def test_the_whole_journey(shop: Settings) -> None:
    """Ask, go on, come back after a restart, learn something new while serving, look things up, delete."""
    async with open_host(shop, listening=HERE) as host, served(host) as client:
        thread = await new_thread(client)
        sent = await streamed(client, thread, "How long does the warranty last?")
        answer = {**sent[-2].data}
        html = answer.pop("html")
        assert "24 months" in Answer.model_validate(answer).answer
        assert 'data-citation="1"' in html
        assert answer["citations"][0]["source"] == "warranty.md"

    async with open_host(shop, listening=HERE) as host, served(host) as client:
        run = str(sent[0].data["run_id"])
        assert await followed(client, run, last=3) == sent[3:]
        before = (await client.get(f"/api/threads/{thread}")).json()
        assert before["messages"][1]["answer"] == answer

        question = {"content": "How long should I knead dough in the mixer?"}
        path = f"/api/threads/{thread}/messages"
        ignorant = (await client.post(path, json=question)).json()
        assert not any(one["source"] == "mixer.md" for one in ignorant["citations"])
        (shop.file.parent / "guides" / "mixer.md").write_text(MIXER, encoding="utf-8")
        report = (await client.post("/api/ingest", json={})).json()
        assert (report["added"], report["failed"]) == (1, [])
        informed = (await client.post(path, json=question)).json()
        assert "8 minutes" in informed["answer"]
        assert informed["citations"][0]["source"] == "mixer.md"

        rows = (await client.post("/api/query", json={"question": "How many appliances are there?"})).json()
        assert rows["rows"] == [[2]]
        hits = (await client.post("/api/search", json={"query": "knead dough", "limit": 1})).json()["hits"]
        assert hits[0]["source"] == "mixer.md"

        assert kept_of(shop, b"knead dough") == {CONVERSATIONS_FILE, THREADS}
        assert (await client.delete(f"/api/threads/{thread}")).status_code == 204
        assert (await client.get(f"/api/threads/{thread}")).status_code == 404
        assert kept_of(shop, b"knead dough") == set()
