"""The writer that streams from a model, and quotes where that fails."""

from collections.abc import AsyncGenerator, Sequence

import pytest

from graph.reasoning.llm.examples import ExampleStore, read_examples
from graph.reasoning.llm.reading import LONGEST_REPLY
from graph.reasoning.llm.writer import LlmWriter
from graph.state import Draft, Evidence, Token, Verification
from tests.fakes import FakeEmbedder
from tests.fakes_chat import FakeChat, Reply
from tests.fakes_graph import hit_of, part_of, plan_of
from tests.graph.reasoning.llm.conftest import BOIL, RETURNS, LocalSide
from tools.errors import ModelOutputError, ModelRefused, ModelUnavailable
from tools.metering import Budget, Meter
from tools.types import Prompt

QUESTION = "How long does the Moor 2 boil one litre?"
PLAN = plan_of(part_of(QUESTION))
EVIDENCE = [Evidence(hits=(hit_of(BOIL, 2.0), hit_of(RETURNS, 1.0)))]
ANSWER = "It takes two minutes to boil one litre [1]. Keep the lid closed meanwhile [1]."


class BreakingChat(FakeChat):
    """Breaks off in the middle of its first streams."""

    def __init__(self, replies: Sequence[Reply], *, breaks: int) -> None:
        """Say how many streams break off."""
        super().__init__(replies)
        self.breaks = breaks

    async def stream(self, prompt: Prompt, *, meter: Meter) -> AsyncGenerator[str]:
        """Yield a beginning, and perhaps the rest."""
        async for piece in super().stream(prompt, meter=meter):
            yield piece
            if self.breaks:
                self.breaks -= 1
                raise ModelUnavailable("the stream broke off")


def writer_with(chat: FakeChat, local: LocalSide) -> LlmWriter:
    """Return a writer over a fake model."""
    return LlmWriter(
        chat=chat,
        local=local.writer,
        local_judge=local.judge,
        examples=ExampleStore(read_examples(), FakeEmbedder()),
        faithfulness=0.8,
        name="Kettle Help",
    )


async def written(local: LocalSide, chat: FakeChat, *, calls: int = 4) -> tuple[Draft, list[Token]]:
    """Write an answer and collect what is streamed."""
    streamed: list[Token] = []
    meter = Meter(budget=Budget(model_calls=calls))
    draft = await writer_with(chat, local).write(PLAN, EVIDENCE, [], emit=streamed.append, meter=meter)
    return draft, streamed


def shown(streamed: Sequence[Token]) -> str:
    """Return what a reader sees at the end."""
    text = ""
    for token in streamed:
        text = token.text if token.restart else text + token.text
    return text


async def test_the_models_text_becomes_claims_and_is_streamed(local: LocalSide) -> None:
    """Piece by piece, and as the final answer will look."""
    draft, streamed = await written(local, FakeChat([ANSWER]))
    assert [claim.text for claim in draft.claims] == [
        "It takes two minutes to boil one litre.",
        "Keep the lid closed meanwhile.",
    ]
    assert [citation.id for citation in draft.citations] == [1]
    assert draft.shortfall is None
    assert len(streamed) > 5
    assert not any(token.restart for token in streamed)
    assert "two minutes" in shown(streamed)


async def test_the_prompt_has_sources_and_nearest_examples(local: LocalSide) -> None:
    """And says who answers."""
    chat = FakeChat([ANSWER])
    await written(local, chat)
    prompt = chat.prompts[0]
    assert prompt.name == "write"
    assert [message.role for message in prompt.messages] == ["system", *["user", "assistant"] * 2, "user"]
    assert "Kettle Help" in prompt.messages[0].text
    assert BOIL.text in prompt.messages[-1].text.replace("ˆ", " ")


async def test_not_answered_is_an_empty_draft(local: LocalSide) -> None:
    """Which is not degraded: the model has spoken."""
    draft, streamed = await written(local, FakeChat(["NOT ANSWERED"]))
    assert (draft.claims, draft.shortfall, shown(streamed)) == ((), None, "")


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(ModelUnavailable("away"), id="away"),
        pytest.param(ModelRefused("no"), id="refused"),
        pytest.param(ModelOutputError("cut off"), id="cut off"),
        pytest.param("I am sorry, I cannot help with that.", id="prose without sources"),
        pytest.param("It boils in two minutes [7].", id="sources that do not exist"),
        pytest.param(f"It {'really ' * LONGEST_REPLY}boils [1].", id="without an end"),
    ],
)
async def test_without_the_model_the_answer_is_quoted(local: LocalSide, reply: Reply) -> None:
    """What was shown is void, and the note says what happened."""
    draft, streamed = await written(local, FakeChat([reply]))
    assert draft.claims
    assert draft.shortfall is not None
    assert "written without it" in draft.shortfall
    assert shown(streamed) == local.writer.render(draft.claims)


