"""Asking and judging, on databases of our own."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.evaluation.spider.dataset import Dataset, Question, read_dataset
from agent.evaluation.spider.outcomes import Journal, Outcome
from agent.evaluation.spider.running import Run
from agent.evaluation.spider.systems import Predict, Prediction, Recorded, read_predictions
from graph.reasoning.ports import Attempt
from tests.agent.evaluation.spider.orchard import STATEMENTS, write_folder, write_predictions
from tools.database.schema import ReflectedDatabase
from tools.errors import InvalidInput, TransientError


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Return the small set, which no test changes."""
    return read_dataset(write_folder(tmp_path_factory.mktemp("orchard")))


@dataclass(slots=True, kw_only=True)
class Scripted:
    """A system that says what it is told to; the port `System`."""

    predictions: Mapping[int, Prediction]
    name: str = "scripted"
    label: str = "scripted"
    concurrency: int = 3
    failure: Exception | None = None
    asked: list[int] = field(default_factory=list)
    tables: set[str] = field(default_factory=set)
    """Of the databases that were open."""

    def on(self, database: ReflectedDatabase) -> Predict:
        """Remember what was open."""
        self.tables |= {table.name for table in database.schema().tables}

        async def predict(question: Question) -> Prediction:
            await asyncio.sleep(0)
            self.asked.append(question.number)
            if self.failure is not None:
                raise self.failure
            return self.predictions.get(question.number, Prediction(statement=None))

        return predict


async def judged(dataset: Dataset, statements: Mapping[int, str]) -> dict[int, Outcome]:
    system = Recorded(name="file", label="file", statements=statements)
    return {one.idx: one for one in await Run(dataset=dataset, system=system).outcomes()}


async def test_the_gold_statements_are_right(dataset: Dataset) -> None:
    """All of them run through guard and engine."""
    outcomes = await judged(dataset, STATEMENTS)
    assert [*outcomes] == list(STATEMENTS)
    assert all(one.correct and one.answered and one.problem is None for one in outcomes.values())


async def test_other_statements_with_the_same_rows_are_right(dataset: Dataset) -> None:
    """Columns in another order, repeats where the gold has DISTINCT, rows in another order."""
    outcomes = await judged(
        dataset,
        {
            0: "SELECT sum(1) FROM trees",
            1: "SELECT kind FROM trees",
            3: "SELECT sum(kilos), kind FROM harvests NATURAL JOIN trees WHERE year = 2024 GROUP BY 2",
            5: "SELECT name, home FROM ships ORDER BY crew",
        },
    )
    assert {number: one.correct for number, one in outcomes.items() if one.answered} == dict.fromkeys(
        (0, 1, 3, 5), True
    )


@pytest.mark.parametrize(
    ("number", "statement", "problem"),
    [
        pytest.param(0, "SELECT count(*) + 1 FROM trees", None, id="other rows"),
        pytest.param(2, "SELECT kind FROM trees ORDER BY kind", None, id="another order than the gold's"),
        pytest.param(0, "DELETE FROM trees", "refused", id="a write"),
        pytest.param(0, "SELECT count(*) FROM bushes", "unknown_table", id="no such table"),
        pytest.param(0, "SELECT count(girth) FROM trees", "unknown_column", id="no such column"),
        pytest.param(0, "SELECT count(* FROM", "syntax", id="no SQL"),
        pytest.param(0, "", "syntax", id="nothing"),
    ],
)
async def test_wrong_statements_are_wrong(
    dataset: Dataset, number: int, statement: str, problem: str | None
) -> None:
    """What does not run says why."""
    outcome = (await judged(dataset, {number: statement}))[number]
    assert not outcome.correct
    assert outcome.answered is (problem is None)
    assert outcome.problem == problem
    assert bool(outcome.message) is (problem is not None)


async def test_a_gold_statement_that_does_not_run_makes_no_prediction_right(tmp_path: Path) -> None:
    """Not even the same one; the outcome says so."""
    folder = write_folder(tmp_path)
    dev = folder / "dev.jsonl"
    dev.write_text(
        dev.read_text(encoding="utf-8").replace("count(*) FROM trees", "count(*) FROM bushes"), "utf-8"
    )
    outcome = (await judged(read_dataset(folder), {0: "SELECT count(*) FROM trees"}))[0]
    assert (outcome.correct, outcome.answered, outcome.gold_problem) == (False, True, "unknown_table")


