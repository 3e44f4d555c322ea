"""Threads over a real connection: opening, reading, going on, handing over, deleting; and whose they are."""

import asyncio
from pathlib import Path

from agent.answer import Answer
from agent.questions import LONGEST_QUESTION
from graph.plan import Turn
from tests.agent.api.hosts import ANSWER, BOIL, QUESTION, SHOP, issued, open_fake_host, visitor_token
from tests.agent.api.serving import error_of, new_thread, patient_writer, served, streamed
from tests.fakes_graph import FakePlanner, deps_of, store_with

NOBODYS = "f" * 32


async def test_a_message_is_answered_with_the_object_of_the_contract(tmp_path: Path) -> None:
    """And its HTML; the thread then has both messages and a title."""
    async with open_fake_host(tmp_path) as host, served(host) as client:
        opened = await client.post("/api/threads", json={})
        assert opened.status_code == 201
        assert {**opened.json()}.keys() == {"thread_id", "title", "created_at", "updated_at"}
        thread = opened.json()["thread_id"]
        reply = (await client.post(f"/api/threads/{thread}/messages", json={"content": QUESTION})).json()
        read = (await client.get(f"/api/threads/{thread}")).json()
    html = reply.pop("html")
    assert html == '<p>The kettle boils for two minutes. <span data-citation="1">[1]</span></p>\n'
    assert Answer.model_validate(reply).answer == ANSWER
    asked, answered = read["messages"]
    assert (asked["role"], asked["content"], asked["html"], asked["answer"]) == ("user", QUESTION, None, None)
    assert (answered["role"], answered["content"], answered["html"]) == ("assistant", ANSWER, html)
    assert (answered["answer"], answered["feedback"]) == (reply, None)
    assert asked["run_id"] == answered["run_id"] == reply["run_id"]
    assert (read["title"], read["next"]) == (QUESTION, None)


async def test_threads_are_listed_part_by_part_the_latest_first(tmp_path: Path) -> None:
    """Following the cursor shows each once; saying something brings a thread to the front."""
    async with open_fake_host(tmp_path) as host, served(host) as client:
        opened = [await new_thread(client) for _ in range(5)]
        await streamed(client, opened[1], QUESTION)
        listed, query = [], {"limit": "2"}
        while True:
            part = (await client.get("/api/threads", params=query)).json()
            assert len(part["threads"]) <= 2
            listed += [thread["thread_id"] for thread in part["threads"]]
            if part["next"] is None:
                break
            query["cursor"] = part["next"]
    assert listed == [opened[1], opened[4], opened[3], opened[2], opened[0]]


async def test_messages_are_read_part_by_part_the_oldest_first(tmp_path: Path) -> None:
    """Following the cursor shows each once."""
    async with open_fake_host(tmp_path) as host, served(host) as client:
        thread = await new_thread(client)
        for number in range(3):
            await streamed(client, thread, f"{QUESTION} {number}")
        first = (await client.get(f"/api/threads/{thread}?limit=4")).json()
        rest = (await client.get(f"/api/threads/{thread}", params={"cursor": first["next"]})).json()
    messages = [*first["messages"], *rest["messages"]]
    assert [message["role"] for message in messages] == ["user", "assistant"] * 3
    assert [message["content"][-1] for message in messages[::2]] == ["0", "1", "2"]
    assert rest["next"] is None


async def test_a_thread_may_begin_with_what_was_said_elsewhere(tmp_path: Path) -> None:
    """The first question is understood in its light."""
    planner = FakePlanner()
    deps = deps_of(store=store_with(BOIL), planner=planner)
    history = [{"question": "Is it red?", "answer": "It is."}]
    async with open_fake_host(tmp_path, deps=deps) as host, served(host) as client:
        opened = await client.post("/api/threads", json={"history": history})
        await streamed(client, opened.json()["thread_id"], QUESTION)
    assert planner.asked[0][1] == (Turn(question="Is it red?", answer="It is."),)


