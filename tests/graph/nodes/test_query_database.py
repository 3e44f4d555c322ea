"""The node `query_database`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

import pytest
from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.nodes.query_database import query_database
from graph.reasoning.ports import Attempt, Statement, Written
from graph.state import DatabaseTask, Queried, State
from tests.fakes_database import FakeCatalog, FakeDatabase
from tests.fakes_graph import TODAY, deps_of, rows_of
from tools.database.schema import Column, Schema, TableSchema
from tools.errors import TransientError
from tools.metering import Meter
from tools.types import Match, Principal, Rows, Table

Runner = Callable[[Deps], Runtime[Deps]]
WRITTEN = DatabaseTask(part=1, match=None, question="How many mugs are there?")
COUNT = Statement(
    text="SELECT COUNT(*) AS n FROM mugs", description="Number of mugs", answer="There are {n}."
)
MUGS = FakeDatabase(
    tables=Schema(tables=(TableSchema(name="mugs", columns=(Column(name="id"),)),)),
    answers={COUNT.text: lambda _: Table(columns=("n",), rows=((7,),))},
)
MATCH = Match(query="stock", score=0.9, parameters=(("name", "Kettle"),))


async def test_the_rows_become_evidence_of_the_part_that_asked(runtime: Runner) -> None:
    """Parameters and statement come along as provenance."""
    catalog = FakeCatalog(results={"stock": rows_of(("Kettle", 4))})
    update = await query_database(
        DatabaseTask(part=1, match=MATCH, question="?"), runtime(deps_of(catalog=catalog))
    )
    assert update == {
        "queried": [Queried(part=1, rows=rows_of(("Kettle", 4), parameters=(("name", "Kettle"),)))]
    }


async def test_without_a_catalogue_nothing_is_asked(runtime: Runner) -> None:
    """A plan from elsewhere cannot reach a database that is not configured."""
    assert await query_database(DatabaseTask(part=0, match=MATCH, question="?"), runtime(deps_of())) == {}


async def test_a_database_that_is_away_is_not_hidden_by_the_node(runtime: Runner) -> None:
    """Retry and degradation are the graph's business."""
    catalog = FakeCatalog(failure=TransientError("the database is away"))
    with pytest.raises(TransientError):
        await query_database(
            DatabaseTask(part=0, match=MATCH, question="?"), runtime(deps_of(catalog=catalog))
        )


@dataclass(slots=True, kw_only=True)
class ScriptedWriter:
    """Says what it is told to; the port `SqlWriter`."""

    written: Written
    asked: list[tuple[str, date, Principal]] = field(default_factory=list)

    async def write(
        self, question: str, *, today: date, principal: Principal, failed: Sequence[Attempt], meter: Meter
    ) -> Written:
        """Note who asks what."""
        self.asked.append((question, today, principal))
        return self.written


async def ask(runtime: Runner, written: Written, principal: Principal | None = None) -> State:
    """Ask the mugs with a writer that says this."""
    writer = ScriptedWriter(written=written)
    deps = deps_of(database=MUGS, sql_writer=writer).for_one_run(principal or Principal())
    update = await query_database(WRITTEN, runtime(deps))
    assert writer.asked[0] == ("How many mugs are there?", TODAY, principal or Principal())
    return update


async def test_where_no_query_fits_sql_is_written(runtime: Runner) -> None:
    """Its rows are evidence as any other; the writer learns who asks and on what day."""
    asker = Principal(groups=frozenset({"sales"}))
    update = await ask(runtime, Written(statements=(COUNT,)), asker)
    assert update["queried"] == [
        Queried(
            part=1,
            rows=Rows(
                name="",
                statement=COUNT.text,
                parameters=(),
                columns=("n",),
                rows=((7,),),
                description="Number of mugs",
                answer="There are {n}.",
            ),
        )
    ]
    assert update["failures"] == []


async def test_a_question_that_is_not_understood_is_left_to_the_documents(runtime: Runner) -> None:
    """Nothing was tried, so there is nothing to tell."""
    assert await ask(runtime, Written()) == {"failures": []}


async def test_sql_that_fails_for_good_is_noted(runtime: Runner) -> None:
    """The answer says that the database gave none, and why."""
    broken = Statement(text="SELECT * FROM jugs", description="Jugs")
    update = await ask(runtime, Written(statements=(broken,)))
    assert "queried" not in update
    assert [
        note.startswith("The database gave no answer: there is no table") for note in update["notes"]
    ] == [True]


async def test_what_a_lesser_writer_lacked_marks_the_answer(runtime: Runner) -> None:
    """A model that is away makes the answer degraded."""
    update = await ask(runtime, Written(statements=(COUNT,), shortfall="The model was away."))
    assert update["failures"] == ["The model was away."]


async def test_without_a_writer_nothing_is_asked(runtime: Runner) -> None:
    """Only named queries may be run in such an installation."""
    assert await query_database(WRITTEN, runtime(deps_of(database=MUGS))) == {}
