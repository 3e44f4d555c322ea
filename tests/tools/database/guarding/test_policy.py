"""Who may see what: rules added up for an asker, and the schema that is left."""

from tests.tools.database.corpora import SHOP
from tools.database.guarding.conditions import problems_of
from tools.database.guarding.policy import AccessRule, Policy, TableAccess, policy_for, visible
from tools.database.schema import Column, ForeignKey, Schema, TableSchema
from tools.types import ANYONE, Principal

SALES = Principal(groups=frozenset({"sales"}), attributes=(("region", "north"), ("desk", None)))
RULES = (
    AccessRule(table="customers", hidden=("email",)),
    AccessRule(table="Customers", groups=("sales", "support"), masked=("CITY",), rows="country = :region"),
    AccessRule(table="orders", groups=("support",), rows="total > 5"),
)


def test_rules_for_everybody_hold_for_who_belongs_to_no_group() -> None:
    """And rules for groups do not."""
    policy = policy_for(ANYONE, RULES)
    assert policy.access("CUSTOMERS") == TableAccess(hidden=frozenset({"email"}))
    assert policy.access("orders") is None


def test_all_rules_that_hold_add_up() -> None:
    """Columns by union, conditions one after the other; case does not matter."""
    policy = policy_for(SALES, (*RULES, AccessRule(table="customers", rows="city <> 'x'")))
    assert policy.access("customers") == TableAccess(
        hidden=frozenset({"email"}), masked=frozenset({"city"}), rows=("country = :region", "city <> 'x'")
    )


def test_an_attribute_without_a_value_counts_as_missing() -> None:
    """So that a comparison with nothing is never taken for a condition."""
    assert policy_for(SALES, ()).attributes == {"region"}


def test_hidden_columns_are_gone_from_the_schema_with_the_keys_that_name_them() -> None:
    """Masked columns stay."""
    tables = (
        TableSchema(
            name="a",
            columns=(Column(name="id"), Column(name="b_id"), Column(name="note")),
            primary_key=("id",),
            foreign_keys=(
                ForeignKey(columns=("b_id",), table="b", references=("id",)),
                ForeignKey(columns=("id",), table="c", references=("id",)),
            ),
        ),
        TableSchema(name="b", columns=(Column(name="id"), Column(name="name")), primary_key=("id",)),
        TableSchema(name="c", columns=(Column(name="id"),)),
    )
    rules = (
        AccessRule(table="b", hidden=("ID",)),
        AccessRule(table="c", hidden=("id",)),
        AccessRule(table="a", masked=("note",)),
    )
    a, b = visible(Schema(tables=tables), policy_for(ANYONE, rules)).tables
    assert [column.name for column in a.columns] == ["id", "b_id", "note"]
    assert (a.primary_key, a.foreign_keys) == (("id",), ())
    assert [column.name for column in b.columns] == ["name"]
    assert b.primary_key == ()


def test_a_governed_table_without_known_columns_is_not_there() -> None:
    """Nothing could be kept from the asker in it."""
    schema = Schema(tables=(TableSchema(name="a"), TableSchema(name="b")))
    left = visible(schema, policy_for(ANYONE, (AccessRule(table="a", hidden=("x",)),)))
    assert [table.name for table in left.tables] == ["b"]


def test_without_rules_the_schema_stays() -> None:
    """The empty policy shows everything."""
    assert visible(SHOP, Policy()) == SHOP


def test_an_operator_is_told_what_is_wrong_with_rules() -> None:
    """All problems at once; a rule about nothing would protect nothing."""
    rules = (
        AccessRule(table="order", hidden=("total",)),
        AccessRule(table="ORDERS", hidden=("totl",), masked=("Status",), rows="total > :least"),
        AccessRule(table="orders", rows="total > "),
        AccessRule(table="orders", rows="customer_id IN (SELECT customer_id FROM customers)"),
        AccessRule(table="orders", rows="sum(total) > 1"),
        AccessRule(table="orders", rows="owner = :customer"),
        AccessRule(table="orders", rows="pg_sleep(1) IS NULL"),
        AccessRule(table="orders", rows="total > 1; DROP TABLE orders"),
        AccessRule(table="orders", rows=""),
        AccessRule(table="orders", rows="total = :asker_x"),
    )
    assert list(problems_of(rules, schema=SHOP, dialect="postgres")) == [
        "the rule for 'order': there is no such table",
        "the rule for 'ORDERS': there is no column 'totl'",
        "the row rule of 'orders': it cannot be read as a condition",
        "the row rule of 'orders': it may not use SUBQUERY",
        "the row rule of 'orders': it may not use SUM",
        "the row rule of 'orders': it names the unknown column 'owner'",
        "the row rule of 'orders': the function 'pg_sleep' is not allowed",
        "the row rule of 'orders': it is not one condition",
        "the row rule of 'orders': it is not one condition",
        "the row rule of 'orders': parameters may not begin with 'asker_'",
    ]
