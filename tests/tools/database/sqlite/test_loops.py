"""SQLite's plans read as nested loops, made by the real SQLite."""

import json
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import agent.demo.seed
from agent.demo.seed import seed
from tests.tools.database.corpora import SHARED
from tools.database.engine import SqlDatabase, open_database
from tools.database.sqlite.loops import TableFacts, sqlite_work
from tools.database.sqlite.outline import Outline
from tools.database.sqlite.source import SqliteSource
from tools.errors import RejectedQuery
from tools.types import Table

SPIDER = SHARED / "spider_dev"
LARGE, SMALL = 30_000, 100
TABLES = f"""
CREATE TABLE large (id INTEGER PRIMARY KEY, small_id INTEGER, word TEXT, code TEXT UNIQUE);
CREATE TABLE other (id INTEGER PRIMARY KEY, large_id INTEGER, word TEXT);
CREATE TABLE small (id INTEGER PRIMARY KEY, word TEXT);
CREATE TABLE gaps (id INTEGER PRIMARY KEY, word TEXT);
CREATE TABLE bare (word TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE INDEX large_small ON large (small_id);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {LARGE})
  INSERT INTO large SELECT i, i % {SMALL}, 'word ' || i, 'code ' || i FROM n;
INSERT INTO other SELECT id, id, word FROM large;
INSERT INTO small SELECT id, word FROM large LIMIT {SMALL};
INSERT INTO gaps SELECT 20250101000000 + id * 1000, word FROM large;
INSERT INTO bare SELECT word FROM large;
CREATE VIEW pairs AS SELECT l.id, o.word FROM large AS l, other AS o;
CREATE VIEW matched AS SELECT l.id, o.word FROM large AS l JOIN other AS o ON o.id = l.id;
CREATE VIEW totals AS SELECT small_id, count(*) AS n FROM large GROUP BY small_id;
"""
PRODUCT = float(LARGE) * LARGE


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write tables of some size."""
    path = tmp_path_factory.mktemp("loops") / "sizes.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(TABLES)
    return path


@pytest.fixture(scope="module")
def database(file: Path) -> Iterator[SqlDatabase]:
    """Open them with the limit that holds by default."""
    opened = open_database(f"sqlite:///{file}", tables=(), deadline_seconds=5)
    yield opened
    opened.close()


def work(file: Path, statement: str) -> float:
    """Return the estimate for a statement as it stands."""
    source = SqliteSource(path=file, deadline_seconds=5)
    schema = open_database(f"sqlite:///{file}", tables=(), deadline_seconds=5).schema()
    with closing(source.connect()) as connection, source.reading(connection, schema) as reader:
        return reader.explain(statement, {}, is_told=True).work


@pytest.mark.parametrize(
    ("statement", "least", "most"),
    [
        ("SELECT 1", 1, 1),
        ("SELECT word FROM small WHERE word > 'a'", SMALL, SMALL),
        ("SELECT word FROM large WHERE id = 5", 1, 1),
        ("SELECT word FROM large WHERE code = 'code 5'", 1, 1),
        ("SELECT word FROM large WHERE small_id = 5", 10, 10),
        ("SELECT l.word FROM large l JOIN other o ON o.id = l.id", LARGE * 2, LARGE * 2),
        ("SELECT l.word FROM small s CROSS JOIN large l WHERE l.small_id = s.id", SMALL * 11, SMALL * 11),
        ("SELECT l.word FROM large l JOIN other o ON o.word = l.word", LARGE * 12, LARGE * 13),
        ("SELECT x.w FROM (SELECT word AS w FROM large LIMIT 50) AS x WHERE NOT x.w IS NULL", 50, 100),
        ("SELECT count(*) FROM large, other", PRODUCT, PRODUCT * 2),
        ("SELECT count(*) FROM pairs", PRODUCT, PRODUCT * 2),
        ("SELECT count(*) FROM pairs p JOIN small s ON s.id = p.id", PRODUCT / 3, PRODUCT * 9),
        ("SELECT count(*) FROM matched", LARGE, LARGE * 3),
        (
            "WITH a AS (SELECT * FROM large), b AS (SELECT * FROM other) SELECT count(*) FROM a, b",
            PRODUCT,
            2e9,
        ),
        ("SELECT (SELECT count(*) FROM other) FROM small", LARGE + SMALL, LARGE + SMALL * 3),
        ("SELECT word FROM small s WHERE 5 < (SELECT count(*) FROM other o WHERE o.word > s.word)", 3e6, 4e6),
        ("SELECT word FROM large UNION SELECT word FROM other", LARGE * 2, LARGE * 6),
        ("SELECT word FROM large EXCEPT SELECT word FROM other", LARGE * 2, LARGE * 6),
        (
            "SELECT a.n, b.n FROM (SELECT count(*) AS n FROM large) a, (SELECT count(*) AS n FROM other) b",
            6e4,
            1e5,
        ),
        ("SELECT a.n FROM totals a, totals b WHERE a.n < b.n", 1e5, 5e7),
        (
            "SELECT count(*) FROM (SELECT id FROM large LIMIT 5) a, (SELECT id FROM other LIMIT 5) b",
            30,
            50,
        ),
        ("SELECT count(*) FROM (SELECT id FROM large) a, (SELECT id FROM other) b", PRODUCT, 2e9),
        ("SELECT word FROM large WHERE id = 4 OR small_id = 3", 11, 11),
        ("SELECT word FROM large WHERE id BETWEEN 4 AND 9", LARGE / 4, LARGE / 4),
        ("SELECT word FROM gaps WHERE word > 'a'", LARGE, LARGE * 10),
        ("SELECT word FROM bare WHERE word LIKE '%a%'", LARGE, LARGE * 10),
        ("SELECT word FROM large LIMIT 7", 7, 7),
        ("SELECT word FROM large LIMIT 7 OFFSET 5", 12, 12),
        ("SELECT word FROM large ORDER BY word LIMIT 7", LARGE, LARGE * 3),
        ("SELECT count(*) FROM large LIMIT 7", LARGE, LARGE),
    ],
)
def test_the_estimate_follows_the_loops(file: Path, statement: str, least: float, most: float) -> None:
    """Lookups, products, views, subqueries, unions, totals and limits."""
    assert least <= work(file, statement) <= most


def test_what_is_not_understood_counts_as_the_largest_table(tmp_path: Path, file: Path) -> None:
    """Aliases inside a view that only SQLite can read, and words of a newer SQLite."""
    path = tmp_path / "newer.db"
    path.write_bytes(file.read_bytes())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE VIEW strange AS SELECT a.id FROM small a, small b WHERE a.word <> b.word")
        connection.execute("CREATE VIEW odd AS SELECT CAST(w.id AS a b c(1,2)) AS one FROM large w")
        connection.commit()
    assert work(path, "SELECT o.one FROM odd o, odd p, large l") >= PRODUCT
    assert SMALL <= work(path, "SELECT id FROM strange") <= SMALL * SMALL * 2
    facts = {"large": TableFacts(rows=LARGE), "small": TableFacts(rows=SMALL)}
    for words in ("SEARCH ", "SCAN elsewhere", "SCAN large VIRTUAL TABLE INDEX 0:"):
        assert sqlite_work([(1, 0, 0, words)], outline=Outline(), facts=facts) == LARGE


def test_figures_of_analyze_are_used_where_there_are_any(tmp_path: Path, file: Path) -> None:
    """300 rows share a key of the index, which nobody knows without ANALYZE."""
    path = tmp_path / "analyzed.db"
    path.write_bytes(file.read_bytes())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ANALYZE")
    assert work(path, "SELECT word FROM large WHERE small_id = 5") == LARGE / SMALL
    assert work(path, "SELECT id FROM gaps WHERE word > 'a'") == LARGE


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM large, other",
        "SELECT l.word FROM large l CROSS JOIN other o",
        "SELECT p.id FROM pairs p",
        "SELECT a.id FROM large a JOIN other b ON a.id <> b.id",
        "WITH a AS (SELECT word FROM large) SELECT x.word FROM a AS x, a AS y ORDER BY x.word",
        "SELECT word FROM large WHERE 3 < (SELECT count(*) FROM other WHERE other.word > large.word)",
        "SELECT word FROM small UNION ALL SELECT l.word FROM large l, other o",
    ],
)
def test_products_of_large_tables_are_refused_before_they_run(database: SqlDatabase, statement: str) -> None:
    """However they are written."""
    with pytest.raises(RejectedQuery, match="join every table on its key") as error:
        database.fetch(statement, {}, limit=5)
    assert error.value.problem == "too_expensive"


def test_joins_along_keys_and_products_of_small_tables_run(database: SqlDatabase) -> None:
    """Ordinary work is not in the way of the gate."""
    joined = (
        "SELECT count(*) AS n FROM large l JOIN other o ON o.large_id = l.id "
        "JOIN small s ON s.id = l.small_id"
    )
    assert database.fetch(joined, {}, limit=5) == Table(columns=("n",), rows=((LARGE - LARGE // SMALL,),))
    assert database.fetch("SELECT count(*) FROM small a, small b", {}, limit=5).rows == ((SMALL * SMALL,),)


def test_every_query_of_the_sample_catalogue_passes_easily(tmp_path: Path) -> None:
    """By a factor of a hundred at least."""
    seed(tmp_path / "shop.db")
    text = Path(agent.demo.seed.__file__).with_name("plumbline.toml").read_text(encoding="utf-8")
    database = open_database(
        f"sqlite:///{tmp_path / 'shop.db'}", tables=(), deadline_seconds=5, most_cost=500_000
    )
    queries = tomllib.loads(text)["database"]["queries"]
    assert queries
    for query in queries:
        names = {name for key in query.get("parameters", {}) for name in (key, f"{key}_start", f"{key}_end")}
        database.fetch(query["statement"], dict.fromkeys(names, "1"), limit=5)
    database.close()


@pytest.mark.skipif(not SPIDER.is_dir(), reason="the public questions are not on this machine")
def test_every_gold_query_of_spider_passes() -> None:
    """523 statements that people wrote over ten databases."""
    lines = [json.loads(line) for line in (SPIDER / "dev.jsonl").read_text(encoding="utf-8").splitlines()]
    for name in {line["db_id"] for line in lines}:
        path = SPIDER / "database" / name / f"{name}.sqlite"
        database = open_database(f"sqlite:///{path}", tables=(), deadline_seconds=5)
        for line in lines:
            if line["db_id"] == name:
                database.fetch(line["query"], {}, limit=5)
        database.close()