async def test_what_is_missing_is_told_when_the_answer_is_quoted_instead(local: LocalSide) -> None:
    """The local mode weighs each part, and one without evidence has no answer."""
    plan = plan_of(PLAN.parts[0], part_of("Who sells umbrellas?"))
    chat = FakeChat([ModelUnavailable("away")])
    draft = await writer_with(chat, local).write(
        plan, [EVIDENCE[0], Evidence()], [], emit=lambda _: None, meter=Meter()
    )
    assert draft.notes == ("Nothing in the sources answers: Who sells umbrellas?",)


async def test_out_of_budget_the_answer_is_quoted(local: LocalSide) -> None:
    """Nothing is sent."""
    chat = FakeChat([ANSWER])
    draft, _ = await written(local, chat, calls=0)
    assert draft.claims
    assert draft.shortfall is not None
    assert "model calls" in draft.shortfall
    assert chat.prompts == []


async def test_a_stream_that_breaks_off_is_begun_anew_once(local: LocalSide) -> None:
    """The reader is told that what stood there is void."""
    draft, streamed = await written(local, BreakingChat([ANSWER, ANSWER], breaks=1))
    assert draft.shortfall is None
    assert sum(token.restart for token in streamed) == 1
    assert shown(streamed).startswith("It takes two minutes")
    twice, _ = await written(local, BreakingChat([ANSWER, ANSWER], breaks=2))
    assert twice.shortfall is not None
    assert twice.claims


async def revised(
    local: LocalSide, chat: FakeChat, *, faithfulness: float
) -> tuple[Draft, list[Token], Draft]:
    """Have a draft written anew whose second claim does not hold."""
    draft, _ = await written(local, FakeChat([ANSWER]))
    found = Verification(faithfulness=faithfulness, rejected=((1, "no source says so"),))
    streamed: list[Token] = []
    again = await writer_with(chat, local).revise(
        PLAN, EVIDENCE, draft, found, emit=streamed.append, meter=Meter()
    )
    return again, streamed, draft


async def test_a_draft_is_written_anew_with_what_was_wrong(local: LocalSide) -> None:
    """The model sees its own words, the sentence and the objection."""
    chat = FakeChat(["It takes two minutes to boil one litre [1]."])
    again, streamed, _ = await revised(local, chat, faithfulness=0.5)
    assert [claim.text for claim in again.claims] == ["It takes two minutes to boil one litre."]
    assert streamed[0].restart
    prompt = chat.prompts[0]
    assert prompt.name == "revise"
    assert prompt.messages[-2].text == ANSWER
    assert "no source says so" in prompt.messages[-1].text


@pytest.mark.parametrize(("faithfulness", "kept"), [(0.9, True), (0.5, False)])
async def test_a_failed_revision_keeps_what_may_be_cut_and_quotes_the_rest(
    local: LocalSide, faithfulness: float, kept: bool
) -> None:
    """Either way the note says that the model failed."""
    again, streamed, draft = await revised(
        local, FakeChat([ModelUnavailable("away")]), faithfulness=faithfulness
    )
    assert again.shortfall is not None
    assert (again.claims == draft.claims) is kept
    assert again.claims
    assert shown(streamed) == local.writer.render(again.claims)


@pytest.mark.parametrize(("faithfulness", "kept"), [(0.9, True), (0.5, False)])
async def test_a_revision_without_an_answer_keeps_a_draft_that_mostly_holds(
    local: LocalSide, faithfulness: float, kept: bool
) -> None:
    """What does not hold of it is cut then; of another nothing is left."""
    again, streamed, draft = await revised(local, FakeChat(["NOT ANSWERED"]), faithfulness=faithfulness)
    assert (again.claims == draft.claims) is kept
    assert again.shortfall is None
    assert shown(streamed) == local.writer.render(again.claims)


async def test_what_was_quoted_already_is_not_written_anew(local: LocalSide) -> None:
    """No model is asked a second time in vain."""
    draft, _ = await written(local, FakeChat([ModelUnavailable("away")]))
    chat = FakeChat(())
    found = Verification(faithfulness=0.5, rejected=((0, "why"),))
    again = await writer_with(chat, local).revise(
        PLAN, EVIDENCE, draft, found, emit=lambda _: None, meter=Meter()
    )
    assert (again, chat.prompts) == (draft, [])
