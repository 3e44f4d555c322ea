"""Replaying a recorded run: equal at every step, without a model, a store or a network."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import pytest

from agent.recording.around import Recorded
from agent.recording.attachments import Attachments
from agent.recording.encoding import from_json, pack, summary_of, to_json, unpack
from agent.recording.recording import Recording
from agent.recording.states import states_of
from agent.recording.tape import StepNote
from agent.recording.values import Encoder, digest_of
from agent.tracing.replaying import replay
from graph.state import Evidence, State
from tests.agent.tracing.shop import ASKS_BACK, QUESTIONS, Shop, open_shop
from tests.endpoint.paraphraser import paraphraser
from tests.endpoint.reader import reader
from tests.endpoint.replies import Fault, Reply, Request
from tests.endpoint.server import Endpoint as Server

MODEL = paraphraser(reader())


@pytest.fixture(scope="module")
async def shop() -> AsyncIterator[Shop]:
    """Open a shop in local mode."""
    with TemporaryDirectory() as folder:
        async with open_shop(Path(folder)) as opened:
            yield opened


@pytest.fixture(scope="module")
async def recordings(shop: Shop) -> list[Recording]:
    """Ask every kind of question, the last two in one conversation."""
    asked = [await shop.recorded(question) for question in QUESTIONS]
    first = await shop.recorded("How long does the kettle take to boil?", thread="kettle")
    return [*asked, first, await shop.recorded("And the toaster?", thread="kettle")]


async def test_every_replay_is_equal(recordings: list[Recording]) -> None:
    """The state is the same after every step, and nothing is asked that the recording does not answer."""
    for recording in recordings:
        again = await replay(recording)
        assert again.first_divergence is None
        assert (again.equal, again.network_calls, again.steps) == (True, 0, len(recording.steps))


async def test_an_exported_run_replays_as_well(recordings: list[Recording]) -> None:
    """A file says everything; so does what the database keeps."""
    for recording in recordings:
        packed = pack(recording, summary_of(recording))
        assert (await replay(from_json(to_json(recording)))).equal
        assert (await replay(unpack(packed.document, recording.attachments))).equal


async def test_computed_states_are_those_the_nodes_saw(shop: Shop) -> None:
    """What the updates amount to is what the graph gave to the next node."""
    for question in QUESTIONS:
        ended = await shop.ended(question)
        recording = shop.recorder.recording(ended)
        encoder = Encoder(Attachments())
        seen = {
            (note.node, note.superstep): encoder.json(note.state)
            for note in ended.tape.steps
            if note.path[0] != "__pregel_push" and not note.handles
        }
        first = min(note.superstep for note in ended.tape.steps)
        for step, (before, _) in zip(recording.steps, states_of(recording), strict=True):
            if (found := seen.get((step.node, step.superstep + first - 1))) is not None:
                assert digest_of(before) == digest_of(found)


class Buggy(Recorded):
    """A node that does something else than it did."""

    def __init__(self, node: str, spoil: Callable[[State], State]) -> None:
        """Spoil what a node writes."""
        self._node = node
        self._spoil = spoil

    async def run(self, note: StepNote, work: Callable[[], Awaitable[State]]) -> State:
        """Run the node, and spoil what it writes if it is the one."""
        update = await work()
        return self._spoil(update) if note.node == self._node else update


def _loses_the_best(update: State) -> State:
    evidence = [Evidence(hits=part.hits[1:], rows=part.rows) for part in update["evidence"]]
    return State(evidence=evidence)


def _asks_otherwise(update: State) -> State:
    plan = update["plan"]
    parts = tuple(
        replace(part, queries=tuple(replace(query, text=f"{query.text} now") for query in part.queries))
        for part in plan.parts
    )
    return cast("State", {**update, "plan": replace(plan, parts=parts)})


def _is_odd(update: State) -> State:
    return cast("State", {**update, "notes": ["odd"]})


BUGS: dict[str, tuple[Callable[[State], State], str]] = {
    "rerank": (_loses_the_best, "evidence"),
    "classify": (_asks_otherwise, "plan"),
    "assess": (_is_odd, "notes"),
    "synthesize": (_is_odd, "notes"),
    "verify": (_is_odd, "notes"),
    "prefetch": (lambda update: State(prefetched=update["prefetched"][1:], failures=[]), "prefetched"),
}


@pytest.mark.parametrize("node", BUGS)
async def test_a_planted_bug_is_found_in_its_node(recordings: list[Recording], node: str) -> None:
    """The first divergence names the node that writes something else, and what."""
    spoil, channel = BUGS[node]
    again = await replay(recordings[0], around=Buggy(node, spoil))
    assert not again.equal
    assert again.first_divergence is not None
    assert (again.first_divergence.node, again.network_calls) == (node, 0)
    assert channel in again.first_divergence.what


async def test_a_call_that_was_not_made_then_is_a_divergence(recordings: list[Recording]) -> None:
    """What was asked is shown beside what was asked then."""
    recording = recordings[0]
    calls = [replace(call, key="0" * 32) if call.port == "store" else call for call in recording.calls]
    again = await replay(replace(recording, calls=calls))
    assert again.first_divergence is not None
    assert again.first_divergence.node in {"prefetch", "retrieve"}
    assert "store.search" in again.first_divergence.what
    assert again.first_divergence.found["text"] in recording.question


@pytest.fixture(scope="module")
def spoiled() -> "Spoiled":
    """Have a model that can be made to fail."""
    return Spoiled()


class Spoiled:
    """Answers as a model does, or with the faults that are set, one for each call in turn."""

    def __init__(self) -> None:
        """Begin without faults."""
        self.faults: list[Fault | None] = []

    def __call__(self, request: Request) -> Reply:
        """Reply, and fail if it is time to."""
        fault = self.faults.pop(0) if self.faults else None
        return replace(MODEL(request), retry_after_seconds=0.01, fault=fault)


@pytest.fixture(scope="module")
async def modelled(spoiled: Spoiled) -> AsyncIterator[Shop]:
    """Open a shop with a language model."""
    with TemporaryDirectory() as folder, Server(spoiled) as server:
        sections: dict[str, dict[str, object]] = {
            "assistant": {"mode": "llm"},
            "assistant.budget": {"seconds": 8.0},
            "models": {"base_url": server.base_url, "attempts": 1, "seconds": 1.0},
        }
        async with open_shop(Path(folder), sections) as opened:
            yield opened


async def test_runs_with_a_model_replay_without_it(modelled: Shop) -> None:
    """Plans, drafts, verdicts and SQL of the model come from the recording, and so does what they cost."""
    for question in QUESTIONS[:4]:
        recording = await modelled.recorded(question)
        assert any(call.port == "chat" and call.spent for call in recording.calls)
        again = await replay(recording)
        assert again.first_divergence is None
        assert again.network_calls == 0


@pytest.mark.parametrize("place", range(4))
async def test_runs_with_faults_replay_with_them(modelled: Shop, spoiled: Spoiled, place: int) -> None:
    """Whichever call failed then fails again, and the same falls in for it."""
    for fault in (Fault.SERVER_ERROR, Fault.PROSE, Fault.TRUNCATED_BODY):
        spoiled.faults = [*[None] * place, fault]
        recording = await modelled.recorded(QUESTIONS[1])
        spoiled.faults = []
        again = await replay(recording)
        assert again.first_divergence is None


async def test_a_run_out_of_time_replays_to_where_it_was_given_up(modelled: Shop, spoiled: Spoiled) -> None:
    """Nothing is said of steps that nobody waited for."""
    spoiled.faults = [Fault.NEVER, Fault.NEVER, Fault.NEVER]
    recording = await modelled.recorded(QUESTIONS[0])
    spoiled.faults = []
    assert (await replay(recording)).equal


async def test_replays_do_not_disturb_each_other(recordings: list[Recording]) -> None:
    """Many at once are as equal as one."""
    found = await asyncio.gather(*(replay(recording) for recording in recordings * 2))
    assert all(one.equal for one in found)


async def test_a_pause_and_its_reply_replay(shop: Shop) -> None:
    """A run that asks back replays to the pause, and the one that goes on from the pause to its end."""
    paused = await shop.recorded(ASKS_BACK, thread="clarify")
    replied = await shop.recorded("S-12", thread="clarify")
    assert paused.steps[-1].paused is not None
    assert replied.entry == "clarify"
    assert replied.answer is not None
    assert "2026-03-12" in replied.answer["answer"]
    for recording in (paused, replied):
        assert (await replay(recording)).first_divergence is None
