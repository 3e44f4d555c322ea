"""Composing the public answer from the final state of a run."""

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import pytest

from agent.answer import Answer, ModelCall, PassageQuote
from agent.composing import AROUND, OUT_OF, compose, out_of_time
from agent.watch import Watch
from graph.deps import Deps
from graph.state import Claim, Clarification, Draft, Evidence, Result, State, Verification
from tests.agent.contract import problems
from tests.fakes_graph import chunk_of, deps_of, hit_of, part_of, passage_citation, plan_of
from tools.errors import BudgetExceeded, Limit
from tools.metering import Budget, Call, Meter
from tools.types import Mode

BOIL = chunk_of("The kettle boils for two minutes.")
CITED = passage_citation(BOIL, BOIL.text)
RESULT = Result(answer=f"{BOIL.text} [1]", status="answered", citations=(CITED,))
DRAFT = Draft(claims=(Claim(text=BOIL.text, citations=(1,)),), citations=(CITED,))
PLAN = plan_of(part_of("How long?", queries=("How long?", "boil")), part_of("boil", queries=("boil",)))


def deps_in(mode: Mode, meter: Meter | None = None) -> Deps:
    """Return what an installation in this mode gives its nodes."""
    return replace(deps_of(), mode=mode, meter=meter or Meter())


def composed(
    deps: Deps,
    *,
    plan_shortfall: str | None = None,
    draft: Draft = DRAFT,
    judge_shortfall: str | None = None,
    notes: Sequence[str] = (),
    failures: Sequence[str] = (),
    asked: Clarification | None = None,
) -> Answer:
    """Compose the answer of a run that ended like this, and hold it to the public contract."""
    state = State(
        plan=replace(PLAN, shortfall=plan_shortfall),
        draft=draft,
        verification=Verification(faithfulness=1.0, shortfall=judge_shortfall),
        result=RESULT,
        notes=list(notes),
        failures=list(failures),
    )
    answer = compose(state, Watch(), deps, "thread", "run", asked)
    assert problems(answer.model_dump(mode="json")) == []
    assert (answer.thread_id, answer.run_id) == ("thread", "run")
    return answer


def refused(limit: Limit) -> Meter:
    """Return a meter that refused a call for this limit."""
    budgets: dict[Limit, Budget] = {
        "seconds": Budget(seconds=0),
        "tokens": Budget(tokens=0),
        "usd": Budget(usd=0),
        "model_calls": Budget(model_calls=0),
    }
    meter = Meter(budget=budgets[limit])
    with pytest.raises(BudgetExceeded):
        meter.admit(tokens=1, usd=1)
    return meter


@pytest.mark.parametrize(
    ("mode", "plan_shortfall", "draft", "expected"),
    [
        pytest.param("local", None, DRAFT, ("local", "completed"), id="no model wanted"),
        pytest.param("llm", None, DRAFT, ("llm", "completed"), id="a model did it all"),
        pytest.param("llm", None, Draft(), ("llm", "completed"), id="a model had nothing to write"),
        pytest.param(
            "llm", None, replace(DRAFT, shortfall="x"), ("local", "model_unavailable"), id="quoted instead"
        ),
        pytest.param(
            "llm",
            None,
            replace(DRAFT, text="x", shortfall="x"),
            ("llm", "model_unavailable"),
            id="written by a model and not revised",
        ),
        pytest.param(
            "llm", None, Draft(shortfall="x"), ("local", "model_unavailable"), id="nothing to quote instead"
        ),
        pytest.param(
            "llm", "x", Draft(), ("local", "model_unavailable"), id="planned without it, nothing written"
        ),
    ],
)
def test_mode_and_exit_reason_tell_who_gave_the_answer(
    mode: Mode, plan_shortfall: str | None, draft: Draft, expected: tuple[str, str]
) -> None:
    """The local mode that finished in a model's stead is named, with the reason."""
    lacking = [note for note in (plan_shortfall, draft.shortfall) if note]
    answer = composed(deps_in(mode), plan_shortfall=plan_shortfall, draft=draft, failures=lacking)
    assert (answer.mode, answer.exit_reason) == expected
    assert (answer.degraded, answer.notes) == (bool(lacking), lacking)


def test_an_answer_that_a_model_wrote_is_its_own_though_it_was_planned_without_it() -> None:
    """Or was not judged by it; it is degraded all the same, and the reason is told."""
    planned = composed(deps_in("llm"), plan_shortfall="x", failures=["x"])
    judged = composed(deps_in("llm"), judge_shortfall="x", failures=["x"])
    for answer in (planned, judged):
        assert (answer.mode, answer.degraded, answer.exit_reason) == ("llm", True, "model_unavailable")


@pytest.mark.parametrize("limit", get_args(Limit))
@pytest.mark.parametrize("shortfall", [None, "x"], ids=["nothing lacking", "quoted instead"])
def test_a_limit_that_refused_a_call_is_the_reason(limit: Limit, shortfall: str | None) -> None:
    """Rather than the model that was not asked."""
    answer = composed(
        deps_in("llm", refused(limit)),
        draft=replace(DRAFT, shortfall=shortfall),
        failures=[shortfall] if shortfall else [],
    )
    assert answer.exit_reason == OUT_OF[limit]
    assert answer.exit_reason.startswith("out_of_")


