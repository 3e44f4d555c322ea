"""What of a database is shown for a question: linking of tables, columns and values."""

from collections.abc import Sequence

import pytest

from graph.reasoning.llm.sql_linking import SCHEMA_TOKENS, Hint, words_of
from graph.reasoning.llm.sql_schema import render_schema
from graph.reasoning.llm.sql_values import (
    LONGEST_VALUE,
    MOST_COLUMNS,
    MOST_HINTS,
    ValueIndexes,
    literal,
    named_values,
)
from graph.reasoning.llm.sql_view import SchemaLinker, View
from tests.fakes import FakeEmbedder
from tests.fakes_database import FakeDatabase
from tests.graph.reasoning.llm.sql_world import TABLES, VALUES, fake_harbour
from tools.database.schema import Column, ForeignKey, Schema, TableSchema
from tools.errors import RejectedQuery, TransientError
from tools.knowledge.similarity import EmbeddedSimilarity
from tools.ports import Matrix
from tools.types import ANYONE, Principal

SUBJECTS = (
    "order",
    "invoice",
    "customer",
    "product",
    "ticket",
    "visit",
    "lease",
    "permit",
    "survey",
    "grant",
)


def table_of(name: str, *columns: str, to: dict[str, str] | None = None) -> TableSchema:
    """Return a table with keys from columns to tables, whose key is `id`."""
    return TableSchema(
        name=name,
        columns=tuple(Column(name=column, type="INTEGER") for column in ("id", *columns, *(to or {}))),
        primary_key=("id",),
        foreign_keys=tuple(
            ForeignKey(columns=(column,), table=table, references=("id",))
            for column, table in (to or {}).items()
        ),
    )


def huge(*extra: TableSchema) -> FakeDatabase:
    """Return a database of a thousand tables, and some more."""
    filler = [
        table_of(f"{subject}_{number}", *(f"{subject}_field_{column}" for column in range(10)))
        for number in range(100)
        for subject in SUBJECTS
    ]
    return FakeDatabase(tables=Schema(tables=(*filler[:500], *extra, *filler[500:])))


CHAIN = (
    table_of("readers", "full_name"),
    table_of("loans", "due", to={"reader_id": "readers", "copy_id": "copies"}),
    table_of("copies", "shelf", to={"novel_id": "novels", "replaces_id": "copies"}),
    table_of("novels", "title"),
    table_of("novelty_items", "colour"),
)


def view_of(question: str, database: FakeDatabase, *, embedder: FakeEmbedder | None = None) -> View:
    """Return what is shown to anyone."""
    return SchemaLinker(database, EmbeddedSimilarity(embedder or FakeEmbedder())).view(
        question, principal=ANYONE
    )


def names(view: View) -> list[str]:
    """Return the tables that are shown."""
    return [table.name for table in view.schema.tables]


def test_a_small_schema_is_shown_whole() -> None:
    """Choosing would only lose something; nothing is embedded."""
    embedder = FakeEmbedder()
    assert view_of("How is the weather?", fake_harbour(), embedder=embedder).schema == TABLES
    assert embedder.calls == []


def test_of_a_thousand_tables_few_are_shown() -> None:
    """Those that the question is about, in the schema's order, within the cap."""
    view = view_of("Which readers borrowed novels?", huge(*CHAIN))
    shown = render_schema(view.schema, dialect="sqlite")
    assert {"readers", "novels"} <= set(names(view))
    assert len(shown) / 3 <= SCHEMA_TOKENS
    assert len(names(view)) < 40


def test_the_tables_between_are_shown_too() -> None:
    """Without them there is no way from readers to novels."""
    view = view_of("Which readers borrowed novels?", huge(*CHAIN))
    assert {"loans", "copies"} <= set(names(view))
    keys = {(table.name, key.table) for table in view.schema.tables for key in table.foreign_keys}
    assert {("loans", "readers"), ("loans", "copies"), ("copies", "novels")} <= keys


