"""Recorded runs that are run again: replayed and forked over HTTP, a few at a time, and who may."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from agent.api.app import create_app
from agent.hosting import Host, Listening, open_host
from agent.reasoning import Outside
from agent.tracing.desk import AT_ONCE
from tests.agent.api.hosts import EVERYWHERE, client_of, issued, open_fake_host
from tests.agent.api.recordings import asked, exported, taken_in
from tests.agent.api.serving import error_of, served
from tests.agent.tracing.shop import open_shop

QUESTION = "How long does the warranty last?"
PATIENCE_SECONDS = 10.0
"""Of a test that would otherwise wait for ever."""


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Host]:
    """Open a real installation in local mode, where everybody needs a key."""
    async with open_shop(tmp_path) as ingested:
        settings = ingested.library.settings
    async with open_host(settings, listening=Listening(host="127.0.0.1", port=8000)) as host:
        yield host


async def test_a_real_run_is_replayed_forked_compared_kept_and_moved(shop: Host) -> None:
    """Equal on what was recorded; different where it is changed, and that is seen."""
    async with client_of(create_app(shop)) as client:
        run = await asked(client, QUESTION)
        replay = (await client.post(f"/api/traces/{run}/replay")).json()
        assert (replay["equal"], replay["first_divergence"], replay["network_calls"]) == (True, None, 0)
        trace = (await client.get(f"/api/traces/{run}")).json()
        assert replay["steps"] == len(trace["steps"])

        changes = {"step": 0, "configuration": {"assistant.abstain": 1.0}}
        reply = await client.post(f"/api/traces/{run}/fork", json=changes)
        assert reply.status_code == 201, reply.text
        fork = reply.json()
        assert (fork["kind"], fork["parent"], fork["status"]) == ("fork", run, "unanswerable")
        assert fork["thread_id"] == trace["summary"]["thread_id"]
        child = (await client.get(f"/api/traces/{fork['run_id']}")).json()
        assert child["parent"]["changes"]["configuration"] == {"assistant.abstain": 1.0}
        assert child["configuration"]["assistant.abstain"] == 1.0
        assert (await client.get(f"/api/traces/{run}")).json()["forks"] == [child["summary"]]
        messages = (await client.get(f"/api/threads/{fork['thread_id']}")).json()["messages"]
        assert [message["run_id"] for message in messages] == [run, run]

        again = (await client.post(f"/api/traces/{fork['run_id']}/replay")).json()
        assert (again["equal"], again["network_calls"]) == (True, 0)
        difference = (await client.get(f"/api/traces/{run}/diff/{fork['run_id']}")).json()
        assert difference["steps"][difference["first_difference"]]["node"] == "assess"
        case = (await client.post(f"/api/traces/{run}/keep")).json()["case"]
        assert case["expected_sources"] == ["warranty.md"]

        file = await exported(client, fork["run_id"])
        await client.delete(f"/api/traces/{fork['run_id']}")
        assert (await taken_in(client, file)).status_code == 201
        moved = (await client.post(f"/api/traces/{fork['run_id']}/replay")).json()
        assert (moved["equal"], moved["network_calls"]) == (True, 0)


async def test_a_fork_of_what_there_is_not_is_refused(shop: Host) -> None:
    """As a mistake of the one who asks for it, and nothing is kept of it."""
    async with client_of(create_app(shop)) as client:
        run = await asked(client, QUESTION)
        wrong: list[tuple[dict[str, object], int]] = [
            ({"step": 99}, 404),
            ({"step": 1, "state": {"mood": "good"}}, 422),
            ({"step": 1, "state": {"plan": 7}}, 422),
            ({"step": 1, "prompts": {"sing": "la"}}, 422),
            ({"step": 1, "configuration": {"assistant.humour": 1}}, 422),
            ({"step": 1, "configuration": {"assistant.abstain": "much"}}, 422),
            ({"step": 1, "configuration": {"nowhere.at.all": 1}}, 422),
            ({"step": -1}, 422),
            ({}, 422),
            ({"step": 1, "owner": "ben"}, 422),
        ]
        for body, status in wrong:
            refused = await client.post(f"/api/traces/{run}/fork", json=body)
            assert error_of(refused)[0] == status, (body, refused.text)
        listed = (await client.get("/api/traces")).json()["traces"]
        assert [one["run_id"] for one in listed] == [run]


async def test_nobody_asks_anew_with_more_rights_than_their_own(tmp_path: Path) -> None:
    """A key of the same owner may look at a run of another group, and not fork it."""
    async with open_fake_host(tmp_path, listening=EVERYWHERE) as host:
        app, scopes = create_app(host), ("chat", "traces")
        staff = (await issued(host, *scopes, groups=("staff",))).secret
        more = (await issued(host, *scopes, groups=("staff", "board"))).secret
        less = (await issued(host, *scopes)).secret
        admin = (await issued(host, *scopes, "admin")).secret
        async with client_of(app, key=staff) as client:
            run = await asked(client)
        statuses = {}
        for key in (staff, more, less, admin):
            async with client_of(app, key=key) as client:
                assert (await client.get(f"/api/traces/{run}")).status_code == 200
                reply = await client.post(f"/api/traces/{run}/fork", json={"step": 0})
                statuses[key] = reply.status_code
        assert statuses == {staff: 201, more: 201, less: 403, admin: 201}


class SlowOutside:
    """Is open to forks only when it may be."""

    def __init__(self) -> None:
        """Take the loop that the tests run in."""
        self.may_go_on = threading.Event()
        self.began = asyncio.Queue[None]()
        """Has one entry for every fork that got so far."""
        self._loop = asyncio.get_running_loop()

    def __call__(self) -> Outside | None:
        """Wait."""
        self._loop.call_soon_threadsafe(self.began.put_nowait, None)
        self.may_go_on.wait(PATIENCE_SECONDS)
        return None


async def fork_of(client: httpx2.AsyncClient, run: str) -> httpx2.Response:
    """Fork a run from its beginning."""
    return await client.post(f"/api/traces/{run}/fork", json={"step": 0})


async def test_few_forks_run_at_once_and_all_of_them_at_last(tmp_path: Path) -> None:
    """The others wait, while everything else goes on."""
    outside = SlowOutside()
    async with open_fake_host(tmp_path, live=outside) as host, served(host) as client:
        run = await asked(client)
        forks = [asyncio.create_task(fork_of(client, run)) for _ in range(AT_ONCE + 2)]
        for _ in range(AT_ONCE):
            await outside.began.get()
        replay = asyncio.create_task(client.post(f"/api/traces/{run}/replay"))
        for _ in range(3):
            assert (await client.get(f"/api/traces/{run}")).json()["forks"] == []
        assert outside.began.empty()
        assert not replay.done()
        outside.may_go_on.set()
        assert {(await fork).status_code for fork in forks} == {201}
        assert (await replay).status_code == 200
        assert len((await client.get(f"/api/traces/{run}")).json()["forks"]) == AT_ONCE + 2


async def test_a_fork_that_nobody_waits_for_ends(tmp_path: Path) -> None:
    """It is not kept, and makes room for others."""
    outside = SlowOutside()
    async with open_fake_host(tmp_path, live=outside) as host, served(host) as client:
        run = await asked(client)
        forks = [asyncio.create_task(fork_of(client, run)) for _ in range(AT_ONCE)]
        for _ in range(AT_ONCE):
            await outside.began.get()
        for fork in forks:
            fork.cancel()
        await asyncio.wait(forks)
        replay = await client.post(f"/api/traces/{run}/replay", timeout=PATIENCE_SECONDS)
        assert replay.status_code == 200
        outside.may_go_on.set()
        assert (await fork_of(client, run)).status_code == 201
        assert len((await client.get(f"/api/traces/{run}")).json()["forks"]) == 1
