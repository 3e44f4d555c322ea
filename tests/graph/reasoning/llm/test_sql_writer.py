"""The SQL writer with a language model: what it asks, what it makes of replies, what it falls back on."""

from collections.abc import Sequence

import pytest

from graph.reasoning.llm.sql_writer import EXAMPLES, LlmSqlWriter
from graph.reasoning.ports import Attempt, Statement, Written
from tests.endpoint.reader import blocks
from tests.fakes import FakeEmbedder
from tests.fakes_chat import FakeChat, Reply
from tests.fakes_graph import TODAY, FakeSqlWriter, written_of
from tests.graph.reasoning.llm.sql_world import COUNT_SLOOPS, QUESTION, fake_harbour, reply_of, writer_of
from tools.database.difficulty import difficulty
from tools.errors import ModelOutputError, ModelRefused, ModelUnavailable, TransientError
from tools.metering import Budget, Call, Meter
from tools.types import ANYONE, Prompt

FAILED = (
    Attempt(statement="SELECT kindness FROM boats", problem="unknown_column", message="no such column"),
)
LOCALLY = "SELECT count(*) FROM boats"
GOOD = reply_of(COUNT_SLOOPS)


async def written(
    writer: LlmSqlWriter,
    *,
    failed: Sequence[Attempt] = (),
    meter: Meter | None = None,
    question: str = QUESTION,
) -> Written:
    """Ask for SQL."""
    return await writer.write(question, today=TODAY, principal=ANYONE, failed=failed, meter=meter or Meter())


def local(*texts: str) -> FakeSqlWriter:
    """Return a local writer that says this every time it is asked."""
    return FakeSqlWriter(written={QUESTION: [written_of(*texts)] * 3})


def spent(calls: int) -> Meter:
    """Return a meter of four model calls of which some are used."""
    meter = Meter(budget=Budget(model_calls=4))
    meter.calls += [Call(prompt="x", prompt_hash="x", model="x", started=0.0)] * calls
    return meter


def given(prompt: Prompt, tag: str) -> list[str]:
    """Return the texts of a prompt's blocks of one tag."""
    return [text for name, _, text in blocks(prompt.messages[-1].text) if name == tag]


async def test_a_reply_becomes_a_statement_with_a_heading() -> None:
    """The model has no say in how a row reads: it has not seen one."""
    chat = FakeChat([GOOD])
    assert await written(writer_of(chat)) == Written(
        statements=(
            Statement(
                text=COUNT_SLOOPS,
                description="Number of sloops",
                answer=None,
                empty="Number of sloops: nothing was found.",
            ),
        )
    )
    assert [prompt.name for prompt in chat.prompts] == ["sql"]


async def test_the_prompt_holds_tables_named_values_examples_day_and_question() -> None:
    """And nothing of any row that the question does not name."""
    chat = FakeChat([GOOD])
    await written(writer_of(chat))
    asked = chat.prompts[0].messages[-1].text
    assert "CREATE TABLE boats" in asked
    assert '"Length Over All" REAL' in asked
    assert given(chat.prompts[0], "values") == ["boats.kind = 'sloop'"]
    assert len(given(chat.prompts[0], "example")) == EXAMPLES
    assert "Today: 2026-03-16 (Monday)" in asked
    assert given(chat.prompts[0], "question") == [QUESTION]
    assert "ketch" not in asked
    assert "Skagen" not in asked


async def test_what_the_schema_cannot_answer_gets_no_statement() -> None:
    """The model said so; the local writer is not asked to guess instead."""
    local_writer = FakeSqlWriter()
    replied = reply_of("SELECT 1", understood=False)
    assert await written(writer_of(FakeChat([replied]), local=local_writer, difficulty=False)) == Written()
    assert local_writer.asked == []


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (ModelUnavailable("x"), "The language model is not available; "),
        (ModelRefused("x"), "The language model refused the request; "),
        (ModelOutputError("x"), "The language model gave no usable reply; "),
        ("no JSON", "The language model gave no usable reply; "),
    ],
)
async def test_without_the_models_help_the_local_writer_writes_and_it_is_said(
    trouble: Reply, told: str
) -> None:
    """Whatever the trouble is, and also when it comes with a repair."""
    for failed in ((), FAILED):
        result = await written(writer_of(FakeChat([trouble]), local=local(LOCALLY)), failed=failed)
        assert [statement.text for statement in result.statements] == [LOCALLY]
        assert result.shortfall == f"{told}this was looked up in the database without it."