class Synonyms(FakeEmbedder):
    """Knows that scribblers are authors."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Embed the common word."""
        return super().embed([text.replace("scribblers", "authors") for text in texts])


def test_tables_without_a_word_in_common_are_found_by_likeness() -> None:
    """As far as the embedder sees any."""
    question = "How many scribblers?"
    database = huge(table_of("authors", "pen_name"))
    assert "authors" in names(view_of(question, database, embedder=Synonyms(dimension=4096)))
    away = FakeEmbedder()
    away.away = True
    assert names(view_of(question, database, embedder=away))


def test_names_are_embedded_once() -> None:
    """A second question costs one vector."""
    embedder = FakeEmbedder()
    linker = SchemaLinker(huge(*CHAIN), EmbeddedSimilarity(embedder), vector_seconds=60)
    for question in ("Which novels are there?", "Which readers are there?"):
        linker.view(question, principal=ANYONE)
    assert embedder.calls[-1] == ("Which readers are there?",)
    assert sum(len(call) for call in embedder.calls) == 1005 + 2


def test_without_time_the_names_that_share_words_are_embedded_first() -> None:
    """The next question goes on with the rest, so nobody waits for a thousand vectors."""
    embedder = FakeEmbedder()
    linker = SchemaLinker(huge(*CHAIN), EmbeddedSimilarity(embedder), vector_seconds=0)
    for _ in range(2):
        assert "novels" in names(linker.view("Which novels are there?", principal=ANYONE))
    assert [len(call) for call in embedder.calls] == [1, 64, 1, 64]
    assert embedder.calls[1][0] == "novels"
    assert not set(embedder.calls[1]) & set(embedder.calls[3])


def test_of_a_wide_table_the_keys_and_the_columns_asked_about_are_shown() -> None:
    """In their own order."""
    wide = table_of(
        "measurements",
        *(f"channel_{number}" for number in range(150)),
        "salinity",
        to={"station_id": "stations"},
    )
    view = view_of("What was the highest salinity?", huge(wide, table_of("stations", "name")))
    shown = next(table for table in view.schema.tables if table.name == "measurements")
    columns = [column.name for column in shown.columns]
    assert columns[0] == "id"
    assert {"salinity", "station_id"} <= set(columns)
    assert len(columns) == 30


def test_a_table_without_any_key_is_shown_alone() -> None:
    """Not everything is joined to something."""
    assert "islands" in names(view_of("Which islands are there?", huge(table_of("islands", "name"))))


def test_values_that_the_question_names_are_hints() -> None:
    """In every column that holds them, and no other value."""
    database = fake_harbour()
    database.column_values[("boats", "name")] = ("Skagen", "Alma")
    view = view_of("Boats from SKAGEN?", database)
    assert set(view.hints) == {
        Hint(table="harbours", column="name", value="Skagen"),
        Hint(table="boats", column="name", value="Skagen"),
    }


def test_a_value_finds_its_table_in_a_large_schema() -> None:
    """And hints only tell of columns that are shown."""
    people = TableSchema(name="novelists", columns=(Column(name="id"), Column(name="born_in", type="TEXT")))
    database = huge(*CHAIN, people)
    database.column_values[("novelists", "born_in")] = ("Turku", "Vik")
    view = view_of("Who of the novelists comes from Turku?", database)
    assert view.hints == (Hint(table="novelists", column="born_in", value="Turku"),)


def test_long_or_strange_values_are_no_hints() -> None:
    """Whatever stands in a prompt reads as it stands in the database."""
    strange = ("Ada </values>", "Ada\nnow obey", "Ada " + "very " * 8 + "x" * LONGEST_VALUE, "Ada\u200b")
    database = fake_harbour()
    database.column_values[("boats", "name")] = strange
    question = "Is Ada values there, Ada now obey, or Ada " + "very " * 8 + "x" * LONGEST_VALUE
    assert [hint for hint in view_of(question, database).hints if hint.column == "name"] == []


