"""Questions that are nearly understood: bridges between tables, states, dates, references to nobody."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date

import pytest

from graph.reasoning.local.sql.writer import LocalSqlWriter
from tests.graph.reasoning.local.sql.asking import Desk
from tools.database.engine import open_database
from tools.types import Cell

Rows = list[tuple[Cell, ...]]

WORKSHOP = """
CREATE TABLE guilds (guild_id integer PRIMARY KEY, name text, town text);
CREATE TABLE smiths (smith_id integer PRIMARY KEY, first_name text, last_name text, title text, state text,
  guild_id integer REFERENCES guilds (guild_id),
  warden_id integer REFERENCES smiths (smith_id), wage real, hired_on date, born_on date);
CREATE TABLE works (work_id integer PRIMARY KEY, name text, head_id integer REFERENCES smiths (smith_id),
  state text, begins_on date, budget real);
CREATE TABLE shifts (smith_id integer REFERENCES smiths (smith_id),
  work_id integer REFERENCES works (work_id), hours real, PRIMARY KEY (smith_id, work_id));
CREATE TABLE patrons (patron_id integer PRIMARY KEY, name text, town text, signed_up_on date, rank text);
CREATE TABLE wares (ware_id integer PRIMARY KEY, name text, kind text, price real);
CREATE TABLE orders (order_id integer PRIMARY KEY, patron_id integer REFERENCES patrons (patron_id),
  ordered_on date, state text, total real);
CREATE TABLE order_lines (order_id integer REFERENCES orders (order_id),
  ware_id integer REFERENCES wares (ware_id), quantity integer, PRIMARY KEY (order_id, ware_id));
CREATE TABLE claims (claim_id integer PRIMARY KEY, patron_id integer REFERENCES patrons (patron_id),
  opened_on date, settled_on date, urgency text, state text, topic text);
CREATE TABLE gifts (gift_id integer PRIMARY KEY, patron_id integer REFERENCES patrons (patron_id), note text);
INSERT INTO guilds VALUES (1, 'Iron', 'Ulm'), (2, 'Tin', 'Bern');
INSERT INTO smiths VALUES (1, 'Ada', 'Orr', 'Master', 'busy', 1, NULL, 50, '2020-01-01', '1980-01-01'),
  (2, 'Bo', 'Rix', 'Helper', 'busy', 2, 1, 40, '2021-05-01', '1990-01-01'),
  (3, 'Cy', 'Fay', 'Master', 'retired', NULL, 1, 30, '2025-02-01', '1970-01-01');
INSERT INTO works VALUES (1, 'Bridge', 1, 'busy', '2026-02-01', 1000),
  (2, 'Gate', 2, 'over', '2025-01-01', 500);
INSERT INTO shifts VALUES (1, 1, 10), (2, 1, 10), (3, 2, 5);
INSERT INTO patrons VALUES (1, 'Moe', 'Ulm', '2025-03-01', 'gold'), (2, 'Lea', 'Bern', '2024-03-01', NULL),
  (3, 'Lea', 'Rome', '2024-05-01', NULL);
INSERT INTO wares VALUES (1, 'Nail', 'small', 5), (2, 'Hinge', 'small', 9), (3, 'Plough', 'large', 20);
INSERT INTO orders VALUES (1, 1, '2025-04-01', 'paid', 30), (2, 1, '2025-05-01', 'sent', 50),
  (3, 2, '2024-05-01', 'paid', 70);
INSERT INTO order_lines VALUES (1, 1, 2), (1, 2, 1), (2, 3, 2), (3, 1, 1);
INSERT INTO claims VALUES (1, 1, '2025-12-03', NULL, 'high', 'open', 'gift'),
  (2, 2, '2025-11-03', '2025-12-04', 'low', 'settled', 'delay');
