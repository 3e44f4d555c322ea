"""The node `verify`."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from langgraph.runtime import Runtime

from graph.deps import Deps, Limits
from graph.nodes.verify import verify
from graph.state import Claim, Draft, Evidence, State, Verdict, Verification
from tests.fakes_graph import FakeJudge, chunk_of, deps_of, hit_of, part_of, passage_citation, plan_of

Runner = Callable[[Deps], Runtime[Deps]]
CHUNK = chunk_of("Boil it for two minutes. Then pour.")
HOLDS = Claim(text="Boil it for two minutes.", citations=(1,))
INVENTED = Claim(text="Pour it for nine hours.", citations=(2,))
CITED = passage_citation(CHUNK, "Boil it for two minutes.")
OTHER = passage_citation(CHUNK, "Then pour.", number=2)
UNSEEN = Verification(faithfulness=1.0)


def draft_of(*claims: Claim) -> Draft:
    """Return a draft that cites both sentences."""
    return Draft(claims=claims, citations=(CITED, OTHER))


def state_of(draft: Draft, *, parts: int = 1, revisions: int = 0, before: Verification = UNSEEN) -> State:
    """Return the state behind a draft."""
    return State(
        plan=plan_of(*(part_of(f"Part {number}?") for number in range(parts))),
        evidence=[Evidence(hits=(hit_of(CHUNK),))] * parts,
        draft=draft,
        verification=before,
        revisions=revisions,
    )


async def test_an_answer_in_which_every_claim_holds_is_let_out(runtime: Runner) -> None:
    """The result carries the rendered claims, their citations and the faithfulness."""
    update = await verify(state_of(Draft(claims=(HOLDS,), citations=(CITED,))), runtime(deps_of()))
    result = update["result"]
    assert (result.answer, result.status) == ("Boil it for two minutes. [1]", "answered")
    assert (result.citations, result.faithfulness) == ((CITED,), 1.0)
    assert [turn.answer for turn in update["history"]] == [result.answer]
    assert "notes" not in update


async def test_an_answer_that_lacks_a_part_is_called_partial(runtime: Runner) -> None:
    """A reader learns that something is missing."""
    update = await verify(state_of(draft_of(HOLDS), parts=2), runtime(deps_of()))
    assert update["result"].status == "partial"


async def test_a_draft_that_was_mended_is_a_whole_answer(runtime: Runner) -> None:
    """Nothing is missing of what was written anew, and nothing is noted."""
    update = await verify(state_of(draft_of(HOLDS), revisions=1), runtime(deps_of()))
    assert update["result"].status == "answered"
    assert "notes" not in update


@pytest.mark.parametrize("held", [1, 9], ids=["little holds", "nearly all holds"])
async def test_a_claim_that_does_not_hold_keeps_the_first_draft_in(runtime: Runner, held: int) -> None:
    """It goes back to be written anew, however much of it holds."""
    update = await verify(state_of(draft_of(*[HOLDS] * held, INVENTED)), runtime(deps_of()))
    assert set(update) == {"verification"}
    assert update["verification"].faithfulness == held / (held + 1)
    assert [number for number, _ in update["verification"].rejected] == [held]


async def test_what_still_does_not_hold_is_cut(runtime: Runner) -> None:
    """Its citations go with it, a note counts it, the share that held is told, and the answer is partial."""
    draft = draft_of(INVENTED, *[HOLDS] * 9, replace(INVENTED, citations=()))
    update = await verify(state_of(draft, revisions=1), runtime(deps_of()))
    result = update["result"]
    assert update["draft"] == Draft(claims=(HOLDS,) * 9, citations=(CITED,))
    assert (result.answer, result.status) == (" ".join([f"{HOLDS.text} [1]"] * 9), "partial")
    assert result.citations == (CITED,)
    assert result.faithfulness == pytest.approx(9 / 11)
    assert update["notes"] == ["2 statement(s) were withheld because their sources do not carry them."]


@pytest.mark.parametrize(
    ("faithfulness", "let_out"),
    [pytest.param(0.5, True, id="at the threshold"), pytest.param(0.51, False, id="below the threshold")],
)
async def test_too_little_that_holds_is_withheld(runtime: Runner, faithfulness: float, let_out: bool) -> None:
    """The share of the whole draft decides, before anything is cut."""
    deps = replace(deps_of(), limits=Limits(faithfulness=faithfulness))
    update = await verify(state_of(draft_of(HOLDS, INVENTED), revisions=1), runtime(deps))
    assert ("result" in update) == let_out


async def test_a_draft_of_which_nothing_holds_is_no_answer_under_any_threshold(runtime: Runner) -> None:
    """What is left is empty, so that the next decision finds nothing to let out."""
    deps = replace(deps_of(), limits=Limits(faithfulness=0.0))
    update = await verify(state_of(draft_of(INVENTED), revisions=1), runtime(deps))
    assert "result" not in update
    assert update["draft"] == Draft()


async def test_an_empty_draft_has_no_result(runtime: Runner) -> None:
    """Nothing claimed is nothing answered."""
    update = await verify(state_of(Draft()), runtime(deps_of()))
    assert "result" not in update
    assert "notes" not in update


async def test_a_citation_that_no_claim_uses_is_not_published(runtime: Runner) -> None:
    """Only what was checked with a claim reaches the reader."""
    update = await verify(state_of(draft_of(HOLDS)), runtime(deps_of()))
    assert update["result"].citations == (CITED,)


async def test_the_judge_is_given_its_earlier_verdicts(runtime: Runner) -> None:
    """A claim that stays in a second draft is not judged again; the judge spends from the run's meter."""
    said = Verdict(claim=HOLDS.text, evidence=CHUNK.text, objection=None)
    before = Verification(faithfulness=0.5, rejected=((1, "why"),), verdicts=(said,))
    judge = FakeJudge()
    deps = deps_of(judge=judge)
    await verify(state_of(draft_of(HOLDS), revisions=1, before=before), runtime(deps))
    assert judge.verified == [(draft_of(HOLDS), before)]
    assert [meter is deps.meter for meter in judge.meters] == [True]


@pytest.mark.parametrize("rejected", [(), ((0, "why"),)], ids=["let out", "kept in"])
async def test_why_less_was_checked_is_noted(runtime: Runner, rejected: tuple[tuple[int, str], ...]) -> None:
    """The answer will be marked degraded."""
    found = Verification(faithfulness=1.0, rejected=rejected, shortfall="no model checked")
    deps = deps_of(judge=FakeJudge(verifications=[found]))
    assert (await verify(state_of(draft_of(HOLDS)), runtime(deps)))["failures"] == ["no model checked"]
