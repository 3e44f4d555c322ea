"""Plans, their parts, and the families of queries."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.plan import Families, Family, Query
from tests.fakes_graph import part_of, plan_of

OWN, SPLIT = Query(text="own"), Query(text="split", family="sub_question")
WORDS, MADE_UP = Query(text="words", family="rewrite"), Query(text="made up", family="hypothetical")
EVERYTHING = (OWN, SPLIT, WORDS, MADE_UP)
SWITCHES = st.builds(Families, **{one.name: st.booleans() for one in fields(Families)})
FAMILY = st.sampled_from(["question", "sub_question", "rewrite", "hypothetical"])
QUERIES = st.lists(st.builds(Query, text=st.sampled_from("abcd"), family=FAMILY))


@pytest.mark.parametrize(
    ("families", "expected"),
    [
        pytest.param(Families(), EVERYTHING, id="everything"),
        pytest.param(Families(question=False), (SPLIT, WORDS, MADE_UP), id="no question"),
        pytest.param(Families(sub_questions=False), (OWN, WORDS, MADE_UP), id="no sub-questions"),
        pytest.param(Families(rewrites=False), (OWN, SPLIT, MADE_UP), id="no rewrites"),
        pytest.param(Families(hypothetical=False), (OWN, SPLIT, WORDS), id="no made-up answers"),
    ],
)
def test_each_family_is_switched_off_on_its_own(families: Families, expected: tuple[Query, ...]) -> None:
    """The others stay, in order."""
    assert families.choose(EVERYTHING) == expected


def test_a_text_belongs_to_the_family_that_named_it_first() -> None:
    """A rewrite that says the same as the question is the question."""
    again = Query(text=OWN.text, family="rewrite")
    assert Families().choose([OWN, again]) == (OWN,)
    assert Families(question=False).choose([OWN, again, WORDS]) == (WORDS,)


@given(SWITCHES, QUERIES)
def test_there_is_always_something_to_search_for(families: Families, queries: list[Query]) -> None:
    """Each text once, in the order given; the first one when no family is left."""
    on: dict[Family, bool] = {
        "question": families.question,
        "sub_question": families.sub_questions,
        "rewrite": families.rewrites,
        "hypothetical": families.hypothetical,
    }
    chosen = families.choose(queries)
    assert len({query.text for query in chosen}) == len(chosen)
    places = [queries.index(query) for query in chosen]
    assert places == sorted(places)
    assert all(on[query.family] for query in chosen) or list(chosen) == queries[:1]
    assert bool(chosen) == bool(queries)


@pytest.mark.parametrize(("count", "expected"), [(1, "question"), (2, "sub_question")])
def test_the_question_of_one_part_among_several_is_a_sub_question(count: int, expected: Family) -> None:
    """It is switched off with the questions of plain questions, or with the sub-questions."""
    parts = [part_of("own", queries=("own", "words"))] * count
    shown = Families().applied(parts)
    assert [[query.family for query in part.queries] for part in shown] == [[expected, "rewrite"]] * count
    off = Families(question=expected != "question", sub_questions=expected != "sub_question")
    assert [[query.text for query in part.queries] for part in off.applied(parts)] == [["words"]] * count


def test_parts_wait_while_they_need_others() -> None:
    """By position; a part that stands alone does not wait."""
    assert plan_of(part_of("a")).waiting == ()
    assert plan_of(part_of("a"), part_of("{1}", needs=(0,)), part_of("c")).waiting == (1,)
