"""The judge that asks a model about what no rule decides."""

from dataclasses import replace

import pytest

from graph.reasoning.llm.judge import UNJUDGED, UNSUPPORTED, LlmJudge
from graph.reasoning.llm.schemas import ClaimVerdict, JudgeReply
from graph.state import Claim, Draft, Evidence, Verification
from tests.fakes_chat import FakeChat, Reply
from tests.fakes_graph import hit_of, part_of, passage_citation, plan_of, rows_citation, rows_of
from tests.graph.reasoning.llm.conftest import BOIL, RETURNS, LocalSide
from tools.errors import ModelOutputError, ModelUnavailable
from tools.metering import Budget, Meter

EVIDENCE = [Evidence(hits=(hit_of(BOIL), hit_of(RETURNS)))]
QUOTED = "You can return a kettle within 45 days of delivery."
TOLD = "Sending the kettle back is possible for 45 days."
INVENTED = "You can return a kettle within 60 days."


def draft_of(*claims: str, shortfall: str | None = None) -> Draft:
    """Return a draft that cites the returns for everything."""
    return Draft(
        claims=tuple(Claim(text=text, citations=(1,)) for text in claims),
        citations=(passage_citation(RETURNS, RETURNS.text),),
        text="" if shortfall else " ".join(claims),
        shortfall=shortfall,
    )


def verdicts(*given: tuple[int, str, str]) -> JudgeReply:
    """Return a reply of number, verdict and reason."""
    return JudgeReply(
        claims=[
            ClaimVerdict.model_validate({"number": number, "verdict": verdict, "reason": reason})
            for number, verdict, reason in given
        ]
    )


async def judged(
    local: LocalSide, draft: Draft, *replies: Reply, before: Verification | None = None, calls: int = 4
) -> tuple[Verification, FakeChat]:
    """Verify a draft with a model that says this."""
    chat = FakeChat(replies)
    judge = LlmJudge(chat=chat, local=local.judge)
    found = await judge.verify(
        draft,
        EVIDENCE,
        question="How long can I return it?",
        before=before or Verification(faithfulness=1.0),
        meter=Meter(budget=Budget(model_calls=calls)),
    )
    return found, chat


async def test_a_draft_in_the_sources_words_costs_no_call(local: LocalSide) -> None:
    """It is faithful."""
    found, chat = await judged(local, draft_of(QUOTED))
    assert (found.faithfulness, found.rejected, chat.prompts) == (1.0, (), [])


async def test_what_the_checks_reject_is_not_put_to_the_model(local: LocalSide) -> None:
    """Sixty stands nowhere, whatever a model would say."""
    found, chat = await judged(local, draft_of(QUOTED, INVENTED))
    assert found.faithfulness == 0.5
    assert [(number, "60" in reason) for number, reason in found.rejected] == [(1, True)]
    assert chat.prompts == []


async def test_only_doubtful_claims_are_put_to_the_model_in_one_call(local: LocalSide) -> None:
    """Each with the evidence that it cites."""
    another = "Somebody can bring it back to the shop."
    found, chat = await judged(
        local,
        draft_of(QUOTED, TOLD, another),
        verdicts((1, "supported", ""), (2, "unsupported", "no shop is named")),
    )
    assert found.rejected == ((2, "no shop is named"),)
    assert found.faithfulness == pytest.approx(2 / 3)
    assert [prompt.name for prompt in chat.prompts] == ["judge"]
    asked = chat.prompts[0].messages[-1].text.replace("ˆ", " ")
    assert TOLD in asked
    assert RETURNS.text in asked
    assert f"\n{QUOTED}\n" not in asked


@pytest.mark.parametrize(
    ("reply", "objection"),
    [
        pytest.param(verdicts((1, "partly", "how is missing")), "how is missing", id="partly"),
        pytest.param(verdicts((1, "unsupported", "")), UNSUPPORTED, id="without a reason"),
        pytest.param(verdicts(), UNJUDGED, id="passed over"),
        pytest.param(verdicts((7, "supported", "")), UNJUDGED, id="another claim"),
    ],
)
async def test_what_is_not_supported_does_not_hold(
    local: LocalSide, reply: JudgeReply, objection: str
) -> None:
    """Nor does what the judge forgot."""
    found, _ = await judged(local, draft_of(TOLD), reply)
    assert (found.faithfulness, found.rejected) == (0.0, ((0, objection),))


