"""What a capable reader really replied, sent through a loopback endpoint and the real client."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from graph.reasoning.checks import check_claims
from graph.reasoning.llm.drafting import read_draft
from graph.reasoning.llm.schemas import JudgeReply, PlanReply
from graph.reasoning.llm.streaming import DraftStream
from graph.reasoning.local.writer import LocalWriter
from graph.state import Draft
from tests.endpoint.server import Endpoint as Server
from tests.endpoint.server import Reply, always
from tests.graph.reasoning.llm.recorded import Recording, evidence, recordings, sources
from tools.metering import Meter
from tools.models.chat import OpenAIChat
from tools.models.endpoint import Endpoint

pytestmark = pytest.mark.enable_socket

MARKER = re.compile(r"\[\d+\]")
WRITTEN = [*recordings("write"), *recordings("revise")]


@asynccontextmanager
async def replaying(recording: Recording) -> AsyncIterator[OpenAIChat]:
    """Open the real adapter over an endpoint that replies what was recorded."""
    with Server(always(Reply(recording.reply, chunk_characters=7))) as server:
        async with Endpoint(base_url=server.base_url) as endpoint:
            yield OpenAIChat("reader", endpoint=endpoint)


async def read(recording: Recording) -> tuple[Draft, str]:
    """Return the draft of a recorded answer, and what was streamed of it."""
    stream, text, shown = DraftStream(sources(recording)), "", ""
    async with replaying(recording) as chat:
        async for piece in chat.stream(recording.prompt, meter=Meter()):
            text += piece
            shown += stream.feed(piece)
    return read_draft(text, sources(recording), parts=recording.parts), shown + stream.close()


def by_name(recording: Recording) -> str:
    """Name a case."""
    return recording.name


@pytest.mark.parametrize("recording", WRITTEN, ids=by_name)
async def test_a_real_answer_becomes_claims_that_hold(recording: Recording) -> None:
    """Every claim cites a source of the prompt; its figures and quotations stand there."""
    draft, _ = await read(recording)
    question = next(text for tag, _, text in recording.given if tag == "question")
    assert bool(draft.claims) is (recording.reply.strip() != "NOT ANSWERED")
    assert check_claims(draft, evidence(recording), quoted=False, question=question).rejected == ()
    assert {cited for claim in draft.claims for cited in claim.citations} == {
        citation.id for citation in draft.citations
    }


@pytest.mark.parametrize("recording", WRITTEN, ids=by_name)
async def test_a_real_answer_is_streamed_as_it_will_be_shown(recording: Recording) -> None:
    """Word for word; tables of rows, and the numbers of a line that introduces a list, come in the end."""
    draft, shown = await read(recording)
    claims = [claim for claim in draft.claims if claim.kind != "table"]
    final = LocalWriter().render(claims)
    assert MARKER.sub("", shown).split() == MARKER.sub("", final).split()
    assert set(MARKER.findall(shown)) == set(MARKER.findall(final))


@pytest.mark.parametrize("recording", recordings("write-compound"), ids=by_name)
async def test_parts_are_told_apart(recording: Recording) -> None:
    """Each part that is answered has claims of its own."""
    draft, _ = await read(recording)
    unanswered = recording.reply.count("NOT ANSWERED")
    assert len({claim.part for claim in draft.claims}) == recording.parts - unanswered


@pytest.mark.parametrize("recording", recordings("plan"), ids=by_name)
async def test_a_real_plan_is_read(recording: Recording) -> None:
    """It knows every base of the prompt, and no part needs a later one."""
    async with replaying(recording) as chat:
        plan = await chat.typed(recording.prompt, PlanReply, meter=Meter())
    bases = recording.prompt.messages[0].text.partition("# Knowledge bases")[2]
    assert plan.standalone_question
    assert plan.parts
    for number, part in enumerate(plan.parts, start=1):
        assert all(f"- {one.name}: " in bases for one in part.knowledge_bases)
        assert all(need < number for need in part.needs)


@pytest.mark.parametrize("recording", recordings("judge"), ids=by_name)
async def test_a_real_judgement_is_read(recording: Recording) -> None:
    """One verdict for each claim of the prompt."""
    async with replaying(recording) as chat:
        judged = await chat.typed(recording.prompt, JudgeReply, meter=Meter())
    asked = [int(told["number"]) for tag, told, _ in recording.given if tag == "claim"]
    assert [one.number for one in judged.claims] == asked