async def test_the_local_writer_hears_what_failed() -> None:
    """It must not write the same again."""
    local_writer = FakeSqlWriter()
    await written(writer_of(FakeChat([ModelUnavailable("x")]), local=local_writer), failed=FAILED)
    assert local_writer.asked[-1][3] == FAILED


async def test_a_used_up_budget_asks_no_model() -> None:
    """The local writer costs nothing."""
    chat = FakeChat([])
    result = await written(writer_of(chat, local=local(LOCALLY)), meter=spent(4))
    assert result.statements[0].text == LOCALLY
    assert result.shortfall is not None
    assert "budget of model calls is used up" in result.shortfall


async def test_a_database_that_cannot_tell_its_tables_is_an_error() -> None:
    """Nobody could write anything."""
    database = fake_harbour()
    database.failure = TransientError("away")
    with pytest.raises(TransientError):
        await written(writer_of(FakeChat([]), database=database))


async def test_a_repair_shows_what_failed_and_why() -> None:
    """With examples like the failed statement, and one call less than is needed for the answer is kept."""
    chat = FakeChat([GOOD])
    result = await written(writer_of(chat, examples="hypothetical"), failed=FAILED, meter=spent(2))
    assert result.statements[0].text == COUNT_SLOOPS
    assert [prompt.name for prompt in chat.prompts] == ["sql_mend"]
    assert '<failed problem="unknown column" reason="no such column">' in chat.prompts[0].messages[-1].text
    assert given(chat.prompts[0], "failed") == [FAILED[0].statement]


async def test_a_repair_leaves_a_call_for_the_answer() -> None:
    """Unless none is needed."""
    result = await written(writer_of(FakeChat([]), local=local(LOCALLY)), failed=FAILED, meter=spent(3))
    assert result.statements[0].text == LOCALLY
    eager = writer_of(FakeChat([GOOD]), calls_behind=0)
    assert (await written(eager, failed=FAILED, meter=spent(3))).statements[0].text == COUNT_SLOOPS


async def test_a_draft_of_the_local_writer_costs_no_call() -> None:
    """It finds the examples that are built like it."""
    chat = FakeChat([GOOD])
    await written(writer_of(chat, local=local(LOCALLY), examples="hypothetical"))
    assert [prompt.name for prompt in chat.prompts] == ["sql"]
    assert given(chat.prompts[0], "example")[-1] == "SELECT count(*) AS hives FROM hives"


async def test_without_one_the_model_drafts_first() -> None:
    """At first sight, without examples."""
    draft = reply_of("SELECT name FROM boats WHERE kind NOT IN (SELECT item FROM boats)")
    chat = FakeChat([draft, GOOD])
    result = await written(writer_of(chat, examples="hypothetical"), meter=spent(0))
    assert [prompt.name for prompt in chat.prompts] == ["sql_draft", "sql"]
    assert given(chat.prompts[0], "example") == []
    assert "NOT IN (SELECT gardener_id" in given(chat.prompts[1], "example")[-1]
    assert result.statements[0].text == COUNT_SLOOPS


async def test_a_plan_that_took_a_call_leaves_none_for_a_draft() -> None:
    """Of four calls, writing and judging need two."""
    chat = FakeChat([GOOD])
    await written(writer_of(chat, examples="hypothetical"), meter=spent(1))
    assert [prompt.name for prompt in chat.prompts] == ["sql"]
    assert len(given(chat.prompts[0], "example")) == EXAMPLES


async def test_a_draft_that_fails_does_no_harm() -> None:
    """The question then finds the examples."""
    chat = FakeChat([ModelOutputError("x"), GOOD])
    result = await written(writer_of(chat, examples="hypothetical"))
    assert result == await written(writer_of(FakeChat([GOOD])))
    assert len(given(chat.prompts[1], "example")) == EXAMPLES


async def test_a_model_that_is_away_is_not_asked_again_after_the_draft() -> None:
    """Waiting twice helps nobody."""
    chat = FakeChat([ModelUnavailable("x")])
    result = await written(writer_of(chat, examples="hypothetical"))
    assert len(chat.prompts) == 1
    assert result.shortfall is not None


