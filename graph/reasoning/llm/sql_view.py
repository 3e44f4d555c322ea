"""What a model is shown of a database for one question: tables, columns, and values it names."""

from collections.abc import Sequence
from dataclasses import dataclass

from graph.reasoning.llm.sql_linking import Hint, fits_whole, ranked, relevant, told
from graph.reasoning.llm.sql_schema import writable
from graph.reasoning.llm.sql_values import ValueIndexes, named_values
from tools.database.schema import Dialect, ReflectedDatabase, Schema, TableSchema
from tools.errors import ModelError
from tools.ports import Similarity
from tools.types import Principal

VALUE_TABLES = 20
"""Tables of a large schema whose values are looked at."""
VALUE_SECONDS = 2.0
"""Longest search for values."""
VECTOR_SECONDS = 1.5
"""Longest time for embedding the names of tables, for one question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The part of a database that matters for a question."""

    schema: Schema
    hints: tuple[Hint, ...] = ()
    dialect: Dialect = "sqlite"


class SchemaLinker:
    """Chooses what a model is shown; blocks the thread."""

    def __init__(
        self, database: ReflectedDatabase, similarity: Similarity, *, vector_seconds: float = VECTOR_SECONDS
    ) -> None:
        """Ask nothing of the database yet.

        Args:
            database: Tells its tables and values.
            similarity: Compares the question with the names of tables.
            vector_seconds: After this time no further names are embedded for one question.
        """
        self._database = database
        self._similarity = similarity
        self._vector_seconds = vector_seconds
        self._indexes = ValueIndexes()

    def view(self, question: str, *, principal: Principal) -> View:
        """Return what matters for a question, of what its asker may see.

        Raises:
            PlumblineError: The database cannot tell what is in it.
        """
        dialect: Dialect = "postgres" if self._database.dialect == "postgres" else "sqlite"
        schema = writable(self._database.schema(principal))
        whole = fits_whole(schema, dialect=dialect)
        scored = ranked(question, schema, likeness={})
        likeness = {} if whole else self._likeness(question, [table for _, table in scored])
        scored = ranked(question, schema, likeness=likeness)
        hints = named_values(
            question,
            [table for _, table in scored[:VALUE_TABLES]],
            self._database,
            principal=principal,
            seconds=VALUE_SECONDS,
            indexes=self._indexes,
        )
        if whole:
            return View(schema=schema, hints=hints, dialect=dialect)
        scored = ranked(question, schema, hints=hints, likeness=likeness)
        shown = relevant(question, schema, scored, hints=hints, dialect=dialect)
        kept = {(table.name, column.name) for table in shown.tables for column in table.columns}
        return View(
            schema=shown,
            hints=tuple(hint for hint in hints if (hint.table, hint.column) in kept),
            dialect=dialect,
        )

    def _likeness(self, question: str, tables: Sequence[TableSchema]) -> dict[str, float]:
        """Return the cosine of question and table by name, of as many as there is time for.

        Each table is embedded once, so that later questions know more of them. Without the embedder words
        alone must do.
        """
        texts = {table.name: told(table) for table in tables}
        try:
            cosines = self._similarity.nearness([question], [*texts.values()], seconds=self._vector_seconds)
        except ModelError:
            return {}
        return {name: cosine for name, cosine in zip(texts, cosines, strict=True) if cosine is not None}
