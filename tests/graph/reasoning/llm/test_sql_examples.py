"""Worked examples of SQL: those that are shipped, how they are found, and those that are confirmed."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from graph.reasoning.llm import sql_examples
from graph.reasoning.llm.sql_examples import SqlExample, SqlExampleStore, read_sql_examples
from tests.fakes import FakeEmbedder
from tools.database.difficulty import difficulty
from tools.database.guard import check
from tools.database.schema import Dialect
from tools.errors import ConfigurationError, InvalidInput

EXAMPLES = read_sql_examples()
COUNT, LIST, NESTED, BOTH = (
    SqlExample(question="How many owls are there?", sql="SELECT count(*) FROM owls"),
    SqlExample(question="List the owls.", sql="SELECT name FROM owls WHERE wood = 'Larch'"),
    SqlExample(question="Which owls ring?", sql="SELECT name FROM owls WHERE id IN (SELECT owl FROM rings)"),
    SqlExample(question="Name and age of the owls?", sql="SELECT name, age FROM owls ORDER BY age"),
)


def store_of(*examples: SqlExample, kept: Path | None = None, away: bool = False) -> SqlExampleStore:
    """Return a store of these examples."""
    embedder = FakeEmbedder(dimension=512)
    embedder.away = away
    return SqlExampleStore(examples, embedder, kept=kept)


def test_sixty_examples_of_every_difficulty_are_shipped() -> None:
    """None of them twice."""
    levels = Counter(difficulty(example.sql) for example in EXAMPLES)
    assert len(EXAMPLES) >= 60
    assert set(levels) == {"easy", "medium", "hard", "extra"}
    assert min(levels.values()) >= 10
    assert len({example.question for example in EXAMPLES}) == len(EXAMPLES)


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_every_shipped_example_would_pass_the_guard(dialect: Dialect) -> None:
    """A model that copies one is not refused for it."""
    for example in EXAMPLES:
        verdict = check(example.sql, dialect=dialect, schema=None, max_rows=None)
        assert verdict.allowed, (example.sql, verdict.reason)


def test_examples_are_found_by_their_question() -> None:
    """The nearest first."""
    found = store_of(COUNT, LIST, NESTED).for_question("How many larks are there?", limit=2)
    assert found[0] == COUNT
    assert len(found) == 2


def test_examples_are_found_by_how_a_statement_is_built() -> None:
    """Whatever it is about, and whatever its difficulty when that is not to be looked at."""
    store = store_of(COUNT, LIST, NESTED, BOTH)
    nested = "SELECT title FROM songs WHERE song_id IN (SELECT song FROM lists)"
    assert store.for_statement(nested, limit=1) == (NESTED,)
    assert store.for_statement("SELECT count(*) FROM songs", limit=1, filtered=False) == (COUNT,)


def test_examples_are_as_difficult_as_the_draft_as_far_as_there_are_enough() -> None:
    """Then come those next to it."""
    store = store_of(COUNT, LIST, NESTED, BOTH)
    assert set(store.for_statement("SELECT a FROM b", limit=2)) == {COUNT, LIST}
    assert store.for_question("How many owls are there?", limit=1, like=NESTED.sql) == (NESTED,)
    assert len(store.for_statement("SELECT a FROM b", limit=4)) == 4


@pytest.mark.parametrize("statement", ["", "How many?", "DROP TABLE owls"])
def test_what_is_no_query_finds_nothing(statement: str) -> None:
    """Nothing is built like it."""
    assert store_of(COUNT).for_statement(statement, limit=3) == ()


def test_without_vectors_nothing_is_found() -> None:
    """SQL can do without examples."""
    store = store_of(COUNT, away=True)
    assert store.for_question("How many?", limit=1) == ()
    assert store.for_statement(COUNT.sql, limit=1) == ()


def test_an_empty_store_and_no_limit_find_nothing() -> None:
    """Nothing is asked of the embedder then."""
    assert store_of().for_question("How many?", limit=3) == ()
    assert store_of(COUNT).for_question("How many?", limit=0) == ()


def test_a_confirmed_pair_is_kept_and_found_again(tmp_path: Path) -> None:
    """By this store at once, and by the next one."""
    path = tmp_path / "data" / "sql_examples.jsonl"
    store = store_of(COUNT, kept=path)
    assert store.keep("  Which   boats\nare red? ", " SELECT name FROM boats WHERE colour = 'rød' ")
    pair = SqlExample(question="Which boats are red?", sql="SELECT name FROM boats WHERE colour = 'rød'")
    for one in (store, store_of(COUNT, kept=path)):
        assert one.for_question("Which boats are red?", limit=1) == (pair,)
    assert read_sql_examples(path) == (pair,)


def test_nothing_is_kept_twice(tmp_path: Path) -> None:
    """Nor what is shipped."""
    path = tmp_path / "kept.jsonl"
    store = store_of(COUNT, kept=path)
    assert store.keep(LIST.question, LIST.sql)
    assert not store.keep(LIST.question, LIST.sql)
    assert not store.keep(COUNT.question, COUNT.sql)
    assert not store_of(COUNT, kept=path).keep(LIST.question, LIST.sql)
    assert read_sql_examples(path) == (LIST,)


@pytest.mark.parametrize(
    ("question", "sql"),
    [
        ("", "SELECT 1"),
        ("Which?", ""),
        ("Which?", "DROP TABLE owls"),
        ("Which?", "no SQL"),
        ("x" * 501, "SELECT 1"),
        ("Which?", "SELECT " + "1 + " * 2000 + "1"),
    ],
)
def test_what_is_no_pair_is_not_kept(tmp_path: Path, question: str, sql: str) -> None:
    """The file stays readable."""
    store = store_of(kept=tmp_path / "kept.jsonl")
    with pytest.raises(InvalidInput):
        store.keep(question, sql)
    assert not (tmp_path / "kept.jsonl").exists()


def test_without_a_file_nothing_is_kept() -> None:
    """And it is said."""
    with pytest.raises(InvalidInput, match="name a file"):
        store_of().keep(LIST.question, LIST.sql)


def test_the_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    """Some have to be removed first."""
    path = tmp_path / "kept.jsonl"
    lines = (
        json.dumps({"question": f"Question {n}?", "sql": "SELECT 1"}) for n in range(sql_examples.MOST_KEPT)
    )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(InvalidInput, match="remove some"):
        store_of(kept=path).keep(LIST.question, LIST.sql)
    assert path.read_bytes() == before


def test_a_line_that_was_cut_off_is_written_over(tmp_path: Path) -> None:
    """A crash while writing costs that one pair."""
    path = tmp_path / "kept.jsonl"
    store_of(kept=path).keep(COUNT.question, COUNT.sql)
    path.write_bytes(path.read_bytes() + b'{"question": "Whi')
    store = store_of(kept=path)
    assert store.keep(LIST.question, LIST.sql)
    assert read_sql_examples(path) == (COUNT, LIST)


def test_pairs_kept_at_the_same_time_are_all_there(tmp_path: Path) -> None:
    """By one store or by several, as different processes have them."""
    path = tmp_path / "kept.jsonl"
    stores = [store_of(kept=path), store_of(kept=path)]

    def keep(number: int) -> bool:
        return stores[number % 2].keep(f"Question {number}?", f"SELECT {number}")

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(keep, range(60)))
    assert {example.sql for example in read_sql_examples(path)} == {f"SELECT {n}" for n in range(60)}


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        '{"question": "Which?"}',
        '{"question": "", "sql": "SELECT 1"}',
        '{"question": 1, "sql": []}',
    ],
)
def test_a_line_that_is_no_example_is_named(tmp_path: Path, line: str) -> None:
    """With its number, and without what it says."""
    path = tmp_path / "kept.jsonl"
    path.write_text(f'{{"question": "How many?", "sql": "SELECT 1"}}\n\n{line}\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"kept\.jsonl, line 3 is no example"):
        store_of(kept=path)


def test_a_file_that_cannot_be_read_or_written_is_an_error(tmp_path: Path) -> None:
    """Nothing is lost silently."""
    folder = tmp_path / "kept.jsonl"
    folder.mkdir()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        store_of(kept=folder)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        store_of(kept=tmp_path / "file" / "kept.jsonl").keep(LIST.question, LIST.sql)
