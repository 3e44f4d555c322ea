"""The guard with a policy: how governed tables are rewritten, and what is refused."""

from collections.abc import Sequence

import pytest

from tests.tools.database.corpora import DIALECTS, SHOP, table
from tools.database.guard import Verdict, check
from tools.database.guarding.policy import AccessRule, policy_for
from tools.database.schema import Dialect, Schema
from tools.types import Principal

RULES = (
    AccessRule(table="customers", hidden=("email",), masked=("city",), rows="country = :country"),
    AccessRule(table="orders", rows="customer_id = :customer_id OR status = 'open'"),
)
ASKER = Principal(attributes=(("country", "Sweden"), ("customer_id", 3)))


def verdict(
    statement: str,
    *,
    dialect: Dialect = "sqlite",
    asker: Principal = ASKER,
    rules: Sequence[AccessRule] = RULES,
    schema: Schema | None = SHOP,
) -> Verdict:
    """Check a statement for an asker."""
    return check(statement, dialect=dialect, schema=schema, max_rows=None, policy=policy_for(asker, rules))


@pytest.mark.parametrize(
    ("dialect", "home", "fence"),
    [("sqlite", "main", "LIMIT -1 OFFSET 0"), ("postgres", "public", "OFFSET 0")],
)
def test_a_governed_table_becomes_a_fenced_subquery(dialect: Dialect, home: str, fence: str) -> None:
    """With the columns shown, masked ones as NULL of their type, and the rows of the condition."""
    found = verdict("SELECT c.* FROM customers c", dialect=dialect)
    kind = "TEXT(50)" if dialect == "sqlite" else "VARCHAR(50)"
    assert found.normalized == (
        'SELECT c.* FROM (SELECT seen."customer_id", seen."name", '
        f'CAST(NULL AS {kind}) AS "city", seen."country" '
        f'FROM {home}."customers" AS seen WHERE seen.country = :asker_country {fence}) AS c'
    )
    assert found.attributes == {"country"}
    assert found.parameters == frozenset()


def test_conditions_of_several_rules_must_all_hold() -> None:
    """Each keeps its own OR."""
    rules = (*RULES, AccessRule(table="orders", rows="total > 5 OR total IS NULL"))
    found = verdict("SELECT total FROM orders", rules=rules)
    assert (
        "WHERE (seen.customer_id = :asker_customer_id OR seen.status = 'open') "
        "AND (seen.total > 5 OR seen.total IS NULL) LIMIT -1 OFFSET 0" in (found.normalized or "")
    )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_missing_attribute_empties_the_table(dialect: Dialect) -> None:
    """And is not asked for."""
    found = verdict("SELECT total FROM orders", dialect=dialect, asker=Principal())
    assert "WHERE FALSE" in (found.normalized or "")
    assert found.attributes == frozenset()


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("statement", "problem", "reason"),
    [
        ("SELECT email FROM customers", "unknown_column", "there is no column 'email' in customers"),
        ("SELECT c.email FROM customers c", "unknown_column", "there is no column 'email' in customers"),
        ("SELECT emial FROM customers", "unknown_column", "there is no column 'emial' in customers"),
        (
            "SELECT o.total FROM orders o JOIN customers c USING (email)",
            "unknown_column",
            "USING needs a column of both sides, and 'email' is not one",
        ),
        ("SELECT :asker_country", "parameters", "parameters may not begin with 'asker_'"),
        ("SELECT :ASKER_country", "parameters", "parameters may not begin with 'asker_'"),
        (
            "WITH customers AS (SELECT 1 AS email) SELECT email FROM customers",
            "refused",
            "name the WITH expression 'customers' otherwise",
        ),
    ],
)
def test_what_is_hidden_is_refused_as_if_it_did_not_exist(
    dialect: Dialect, statement: str, problem: str, reason: str
) -> None:
    """Not even a suggestion names it."""
    found = verdict(statement, dialect=dialect)
    assert (found.allowed, found.problem, found.reason) == (False, problem, reason)


def test_a_hidden_column_in_double_quotes_is_text_in_sqlite() -> None:
    """As a column that does not exist would be."""
    assert "'email'" in (verdict('SELECT "email" FROM customers').normalized or "")


def test_governed_tables_need_known_columns() -> None:
    """Without them nothing can be kept back."""
    assert verdict("SELECT 1 FROM customers", schema=None).problem == "refused"
    assert verdict("SELECT 1 FROM products", schema=None).allowed
    unknown = Schema(tables=(table("customers"), table("products")))
    assert verdict("SELECT 1 FROM customers", schema=unknown).problem == "unknown_table"


def test_a_rule_that_cannot_be_used_closes_its_table() -> None:
    """The asker does not learn why."""
    found = verdict("SELECT 1 FROM orders", rules=(AccessRule(table="orders", rows="owner = 1"),))
    assert found.reason == "'orders' cannot be read: its access rule cannot be used"


@pytest.mark.parametrize(
    ("dialect", "kind", "masked"),
    [
        ("sqlite", "", 'NULL AS "note"'),
        ("sqlite", "@", 'NULL AS "note"'),
        ("postgres", "JSONB", 'CASE WHEN FALSE THEN seen."note" END AS "note"'),
        ("postgres", "", 'CASE WHEN FALSE THEN seen."note" END AS "note"'),
        ("postgres", "TEXT[]", 'CASE WHEN FALSE THEN seen."note" END AS "note"'),
        ("postgres", "TIMESTAMP", 'CAST(NULL AS TIMESTAMP) AS "note"'),
    ],
)
def test_a_masked_column_is_null_of_its_type(dialect: Dialect, kind: str, masked: str) -> None:
    """A type that nothing can be cast to is borrowed from the column, which is not read."""
    schema = Schema(tables=(table("notes", id="INTEGER", note=kind),))
    rules = (AccessRule(table="notes", masked=("note",)),)
    found = verdict("SELECT * FROM notes", dialect=dialect, rules=rules, schema=schema)
    assert masked in (found.normalized or "")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_joins_in_parentheses_stay_with_a_governed_table(dialect: Dialect) -> None:
    """Also when it is the first of them."""
    found = verdict("SELECT total FROM (orders JOIN items USING (order_id))", dialect=dialect)
    assert ") AS orders JOIN items USING (order_id))" in (found.normalized or "")