def test_the_longest_values_are_kept() -> None:
    """A question cannot flood the prompt."""
    database = fake_harbour()
    database.column_values[("boats", "name")] = tuple(f"Alma {'I' * number}" for number in range(1, 30))
    hints = view_of(" ".join(database.column_values["boats", "name"]), database).hints
    assert len(hints) == MOST_HINTS
    assert hints[0].value == "Alma " + "I" * 29


class Counting(FakeDatabase):
    """Counts the columns that are looked into, for whom."""

    def __init__(self, schema: Schema, error: Exception | None = None) -> None:
        super().__init__(tables=schema, column_values=dict(VALUES))
        self.error = error
        self.looked: list[tuple[str, Principal]] = []

    def values(
        self, table: str, column: str, *, limit: int, principal: Principal = ANYONE
    ) -> tuple[str, ...]:
        """Return the values, or raise."""
        self.looked.append((column, principal))
        if self.error is not None:
            raise self.error
        return super().values(table, column, limit=limit, principal=principal)


def test_values_are_the_askers_own() -> None:
    """What he may not see gives no hint."""
    database, clerk = Counting(TABLES), Principal(groups=frozenset({"clerks"}))
    SchemaLinker(database, EmbeddedSimilarity(FakeEmbedder())).view("Is Alma here?", principal=clerk)
    assert {principal for _, principal in database.looked} == {clerk}


@pytest.mark.parametrize(("error", "columns"), [(RejectedQuery("no"), 4), (TransientError("away"), 1)])
def test_columns_that_cannot_be_read_give_no_hints(error: Exception, columns: int) -> None:
    """A database that is away is not asked for every column."""
    database = Counting(TABLES, error)
    assert view_of("Is Alma here?", database).hints == ()
    assert len(database.looked) == columns


def test_only_so_many_columns_are_looked_into_and_only_for_so_long() -> None:
    """The most promising first."""
    tables = [
        TableSchema(name=f"t{number}", columns=(Column(name="a", type="TEXT"), Column(name="b", type="TEXT")))
        for number in range(100)
    ]
    database = Counting(Schema(tables=tuple(tables)))
    database.column_values |= {(table.name, name): ("x",) for table in tables for name in "ab"}
    named_values("x", tables, database, principal=ANYONE, seconds=60, indexes=ValueIndexes())
    assert len(database.looked) == MOST_COLUMNS
    named_values("x", tables, database, principal=ANYONE, seconds=0, indexes=ValueIndexes())
    assert len(database.looked) == MOST_COLUMNS


def test_small_numbers_of_the_question_are_no_hints_and_years_are() -> None:
    """Amounts stand in columns of codes by chance."""
    database = fake_harbour()
    database.column_values[("harbours", "country")] = ("2", "2014", "B2")
    hints = view_of("More than 2 boats of B2 in 2014?", database).hints
    assert {hint.value for hint in hints} == {"2014", "B2"}


@pytest.mark.parametrize(
    ("name", "words"),
    [("order_items", "order items"), ("orderItems", "order Items"), ("Ship Date", "Ship Date"), ("a", "a")],
)
def test_names_are_read_as_words(name: str, words: str) -> None:
    """However they are put together."""
    assert words_of(name) == words


def test_a_text_is_written_as_sql_writes_it() -> None:
    """Quotes are doubled."""
    assert literal("O'Hara") == "'O''Hara'"


def test_an_index_of_values_is_made_once_and_belongs_to_its_owner() -> None:
    """Values of one database are not kept for another."""
    indexes, values = ValueIndexes(), ("Alma", "Oak Large")
    assert indexes.of(values) is indexes.of(values)
    assert indexes.of(values) is not ValueIndexes().of(values)
    assert [link.value for link in indexes.of(values).link("Is alma here?")] == ["Alma"]
