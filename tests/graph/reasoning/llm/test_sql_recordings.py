"""What a capable reader really replied to prompts for SQL, through a loopback endpoint and the real client.

The tables of a recording's prompt are made in earnest, so that its query has to be one for them.
"""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from graph.reasoning.llm.sql_replies import SqlReply, statement_of
from tests.endpoint.server import Endpoint as Server
from tests.endpoint.server import Reply, always
from tests.graph.reasoning.llm.recorded import Recording, recordings
from tools.database.engine import open_database
from tools.metering import Meter
from tools.models.chat import OpenAIChat
from tools.models.endpoint import Endpoint

pytestmark = pytest.mark.enable_socket

RECORDED = [*recordings("sql"), *recordings("sql_mend")]


def told(recording: Recording, tag: str) -> list[str]:
    """Return the texts of the prompt's blocks of one tag."""
    return [text for name, _, text in recording.given if name == tag]


def make_tables(recording: Recording, path: Path) -> str:
    """Make the tables that the prompt shows, and return their url."""
    connection = sqlite3.connect(path)
    connection.executescript(told(recording, "schema")[0])
    connection.close()
    return make_url("sqlite://").set(database=str(path)).render_as_string()


@pytest.mark.parametrize("recording", RECORDED, ids=lambda recording: recording.name)
async def test_a_real_reply_is_a_query_over_the_tables_of_its_prompt(
    recording: Recording, tmp_path: Path
) -> None:
    """Or says that they cannot answer, and what is missing."""
    with Server(always(Reply(recording.reply))) as server:
        async with Endpoint(base_url=server.base_url) as endpoint:
            chat = OpenAIChat("reader", endpoint=endpoint)
            reply = await chat.typed(recording.prompt, SqlReply, meter=Meter())
    if not reply.understood:
        assert reply.why_not
        assert not reply.sql
        return
    statement = statement_of(reply, told(recording, "question")[0])
    database = open_database(make_tables(recording, tmp_path / "told.db"), tables=(), deadline_seconds=5.0)
    try:
        table = database.fetch(statement.text, {}, limit=5)
    finally:
        database.close()
    assert table.columns
    assert statement.description == reply.description


def test_both_kinds_of_reply_are_recorded() -> None:
    """Queries, mended queries, and a question that the tables cannot answer."""
    assert len(RECORDED) >= 10
    assert any('"understood": false' in recording.reply for recording in RECORDED)
    assert any(told(recording, "failed") for recording in RECORDED)