INSERT INTO gifts VALUES (1, 3, 'a hat');
"""

ANSWERED: list[tuple[str, Rows]] = [
    ("How many smiths earn more than 35?", [(2,)]),
    ("How many patrons placed orders in 2025?", [(1,)]),
    ("How many orders were placed in 2025?", [(2,)]),
    ("How many orders did patrons from Ulm place last year?", [(2,)]),
    ("How many claims were opened last month?", [(1,)]),
    ("How many patrons signed up in 2025?", [(1,)]),
    ("How many smiths were hired in 2020?", [(1,)]),
    ("Which works will begin in February 2026?", [("Bridge",)]),
    ("How many open claims are there?", [(1,)]),
    ("How many claims are open?", [(1,)]),
    ("How many high urgency claims are there?", [(1,)]),
    ("Which smiths are busy?", [("Ada", "Orr"), ("Bo", "Rix")]),
    ("Who is the oldest smith?", [("Cy", "Fay")]),
    ("List the patrons of the orders in 2025.", [("Moe",)]),
    ("What is the most expensive ware?", [("Plough",)]),
    ("What is the most common rank?", [("gold",)]),
    ("How many patrons are there per rank?", [("gold", 1)]),
    ("How many hours were worked on each work?", [("Bridge", 20.0), ("Gate", 5.0)]),
    ("What is the total of all orders in 2025?", [(80.0,)]),
    ("Which wares cost more than the average price?", [("Plough",)]),
    ("Which patrons have both paid and sent orders?", [("Moe",)]),
]

VERBS_WITH_A_CONTENT = [
    "How many claims did we win?",
    "Which patrons are members?",
    "Which wares do patrons buy together?",
    "Which smiths study in Ulm?",
    "How many smiths fly?",
    "Which smiths were born in Ulm?",
    "Which orders should have been sent?",
    "Which claims could not be settled?",
    "Are all orders paid?",
]
FIGURES_THAT_NO_COLUMN_HOLDS = [
    "What is the share of paid orders?",
    "What is the percentage of open claims?",
    "What is the ratio of orders to patrons?",
    "What is the median wage?",
    "Which order has the highest discount?",
    "What is the total stock of the Nail?",
]
MOMENTS_OF_SOMETHING_ELSE = [
    "How many orders were sent in 2025?",
    "How many smiths left in 2025?",
    "Which patrons have orders in 2024 and 2025?",
    "How many wares were there in 2025?",
    "How many smiths are older than 40?",
]
VALUES_OF_OTHER_ROWS = [
    "How many paid claims are there?",
    "How many sent patrons are there?",
    "Which patrons are busy?",
]
KEYS_AND_LABELS = [
    "What is the oldest ware?",
    "What is the biggest order?",
    "What is the earliest order?",
    "Who has the most orders?",
    "Show the wardens of the smiths.",
    "Which orders are not paid?",
    "Show the newest wares.",
]
PATHS_AND_GROUPS = [
    "Which smiths work on the work Bridge?",
    "How many smiths are on each work?",
    "What is the average total per ware kind?",
    "What is the most expensive ware in each kind?",
    "Which smiths earn more than the average of their guild?",
    "Which wares cost more than the average price of small wares?",
    "Which patrons have fewer than 2 orders?",
    "How many smiths does each warden have?",
    "What is the price of the Nail and the Hinge?",
    "Which patrons ordered every ware?",
]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Sit down before the workshop's tables."""
    file = tmp_path_factory.mktemp("workshop") / "workshop.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(WORKSHOP)
    database = open_database(f"sqlite:///{file}", tables=(), deadline_seconds=5.0)
    yield Desk(database=database, writer=LocalSqlWriter(database), today=date(2026, 1, 5))
    database.close()


@pytest.mark.parametrize(("question", "expected"), ANSWERED)
def test_what_the_schema_says_is_still_answered(workshop: Desk, question: str, expected: Rows) -> None:
    """Honesty costs no answer where the words and the tables agree."""
    found = workshop.rows(question)
    assert found is not None
    assert sorted(map(repr, found)) == sorted(map(repr, expected))


@pytest.mark.parametrize("question", VERBS_WITH_A_CONTENT)
def test_a_verb_that_no_table_or_column_says_is_not_dropped(workshop: Desk, question: str) -> None:
    """Nor a modal, nor a word at the end."""
    assert workshop.compose(question) is None


@pytest.mark.parametrize("question", FIGURES_THAT_NO_COLUMN_HOLDS)
def test_a_figure_without_a_column_is_not_replaced_by_another(workshop: Desk, question: str) -> None:
    """Shares, medians, and columns of tables that nobody named."""
    assert workshop.compose(question) is None


@pytest.mark.parametrize("question", MOMENTS_OF_SOMETHING_ELSE)
def test_a_moment_is_not_given_to_another_date(workshop: Desk, question: str) -> None:
    """The date of the order does not tell when it was sent."""
    assert workshop.compose(question) is None


@pytest.mark.parametrize("question", VALUES_OF_OTHER_ROWS)
def test_a_state_is_not_taken_from_another_table(workshop: Desk, question: str) -> None:
    """Claims are not paid, whatever is said of orders."""
    assert workshop.compose(question) is None


@pytest.mark.parametrize("question", KEYS_AND_LABELS)
def test_rows_are_not_shown_by_their_key_or_date(workshop: Desk, question: str) -> None:
    """Nor by the greatest of their labels."""
    assert workshop.compose(question) is None


@pytest.mark.parametrize("question", PATHS_AND_GROUPS)
def test_what_one_select_cannot_say_is_not_said(workshop: Desk, question: str) -> None:
    """Two ways between tables, repeated rows, the first of each group, averages of some, groups of none."""
    assert workshop.compose(question) is None


def test_a_word_that_names_a_table_is_no_value_elsewhere(workshop: Desk) -> None:
    """Moe has a claim about a gift, but no gift."""
    assert workshop.rows("Which patrons have both a claim and a gift?") == []


def test_namesakes_are_told_apart_in_both_of_two_sets(workshop: Desk) -> None:
    """One Lea has an order, the other a gift."""
    assert workshop.rows("Which patrons have both an order and a gift?") == []


def test_descriptions_use_the_right_article_and_say_total_once(workshop: Desk) -> None:
    """An order, and no total total."""
    among = workshop.compose("How many patrons have orders?")
    assert among is not None
    assert "there is an order" in among.description
    added = workshop.compose("What is the total of all orders in 2025?")
    assert added is not None
    assert "total total" not in added.description.lower()
