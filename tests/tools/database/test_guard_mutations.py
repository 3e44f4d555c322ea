"""A hundred thousand seeded mutants of benign and hostile statements; `python -m bench guard` takes more."""

import pytest

from tests.tools.database.corpora import DIALECTS
from tests.tools.database.judging import SqliteJudge, has_postgres_parser, judged_in_processes
from tests.tools.database.mutating import Mutator
from tools.database.schema import Dialect

COUNT = 50_000
ABROAD = [
    "SELECT word FROM secrets",
    "SELECT * FROM orders, sqlite_master",
    "SELECT hex(name) FROM customers",
    "WITH a AS (SELECT * FROM secrets) SELECT 1 FROM a",
    "DELETE FROM orders",
    "PRAGMA query_only = 0",
    "SELECT 1; SELECT 2",
]
ABROAD_POSTGRES = [
    "SELECT word FROM secrets",
    "SELECT * FROM pg_catalog.pg_class",
    "SELECT pg_sleep(1)",
    "SELECT * FROM generate_series(1, 2)",
    "SELECT total INTO x FROM orders",
    "SELECT total FROM orders FOR UPDATE",
    "WITH a AS (DELETE FROM orders RETURNING *) SELECT * FROM a",
    "WITH RECURSIVE a AS (SELECT 1) SELECT * FROM a",
    "SELECT 1; SELECT 2",
    "SELECT current_user",
    "SELECT o FROM orders o",
    "SELECT 'orders'::regclass",
    "SELECT password FROM customers",
    "SELECT ARRAY[1]",
    "SELECT name ~ 'x' FROM customers",
    "SELECT * FROM orders, LATERAL (SELECT 1) AS x",
    "SELECT max(total) FROM orders LIMIT $1; COMMIT",
]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_mutant_that_is_allowed_breaks_a_rule(dialect: Dialect) -> None:
    """Judged by SQLite's authorizer and PostgreSQL's own parser, not by the guard; and none raises."""
    if dialect == "postgres" and not has_postgres_parser():
        pytest.skip("pglast, PostgreSQL's own parser, is not installed; pip install pglast")
    tally = judged_in_processes([dialect], count=COUNT, shards=4)
    assert not tally.violations
    assert tally.mutants == COUNT
    assert 0.05 < tally.allowed / COUNT < 0.5


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_same_seed_makes_the_same_mutants(dialect: Dialect) -> None:
    """And another seed makes others."""
    first, same, other = (list(Mutator(dialect, seed).statements(50)) for seed in (7, 7, 8))
    assert first == same
    assert first != other


@pytest.mark.parametrize("statement", ABROAD)
def test_the_judge_of_sqlite_sees_what_is_not_allowed(statement: str) -> None:
    """Without it, an invariant that holds would mean nothing."""
    judge = SqliteJudge()
    found = list(judge(statement, (), governed=False))
    judge.close()
    assert found


@pytest.mark.parametrize("statement", ABROAD_POSTGRES)
def test_the_judge_of_postgres_sees_what_is_not_allowed(statement: str) -> None:
    """Without it, an invariant that holds would mean nothing."""
    if not has_postgres_parser():
        pytest.skip("pglast, PostgreSQL's own parser, is not installed; pip install pglast")
    from tests.tools.database.judging_postgres import broken_rules

    assert list(broken_rules(statement, governed=False))


def test_the_judges_see_a_governed_table_without_its_condition() -> None:
    """A masked column that is read, or a table outside of its fence."""
    judge = SqliteJudge()
    assert list(judge("SELECT city FROM customers", (), governed=True))
    judge.close()
    if not has_postgres_parser():
        pytest.skip("pglast, PostgreSQL's own parser, is not installed; pip install pglast")
    from tests.tools.database.judging_postgres import broken_rules

    assert list(broken_rules("SELECT city FROM customers", governed=True))