async def test_only_an_administrator_names_a_thread(tmp_path: Path) -> None:
    """The command line goes on with threads by name; nobody else may guess names."""
    async with open_fake_host(tmp_path) as host, served(host) as client:
        named = [await client.post("/api/threads", json={"thread_id": "holiday-2"}) for _ in range(2)]
        assert [one.json()["thread_id"] for one in named] == ["holiday-2"] * 2
        chat = {"Authorization": f"Bearer {(await issued(host, 'chat')).secret}"}
        refused = await client.post("/api/threads", json={"thread_id": "holiday-2"}, headers=chat)
    assert error_of(refused) == (403, "access_denied")


async def test_a_thread_answers_one_message_at_a_time(tmp_path: Path) -> None:
    """The second is refused, and nothing of it is kept."""
    writer = patient_writer()
    deps = deps_of(store=store_with(BOIL), writer=writer)
    async with open_fake_host(tmp_path, deps=deps) as host, served(host) as client:
        thread = await new_thread(client)
        first = asyncio.create_task(streamed(client, thread, QUESTION))
        await writer.began.wait()
        path = f"/api/threads/{thread}/messages"
        for headers in ({}, {"Accept": "text/event-stream"}):
            refused = await client.post(path, json={"content": "And?"}, headers=headers)
            assert error_of(refused) == (409, "conflict")
        writer.may_go_on.set()
        await first
        read = (await client.get(f"/api/threads/{thread}")).json()
    assert [message["role"] for message in read["messages"]] == ["user", "assistant"]


async def test_a_deleted_thread_is_gone_with_its_runs(tmp_path: Path) -> None:
    """Also while an answer is under way in it."""
    writer = patient_writer()
    deps = deps_of(store=store_with(BOIL), writer=writer)
    async with open_fake_host(tmp_path, deps=deps) as host, served(host) as client:
        thread = await new_thread(client)
        asking = asyncio.create_task(streamed(client, thread, QUESTION))
        await writer.began.wait()
        run = (await host.storage.runs.unfinished(stale_seconds=0))[0].id
        deleted = await client.delete(f"/api/threads/{thread}")
        assert (deleted.status_code, deleted.content) == (204, b"")
        await asking
        for path in (f"/api/threads/{thread}", f"/api/runs/{run}", f"/api/runs/{run}/events"):
            assert error_of(await client.get(path)) == (404, "not_found")
        assert error_of(await client.delete(f"/api/threads/{thread}")) == (404, "not_found")
        assert (await client.get("/api/threads")).json() == {"threads": [], "next": None}


async def test_what_is_anothers_does_not_exist(tmp_path: Path) -> None:
    """The refusal is the same as for what nobody has; the owner's is untouched."""
    requests: list[tuple[str, str, object]] = [
        ("GET", "/api/threads/{thread}", None),
        ("DELETE", "/api/threads/{thread}", None),
        ("POST", "/api/threads/{thread}/messages", {"content": QUESTION}),
        ("POST", "/api/threads/{thread}/handoff", {}),
        ("GET", "/api/runs/{run}", None),
        ("GET", "/api/runs/{run}/events", None),
        ("POST", "/api/runs/{run}/cancel", None),
        ("POST", "/api/runs/{run}/feedback", {"thumb": "up"}),
    ]
    async with open_fake_host(tmp_path) as host, served(host) as client:
        thread = await new_thread(client)
        run = str((await streamed(client, thread, QUESTION))[0].data["run_id"])
        before = (await client.get(f"/api/threads/{thread}")).json()
        stranger = {"Authorization": f"Bearer {(await issued(host, owner='bob')).secret}"}
        for method, path, body in requests:
            refusals = []
            for ids in ({"thread": thread, "run": run}, {"thread": NOBODYS, "run": NOBODYS}):
                refused = await client.request(method, path.format(**ids), json=body, headers=stranger)
                assert error_of(refused) == (404, "not_found"), path
                message = refused.json()["error"]["message"]
                refusals.append(message.replace(thread, NOBODYS).replace(run, NOBODYS))
            assert refusals[0] == refusals[1]
        assert (await client.get(f"/api/threads/{thread}")).json() == before
        assert (await client.get("/api/threads", headers=stranger)).json()["threads"] == []


