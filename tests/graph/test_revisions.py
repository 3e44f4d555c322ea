"""Drafts that do not hold: the revision, the cut and the withholding of the compiled graph."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import pytest

from graph.build import build
from graph.deps import Deps, Limits
from graph.state import Claim, Draft, State, Token, Verdict, Verification, new_turn
from tests.fakes_graph import (
    FakeJudge,
    FakePlanner,
    FakeWriter,
    chunk_of,
    deps_of,
    part_of,
    passage_citation,
    plan_of,
    store_with,
)

QUESTION = "How long does the kettle boil?"
BOIL = chunk_of("The kettle boils for two minutes.")
CITED = passage_citation(BOIL, BOIL.text)
HOLDS = Claim(text=BOIL.text, citations=(1,))
INVENTED = Claim(text="The kettle boils for nine hours.", citations=(1,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What became of a question."""

    state: State
    nodes: tuple[str, ...]
    tokens: tuple[Token, ...]


def draft_of(*claims: Claim, shortfall: str | None = None) -> Draft:
    """Return a draft that cites the passage."""
    return Draft(claims=claims, citations=(CITED,) if claims else (), shortfall=shortfall)


async def run(
    first: Draft, revised: Draft | None = None, *, judge: FakeJudge | None = None, faithfulness: float = 0.8
) -> Seen:
    """Answer the question with a writer that writes these drafts."""
    deps: Deps = replace(
        deps_of(
            store=store_with(BOIL),
            writer=FakeWriter(draft=first, revised=revised),
            judge=judge or FakeJudge(),
        ),
        limits=Limits(faithfulness=faithfulness),
    )
    nodes: list[str] = []
    tokens: list[Token] = []
    state: State = {}
    async for kind, part in build().astream(
        new_turn(QUESTION), context=deps, stream_mode=["updates", "values", "custom"]
    ):
        if kind == "updates":
            nodes += cast(dict[str, object], part)
        elif kind == "custom":
            tokens.append(cast(Token, part))
        else:
            state = cast(State, part)
    return Seen(state=state, nodes=tuple(nodes), tokens=tuple(tokens))


async def test_a_revision_that_mends_the_draft_gives_a_whole_answer() -> None:
    """Nothing is cut or noted; the reader of the stream is told that the first draft is void."""
    seen = await run(draft_of(INVENTED), draft_of(HOLDS))
    result = seen.state["result"]
    assert (result.answer, result.status, result.citations) == (BOIL.text, "answered", (CITED,))
    assert (seen.state["notes"], seen.state["failures"], seen.state["revisions"]) == ([], [], 1)
    assert seen.tokens == (Token(text=INVENTED.text), Token(restart=True), Token(text=BOIL.text))
    assert [turn.answer for turn in seen.state["history"]] == [BOIL.text]


@pytest.mark.parametrize(
    "revised",
    [
        pytest.param(None, id="left as it was"),
        pytest.param(draft_of(INVENTED, *[HOLDS] * 4), id="written anew"),
    ],
)
async def test_what_a_revision_does_not_mend_is_cut(revised: Draft | None) -> None:
    """The answer is partial, says so, and is remembered as it was given."""
    seen = await run(draft_of(*[HOLDS] * 4, INVENTED), revised)
    result = seen.state["result"]
    assert (result.status, result.answer) == ("partial", "\n".join([BOIL.text] * 4))
    assert len(seen.state["notes"]) == 1
    assert [turn.answer for turn in seen.state["history"]] == [result.answer]


@pytest.mark.parametrize(
    ("revised", "faithfulness"),
    [
        pytest.param(draft_of(HOLDS, INVENTED), 0.8, id="too little holds"),
        pytest.param(draft_of(INVENTED), 0.0, id="nothing holds under a threshold of nothing"),
        pytest.param(Draft(), 0.8, id="nothing is left to say"),
    ],
)
async def test_an_answer_of_which_too_little_holds_is_withheld(revised: Draft, faithfulness: float) -> None:
    """Nothing of it reaches the reader, nor the next turn."""
    seen = await run(draft_of(INVENTED), revised, faithfulness=faithfulness)
    result = seen.state["result"]
    assert (result.status, result.citations) == ("unanswerable", ())
    assert "boils" not in result.answer
    assert [turn.answer for turn in seen.state["history"]] == [result.answer]
    assert seen.nodes[-1] == "abstain"


async def test_a_first_draft_of_which_little_holds_is_worth_a_revision() -> None:
    """The threshold withholds answers, not attempts."""
    seen = await run(draft_of(INVENTED, INVENTED, INVENTED), draft_of(HOLDS))
    assert seen.state["result"].status == "answered"


async def test_there_is_one_revision_and_no_more() -> None:
    """However little the second draft is better than the first."""
    seen = await run(draft_of(INVENTED), draft_of(INVENTED, HOLDS))
    assert (seen.nodes.count("revise"), seen.nodes.count("verify")) == (1, 2)


async def test_the_second_check_knows_the_verdicts_of_the_first() -> None:
    """And the first one those of no earlier turn."""
    said = Verdict(claim=HOLDS.text, evidence=BOIL.text, objection=None)
    first = Verification(faithfulness=0.5, rejected=((0, "why"),), verdicts=(said,))
    judge = FakeJudge(verifications=[first])
    await run(draft_of(INVENTED, HOLDS), draft_of(HOLDS), judge=judge)
    assert [before for _, before in judge.verified] == [Verification(faithfulness=1.0), first]


@pytest.mark.parametrize(
    ("first", "revised", "verifications", "expected"),
    [
        pytest.param(draft_of(HOLDS, shortfall="wrote"), None, [], ["wrote"], id="the writer"),
        pytest.param(
            draft_of(INVENTED), draft_of(HOLDS, shortfall="revised"), [], ["revised"], id="the reviser"
        ),
        pytest.param(
            draft_of(HOLDS),
            None,
            [Verification(faithfulness=1.0, shortfall="judged")],
            ["judged"],
            id="the judge",
        ),
        pytest.param(
            draft_of(HOLDS, shortfall="wrote"),
            None,
            [Verification(faithfulness=1.0, shortfall="judged")],
            ["wrote", "judged"],
            id="both",
        ),
        pytest.param(draft_of(HOLDS), None, [], [], id="nobody"),
    ],
)
async def test_whoever_fell_back_on_a_lesser_one_is_noted_as_a_failure(
    first: Draft, revised: Draft | None, verifications: Sequence[Verification], expected: list[str]
) -> None:
    """The answer comes all the same."""
    seen = await run(first, revised, judge=FakeJudge(verifications=list(verifications)))
    assert seen.state["result"].status == "answered"
    assert seen.state["failures"] == expected


async def test_a_planner_that_fell_back_is_noted_as_a_failure() -> None:
    """The plan it fell back on is followed."""
    plan = replace(plan_of(part_of(QUESTION)), shortfall="planned")
    deps = deps_of(store=store_with(BOIL), planner=FakePlanner(plans={QUESTION: plan}))
    state = await build().ainvoke(new_turn(QUESTION), context=deps)
    assert (state["result"].status, state["failures"]) == ("answered", ["planned"])
