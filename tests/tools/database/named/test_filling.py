"""Parameters read from questions."""

from datetime import date

import pytest

from tools.database.linking import ValueIndex
from tools.database.named.filling import MOST_FILLINGS, Question, Reading, fill
from tools.types import Cell, NamedQuery, Parameter

TODAY = date(2026, 11, 16)
INDEXES = {"trees.name": ValueIndex(["Oak", "Ash", "Elm", *(f"Tree{number}" for number in range(20))])}

CODE = Parameter(name="tree_code", kind="text", pattern=r"\bTR-\d{3}\b", ask="Which code?")
TREE = Parameter(name="tree", kind="value", column="trees.name", ask="Which tree?")
PERIOD = Parameter(name="period", kind="period", required=False, default="all time")
DAY = Parameter(name="day", kind="date", required=False, default="today")
SIZE = Parameter(
    name="size",
    kind="choice",
    choices=(("L", ("large", "big")), ("S", ("small",))),
    required=False,
    default="L",
)
COUNT = Parameter(name="count", kind="integer", required=False, default=5)
HEIGHT = Parameter(name="height", kind="number", ask="How high?")


def read(question: str, *parameters: Parameter) -> Reading:
    """Fill the parameters of a query that has only these."""
    query = NamedQuery(name="q", description="", statement="", parameters=parameters)
    return fill(Question(text=question, indexes=INDEXES, today=TODAY), query)


@pytest.mark.parametrize(
    ("question", "parameter", "values"),
    [
        ("Where is TR-100?", CODE, {"tree_code": "TR-100"}),
        ("where is tr-100?", CODE, {"tree_code": "TR-100"}),
        ("How old is the oak?", TREE, {"tree": "Oak"}),
        ("planted last month", PERIOD, {"period_start": "2026-10-01", "period_end": "2026-10-31"}),
        ("planted", PERIOD, {"period_start": "0001-01-01", "period_end": "9999-12-31"}),
        ("planted on 3 March 2026", DAY, {"day": "2026-03-03"}),
        ("planted", DAY, {"day": "2026-11-16"}),
        ("planted last month", DAY, {"day": "2026-11-16"}),
        ("the big ones", SIZE, {"size": "L"}),
        ("SMALL trees", SIZE, {"size": "S"}),
        ("trees", SIZE, {"size": "L"}),
        ("the top 3", COUNT, {"count": 3}),
        ("the top three", COUNT, {"count": 3}),
        ("the top 1,200", COUNT, {"count": 1200}),
        ("the 2.5 rule", COUNT, {"count": 5}),
        ("above 2.5 metres", HEIGHT, {"height": 2.5}),
        ("above -3 metres", HEIGHT, {"height": -3.0}),
    ],
)
def test_each_kind_is_read_in_its_own_way(
    question: str, parameter: Parameter, values: dict[str, Cell]
) -> None:
    """Given or by default."""
    (filling,) = read(question, parameter).fillings
    assert dict(filling.values) == values
    assert filling.missing == ()


@pytest.mark.parametrize(
    ("parameter", "ask"), [(CODE, "Which code?"), (TREE, "Which tree?"), (HEIGHT, "How high?")]
)
def test_what_is_required_and_not_given_is_asked_for(parameter: Parameter, ask: str) -> None:
    """And no value is made up."""
    (filling,) = read("Tell me more", parameter).fillings
    assert (filling.values, filling.missing) == ((), (ask,))


def test_a_parameter_without_a_question_asks_by_its_name() -> None:
    """The name reads as words."""
    (filling,) = read("", Parameter(name="tree_code", kind="text", pattern="x")).fillings
    assert filling.missing == ("Which tree code do you mean?",)


def test_a_default_makes_a_parameter_optional() -> None:
    """Even when it is not marked so."""
    (filling,) = read("", Parameter(name="n", kind="integer", default=7)).fillings
    assert (filling.values, filling.missing) == ((("n", 7),), ())


def test_several_values_give_one_filling_each() -> None:
    """In the order of the question, each value once."""
    reading = read("oak, ash and the Oak in 2025", TREE, PERIOD)
    assert [dict(filling.values)["tree"] for filling in reading.fillings] == ["Oak", "Ash"]
    assert all(dict(filling.values)["period_start"] == "2025-01-01" for filling in reading.fillings)
    assert [filling.linked for filling in reading.fillings] == [("oak", "2025"), ("ash", "2025")]


def test_a_question_full_of_values_is_answered_for_some() -> None:
    """There is a bound."""
    question = " ".join(f"Tree{number}" for number in range(20))
    assert len(read(question, TREE).fillings) == MOST_FILLINGS


def test_two_parameters_of_one_column_take_turns() -> None:
    """The first value is the first parameter's."""
    other = Parameter(name="other", kind="value", column="trees.name")
    (filling,) = read("Is the Elm older than the Ash?", TREE, other).fillings
    assert dict(filling.values) == {"tree": "Elm", "other": "Ash"}


def test_queries_that_share_a_question_fill_their_own_parameters() -> None:
    """What is looked for once is given to each under its own name, with and without names of the unknown."""
    question = Question(text="Is the Elm older than a Yew?", indexes=INDEXES, today=TODAY)
    other = Parameter(name="other", kind="value", column="trees.name")
    one, two = (
        NamedQuery(name="q", description="", statement="", parameters=parameters)
        for parameters in ((TREE,), (TREE, other))
    )
    yew = (question.text.index("Yew"), question.text.index("?"))
    assert fill(question, one).masked == "Is the tree older than a Yew?"
    assert fill(question, two, names=[yew]).masked == "Is the tree older than a other?"
    assert fill(question, two).masked == fill(question, one).masked


def test_a_place_serves_one_parameter() -> None:
    """The digits of a code or a year are no count."""
    (filling,) = read("TR-100 in 2025", CODE, PERIOD, COUNT).fillings
    assert dict(filling.values)["count"] == 5


def test_the_masked_question_names_parameters_instead_of_values() -> None:
    """So that questions about other values look alike."""
    assert read("How old were the oak and TR-100 in 2025?", TREE, CODE, PERIOD).masked == (
        "How old were the tree and tree code in period?"
    )