async def test_what_has_more_rows_than_can_be_compared_is_wrong(tmp_path: Path) -> None:
    """A product of tables is cut, and so is nobody's answer."""
    folder = write_folder(tmp_path)
    wide = "SELECT 1 FROM " + ", ".join(f"harvests h{number}" for number in range(3))
    outcome = (await judged(read_dataset(folder), {0: wide}))[0]
    assert not outcome.correct


async def test_questions_without_a_statement_say_what_was_tried(dataset: Dataset) -> None:
    """The problem of the last statement, or that none was written."""
    failed = Attempt(statement="SELECT x", problem="unknown_column", message="there is no column 'x'")
    away = Attempt(statement="SELECT 1", message="the database is away")
    system = Scripted(
        predictions={
            0: Prediction(statement=None, attempts=(failed,)),
            1: Prediction(statement=None, attempts=(failed, away)),
            2: Prediction(statement=STATEMENTS[2], attempts=(failed, Attempt(statement=STATEMENTS[2]))),
        }
    )
    outcomes = await Run(dataset=dataset, system=system).outcomes()
    assert [one.problem for one in outcomes[:4]] == ["unknown_column", "unavailable", None, "not_understood"]
    assert (outcomes[2].correct, outcomes[2].failed_once) == (True, True)
    assert outcomes[0].attempts[0].message == "there is no column 'x'"


async def test_every_database_is_opened_for_its_own_questions(dataset: Dataset) -> None:
    """The outcomes come in the order of the questions, whatever was asked first."""
    system = Scripted(predictions={})
    told: list[int] = []
    run = Run(dataset=dataset, system=system, on_outcome=lambda outcome: told.append(outcome.idx))
    outcomes = await run.outcomes()
    assert system.tables == {"trees", "harvests", "ships"}
    assert [one.idx for one in outcomes] == list(range(8))
    assert sorted(told) == sorted(system.asked) == list(range(8))


async def test_an_interrupted_run_goes_on_where_it_stopped(dataset: Dataset, tmp_path: Path) -> None:
    """What the journal holds is told again and not asked again."""
    journal, told = tmp_path / "journal", list[int]()
    first = Scripted(predictions={}, failure=None, concurrency=1)
    few = Dataset(
        folder=dataset.folder,
        questions=dataset.questions[:5],
        numbers=dataset.numbers,
        descriptions=dataset.descriptions,
    )
    kept = await Run(dataset=few, system=first, journal=Journal(journal)).outcomes()
    second = Scripted(predictions={})
    outcomes = await Run(
        dataset=dataset,
        system=second,
        journal=Journal(journal),
        on_outcome=lambda outcome: told.append(outcome.idx),
    ).outcomes()
    assert sorted(second.asked) == [5, 6, 7]
    assert outcomes[:5] == kept
    assert sorted(told) == list(range(8))


async def test_what_stops_a_run_is_told_and_not_counted_as_wrong(dataset: Dataset) -> None:
    """A database that went away says nothing about the system."""
    with pytest.raises(TransientError, match="away"):
        await Run(dataset=dataset, system=Scripted(predictions={}, failure=TransientError("away"))).outcomes()


def test_predictions_are_read_as_lines_of_json_or_of_sql(tmp_path: Path) -> None:
    """The label tells files of one name apart."""
    one = read_predictions(write_predictions(tmp_path / "a.jsonl", {3: "SELECT 1"}), numbers=range(5))
    assert (one.name, one.statements) == ("a", {3: "SELECT 1"})
    plain = tmp_path / "a.sql"
    plain.write_text("SELECT 1\tfleet\nSELECT 2\n", encoding="utf-8")
    other = read_predictions(plain, numbers=[0, 7])
    assert other.statements == {0: "SELECT 1", 7: "SELECT 2"}
    assert other.label != one.label


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SELECT 1", "has 1 statements for 2 questions"),
        ('{"idx": 0, "sql": "SELECT 1"}\n{"idx"', "is not JSON; correct the line"),
        ('{"idx": 0}', "is no prediction; write"),
        ('{"idx": "0", "sql": "SELECT 1"}', "is no prediction; write"),
    ],
)
def test_wrong_predictions_are_told(tmp_path: Path, text: str, told: str) -> None:
    """With the file, and what to write instead."""
    file = tmp_path / "predictions"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=told):
        read_predictions(file, numbers=[0, 1])
    with pytest.raises(InvalidInput, match="nowhere: cannot be read"):
        read_predictions(tmp_path / "nowhere", numbers=[0, 1])
