"""What the nodes are given."""

from dataclasses import fields, replace

from graph.reasoning.ports import Judgments
from tests.fakes_graph import FakeJudge, FakePlanner, FakeWriter, deps_of
from tools.metering import Budget, Meter
from tools.types import Principal


def test_every_run_gets_a_meter_of_its_own_and_everything_else_alike() -> None:
    """What one question spent is not missing for the next; the budget is the same."""
    spent = Meter(budget=Budget(model_calls=1))
    with spent.call(prompt="plan", prompt_hash="0", model="minnow"):
        pass
    deps = replace(deps_of(), meter=spent)
    own = deps.for_one_run()
    assert (own.meter.budget, own.meter.calls) == (spent.budget, [])
    assert len(spent.calls) == 1
    others = [one.name for one in fields(deps) if one.name != "meter"]
    assert all(getattr(own, name) is getattr(deps, name) for name in others)


def test_a_run_judges_by_what_its_asker_may_know() -> None:
    """Planner, judge and writer are made for the principal; what everybody shares stays as it is."""
    made: dict[Principal, Judgments] = {}

    def judgments(principal: Principal) -> Judgments:
        made[principal] = Judgments(planner=FakePlanner(), judge=FakeJudge(), writer=FakeWriter())
        return made[principal]

    deps, staff = replace(deps_of(), judgments=judgments), Principal(groups=frozenset({"staff"}))
    own = deps.for_one_run(staff)
    assert own.principal == staff
    assert Judgments(planner=own.planner, judge=own.judge, writer=own.writer) == made[staff]
    assert own.planner is made[staff].planner
    assert deps.planner is not own.planner
