"""Commands of an installation whose server runs: they go through it, and nobody sees a difference."""

import asyncio
import json
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from agent.events import Event, NodeStarted, Token
from agent.running_server import FILE, Announced, announced, running_server
from agent.settings import load
from tests.agent.cli.command import Finished, held_open, plumbline
from tests.agent.cli.servers import Running, running
from tests.agent.contract import problems
from tests.copying import copy_installation

RETURNS = "How long can I return an unflown kite?"
PRICE = "What does the Heron cost?"
OF_A_RUN = {"thread_id", "run_id", "timings_ms"}
"""What differs from one run to the next."""


@pytest.fixture
def changing(own: Path) -> Iterator[Running]:
    """Serve a copy for a test that changes it: words of what was deleted go on weighing a little."""
    with running(own) as server:
        yield server


@pytest.fixture(scope="module")
def served(marlow: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serve a copy of the ingested installation."""
    folder = tmp_path_factory.mktemp("served") / "marlow"
    copy_installation(marlow.parent, folder)
    with running(folder / "plumbline.toml") as server:
        yield server


def same(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer without what differs from run to run."""
    return {key: one for key, one in value.items() if key not in OF_A_RUN}


def both(served: Running, marlow: Path, *arguments: str, stdin: str = "") -> tuple[Finished, Finished]:
    """Run a command through the server, and on an installation that none serves."""
    through, direct = (
        plumbline(*arguments, "--config", configuration, stdin=stdin)
        for configuration in (served.configuration, marlow)
    )
    assert (through.code, through.err) == (direct.code, direct.err)
    return through, direct


@pytest.mark.parametrize("question", [RETURNS, PRICE, "Where is my order?", "Who won the world cup?"])
def test_an_answer_is_the_same(served: Running, marlow: Path, question: str) -> None:
    """With documents, rows, a question back, and nothing."""
    through, direct = both(served, marlow, "ask", question, "--json")
    assert problems(through.json) == []
    assert same(through.json) == same(direct.json)


def test_many_questions_bring_their_threads_and_histories(served: Running, marlow: Path) -> None:
    """And their errors, line by line."""
    lines = [
        {"id": 1, "question": "And the Swift?", "history": [PRICE]},
        {"question": "And the Puffin?", "history": [{"question": PRICE, "answer": "EUR 149"}]},
        {"question": "Where is my order?", "thread_id": "by_server"},
        {"question": "MK-2002", "thread_id": "by_server"},
        {"question": "???"},
        {"question": PRICE, "thread_id": "no thread/at all"},
    ]
    through, direct = both(served, marlow, "ask", "-", stdin="\n".join(map(json.dumps, lines)))
    assert through.code == 2
    assert [*map(same, through.lines[:5])] == [*map(same, direct.lines[:5])]
    assert "MK-2002 of 2026-05-02" in through.lines[3]["answer"]
    assert "error" in through.lines[5]


def test_a_thread_goes_on_whoever_began_it(served: Running) -> None:
    """A later command replies to what was asked back."""
    asked = plumbline("ask", "Where is my order?", "--json", "--config", served.configuration).json
    done = plumbline("ask", "MK-2001", "--thread", asked["thread_id"], "--config", served.configuration)
    assert "Order MK-2001 of 2026-04-28 is shipped." in done.out
    assert f"thread {asked['thread_id']}" in done.out


def test_drafts_and_steps_are_told_live(served: Running) -> None:
    """What a person at a terminal watches."""
    told: list[Event] = []

    async def ask() -> None:
        async with running_server(load(served.configuration).folder) as server:
            assert server is not None
            assert server.pid == served.pid
            await server.ask(RETURNS, on_event=told.append)

    asyncio.run(ask())
    assert NodeStarted(node="classify") in told
    assert "21 days" in "".join(event.text for event in told if isinstance(event, Token))


def test_a_search_is_the_same(served: Running, marlow: Path) -> None:
    """As JSON, for people, and many at once."""
    for arguments in (("kite", "--kb", "terms", "--limit", "1", "--json"), ("broken spar",)):
        through, direct = both(served, marlow, "search", *arguments)
        assert (through.out, through.code) == (direct.out, 0)
    lines = '{"id": 1, "query": "sail", "limit": 1}\n{"query": "x", "kb": "tems"}\n'
    through, direct = both(served, marlow, "search", "-", stdin=lines)
    assert (through.out, through.code) == (direct.out, 2)


@pytest.mark.parametrize("question", [PRICE, "stock of the Swift and the Puffin", "Where is my order?"])
def test_a_question_to_the_database_is_the_same(served: Running, marlow: Path, question: str) -> None:
    """Its sentence or table, its statement, its refusal."""
    for more in ((), ("--json",)):
        through, direct = both(served, marlow, "sql", "ask", question, *more)
        assert through.out == direct.out


def test_new_documents_are_answered_from_at_once(changing: Running) -> None:
    """The server ingests them, reports, and knows; and forgets them again."""
    terms = changing.configuration.parent / "terms"
    (terms / "gifts.md").write_text("# Gift cards\n\nGift cards are valid for 7 years.\n", encoding="utf-8")
    (terms / "broken.pdf").write_bytes(b"no PDF at all")
    only = ("--kb", "terms", str(terms))
    done = plumbline("ingest", *only, "--json", "--config", changing.configuration)
    assert (done.code, done.err) == (1, "")
    assert (done.json["added"], done.json["unchanged"]) == (1, 2)
    assert [failed["path"] for failed in done.json["failed"]] == ["broken.pdf"]
    question = "How long are gift cards valid?"
    answer = plumbline("ask", question, "--json", "--config", changing.configuration).json
    assert "7 years" in answer["answer"]
    (terms / "broken.pdf").unlink()
    (terms / "gifts.md").unlink()
    shown = plumbline("ingest", "--kb", "terms", "--config", changing.configuration)
    counted = "terms: 0 added, 0 updated, 2 unchanged, 1 removed, 0 chunks"
    assert (shown.code, shown.out.split(" in ")[0]) == (0, counted)


@pytest.mark.parametrize("command", [("ingest", "--verify"), ("eval", "run"), ("serve", "--port", "0")])
def test_what_needs_the_store_for_itself_names_the_server(served: Running, command: tuple[str, ...]) -> None:
    """By its process, and says how to end it."""
    done = plumbline(*command, "--config", served.configuration)
    assert (done.code, done.out) == (2, "")
    assert f"kill {served.pid}" in done.complaint


def test_the_doctor_has_the_server_look(served: Running) -> None:
    """What it holds cannot be looked at from outside."""
    found = plumbline("doctor", "--json", "--config", served.configuration).json
    checks = {finding["check"]: finding for finding in found["checks"]}
    assert str(served.pid) in checks["server"]["message"]
    assert checks["store"]["good"]
    assert found["healthy"] is True


def test_what_a_server_left_behind_is_ignored(marlow: Path) -> None:
    """A process that is gone, one that is somebody else's, a port nobody listens on, nonsense."""
    folder = marlow.parent / ".plumbline"
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    stale = [
        json.dumps({"url": url, "pid": 2**22 + 1, "secret": "x"}),
        json.dumps({"url": url, "pid": os.getpid(), "secret": "x"}),
        json.dumps({"url": url, "pid": -1, "secret": "x"}),
        json.dumps(["nonsense"]),
        "nonsense",
    ]
    for text in stale:
        (folder / FILE).write_text(text, encoding="utf-8")
        assert plumbline("search", "sail", "--limit", "1", "--config", marlow).out.startswith("1. ")
    with held_open(marlow):  # and it is not named where it is not the one that holds the store
        (folder / FILE).write_text(stale[0], encoding="utf-8")
        assert "kill" not in plumbline("search", "sail", "--config", marlow).complaint
    (folder / FILE).unlink()


def test_an_announcement_ends_with_its_server_alone(tmp_path: Path) -> None:
    """Another server's is left as it is."""
    first, second = (Announced(url=f"http://127.0.0.1:{n}", pid=os.getpid(), secret="s") for n in (1, 2))  # noqa: S106
    with announced(tmp_path, second):
        with announced(tmp_path, first):
            assert json.loads((tmp_path / FILE).read_text(encoding="utf-8"))["url"] == first.url
        assert not (tmp_path / FILE).exists()
    with announced(tmp_path, first), announced(tmp_path, second):
        pass
    assert [*tmp_path.iterdir()] == []
