"""Grading answers and routes."""

import pytest

from agent.answer import Answer, PassageQuote, RouteTaken, RowsQuote, Timings
from agent.evaluation.cases import Case
from agent.evaluation.facts import folded
from agent.evaluation.grading import LabelScore, by_kind, grade, macro_f1, routing
from tools.types import Status


def answer_of(
    text: str = "It boils for **1,250** seconds.",
    *,
    status: Status = "answered",
    sources: tuple[str, ...] = ("kettle.md",),
    bases: dict[str, float] | None = None,
    database: float = 0.0,
) -> Answer:
    """Return an answer that cites these documents, and rows."""
    quotes = [
        PassageQuote(
            id=number, knowledge_base="guides", source=source, title="", section="", quote="x", start=0, end=1
        )
        for number, source in enumerate(sources, start=1)
    ]
    return Answer(
        answer=text,
        status=status,
        citations=[*quotes, RowsQuote(id=99, statement="SELECT 1", columns=[], rows=[])],
        route=RouteTaken(
            category=max(bases or {"guides": 1.0}, key=lambda name: (bases or {"guides": 1.0})[name]),
            knowledge_bases=bases or {"guides": 1.0},
            database=database,
            in_scope=1.0,
        ),
        queries=[],
        faithfulness=1.0,
        mode="local",
        degraded=False,
        notes=[],
        exit_reason="completed",
        timings_ms=Timings(total=1.0, first_token=None, nodes={}),
        thread_id="t",
        run_id="r",
    )


def case_of(**labels: object) -> Case:
    """Return a case with these labels."""
    return Case.model_validate({"id": "1", "question": "How long?", **labels})


@pytest.mark.parametrize(
    ("labels", "wrong"),
    [
        pytest.param({}, (), id="nothing demanded"),
        pytest.param({"must_contain": ["1250 SECONDS"]}, (), id="case and separators"),
        pytest.param({"must_contain": ["ten|1250"]}, (), id="alternatives"),
        pytest.param({"must_contain": ["ten|nine"]}, ("lacks 'ten|nine'",), id="fact missing"),
        pytest.param({"must_not_contain": ["Boils"]}, ("contains 'Boils'",), id="forbidden fact"),
        pytest.param({"status": "declined"}, ("status answered, not declined",), id="status"),
        pytest.param({"expected_sources": ["kettle.md"]}, (), id="source cited"),
        pytest.param({"expected_sources": ["mug.md|kettle.md"]}, (), id="alternative source"),
        pytest.param(
            {"expected_sources": ["kettle.md", "mug.md"]}, ("does not cite mug.md",), id="source missing"
        ),
        pytest.param(
            {"status": "partial", "must_contain": ["x"], "expected_sources": ["y"]},
            ("status answered, not partial", "lacks 'x'", "does not cite y"),
            id="everything at once",
        ),
    ],
)
def test_an_answer_is_compared_with_every_label(labels: dict[str, object], wrong: tuple[str, ...]) -> None:
    """Each thing that is wrong is named; an answer is correct when nothing is."""
    found = grade(case_of(**labels), answer_of())
    assert (found.wrong, found.correct) == (wrong, not wrong)


def test_emphasis_and_separators_do_not_hide_a_fact() -> None:
    """A decimal or a list of numbers is left alone."""
    assert folded("**1,250**  pieces\nfor 1\u202f000.50") == "1250 pieces for 1000.50"
    assert folded("1,25 and 3, 456") == "1,25 and 3, 456"


def test_routing_scores_match_those_computed_by_hand() -> None:
    """Two of three guides found, one wrongly taken; the database found once of twice; one declined."""
    grades = [
        grade(case_of(knowledge_bases=["guides"]), answer_of(bases={"guides": 0.9, "rules": 0.2})),
        grade(case_of(knowledge_bases=["guides"]), answer_of(bases={"guides": 0.4, "rules": 0.3})),
        grade(
            case_of(knowledge_bases=["guides"], uses_database=True),
            answer_of(bases={"guides": 0.1, "rules": 0.6}),
        ),
        grade(
            case_of(knowledge_bases=["rules"], uses_database=True),
            answer_of(bases={"guides": 0.7, "rules": 0.6}, database=0.5),
        ),
        grade(case_of(status="declined"), answer_of(status="declined")),
    ]
    scores = {score.label: score for score in routing(grades)}
    assert scores == {
        "guides": LabelScore(label="guides", precision=2 / 3, recall=2 / 3, f1=2 / 3, support=3),
        "rules": LabelScore(label="rules", precision=1 / 2, recall=1.0, f1=2 / 3, support=1),
        "database": LabelScore(label="database", precision=1.0, recall=1 / 2, f1=2 / 3, support=2),
        "out_of_scope": LabelScore(label="out_of_scope", precision=1.0, recall=1.0, f1=1.0, support=1),
    }
    assert macro_f1(scores.values()) == pytest.approx(0.75)


def test_the_mean_leaves_out_labels_that_nobody_needed() -> None:
    """A label that was only wrongly predicted lowers the others' precision already."""
    present = LabelScore(label="a", precision=1, recall=1, f1=0.5, support=2)
    absent = LabelScore(label="b", precision=0, recall=0, f1=0.0, support=0)
    assert macro_f1([present, absent]) == 0.5
    assert macro_f1([]) == 0.0
    assert routing([]) == []


def test_grades_are_grouped_by_kind_in_order_of_appearance() -> None:
    """Each kind with its grades."""
    grades = [grade(case_of(kind=kind), answer_of()) for kind in ("b", "a", "b")]
    assert {kind: len(found) for kind, found in by_kind(grades).items()} == {"b": 2, "a": 1}
    assert list(by_kind(grades)) == ["b", "a"]
