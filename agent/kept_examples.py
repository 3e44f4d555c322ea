"""The examples of SQL that a language model is shown: shipped ones, and pairs that somebody confirmed."""

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.adapters import embedder_for, open_sql_database
from agent.settings import Settings

if TYPE_CHECKING:
    from graph.reasoning.llm.sql_examples import SqlExampleStore
    from tools.ports import Embedder

KEPT_EXAMPLES = "sql_examples.jsonl"
"""File of the data folder with the confirmed pairs."""
MOST_ROWS = 200
"""That a statement's trial run reads."""


def example_store(settings: Settings, embedder: "Embedder", *, dialect: str) -> "SqlExampleStore":
    """Open the examples: those that somebody has confirmed, and those that are shipped.

    Raises:
        ConfigurationError: The file of the confirmed ones cannot be read.
    """
    from graph.reasoning.llm.sql_examples import SqlExampleStore, read_sql_examples

    return SqlExampleStore(
        read_sql_examples(),
        embedder,
        dialect="postgres" if dialect == "postgres" else "sqlite",
        kept=settings.folder / KEPT_EXAMPLES,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A pair that was promoted to the examples, and what its statement gave."""

    statement: str
    columns: tuple[str, ...]
    rows: int
    new: bool
    """False when it was known already."""


def keep_example(settings: Settings, question: str, statement: str) -> Kept:
    """Run a statement and keep it with its question as an example for the language model.

    Raises:
        InvalidInput: It is no pair that can be kept.
        RejectedQuery: The statement is refused or wrong.
        PlumblineError: The database cannot serve, or the examples cannot be written.
    """
    from agent.questions import clean

    question = clean(question)
    with closing(open_sql_database(settings)) as database:
        table = database.fetch(statement, {}, limit=MOST_ROWS)
        store = example_store(settings, embedder_for(settings), dialect=database.dialect)
    new = store.keep(question, statement)
    return Kept(statement=statement, columns=table.columns, rows=len(table.rows), new=new)
