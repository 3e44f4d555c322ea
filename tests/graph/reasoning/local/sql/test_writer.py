"""Questions about a small library, on SQLite and PostgreSQL."""

from datetime import date

import pytest

from graph.reasoning.ports import Attempt
from tests.graph.reasoning.local.sql.asking import Desk
from tools.database.engine import SqlDatabase
from tools.database.guard import check
from tools.metering import Budget, Meter
from tools.types import ANYONE, Cell

Rows = list[tuple[Cell, ...]]

IN_ANY_ORDER: list[tuple[str, Rows]] = [
    ("How many books are there?", [(6,)]),
    ("How many members live in Bergen?", [(2,)]),
    ("How many female members are there?", [(2,)]),
    ("How many different genres are there?", [(3,)]),
    ("How many books are longer than 100 pages?", [(3,)]),
    ("How many books did Cleo Dart write?", [(3,)]),
    ('How many members borrowed "The Long Field"?', [(3,)]),
    ("How many loans were there in March 2024?", [(2,)]),
    ("How many loans were there last month?", [(1,)]),
    ("How many loans does the member named Jon have?", [(2,)]),
    ("How many days is loan 3?", [(7,)]),
    ("What is the average price of the novels?", [(16.0,)]),
    ("What are the maximum and minimum number of pages of poetry books?", [(90, 60)]),
    ("What is the total number of days of the loans by Jon?", [(19,)]),
    ("What is the city of the member named Lea?", [("Molde",)]),
    ("What is the price of Salt?", [(9.0,)]),
    ('When was "Salt" published?', [("2020-01-15",)]),
    ("Show the titles of novels with more than 350 pages.", [("The Long Field",)]),
    ("List the titles of books that are not novels.", [("Quiet Rivers",), ("Salt",), ("Northern Bread",)]),
    ("Show the titles of books with a price between 15 and 20.", [("The Long Field",), ("Glass Hours",)]),
    ('Show the titles of books whose title contains "gla".', [("Glass Hours",)]),
    ("Find the titles of the poetry and cooking books.", [("Quiet Rivers",), ("Salt",), ("Northern Bread",)]),
    ("Show the titles of books published before 2005.", [("Quiet Rivers",), ("The Long Field",)]),
    (
        "Show the title and price of books published in 2020 or 2021.",
        [("Salt", 9.0), ("Northern Bread", 30.0)],
    ),
    ("Which books cost more than the average price?", [("The Long Field",), ("Northern Bread",)]),
    ("Which members joined before 2020 or live in Oslo?", [("Ines", "Falk"), ("Kai", "Hult")]),
    ("List the titles of books by Hungarian authors.", [("Glass Hours",)]),
    (
        'What are the first names of members who borrowed "The Long Field"?',
        [("Ines",), ("Jon",), ("Kai",)],
    ),
    (
        "List the titles of books by authors from Ireland but not by Cleo Dart.",
        [("Quiet Rivers",), ("The Long Field",)],
    ),
    ("What are the names of authors without any books?", [("Dov Elm",)]),
    ("Which members have no loans?", [("Lea", "Iversen")]),
    (
        "Show the genres that have both books with more than 300 pages and books with less than 100 pages.",
        [("novel",)],
    ),
    ("How many books are there in each genre?", [("poetry", 2), ("novel", 3), ("cooking", 1)]),
    ("For each author, how many books are there?", [("Ada Brook", 2), ("Bela Csonka", 1), ("Cleo Dart", 3)]),
    (
        "What is the average price of the books per genre?",
        [("cooking", 30.0), ("novel", 16.0), ("poetry", 10.75)],
    ),
    ("Which genres have at least 3 books?", [("novel",)]),
    ("List the countries with more than one author.", [("Ireland",)]),
    ("What are the titles of books that have at least 2 loans?", [("The Long Field",)]),
    ("Which author has the most books?", [("Cleo Dart",)]),
    ("Which genre has the highest average price?", [("cooking",)]),
    ("What is the most common genre?", [("novel",)]),
    ("What is the title of the most expensive book?", [("Northern Bread",)]),
    ("Who is the oldest author?", [("Dov Elm",)]),
    ("Show everything about the authors from Hungary.", [(2, "Bela Csonka", 1972, "Hungary")]),
    ("What are the different cities of the members?", [("Bergen",), ("Oslo",), ("Molde",)]),
]

