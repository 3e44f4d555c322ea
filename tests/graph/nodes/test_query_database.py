"""The node `query_database`."""

from collections.abc import Callable

import pytest
from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.nodes.query_database import query_database
from graph.state import DatabaseTask, Queried
from tests.fakes_database import FakeCatalog
from tests.fakes_graph import deps_of, rows_of
from tools.errors import TransientError
from tools.types import Match

Runner = Callable[[Deps], Runtime[Deps]]
MATCH = Match(query="stock", score=0.9, parameters=(("name", "Kettle"),))


async def test_the_rows_become_evidence_of_the_part_that_asked(runtime: Runner) -> None:
    """Parameters and statement come along as provenance."""
    catalog = FakeCatalog(results={"stock": rows_of(("Kettle", 4))})
    update = await query_database(DatabaseTask(part=1, match=MATCH), runtime(deps_of(catalog=catalog)))
    assert update == {
        "queried": [Queried(part=1, rows=rows_of(("Kettle", 4), parameters=(("name", "Kettle"),)))]
    }


async def test_without_a_catalogue_nothing_is_asked(runtime: Runner) -> None:
    """A plan from elsewhere cannot reach a database that is not configured."""
    assert await query_database(DatabaseTask(part=0, match=MATCH), runtime(deps_of())) == {}


async def test_a_database_that_is_away_is_not_hidden_by_the_node(runtime: Runner) -> None:
    """Retry and degradation are the graph's business."""
    catalog = FakeCatalog(failure=TransientError("the database is away"))
    with pytest.raises(TransientError):
        await query_database(DatabaseTask(part=0, match=MATCH), runtime(deps_of(catalog=catalog)))
