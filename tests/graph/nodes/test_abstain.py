"""The node `abstain`."""

from collections.abc import Callable

import pytest
from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.nodes.abstain import abstain
from graph.state import State
from tests.fakes_graph import deps_of, part_of, plan_of
from tools.types import Match

Runner = Callable[[Deps], Runtime[Deps]]
MATCH = Match(query="stock", score=0.9)


@pytest.mark.parametrize(
    ("bases", "matches", "where"),
    [
        pytest.param((), (), "", id="nothing was searched"),
        pytest.param(("rules",), (), " I searched rules.", id="one base"),
        pytest.param(("rules", "guides"), (), " I searched guides and rules.", id="configured order"),
        pytest.param((), (MATCH,), " I searched the database.", id="database alone"),
        pytest.param(
            ("guides", "rules"), (MATCH,), " I searched guides, rules and the database.", id="all places"
        ),
    ],
)
async def test_the_searched_places_are_named(
    runtime: Runner, bases: tuple[str, ...], matches: tuple[Match, ...], where: str
) -> None:
    """The answer claims nothing, cites nothing and says where was looked."""
    state = State(plan=plan_of(part_of("Why?", bases=bases, matches=matches)))
    update = await abstain(state, runtime(deps_of()))
    assert update["result"].answer == f"My sources do not answer this.{where}"
    assert (update["result"].status, update["result"].citations) == ("unanswerable", ())
    assert [turn.question for turn in update["history"]] == ["Why?"]