IN_ORDER: list[tuple[str, Rows]] = [
    (
        "List the names of the authors in reverse alphabetical order.",
        [("Dov Elm",), ("Cleo Dart",), ("Bela Csonka",), ("Ada Brook",)],
    ),
    ("Show the 2 cheapest books.", [("Salt",), ("Quiet Rivers",)]),
    (
        "Show the titles of the novels sorted by price in descending order.",
        [("The Long Field",), ("Glass Hours",), ("Tides",)],
    ),
    (
        "Show the names of the authors from the oldest to the youngest.",
        [("Dov Elm",), ("Ada Brook",), ("Bela Csonka",), ("Cleo Dart",)],
    ),
    (
        "How many books are there in each genre, sorted by the number of books in descending order?",
        [("novel", 3), ("poetry", 2), ("cooking", 1)],
    ),
]

NOT_UNDERSTOOD = [
    "What is the warranty of the Rowan?",
    "What is the weather in Bergen?",
    "How many penguins are there?",
    "How many books failed?",
    "How many books are open?",
    "How many books were released?",
    "Which books are available?",
    "Which members live in the same city as Jon?",
    "Which books were bound in leather?",
    "Show the titles of books that everybody loves.",
    "What is the meaning of poetry?",
    "DROP TABLE books",
    "",
    "?",
    "'",
    "why " * 100,
]


@pytest.mark.parametrize(("question", "expected"), IN_ANY_ORDER)
def test_a_question_is_answered_with_these_rows(desk: Desk, question: str, expected: Rows) -> None:
    """Counting, listing, filtering, grouping, ranking, joining, and what is left out."""
    found = desk.rows(question)
    assert found is not None
    assert sorted(map(repr, found)) == sorted(map(repr, expected))


@pytest.mark.parametrize(("question", "expected"), IN_ORDER)
def test_an_order_that_is_asked_for_is_kept(desk: Desk, question: str, expected: Rows) -> None:
    """By a column, by a number of rows, by words, by age."""
    assert desk.rows(question) == expected


@pytest.mark.parametrize("question", NOT_UNDERSTOOD)
def test_what_is_not_understood_entirely_is_not_answered(desk: Desk, question: str) -> None:
    """One word without a meaning here is enough."""
    assert desk.compose(question) is None


@pytest.mark.parametrize("question", [question for question, _ in IN_ANY_ORDER])
def test_the_guard_lets_every_statement_pass(desk: Desk, library: SqlDatabase, question: str) -> None:
    """As it stands, with only a limit added."""
    statement = desk.compose(question)
    assert statement is not None
    verdict = check(statement.text, dialect=library.dialect, schema=library.schema(), max_rows=100)
    assert verdict.allowed, verdict.reason


def test_a_single_figure_comes_with_a_sentence(desk: Desk) -> None:
    """And everything with a description, and words for no rows."""
    statement = desk.compose("How many members live in Bergen?")
    assert statement is not None
    assert statement.description == "Number of members where city is Bergen"
    assert statement.answer == "The number of members where city is Bergen is {count}."
    assert statement.empty == "No members were found where city is Bergen."


def test_a_list_has_a_description_and_no_sentence(desk: Desk) -> None:
    """Rows speak for themselves."""
    statement = desk.compose("Show the title and price of the 2 cheapest books.")
    assert statement is not None
    assert statement.description == "Title and price of the books, the 2 with the smallest price"
    assert statement.answer is None


async def test_a_statement_that_failed_is_not_written_again(desk: Desk) -> None:
    """There is only one way to read a question."""
    asked = {"today": desk.today, "principal": ANYONE, "meter": Meter(budget=Budget())}
    written = await desk.writer.write("How many books are there?", failed=(), **asked)  # type: ignore[arg-type]  # the same for both
    failed = (Attempt(statement=written.statements[0].text, problem="timeout"),)
    again = await desk.writer.write("How many books are there?", failed=failed, **asked)  # type: ignore[arg-type]  # the same for both
    assert (len(written.statements), len(again.statements)) == (1, 0)


def test_relative_days_count_from_the_day_of_the_question(desk: Desk) -> None:
    """Last month is another one a year before."""
    statement = desk.writer.compose(
        "How many loans were there last month?", today=date(2023, 3, 10), principal=ANYONE
    )
    assert statement is not None
    assert "2023-02-01" in statement.text