async def test_a_message_that_is_none_is_refused(tmp_path: Path) -> None:
    """Nothing of it is kept, and the thread is free."""
    bodies = {
        "nothing": b"{}",
        "number": b'{"content": 3}',
        "empty": b'{"content": ""}',
        "blank": b'{"content": "  \\n "}',
        "surrogate": b'{"content": "\\ud800"}',
        "extra": b'{"content": "Why?", "more": 1}',
        "null": b'{"content": null}',
        "list": b'["Why?"]',
        "text": b'"Why?"',
        "long": b'{"content": "' + b"a " * LONGEST_QUESTION + b'"}',
    }
    async with open_fake_host(tmp_path) as host, served(host) as client:
        thread = await new_thread(client)
        path, kind = f"/api/threads/{thread}/messages", {"Content-Type": "application/json"}
        for name, body in bodies.items():
            refused = await client.post(path, content=body, headers=kind)
            assert error_of(refused) == (422, "invalid_input"), name
        assert (await client.get(f"/api/threads/{thread}")).json()["messages"] == []


async def test_an_address_that_is_malformed_is_refused(tmp_path: Path) -> None:
    """Whatever is wrong with it."""
    addresses = [
        "/api/threads?limit=0",
        "/api/threads?limit=201",
        "/api/threads?cursor=nonsense",
        "/api/threads/a%20b",
        "/api/runs/x",
        "/api/handoffs?cursor=%00",
    ]
    async with open_fake_host(tmp_path) as host, served(host) as client:
        for address in addresses:
            assert error_of(await client.get(address)) == (422, "invalid_input"), address


async def test_a_person_takes_over_with_all_that_was_said(tmp_path: Path) -> None:
    """The visitor's page gets the transcript; administrators find it too, and nobody else."""
    async with open_fake_host(tmp_path) as host, served(host) as client:
        visitor = {"Authorization": f"Bearer {visitor_token(host)}", "Origin": SHOP}
        thread = (await client.post("/api/threads", json={}, headers=visitor)).json()["thread_id"]
        await client.post(f"/api/threads/{thread}/messages", json={"content": QUESTION}, headers=visitor)
        wish = {"contact": "anna@example.org", "note": "It still boils."}
        handed = (await client.post(f"/api/threads/{thread}/handoff", json=wish, headers=visitor)).json()
        listed = (await client.get("/api/handoffs")).json()
        assert error_of(await client.get("/api/handoffs", headers=visitor)) == (403, "access_denied")
    assert {**handed}.keys() == {"action", "handoff_id", "thread_id", "contact", "note", "transcript"}
    assert (handed["action"], handed["thread_id"], handed["note"]) == ("handoff", thread, "It still boils.")
    said = [(one["role"], one["content"]) for one in handed["transcript"]]
    assert said == [("user", QUESTION), ("assistant", ANSWER)]
    found = listed["handoffs"][0]
    assert (listed["next"], found["site"]) == (None, "shop")
    assert found["owner"].startswith("visitor:shop:")
    assert {name: found[name] for name in handed} == handed


async def test_a_site_without_people_hands_nothing_over(tmp_path: Path) -> None:
    """As it is configured."""
    origin = "https://closed.example"
    async with open_fake_host(tmp_path) as host, served(host) as client:
        token = visitor_token(host, site="closed", origin=origin)
        visitor = {"Authorization": f"Bearer {token}", "Origin": origin}
        thread = (await client.post("/api/threads", json={}, headers=visitor)).json()["thread_id"]
        refused = await client.post(f"/api/threads/{thread}/handoff", json={}, headers=visitor)
    assert error_of(refused) == (403, "access_denied")
