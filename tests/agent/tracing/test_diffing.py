"""Two runs side by side."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from agent.recording.encoding import summary_of
from agent.recording.recording import Failure, Recording, Step
from agent.tracing.aligning import MOST_CELLS, aligned
from agent.tracing.diffing import Comparison, compare
from graph.deps import Deps
from tests.agent.evaluation.recorded import run, session_of
from tests.agent.tracing.runs import recording_of, step_of
from tests.fakes_database import FakeCatalog
from tests.fakes_graph import FakePlanner, chunk_of, deps_of, part_of, plan_of, rows_of, store_with
from tools.types import Chunk, Match

QUESTION = "How long does the kettle boil?"
BOIL = chunk_of("The kettle boils for 2 minutes.", identifier="boil")
LID = chunk_of("The kettle has a lid.", identifier="lid", section=("Parts",))
MILK = chunk_of("How long does the milk boil?", identifier="milk", source="milk.md", title="Milk")
STOCK = Match(query="stock", score=0.9)


def surroundings(*chunks: Chunk, stock: int = 4, searched: str = QUESTION) -> Deps:
    """Return what nodes are given: passages, and the stock of kettles."""
    rows = replace(rows_of(("Kettle", stock)), answer="{name}: {stock} pieces")
    part = part_of(QUESTION, queries=(QUESTION, searched), bases=("guides",), matches=(STOCK,))
    return deps_of(
        store=store_with(*chunks),
        planner=FakePlanner(plans={QUESTION: plan_of(part)}),
        catalog=FakeCatalog(results={"stock": rows}),
    )


async def recorded(deps: Deps, question: str = QUESTION) -> Recording:
    """Ask and record."""
    return (await run(session_of(deps), question)).recording


def compared(a: Recording, b: Recording) -> Comparison:
    """Compare two recordings, and see that the result can go out."""
    found = compare(a, b, a_summary=summary_of(a), b_summary=summary_of(b))
    return Comparison.model_validate_json(found.model_dump_json())


async def test_a_run_is_equal_to_itself_asked_again() -> None:
    """Only time may differ."""
    one, other = [await recorded(surroundings(BOIL, LID)) for _ in range(2)]
    found = compared(one, other)
    assert (found.first_difference, found.answer.lines, found.evidence.rows) == (None, [], [])
    assert [step.node for step in found.steps] == [step.node for step in one.steps]
    assert all(step.equal and step.a == step.b and step.changes == [] for step in found.steps)
    assert (found.evidence.added, found.evidence.removed, found.evidence.moved) == ([], [], [])
    assert found.route.a == found.route.b
    assert found.route.a is not None


async def test_a_difference_is_shown_where_it_arises_and_where_it_ends() -> None:
    """Passages that came, went and moved; rows; what each step wrote; the answer line by line."""
    a = await recorded(surroundings(BOIL, LID, stock=4))
    b = await recorded(surroundings(MILK, BOIL, stock=5))
    found = compared(a, b)
    assert found.first_difference is not None
    first = found.steps[found.first_difference]
    assert (first.node, [change.channel for change in first.changes]) == ("prefetch", ["prefetched"])
    assert {step.node for step in found.steps if step.equal} == {"classify"}
    assert [name.split(" · ")[1] for name in found.evidence.added] == ["milk.md"]
    assert [name.split(" · ")[0] for name in found.evidence.removed] == ["Kettle › Parts"]
    assert found.evidence.moved == []
    (rows,) = found.evidence.rows
    assert {line.text.strip() for line in rows.lines if line.kind != "same"} == {"4", "5"}
    assert {line.kind for line in found.answer.lines} >= {"added", "removed"}
    assert (found.answer.a, found.answer.b) == (
        a.answer and a.answer["answer"],
        b.answer and b.answer["answer"],
    )
    assert found.usage.a.steps == len(a.steps)


async def test_passages_that_change_places_are_named_with_both() -> None:
    """The same passages in another order."""
    a = await recorded(surroundings(BOIL, LID))
    swapped = [
        replace(
            step,
            update={"evidence": [{**part, "hits": part["hits"][::-1]} for part in step.update["evidence"]]},
        )
        if step.node == "rerank" and step.update
        else step
        for step in a.steps
    ]
    found = compared(a, replace(a, steps=swapped))
    assert [(moved.a, moved.b) for moved in found.evidence.moved] == [(1, 2), (2, 1)]
    assert {step.node for step in found.steps if not step.equal} == {"rerank"}


async def test_another_question_differs_from_the_start() -> None:
    """What the runs began with belongs to their first steps."""
    found = compared(await recorded(surroundings(BOIL)), await recorded(surroundings(BOIL), "Which lid?"))
    assert found.first_difference == 0
    assert "question" in [change.channel for change in found.steps[0].changes]


def test_steps_of_one_run_alone_stand_where_they_ran() -> None:
    """The rest is paired although the paths differ."""
    a = [step_of(1, "classify"), step_of(2, "rerank"), step_of(3, "assess"), step_of(4, "verify")]
    names = ("classify", "retrieve", "rerank", "assess", "revise", "verify")
    b = [step_of(number, name) for number, name in enumerate(names, start=1)]
    found = compared(recording_of(a), recording_of(b))
    assert [(step.node, step.a, step.b) for step in found.steps] == [
        ("classify", 1, 1),
        ("retrieve", None, 2),
        ("rerank", 2, 3),
        ("assess", 3, 4),
        ("revise", None, 5),
        ("verify", 4, 6),
    ]
    assert found.first_difference == 1
    assert found.steps[1].a_ms is None
    assert found.steps[1].b_ms == 10.0


def test_parallel_steps_are_paired_by_what_they_were_given() -> None:
    """Whatever their order; what is left is paired by its node."""

    def searches(*queries: str) -> list[Step]:
        given = [{"query": query, "knowledge_base": "guides"} for query in queries]
        return [
            step_of(number, "retrieve", superstep=1, place=number, payload=payload)
            for number, payload in enumerate(given, start=1)
        ]

    pairs = aligned(searches("x", "y", "z"), searches("z", "w", "x", "v"))
    paired = [(pair.a and pair.a.number, pair.b and pair.b.number) for pair in pairs]
    assert paired == [(1, 3), (2, 2), (3, 1), (None, 4)]
    found = compared(recording_of(searches("x")), recording_of(searches("w")))
    assert [change.channel for change in found.steps[0].changes] == ["(given)"]


def test_a_failure_and_a_pause_are_differences() -> None:
    """Even where nothing was written."""
    plain = [step_of(1, "clarify")]
    failed = [step_of(1, "clarify", failure=Failure(type="TransientError", message="away"))]
    paused = [step_of(1, "clarify", paused={"question": "Which one?"})]
    for other, told in ((failed, "(failure)"), (paused, "(asked back)")):
        found = compared(recording_of(plain), recording_of(other))
        assert [change.channel for change in found.steps[0].changes] == [told]


STEPS = st.lists(
    st.lists(st.sampled_from(["classify", "retrieve", "rerank", "verify"]), min_size=1, max_size=3),
    max_size=8,
)


def steps_of(names: Sequence[Sequence[str]]) -> list[Step]:
    """Return steps by superstep."""
    flat = [(superstep, name) for superstep, together in enumerate(names, start=1) for name in together]
    return [
        step_of(number, name, superstep=superstep) for number, (superstep, name) in enumerate(flat, start=1)
    ]


@given(STEPS, STEPS)
def test_every_step_is_shown_once_and_pairs_have_the_same_node(
    one: list[list[str]], other: list[list[str]]
) -> None:
    """Supersteps stay in their order on both sides."""
    a, b = steps_of(one), steps_of(other)
    pairs = aligned(a, b)
    assert Counter(pair.a.number for pair in pairs if pair.a) == Counter(step.number for step in a)
    assert Counter(pair.b.number for pair in pairs if pair.b) == Counter(step.number for step in b)
    assert all(pair.a.node == pair.b.node for pair in pairs if pair.a and pair.b)
    for supersteps in (
        [pair.a.superstep for pair in pairs if pair.a],
        [pair.b.superstep for pair in pairs if pair.b],
    ):
        assert supersteps == sorted(supersteps)
    assert aligned(a, a) == aligned(a, list(a))
    assert all(pair.a is pair.b for pair in aligned(a, a))


def test_runs_of_any_length_are_compared() -> None:
    """What is too long to be weighed is paired by its order."""
    many = int(MOST_CELLS**0.5) + 1
    a = [step_of(number, f"a{number}") for number in range(1, many + 1)]
    b = [step_of(number, f"b{number}") for number in range(1, many + 2)]
    assert len(aligned(a, b)) == 2 * many + 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
STATES = st.dictionaries(st.sampled_from(["evidence", "plan", "queried", "strange"]), JSON, max_size=4)
EVIDENCE = st.fixed_dictionaries(
    {"evidence": st.lists(st.fixed_dictionaries({"hits": JSON, "rows": JSON}), max_size=2)}
)


@given(STATES | EVIDENCE, STATES | EVIDENCE)
def test_strange_recordings_are_compared_too(one: dict[str, object], other: dict[str, object]) -> None:
    """An imported file may hold anything."""
    a, b = (recording_of([step_of(1, "rerank", update=update)], initial=other) for update in (one, other))
    found = compared(a, b)
    assert found.steps[0].equal == (one == other)
