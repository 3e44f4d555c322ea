"""Runs over a real connection: events, resuming, cancelling, failing, rating."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.answer import Answer
from agent.events import EVENTS as EVENT
from graph.plan import Plan
from graph.reasoning.ports import Emit
from graph.state import Assessment, Draft, Evidence
from tests.agent.api.hosts import ANSWER, BOIL, QUESTION, issued, open_fake_host
from tests.agent.api.serving import (
    EVENTS,
    Lines,
    error_of,
    followed,
    new_thread,
    patient_writer,
    served,
    streamed,
)
from tests.fakes_graph import FakeJudge, FakeWriter, deps_of, store_with
from tools.metering import Meter

AMBIGUOUS = Assessment(verdict="ambiguous", confidence=0.9, ask="Red or blue?", choices=("red", "blue"))
NOWHERE = "0" * 32


async def test_a_stream_tells_the_events_of_the_contract_in_order(tmp_path: Path) -> None:
    """From the run's start to its end; each is what the library tells, with the name outside."""
    async with open_fake_host(tmp_path) as host, served(host) as client:
        thread = await new_thread(client)
        sent = await streamed(client, thread, QUESTION)
    names = [one.name for one in sent]
    assert names[:2] == ["run_started", "node_started"]
    assert names[-3:] == ["citation", "answer", "done"]
    assert {"node_finished", "query", "token", "verified"} <= {*names}
    assert [one.id for one in sent] == [*range(1, len(sent) + 1)]
    answer = {**sent[-2].data}
    assert answer.pop("html").startswith("<p>The kettle boils")
    assert Answer.model_validate(answer).answer == ANSWER
    assert [sent[-3].data] == answer["citations"]
    for one in sent[:-3]:
        assert EVENT.validate_python({"type": one.name, **one.data}).type == one.name


async def test_what_is_asked_back_is_an_event_with_its_choices(tmp_path: Path) -> None:
    """It comes before the answer that asks."""
    deps = deps_of(store=store_with(BOIL), judge=FakeJudge(assessments=[[AMBIGUOUS]]))
    async with open_fake_host(tmp_path, deps=deps) as host, served(host) as client:
        sent = await streamed(client, await new_thread(client), QUESTION)
    assert [one.name for one in sent[-3:]] == ["clarification", "answer", "done"]
    assert sent[-3].data == {"question": "Red or blue?", "choices": ["red", "blue"]}
    assert sent[-2].data["status"] == "clarify"


async def test_a_run_that_ended_is_told_again_from_any_place(tmp_path: Path) -> None:
    """Behind its last event there is nothing to come back for."""
    async with open_fake_host(tmp_path) as host, served(host) as client:
        sent = await streamed(client, await new_thread(client), QUESTION)
        run = str(sent[0].data["run_id"])
        for place in range(len(sent)):
            assert await followed(client, run, last=place) == sent[place:]
        behind = await client.get(f"/api/runs/{run}/events", headers={"Last-Event-ID": str(len(sent))})
        assert (behind.status_code, behind.content) == (204, b"")
        empty = await client.get(f"/api/runs/{run}/events?after=17", headers={"Last-Event-ID": ""})
        both = await client.get(f"/api/runs/{run}/events?after=1", headers={"Last-Event-ID": "17"})
        for reply in (empty, both):
            ids = [line for line in reply.text.splitlines() if line.startswith("id: ")]
            assert ids == ["id: 18", "id: 19"]


async def test_a_run_under_way_can_be_joined_anywhere_by_any_number(tmp_path: Path) -> None:
    """Everybody gets every event behind their place exactly once."""
    writer = patient_writer()
    deps = deps_of(store=store_with(BOIL), writer=writer)
    async with open_fake_host(tmp_path, deps=deps) as host, served(host) as client:
        asking = asyncio.create_task(streamed(client, await new_thread(client), QUESTION))
        await writer.began.wait()
        run = (await host.storage.runs.unfinished(stale_seconds=0))[0].id
        joined = [asyncio.create_task(followed(client, run, last=place)) for place in range(15)]
        await asyncio.sleep(0.05)
        writer.may_go_on.set()
        sent = await asking
        assert sent[-1].name == "done"
        for place, follower in enumerate(joined):
            assert await follower == sent[place:]


async def test_a_dropped_connection_ends_no_run(tmp_path: Path) -> None:
    """Who comes back with the last event it has gets the others, each once."""
    writer = patient_writer()
    deps = deps_of(store=store_with(BOIL), writer=writer)
    async with open_fake_host(tmp_path, deps=deps) as host, served(host) as client:
        thread, got, lines = await new_thread(client), [], Lines()
        async with client.stream(
            "POST", f"/api/threads/{thread}/messages", json={"content": QUESTION}, headers=EVENTS
        ) as response:
            async for one in lines.read(response):
                got.append(one)
                if len(got) == 4:
                    break
        assert lines.retry == 2000
        assert response.headers["location"] == f"/api/runs/{got[0].data['run_id']}"
        await writer.began.wait()
        writer.may_go_on.set()
        rest = await followed(client, got[0].data["run_id"], last=got[-1].id)
        read = (await client.get(f"/api/threads/{thread}")).json()
    assert [one.id for one in [*got, *rest]] == [*range(1, len(got) + len(rest) + 1)]
    assert rest[-1].data == {"status": "completed"}
    assert [message["role"] for message in read["messages"]] == ["user", "assistant"]