async def test_a_claim_is_judged_once(local: LocalSide) -> None:
    """The verdict on an unchanged claim is kept, also when nothing may be asked any more."""
    first, _ = await judged(local, draft_of(TOLD), verdicts((1, "unsupported", "why")))
    again, chat = await judged(local, draft_of(TOLD, QUOTED), before=first, calls=0)
    assert (again.rejected, again.shortfall, chat.prompts) == (((0, "why"),), None, [])


@pytest.mark.parametrize("error", [ModelUnavailable("away"), ModelOutputError("nonsense")])
async def test_without_the_model_words_decide_and_it_is_said(
    local: LocalSide, error: ModelUnavailable
) -> None:
    """What speaks of something else does not hold."""
    found, _ = await judged(local, draft_of(TOLD, "The lamp blinks red at night."), error)
    assert [number for number, _ in found.rejected] == [1]
    assert found.shortfall is not None
    assert "checked" in found.shortfall
    assert str(error) not in found.shortfall


async def test_what_words_decided_is_judged_when_the_model_is_back(local: LocalSide) -> None:
    """And while it is not, that is said again."""
    first, _ = await judged(local, draft_of(TOLD), ModelUnavailable("away"))
    back, _ = await judged(local, draft_of(TOLD), verdicts((1, "unsupported", "why")), before=first)
    assert (back.rejected, back.shortfall) == (((0, "why"),), None)
    away, _ = await judged(local, draft_of(TOLD), ModelUnavailable("away"), before=first)
    assert away.shortfall is not None


async def test_out_of_budget_words_decide(local: LocalSide) -> None:
    """And the note names the budget."""
    found, _ = await judged(local, draft_of(TOLD), calls=0)
    assert found.shortfall is not None
    assert "budget" in found.shortfall


async def test_what_the_local_mode_quoted_must_be_quoted_truly(local: LocalSide) -> None:
    """No model is asked about it."""
    found, chat = await judged(local, draft_of(QUOTED, TOLD, shortfall="The model was away."))
    assert [number for number, _ in found.rejected] == [1]
    assert chat.prompts == []


async def test_a_table_of_rows_claims_nothing_but_its_cells(local: LocalSide) -> None:
    """They were copied by us."""
    rows = rows_of(("Moor 2", 12), ("Fell", 0))
    table = Claim(
        text="Stock of products (2 rows).\n\n| name | stock |\n|---|---|\n| Moor 2 | 12 |\n| Fell | 0 |",
        citations=(1,),
        kind="table",
    )
    draft = Draft(claims=(table,), citations=(rows_citation(rows),), text="[table 1]")
    judge = LlmJudge(chat=FakeChat(()), local=local.judge)
    found = await judge.verify(
        draft,
        [Evidence(rows=(rows,))],
        question="What is in stock?",
        before=Verification(faithfulness=1.0),
        meter=Meter(),
    )
    assert found.rejected == ()


async def test_evidence_is_left_to_the_writer(local: LocalSide) -> None:
    """Any evidence is worth a try; none is not."""
    judge = LlmJudge(chat=FakeChat(()), local=local.judge)
    plan = plan_of(part_of("How long?"), part_of("Who?"))
    found = await judge.assess(plan, [*EVIDENCE, Evidence()])
    assert [one.verdict for one in found] == ["sufficient", "gap"]


async def test_a_line_that_introduces_a_list_is_not_judged(local: LocalSide) -> None:
    """Its items are; and a sentence with a colon at its end is no introduction."""
    lead = Claim(text="Mind the following when you bring it back to us:", citations=(1,))
    item = Claim(text=QUOTED, citations=(1,), kind="item")
    draft = Draft(claims=(lead, item), citations=(passage_citation(RETURNS, RETURNS.text),), text="x")
    found, chat = await judged(local, draft)
    assert (found.rejected, chat.prompts) == ((), [])
    alone = replace(draft, claims=(lead, replace(item, kind="sentence")))
    found, _ = await judged(local, alone, verdicts((1, "unsupported", "why")))
    assert found.rejected == ((0, "why"),)