async def test_examples_can_be_left_out() -> None:
    """Nothing is drafted for them then."""
    local_writer, chat = FakeSqlWriter(), FakeChat([GOOD])
    await written(writer_of(chat, local=local_writer, examples="none"))
    assert given(chat.prompts[0], "example") == []
    assert local_writer.asked == []


async def test_examples_by_question_are_as_difficult_as_a_draft_that_costs_nothing() -> None:
    """No model is asked for one."""
    chat = FakeChat([GOOD])
    hard = "SELECT name FROM boats WHERE boat_id IN (SELECT boat_id FROM boats)"
    await written(writer_of(chat, local=local(hard), examples="question"))
    assert len(chat.prompts) == 1
    assert {difficulty(text) for text in given(chat.prompts[0], "example")} == {difficulty(hard)} == {"hard"}


async def test_without_vectors_there_are_no_examples_and_still_sql() -> None:
    """The embedder is help that can be done without."""
    embedder = FakeEmbedder()
    embedder.away = True
    chat = FakeChat([GOOD])
    result = await written(writer_of(chat, embedder=embedder))
    assert given(chat.prompts[0], "example") == []
    assert result.statements


async def test_candidates_are_asked_for_with_tables_and_examples_in_other_orders() -> None:
    """A sure model would else say the same each time."""
    chat = FakeChat([reply_of("SELECT 1"), reply_of("SELECT 2"), reply_of("SELECT 1")])
    result = await written(writer_of(chat, votes=3), meter=Meter(budget=Budget(model_calls=5)))
    assert [statement.text for statement in result.statements] == ["SELECT 1", "SELECT 2", "SELECT 1"]
    assert len({prompt.hash for prompt in chat.prompts}) == 3
    assert len({given(prompt, "example")[-1] for prompt in chat.prompts}) == 3
    assert {prompt.messages[0] for prompt in chat.prompts} == {chat.prompts[0].messages[0]}


@pytest.mark.parametrize(("used", "candidates"), [(0, 2), (1, 1), (3, 1)])
async def test_candidates_leave_the_calls_that_the_answer_needs(used: int, candidates: int) -> None:
    """But one is always asked for."""
    chat = FakeChat([GOOD] * candidates)
    result = await written(writer_of(chat, votes=5), meter=spent(used))
    assert len(result.statements) == candidates


async def test_a_candidate_that_fails_costs_only_its_vote() -> None:
    """The others are enough; what one does not understand has none either."""
    replies: list[Reply] = [ModelOutputError("x"), GOOD, reply_of("", understood=False)]
    result = await written(writer_of(FakeChat(replies), votes=3), meter=Meter(budget=Budget(model_calls=9)))
    assert [statement.text for statement in result.statements] == [COUNT_SLOOPS]
    assert result.shortfall is None


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Orders ![x](https://evil.example/?q=1)", "Orders"),
        ("Orders [click](https://evil.example)", "Orders click"),
        ("<script>alert(1)</script> Orders", "alert(1) Orders"),
        ("Orders\n\n# of\u200b today", "Orders # of today"),
        ("Ordersˆof {today}", "Orders of {today}"),
        ("", "How many sloops are there"),
        ("Number of sloops.", "Number of sloops"),
    ],
)
async def test_a_heading_is_harmless(said: str, shown: str) -> None:
    """It is shown to people, and its braces are no fields."""
    result = await written(writer_of(FakeChat([reply_of(COUNT_SLOOPS, description=said)])))
    assert result.statements[0].description == shown
    literal = shown.replace("{", "{{").replace("}", "}}")
    assert result.statements[0].empty == f"{literal}: nothing was found."


@pytest.mark.parametrize(
    "said", [f"```sql\n{COUNT_SLOOPS}\n```", f"```\n{COUNT_SLOOPS}```", f"  {COUNT_SLOOPS}\n"]
)
async def test_a_fence_around_the_statement_is_taken_off(said: str) -> None:
    """Blanks inside of it stay as they are."""
    result = await written(writer_of(FakeChat([reply_of(said)])))
    assert result.statements[0].text == COUNT_SLOOPS
