"""The systems that write SQL behind the loop of the graph: rules, and a language model rung by rung."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from math import inf

from agent.adapters import PinnedClock, embedder_for
from agent.endpoints import chat_for, open_endpoint
from agent.evaluation.spider.dataset import Dataset, Question
from agent.evaluation.spider.rungs import Rung
from agent.evaluation.spider.systems import Predict, Prediction
from agent.settings import Settings
from graph.querying import find_rows
from graph.reasoning.llm.sql_examples import SqlExample, SqlExampleStore, read_sql_examples
from graph.reasoning.llm.sql_view import SchemaLinker
from graph.reasoning.llm.sql_writer import LlmSqlWriter
from graph.reasoning.local.sql.writer import LocalSqlWriter
from graph.reasoning.ports import SqlWriter
from tools.database.schema import ReflectedDatabase
from tools.knowledge.similarity import EmbeddedSimilarity
from tools.metering import Budget, Meter
from tools.types import ANYONE

ROWS_SEEN = 200
"""Most rows that the loop reads of a statement it tries, as many as an installation by default."""
RULES_BUDGET = Budget(seconds=30.0, model_calls=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """Lets a SQL writer predict, as the graph does. Implements `System`."""

    name: str
    label: str
    writer: Callable[[ReflectedDatabase], SqlWriter]
    """Makes the writer for a database."""
    today: date
    budget: Budget
    repairs: int
    concurrency: int = 1

    def on(self, database: ReflectedDatabase) -> Predict:
        """Make the database's writer, and have it asked."""
        writer = self.writer(database)

        async def predict(question: Question) -> Prediction:
            meter = Meter(budget=self.budget)
            found = await find_rows(
                question.text,
                writer=writer,
                database=database,
                today=self.today,
                principal=ANYONE,
                meter=meter,
                repairs=self.repairs,
                limit=ROWS_SEEN,
            )
            return Prediction(
                statement=found.rows.statement if found.rows else None,
                attempts=found.attempts,
                note=found.shortfall,
                meter=meter,
            )

        return predict


def rules() -> Writing:
    """Return the local mode: nothing is repaired, since rules would write the same again."""
    return Writing(
        name="local",
        label="local",
        writer=LocalSqlWriter,
        today=PinnedClock(None).today(),
        budget=RULES_BUDGET,
        repairs=0,
    )


@asynccontextmanager
async def open_models(
    settings: Settings, rungs: Sequence[Rung], dataset: Dataset
) -> AsyncIterator[list[Writing]]:
    """Open the configured language model with the switches of each rung.

    Examples are those of the data set's training part, where the folder has it, and those that are shipped;
    never the installation's own, which may hold the very questions.

    Raises:
        ConfigurationError: No model is configured, or wrongly.
    """
    embedder = embedder_for(settings)
    examples = [SqlExample(question=question, sql=sql) for question, sql in dataset.examples]
    store = SqlExampleStore((*examples, *read_sql_examples()), embedder)
    async with open_endpoint(settings) as endpoint:
        chat = chat_for(settings, endpoint)

        def writing(rung: Rung) -> Writing:
            def writer(database: ReflectedDatabase) -> LlmSqlWriter:
                return LlmSqlWriter(
                    chat=chat,
                    local=LocalSqlWriter(database),
                    linker=SchemaLinker(database, EmbeddedSimilarity(embedder)),
                    store=store,
                    examples=rung.examples,
                    difficulty=rung.difficulty,
                    votes=rung.votes,
                    calls_behind=0,
                    marked=settings.models.datamarking,
                )

            return Writing(
                name=rung.name,
                label=f"{chat.name} {rung.switches}",
                writer=writer,
                today=PinnedClock(settings.assistant.today).today(),
                budget=_budget(settings, rung),
                repairs=rung.repairs,
                concurrency=settings.models.concurrency,
            )

        yield [writing(rung) for rung in rungs]


def _budget(settings: Settings, rung: Rung) -> Budget:
    """Return as many calls as the rung is about, whatever a question of the installation may spend.

    A draft, the candidates, and the repairs; one more, because the last call is never for an optional one.
    """
    seconds = max(settings.assistant.budget.seconds, 3 * settings.models.seconds)
    return replace(Budget(), seconds=seconds, tokens=inf, model_calls=2 + rung.votes + rung.repairs)
