"""Running a recorded question again from one of its steps, with something changed."""

from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from agent.recording.recording import Changes, Recording
from agent.recording.states import states_of
from agent.tracing.forking import fork
from agent.tracing.replaying import replay
from tests.agent.tracing.shop import Shop, open_shop
from tests.endpoint.paraphraser import paraphraser
from tests.endpoint.reader import reader
from tests.endpoint.replies import Reply, Request
from tests.endpoint.server import Endpoint as Server
from tools.errors import ConfigurationError, InvalidInput, NotFound

QUESTION = "How long does the kettle take to boil?"


@pytest.fixture(scope="module")
async def shop() -> AsyncIterator[Shop]:
    """Open a shop in local mode."""
    with TemporaryDirectory() as folder:
        async with open_shop(Path(folder)) as opened:
            yield opened


@pytest.fixture(scope="module")
async def parent(shop: Shop) -> Recording:
    """Ask a question."""
    return await shop.recorded(QUESTION)


async def forked(shop: Shop, parent: Recording, node: str | None, changes: Changes) -> Recording:
    """Fork behind a node's step, or from the start, and return the recording of the fork."""
    at = next(step.number for step in parent.steps if step.node == node) if node else 0
    return shop.recorder.recording(await fork(parent, at, changes, shop.outside()))


async def test_a_fork_without_changes_is_its_parent(shop: Shop, parent: Recording) -> None:
    """Nothing is run up to the step, nothing is asked live behind it, and every state is the same."""
    for node in (None, "classify", "rerank", "assess", "verify"):
        child = await forked(shop, parent, node, Changes())
        assert [step.digest for step in child.steps] == [step.digest for step in parent.steps]
        assert {call.source for call in child.calls if call.within is None} <= {"recorded"}
        assert child.answer is not None
        assert parent.answer is not None
        assert child.answer["answer"] == parent.answer["answer"]
        assert (child.kind, child.run_id != parent.run_id) == ("fork", True)
        assert child.parent is not None
        assert child.parent.run_id == parent.run_id


async def test_an_edited_state_changes_what_follows(shop: Shop, parent: Recording) -> None:
    """With the best passage taken away, the answer quotes another one, or none."""
    rerank = next(step for step in parent.steps if step.node == "rerank")
    _, after = states_of(parent)[rerank.number - 1]
    evidence = [{**part, "hits": part["hits"][1:]} for part in after["evidence"]]
    child = await forked(shop, parent, "rerank", Changes(state={"evidence": evidence}))
    assert states_of(child)[rerank.number - 1][1]["evidence"] == evidence
    assert child.answer is not None
    assert parent.answer is not None
    assert child.answer["answer"] != parent.answer["answer"]
    kept = [step for step in child.steps if step.superstep <= rerank.superstep]
    assert {step.source for step in kept} == {"recorded"}
    assert {step.source for step in child.steps if step.superstep > rerank.superstep} == {"live"}


async def test_an_edited_plan_is_routed_anew(shop: Shop, parent: Recording) -> None:
    """The edges decide on the edited plan, and searches that were not made then are made now."""
    classify = next(step for step in parent.steps if step.node == "classify")
    _, after = states_of(parent)[classify.number - 1]
    plan = after["plan"]
    parts = [
        {**part, "queries": [{"text": "how to descale", "family": "question"}]} for part in plan["parts"]
    ]
    child = await forked(shop, parent, "classify", Changes(state={"plan": {**plan, "parts": parts}}))
    live = [call for call in child.calls if call.source == "live" and call.port == "store"]
    assert {call.request["text"] for call in live} == {"how to descale"}


async def test_a_fork_replays_like_any_run(shop: Shop, parent: Recording) -> None:
    """A child is a recording of its own; what was not run then is not run again."""
    child = await forked(shop, parent, "classify", Changes(configuration={"assistant.abstain": 0.99}))
    assert child.answer is not None
    assert child.answer["status"] in {"unanswerable", "declined"}
    assert (await replay(child)).first_divergence is None


async def test_a_fork_of_a_fork_keeps_its_parent(shop: Shop, parent: Recording) -> None:
    """Changes can be tried one after the other."""
    child = await forked(shop, parent, "classify", Changes(configuration={"ranking.passages": 1}))
    grandchild = await forked(shop, child, "rerank", Changes())
    assert grandchild.parent is not None
    assert grandchild.parent.run_id == child.run_id
    assert [step.digest for step in grandchild.steps] == [step.digest for step in child.steps]


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        (Changes(state={"planet": {}}), InvalidInput, "planet"),
        (Changes(state={"plan": {"parts": 3}}), InvalidInput, "plan"),
        (Changes(prompts={"poem": "Sing."}), InvalidInput, "poem"),
        (Changes(configuration={"assistant.mood": "good"}), ConfigurationError, "mood"),
        (Changes(configuration={"weather.today": 1}), ConfigurationError, "weather"),
        (Changes(configuration={"assistant.abstain": "often"}), ConfigurationError, "abstain"),
        (Changes(configuration={"assistant.mode": "llm"}), ConfigurationError, "language model"),
    ],
)
async def test_a_change_that_cannot_be_made_is_named(
    shop: Shop, parent: Recording, changes: Changes, error: type[Exception], words: str
) -> None:
    """Nothing runs; the message says which."""
    with pytest.raises(error, match=words):
        await fork(parent, 1, changes, shop.outside())


async def test_a_step_that_there_is_not_is_named(shop: Shop, parent: Recording) -> None:
    """The message says how many there are."""
    with pytest.raises(NotFound, match="no step 99"):
        await fork(parent, 99, Changes(), shop.outside())


async def test_without_anything_live_only_what_was_recorded_is_answered(parent: Recording) -> None:
    """A recording from elsewhere can be forked as far as its own calls go; what is beyond says so."""
    unchanged = await fork(parent, 1, Changes(), None)
    assert unchanged.error is None
    beyond = await fork(parent, 0, Changes(configuration={"ranking.hits": 3}), None)
    assert beyond.outcome == "failed"
    assert "open the installation" in str(beyond.error)


async def test_an_edited_prompt_and_model_are_asked_live() -> None:
    """What was planned then stays; the writer alone is asked, in other words, and by another name."""
    seen: list[Request] = []
    model = paraphraser(reader())

    def respond(request: Request) -> Reply:
        seen.append(request)
        return model(request)

    with TemporaryDirectory() as folder, Server(respond) as server:
        sections: dict[str, dict[str, object]] = {
            "assistant": {"mode": "llm"},
            "models": {"base_url": server.base_url, "attempts": 1},
        }
        async with open_shop(Path(folder), sections) as shop:
            question = "How do I clean the toaster, and how long is the warranty?"
            parent = await shop.recorded(question)
            written = next(call for call in parent.calls if call.method == "stream")
            before = len(seen)
            system = written.request["prompt"]["messages"][0]["text"]
            edited = f"Write like a telegram.\n\n{system}"
            changes = Changes(prompts={"write": edited}, configuration={"models.chat": "minnow-2"})
            child = await forked(shop, parent, "assess", changes)
            asked = [call for call in child.calls if call.port == "chat" and call.source == "live"]
            assert asked[0].request["model"] == "minnow-2"
            assert asked[0].request["prompt"]["messages"][0]["text"].startswith("Write like a telegram.")
            assert len(seen) - before == len(asked)
            assert (await replay(child)).network_calls == 0
