"""Whether the server runs, whether it can answer, and its figures."""

from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.lowlevel
from prometheus_client.parser import text_string_to_metric_families

from agent.api.app import create_app
from agent.api.health import KEPT_SECONDS, Readiness
from tests.agent.api.hosts import BOIL, QUESTION, client_of, open_fake_host
from tests.fakes_graph import deps_of, store_with
from tools.errors import TransientError


@dataclass(slots=True)
class Adapter:
    """Serves, or does not, and counts who asks."""

    good: bool = True
    asked: int = 0

    async def ping(self) -> None:
        """Raise when it does not serve."""
        self.asked += 1
        await anyio.lowlevel.checkpoint()
        if not self.good:
            raise TransientError("away, at a secret address")


async def test_a_server_that_cannot_answer_says_what_is_missing_and_nothing_more(tmp_path: Path) -> None:
    """It runs all the same."""
    store = store_with(BOIL)
    async with open_fake_host(tmp_path, deps=deps_of(store=store)) as host:
        app = create_app(host)
        store.close()
        async with client_of(app, peer="10.0.0.7") as client:
            ready, healthy = await client.get("/readyz"), await client.get("/healthz")
    assert ready.status_code == 503
    assert ready.json() == {"ready": False, "checks": {"conversations": True, "store": False}}
    assert (healthy.status_code, healthy.json()) == (200, {"status": "ok"})


async def test_adapters_are_asked_once_for_all_who_want_to_know() -> None:
    """And again after a moment, when what is away may be back."""
    now, adapter = [0.0], Adapter(good=False)
    readiness = Readiness({"store": adapter.ping}, clock=lambda: now[0])
    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(readiness.check)
    assert (adapter.asked, (await readiness.check()).ready) == (1, False)
    adapter.good, now[0] = True, KEPT_SECONDS + 0.1
    assert ((await readiness.check()).ready, adapter.asked) == (True, 2)


def figures_of(text: str) -> dict[tuple[str, ...], float]:
    """Return the values by name and labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_figures_count_requests_by_route_and_answers_by_how_they_ended(tmp_path: Path) -> None:
    """Paths that nobody serves are one figure, however many there are."""
    store = store_with(BOIL)
    async with (
        open_fake_host(tmp_path, deps=deps_of(store=store)) as host,
        client_of(create_app(host)) as client,
    ):
        thread = (await client.post("/api/threads")).json()["thread_id"]
        await client.post(f"/api/threads/{thread}/messages", json={"content": QUESTION})
        store.close()
        await client.post(f"/api/threads/{thread}/messages", json={"content": QUESTION})
        for path in ("/a", "/b", "/api/threads/x/y/z"):
            await client.get(path)
        reply = await client.get("/metrics")
    figures = figures_of(reply.text)
    message = "/api/threads/{thread_id}/messages"
    assert figures["plumbline_requests_total", "POST", message, "200"] == 2
    assert figures["plumbline_requests_total", "GET", "none", "404"] == 3
    assert figures["plumbline_runs_total", "completed"] == 2
    assert figures["plumbline_answer_seconds_count",] == 2
    assert figures["plumbline_degraded_answers_total",] == 1
    assert figures["plumbline_runs_running",] == 0
    assert figures["plumbline_model_calls_total",] == 0
    assert [name for name, *_ in figures if name.endswith("_created")] == []
