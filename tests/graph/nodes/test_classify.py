"""The node `classify`."""

from collections.abc import Callable
from dataclasses import replace

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.nodes.classify import classify
from graph.plan import Plan, Turn
from graph.state import Evidence, State
from tests.fakes_graph import TODAY, FakePlanner, deps_of, hit_of, part_of, plan_of

Runner = Callable[[Deps], Runtime[Deps]]
WAITING = plan_of(
    part_of("Which?"), part_of("How old is {1}?", needs=(0,)), part_of("Who sold {2}?", needs=(1,))
)
EVIDENCE = [Evidence(hits=(hit_of("The red one."),)), Evidence(), Evidence()]


def resolved(plan: Plan, *numbers: int) -> Plan:
    """Return the plan with these parts completed."""
    parts = [
        part_of(f"Part {number}?") if number in numbers else part for number, part in enumerate(plan.parts)
    ]
    return replace(plan, parts=tuple(parts))


async def test_the_planner_gets_question_history_and_day(runtime: Runner) -> None:
    """The plan goes into the state as it comes, and its parts are ready."""
    plan = plan_of(part_of("How long to boil?"), part_of("How hot?"))
    planner = FakePlanner(plans={"How long?": plan})
    turn = Turn(question="What is a kettle?", answer="A pot.")
    state = State(question="How long?", history=[turn])
    update = await classify(state, runtime(deps_of(planner=planner)))
    assert update == {"plan": plan, "round": 1, "ready": [0, 1], "failures": []}
    assert planner.asked == [("How long?", (turn,), TODAY)]


async def test_a_first_question_has_no_history(runtime: Runner) -> None:
    """A missing channel is an empty conversation."""
    planner = FakePlanner()
    await classify(State(question="How long?"), runtime(deps_of(planner=planner)))
    assert planner.asked == [("How long?", (), TODAY)]


async def test_a_part_that_needs_another_is_not_ready(runtime: Runner) -> None:
    """It waits for what the other finds."""
    deps = deps_of(planner=FakePlanner(plans={"How old?": WAITING}))
    assert (await classify(State(question="How old?", round=0), runtime(deps)))["ready"] == [0]


async def test_a_further_round_completes_what_waited(runtime: Runner) -> None:
    """The plan is carried on from the evidence; only what was completed is ready."""
    carried = resolved(WAITING, 1)
    planner = FakePlanner(plans={f"{WAITING.question} (carried on)": carried})
    state = State(question="How old?", round=1, plan=WAITING, evidence=EVIDENCE)
    update = await classify(state, runtime(deps_of(planner=planner)))
    assert update == {"plan": carried, "round": 2, "ready": [1], "failures": []}
    assert planner.carried_on == [(WAITING, tuple(EVIDENCE))]
    assert planner.asked == []


async def test_what_cannot_be_completed_goes_on_waiting(runtime: Runner) -> None:
    """The round counts all the same, so that rounds come to an end."""
    state = State(question="How old?", round=1, plan=WAITING, evidence=EVIDENCE)
    update = await classify(state, runtime(deps_of()))
    assert (update["plan"], update["round"], update["ready"]) == (WAITING, 2, [])


async def test_why_a_lesser_planner_planned_is_noted(runtime: Runner) -> None:
    """In the first round and in a further one."""
    plan = replace(plan_of(part_of("Why?")), shortfall="no model planned")
    carried = replace(resolved(WAITING, 1, 2), shortfall="no model carried on")
    planner = FakePlanner(plans={"Why?": plan, f"{WAITING.question} (carried on)": carried})
    first = await classify(State(question="Why?"), runtime(deps_of(planner=planner)))
    further = State(question="How old?", round=1, plan=WAITING, evidence=EVIDENCE)
    second = await classify(further, runtime(deps_of(planner=planner)))
    assert (first["failures"], second["failures"]) == (["no model planned"], ["no model carried on"])


async def test_why_a_part_was_routed_less_well_is_noted_once(runtime: Runner) -> None:
    """Beside why the whole plan is a lesser one."""
    part = replace(part_of("Why?"), shortfall="by words alone")
    plan = replace(plan_of(part, part_of("How?"), part), shortfall="no model planned")
    deps = deps_of(planner=FakePlanner(plans={"Why?": plan}))
    update = await classify(State(question="Why?"), runtime(deps))
    assert update["failures"] == ["no model planned", "by words alone"]


async def test_the_planner_spends_from_the_meter_of_the_run(runtime: Runner) -> None:
    """Whatever round it is."""
    planner = FakePlanner()
    deps = deps_of(planner=planner)
    await classify(State(question="Why?"), runtime(deps))
    await classify(State(question="Why?", round=1, plan=WAITING, evidence=EVIDENCE), runtime(deps))
    assert [meter is deps.meter for meter in planner.meters] == [True, True]