async def test_a_cancelled_run_is_reported_as_such(tmp_path: Path) -> None:
    """To who follows, to who waits, to who looks; a second time changes nothing."""
    writer = patient_writer()
    deps = deps_of(store=store_with(BOIL), writer=writer)
    async with open_fake_host(tmp_path, deps=deps) as host, served(host) as client:
        thread = await new_thread(client)
        waiting = asyncio.create_task(
            client.post(f"/api/threads/{thread}/messages", json={"content": QUESTION})
        )
        await writer.began.wait()
        run = (await host.storage.runs.unfinished(stale_seconds=0))[0].id
        following = asyncio.create_task(followed(client, run))
        await asyncio.sleep(0.05)
        stopped = (await client.post(f"/api/runs/{run}/cancel")).json()
        assert (stopped["status"], stopped["answer"], stopped["error"]) == ("cancelled", None, None)
        assert error_of(await waiting) == (409, "conflict")
        assert (await following)[-1].data == {"status": "cancelled"}
        again = await client.post(f"/api/runs/{run}/cancel")
        assert again.json() == stopped == (await client.get(f"/api/runs/{run}")).json()
        writer.may_go_on.set()
        assert (await streamed(client, thread, QUESTION))[-1].data == {"status": "completed"}


@dataclass(slots=True, kw_only=True)
class BrokenWriter(FakeWriter):
    """Has an error in its program."""

    async def write(
        self,
        plan: Plan,
        evidence: Sequence[Evidence],
        assessments: Sequence[Assessment],
        *,
        emit: Emit,
        meter: Meter,
    ) -> Draft:
        """Fail."""
        raise ZeroDivisionError("secret detail")


async def test_a_run_that_fails_says_so_and_nothing_of_why(tmp_path: Path) -> None:
    """The events end with an error and the end; JSON is an error; the run remembers."""
    deps = deps_of(store=store_with(BOIL), writer=BrokenWriter())
    async with open_fake_host(tmp_path, deps=deps) as host, served(host) as client:
        thread = await new_thread(client)
        sent = await streamed(client, thread, QUESTION)
        assert [(one.name, {*one.data}) for one in sent[-2:]] == [
            ("error", {"message"}),
            ("done", {"status"}),
        ]
        run = (await client.get(f"/api/runs/{sent[0].data['run_id']}")).json()
        assert (run["status"], run["error"]) == ("failed", sent[-2].data["message"])
        refused = await client.post(f"/api/threads/{thread}/messages", json={"content": QUESTION})
    assert error_of(refused) == (503, "unavailable")
    assert "secret" not in refused.text + str(sent)


async def test_a_run_is_followed_without_waiting_for_it(tmp_path: Path) -> None:
    """Who prefers not to wait is told where to look."""
    async with open_fake_host(tmp_path) as host, served(host) as client:
        thread = await new_thread(client)
        path, prefer = f"/api/threads/{thread}/messages", {"Prefer": "wait=5, Respond-Async"}
        accepted = await client.post(path, json={"content": QUESTION}, headers=prefer)
        assert (accepted.status_code, accepted.headers["preference-applied"]) == (202, "respond-async")
        run = accepted.json()["run_id"]
        assert accepted.json() == {"run_id": run, "thread_id": thread}
        sent = await followed(client, run)
        assert sent[-1].data == {"status": "completed"}
        read = (await client.get(accepted.headers["location"])).json()
    assert (read["status"], read["question"], read["attempts"]) == ("completed", QUESTION, 1)
    assert read["answer"] == sent[-2].data


async def test_the_last_word_on_an_answer_counts(tmp_path: Path) -> None:
    """It comes with the message; whose run it is not finds none."""
    async with open_fake_host(tmp_path) as host, served(host) as client:
        thread = await new_thread(client)
        run = (await streamed(client, thread, QUESTION))[0].data["run_id"]
        path = f"/api/runs/{run}/feedback"
        first = await client.post(path, json={"thumb": "up"})
        assert (first.status_code, first.json()["reason"]) == (200, "")
        last = await client.post(path, json={"thumb": "down", "reason": "old", "correction": "Three."})
        messages = (await client.get(f"/api/threads/{thread}")).json()["messages"]
        assert messages[1]["feedback"] == last.json()
        assert (last.json()["thumb"], last.json()["correction"]) == ("down", "Three.")
        stranger = {"Authorization": f"Bearer {(await issued(host, owner='bob')).secret}"}
        refused = await client.post(path, json={"thumb": "up"}, headers=stranger)
    assert error_of(refused) == (404, "not_found")


async def test_a_place_that_is_none_is_refused(tmp_path: Path) -> None:
    """With the name of what is wrong."""
    async with open_fake_host(tmp_path) as host, served(host) as client:
        for place in ("x", "-1", "1.5", "99999999999"):
            refused = await client.get(f"/api/runs/{NOWHERE}/events", headers={"Last-Event-ID": place})
            assert error_of(refused) == (422, "invalid_input"), place
            assert "last-event-id" in refused.json()["error"]["message"]
