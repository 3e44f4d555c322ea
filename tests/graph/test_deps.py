"""What the nodes are given."""

from dataclasses import fields, replace

from tests.fakes_graph import deps_of
from tools.metering import Budget, Meter


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
