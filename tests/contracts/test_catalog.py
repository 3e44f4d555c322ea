"""The contract of the port Catalog, on the query catalogue over SQLite and on the fake."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy
import pytest

from tests.fakes import FakeEmbedder
from tests.fakes_database import FakeCatalog, FakeDatabase
from tests.tools.database.named.calibration import CATALOGS, LIBRARY, SmallCatalog
from tools.database.engine import SqlDatabase, open_database
from tools.database.named.catalog import QueryCatalog
from tools.database.schema import Schema
from tools.errors import ConfigurationError, InvalidInput, TransientError
from tools.knowledge.embedding import MiniLM
from tools.ports import Catalog, Matrix
from tools.types import Match, NamedQuery, Rows

TODAY = date(2026, 3, 16)
QUESTION = "Which books has Ada Moor borrowed?"
NOVELS = "How many copies of Salt and of The Quiet Harbour are there?"
UNRELATED = "What is the capital of Norway?"


@pytest.fixture(scope="session")
def embedder() -> MiniLM:
    """Load the bundled model once."""
    return MiniLM()


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, SqlDatabase]]:
    """Write and open the small databases."""
    folder = tmp_path_factory.mktemp("small")
    opened = {
        small.name: open_database(f"sqlite:///{small.create(folder)}", tables=(), deadline_seconds=5)
        for small in CATALOGS
    }
    yield opened
    for database in opened.values():
        database.close()


@pytest.fixture(scope="module")
def catalogs(databases: dict[str, SqlDatabase], embedder: MiniLM) -> dict[str, QueryCatalog]:
    """Open a catalogue on each."""
    return {
        small.name: QueryCatalog.open(
            small.queries, database=databases[small.name], embedder=embedder, max_rows=2
        )
        for small in CATALOGS
    }


def fake() -> FakeCatalog:
    """Prepare the fake with the same answers."""
    match = Match(
        query="loans_of_member", score=0.9, parameters=(("member", "Ada Moor"),), linked=("Ada Moor",)
    )
    rows = Rows(
        name="loans_of_member",
        statement="SELECT 1",
        parameters=(),
        columns=("title", "loaned_on", "due_on"),
        rows=(("The Quiet Harbour", "2026-03-02", "2026-03-30"),),
        description=LIBRARY.queries[0].description,
    )
    return FakeCatalog(
        matches={
            QUESTION: [match],
            "Show the loans of a member": [
                Match(query="loans_of_member", score=0.6, missing=("Which member?",))
            ],
            NOVELS: [
                Match(query="copies_of_book", score=0.8, parameters=(("book", "Salt"),)),
                Match(query="copies_of_book", score=0.8, parameters=(("book", "The Quiet Harbour"),)),
            ],
        },
        results={"loans_of_member": rows},
    )


@pytest.fixture(params=["catalog", "fake"])
def catalog(request: pytest.FixtureRequest, catalogs: dict[str, QueryCatalog]) -> Catalog:
    """Give each test both implementations."""
    return fake() if request.param == "fake" else catalogs["library"]


def test_the_query_that_answers_comes_first_with_its_values(catalog: Catalog, embedder: MiniLM) -> None:
    """By falling score, filled and ready to run."""
    matches = catalog.match(QUESTION, embedder.embed([QUESTION]), today=TODAY)
    assert [match.score for match in matches] == sorted((match.score for match in matches), reverse=True)
    best = matches[0]
    assert (best.query, best.parameters, best.missing, best.linked) == (
        "loans_of_member",
        (("member", "Ada Moor"),),
        (),
        ("Ada Moor",),
    )
    assert 0.5 <= best.score <= 1


def test_a_match_runs_to_rows_with_their_provenance(catalog: Catalog, embedder: MiniLM) -> None:
    """Name, statement and parameters stay with the rows."""
    rows = catalog.run(catalog.match(QUESTION, embedder.embed([QUESTION]), today=TODAY)[0])
    assert rows.rows == (("The Quiet Harbour", "2026-03-02", "2026-03-30"),)
    assert rows.columns == ("title", "loaned_on", "due_on")
    assert (rows.name, rows.parameters) == ("loans_of_member", (("member", "Ada Moor"),))
    assert rows.statement.startswith("SELECT")
    assert rows.description == LIBRARY.queries[0].description


def test_several_values_for_one_variable_give_a_match_each(catalog: Catalog, embedder: MiniLM) -> None:
    """First of all, and of the same score."""
    matches = catalog.match(NOVELS, embedder.embed([NOVELS]), today=TODAY)[:2]
    assert [match.parameters for match in matches] == [
        (("book", "Salt"),),
        (("book", "The Quiet Harbour"),),
    ]
    assert len({(match.query, match.score) for match in matches}) == 1


def test_a_missing_variable_is_asked_for_and_cannot_run(catalog: Catalog, embedder: MiniLM) -> None:
    """The match says what to ask back."""
    question = "Show the loans of a member"
    best = catalog.match(question, embedder.embed([question]), today=TODAY)[0]
    assert best.missing == ("Which member?",)
    with pytest.raises(InvalidInput, match="Which member"):
        catalog.run(best)


def test_an_unrelated_question_has_no_probable_match(catalog: Catalog, embedder: MiniLM) -> None:
    """There may be candidates, none of them likely."""
    matches = catalog.match(UNRELATED, embedder.embed([UNRELATED]), today=TODAY)
    assert all(match.score < 0.2 for match in matches)


def test_an_unknown_query_cannot_run(catalog: Catalog) -> None:
    """A match comes from this catalogue."""
    with pytest.raises(InvalidInput, match="'made_up'"):
        catalog.run(Match(query="made_up", score=1.0))


def test_an_empty_question_or_catalogue_matches_nothing(
    catalogs: dict[str, QueryCatalog], databases: dict[str, SqlDatabase], embedder: MiniLM
) -> None:
    """Nothing in, nothing out."""
    vector = embedder.embed(["x"])
    assert catalogs["library"].match("  ", vector, today=TODAY) == []
    empty = QueryCatalog.open([], database=databases["library"], embedder=embedder, max_rows=2)
    assert empty.match("x", vector, today=TODAY) == []


def test_a_long_question_is_read_up_to_a_bound(catalogs: dict[str, QueryCatalog], embedder: MiniLM) -> None:
    """It neither fails nor takes forever."""
    question = QUESTION + " and" * 20_000
    assert catalogs["library"].match(question, embedder.embed([question]), today=TODAY)


def test_rows_beyond_the_cap_are_cut_and_said(catalogs: dict[str, QueryCatalog]) -> None:
    """The cap was given when the catalogue was opened."""
    rows = catalogs["library"].run(
        Match(
            query="most_borrowed",
            score=1.0,
            parameters=(("period_end", "9999-12-31"), ("period_start", "0001-01-01")),
        )
    )
    assert (len(rows.rows), rows.truncated) == (2, True)


def test_the_templates_of_a_query_travel_with_its_rows(
    databases: dict[str, SqlDatabase], embedder: MiniLM
) -> None:
    """Whoever writes the answer needs them."""
    query = NamedQuery(
        name="n",
        description="Number of books",
        statement="SELECT count(*) AS n FROM books",
        answer="There are {n} books.",
        empty="No books.",
    )
    catalog = QueryCatalog.open([query], database=databases["library"], embedder=embedder, max_rows=5)
    rows = catalog.run(Match(query="n", score=1.0))
    assert (rows.answer, rows.empty, rows.rows) == ("There are {n} books.", "No books.", ((4,),))
    assert rows.statement == "SELECT COUNT(*) AS n FROM books"


def test_a_catalogue_with_a_memory_embeds_its_queries_once(
    databases: dict[str, SqlDatabase], tmp_path: Path
) -> None:
    """The second opening reads what the first one wrote, and matches alike."""
    embedder, vector = FakeEmbedder(), FakeEmbedder().embed([QUESTION])
    embedded, found = [], []
    for memory in (None, tmp_path / "catalog.npz", tmp_path / "catalog.npz"):
        embedder.calls.clear()
        catalog = QueryCatalog.open(
            LIBRARY.queries, database=databases["library"], embedder=embedder, max_rows=5, memory=memory
        )
        embedded.append(len(embedder.calls))
        found.append(catalog.match(QUESTION, vector, today=TODAY))
    assert embedded == [1, 1, 0]
    assert found[0]
    assert found[0] == found[1] == found[2]


def test_queries_that_cannot_be_used_stop_the_opening(
    databases: dict[str, SqlDatabase], embedder: MiniLM
) -> None:
    """All are named at once."""
    wrong = [
        NamedQuery(name="a", description="A", statement="DELETE FROM books"),
        NamedQuery(name="b", description="B", statement="SELECT colour FROM books"),
    ]
    with pytest.raises(ConfigurationError, match=r"'a'.*'b'"):
        QueryCatalog.open(wrong, database=databases["library"], embedder=embedder, max_rows=5)


def test_a_database_that_is_away_stops_the_opening(embedder: MiniLM) -> None:
    """Its own error comes through."""
    away = FakeDatabase(tables=Schema(tables=()), failure=TransientError("away"))
    with pytest.raises(TransientError, match="away"):
        QueryCatalog.open([], database=away, embedder=embedder, max_rows=5)


def test_new_values_are_linked_when_the_database_shows_them(embedder: MiniLM, tmp_path: Path) -> None:
    """The index follows the column."""
    path = LIBRARY.create(tmp_path)
    database = open_database(f"sqlite:///{path}", tables=(), deadline_seconds=5)
    catalog = QueryCatalog.open(LIBRARY.queries, database=database, embedder=embedder, max_rows=5)
    question = "Which books has Dora Fenn borrowed?"
    vector = embedder.embed([question])
    assert catalog.match(question, vector, today=TODAY)[0].missing == ("Which member?",)
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO members VALUES (9, 'Dora Fenn', 'Elmton', '2026-03-01')")
    connection.commit()
    connection.close()
    database.close()
    fresh = open_database(f"sqlite:///{path}", tables=(), deadline_seconds=5)
    catalog.database = fresh
    assert catalog.match(question, vector, today=TODAY)[0].parameters == (("member", "Dora Fenn"),)
    fresh.close()


def right(catalog: QueryCatalog, embedder: MiniLM, questions: Sequence[tuple[str, str | None]]) -> float:
    """Return the share of questions whose best query at 0.5 is the labelled one, or none when none is."""
    vectors: Matrix = embedder.embed([question for question, _ in questions])
    assert vectors.dtype == numpy.float32
    count = 0
    for place, (question, label) in enumerate(questions):
        matches = catalog.match(question, vectors[place : place + 1], today=TODAY)
        best = matches[0].query if matches and matches[0].score >= 0.5 else None
        count += best == label
    return count / len(questions)


@pytest.mark.parametrize("small", CATALOGS, ids=lambda small: small.name)
def test_the_threshold_of_one_half_tells_data_from_other_questions(
    small: SmallCatalog, catalogs: dict[str, QueryCatalog], embedder: MiniLM
) -> None:
    """On questions of the fit and on questions written afterwards."""
    assert right(catalogs[small.name], embedder, small.questions) >= 0.9
    assert right(catalogs[small.name], embedder, small.held_out) >= 0.8


@pytest.mark.parametrize(
    ("name", "question", "query", "ask"),
    [
        ("library", "Which books has Dora Fenn borrowed?", "loans_of_member", "Which member?"),
        ("clinic", "How much Foobarin is left?", "medicine_stock", "Which medicine?"),
        ("fleet", "How far did Jane Doe drive last month?", "kilometres_of_driver", "Which driver?"),
    ],
)
def test_a_name_that_is_not_in_the_database_is_asked_for_and_never_ignored(
    name: str, question: str, query: str, ask: str, catalogs: dict[str, QueryCatalog], embedder: MiniLM
) -> None:
    """A question about one unknown thing is not answered with all of them."""
    best = catalogs[name].match(question, embedder.embed([question]), today=TODAY)[0]
    assert (best.query, best.missing) == (query, (ask,))


def test_how_to_return_a_damaged_book_is_no_question_for_the_database(
    catalogs: dict[str, QueryCatalog], embedder: MiniLM
) -> None:
    """It shares words with the loans of a member, but asks for advice."""
    question = "How do I return a book that is damaged?"
    (best, *_) = catalogs["library"].match(question, embedder.embed([question]), today=TODAY)
    assert best.score < 0.25