def test_every_limit_has_a_reason_of_its_own() -> None:
    """None is mistaken for another."""
    assert set(OUT_OF) == set(get_args(Limit))
    assert len(set(OUT_OF.values())) == len(OUT_OF)


def test_asking_back_is_a_reason_whatever_was_refused() -> None:
    """The answer of an earlier turn of the thread is not given again."""
    asked = Clarification(question="Red or blue?", choices=("red", "blue"))
    answer = composed(deps_in("llm", refused("tokens")), draft=Draft(), asked=asked)
    assert (answer.answer, answer.status, answer.exit_reason) == ("Red or blue?", "clarify", "clarification")
    assert (answer.choices, answer.citations) == (["red", "blue"], [])


def test_notes_are_told_once_with_failures_last() -> None:
    """Two nodes that failed alike leave one note."""
    answer = composed(deps_in("local"), notes=["a gap", "away"], failures=["away", "down", "down"])
    assert (answer.notes, answer.degraded) == (["a gap", "away", "down"], True)


def test_a_gap_alone_does_not_degrade() -> None:
    """Nothing was out of reach."""
    assert composed(deps_in("local"), notes=["a gap"]).degraded is False


def test_queries_are_told_once_in_order() -> None:
    """Two parts may search for the same."""
    assert composed(deps_in("local")).queries == ["How long?", "boil"]


def test_usage_lists_every_call_and_sums_them_up() -> None:
    """Two calls side by side and one after them are a chain of two."""
    meter = Meter()
    spans = [("plan", 1.0, 2.0), ("judge", 1.5, 2.5), ("write", 3.0, 4.25)]
    for name, started, ended in spans:
        call = Call(prompt=name, prompt_hash="0f", model="minnow", started=started, ended=ended, attempts=2)
        call.input_tokens, call.cached_tokens, call.output_tokens, call.cost_usd = 100, 40, 10, 0.00000123
        meter.calls.append(call)
    meter.calls[-1].error, meter.calls[-1].estimated = "ModelUnavailable", True
    usage = composed(deps_in("llm", meter)).usage
    assert (usage.model_calls, usage.sequential_model_calls) == (3, 2)
    assert (usage.input_tokens, usage.output_tokens, usage.cost_usd) == (300, 30, 0.000004)
    assert [call.prompt for call in usage.calls] == ["plan", "judge", "write"]
    assert usage.calls[-1] == ModelCall(
        prompt="write",
        prompt_hash="0f",
        model="minnow",
        attempts=2,
        input_tokens=100,
        cached_tokens=40,
        output_tokens=10,
        estimated=True,
        cost_usd=0.000001,
        milliseconds=1250.0,
        error="ModelUnavailable",
    )


def test_without_a_model_nothing_was_used() -> None:
    """All zero, and no call."""
    usage = composed(deps_in("local")).usage
    assert usage.model_dump() == {
        "model_calls": 0,
        "sequential_model_calls": 0,
        "input_tokens": 0,
        "output_tokens": 0,
        "cost_usd": 0.0,
        "calls": [],
    }


@pytest.mark.parametrize("planned", [False, True], ids=["before there is a plan", "after planning"])
def test_out_of_time_tells_what_is_known(planned: bool) -> None:
    """Calls that were made are accounted for; nothing is taken from an earlier turn."""
    meter = Meter()
    with meter.call(prompt="plan", prompt_hash="0f", model="minnow"):
        pass
    answer = out_of_time(Watch(plan=PLAN if planned else None), deps_in("llm", meter), "thread", "run")
    assert problems(answer.model_dump(mode="json")) == []
    assert (answer.status, answer.exit_reason, answer.degraded) == ("unanswerable", "out_of_time", True)
    assert (answer.mode, answer.usage.model_calls, answer.citations) == ("llm", 1, [])
    assert answer.queries == (["How long?", "boil"] if planned else [])
    assert (answer.route.category == "unknown") is not planned


@pytest.mark.parametrize("found", [True, False], ids=["in evidence", "not in evidence"])
def test_a_quotation_is_shown_where_it_stands_in_its_passage(found: bool) -> None:
    """Between what leads to it and what follows, which is cut where the passage is long."""
    chunk = replace(chunk_of(f"{'Much ' * 200}before. It boils. {'Much ' * 200}after."), start=70)
    cited = passage_citation(chunk, "It boils.")
    state = State(
        plan=PLAN,
        draft=DRAFT,
        verification=Verification(faithfulness=1.0),
        result=replace(RESULT, citations=(cited,)),
        evidence=[Evidence(hits=(hit_of(chunk),))] if found else [],
    )
    (quoted,) = compose(state, Watch(), deps_in("local"), "thread", "run", None).citations
    assert isinstance(quoted, PassageQuote)
    if not found:
        assert (quoted.before, quoted.after) == ("", "")
        return
    assert quoted.before + quoted.quote + quoted.after in chunk.text
    assert quoted.before.endswith("before. ")
    assert (len(quoted.before), len(quoted.after)) == (AROUND, AROUND)
