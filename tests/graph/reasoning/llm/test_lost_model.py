"""A model that is lost after it has written: the answer survives, through the compiled graph."""

from collections.abc import Iterable
from typing import cast

from graph.build import build
from graph.reasoning.llm.examples import ExampleStore
from graph.reasoning.llm.judge import LlmJudge
from graph.reasoning.llm.schemas import ClaimVerdict, JudgeReply
from graph.reasoning.llm.writer import LlmWriter
from graph.reasoning.local.judge import LocalJudge
from graph.reasoning.local.writer import LocalWriter
from graph.state import State, new_turn
from tests.fakes import FakeEmbedder
from tests.fakes_chat import FakeChat, Reply
from tests.fakes_graph import chunk_of, deps_of, finder_of, lexicon_of, store_with
from tools.errors import ModelRefused, ModelUnavailable

QUESTION = "How long does the kettle boil water?"
BOIL = chunk_of("The kettle boils water for two minutes.")
PARAPHRASE = "Everybody waits some hundred and twenty seconds until bubbles rise. [1]"
FOUR_CARRIED = "Water in the kettle boils. [1] " * 4
AWAY = ModelUnavailable("away")


async def run(*, writer: Iterable[Reply], judge: Iterable[Reply]) -> State:
    """Answer the question with models that say this."""
    local = LocalJudge(lexicon=lexicon_of(BOIL), finder=finder_of(BOIL), abstain=0.0)
    deps = deps_of(
        store=store_with(BOIL),
        judge=LlmJudge(chat=FakeChat(judge), local=local),
        writer=LlmWriter(
            chat=FakeChat(writer),
            local=LocalWriter(),
            local_judge=local,
            examples=ExampleStore([], FakeEmbedder()),
            faithfulness=0.8,
            name="Desk",
        ),
    )
    return cast("State", await build().ainvoke(new_turn(QUESTION), context=deps))


def objecting_to(text: str) -> JudgeReply:
    """Return the verdict on the only claim that words do not decide."""
    return JudgeReply(claims=[ClaimVerdict(number=1, reason=text, verdict="unsupported")])


async def test_without_a_judge_the_local_mode_quotes_what_words_do_not_carry() -> None:
    """No revision is asked for, because nobody could say what is wrong; and nothing is withheld."""
    state = await run(writer=[PARAPHRASE], judge=[ModelRefused("no")])
    result = state["result"]
    assert (result.status, result.answer) == ("answered", f"{BOIL.text} [1]")
    assert state["failures"][0] == "The language model refused the request; this was checked without it."
    assert state["draft"].shortfall == state["failures"][0]
    assert state["draft"].text == ""


async def test_a_draft_of_which_enough_holds_survives_a_lost_revision() -> None:
    """It is cut, not measured as if it quoted."""
    state = await run(writer=[FOUR_CARRIED + PARAPHRASE, AWAY], judge=[objecting_to("It does not say so.")])
    result = state["result"]
    assert result.status == "partial"
    assert "Water in the kettle boils. [1]" in result.answer
    assert "bubbles" not in result.answer
    assert state["failures"] == ["The language model is not available; this was revised without it."]


async def test_a_draft_of_which_little_holds_is_replaced_when_its_revision_is_lost() -> None:
    """The local mode quotes instead."""
    state = await run(writer=[PARAPHRASE, AWAY], judge=[objecting_to("It does not say so.")])
    assert (state["result"].status, state["result"].answer) == ("answered", f"{BOIL.text} [1]")


async def test_a_revision_that_nobody_can_judge_is_replaced_by_quotations() -> None:
    """It is not withheld for the judge's absence."""
    again = "Nobody waits longer than some hundred and twenty seconds. [1]"
    state = await run(writer=[PARAPHRASE, again], judge=[objecting_to("It does not say so."), AWAY])
    assert (state["result"].status, state["result"].answer) == ("answered", f"{BOIL.text} [1]")
    assert state["failures"] == ["The language model is not available; this was checked without it."] * 2
