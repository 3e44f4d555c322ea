"""Runs that become evaluation cases, and the file that holds them."""

import os
import stat
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.evaluation.asking import graded
from agent.evaluation.cases import Case, Cited, Ran, StepLabels, read_cases
from agent.evaluation.facts import folded, holds
from agent.recording.encoding import from_json, to_json
from agent.recording.recorder import Recorder
from agent.recording.recording import Json, Recording
from agent.tracing.facts import LONGEST, MOST_FACTS, facts_of, phrases_of
from agent.tracing.keeping import append, case_of, line_of
from graph.deps import Deps
from graph.plan import Turn
from tests.agent.evaluation.recorded import run, session_of
from tests.agent.tracing.runs import recording_of, step_of
from tests.fakes_database import FakeCatalog
from tests.fakes_graph import FakePlanner, chunk_of, deps_of, part_of, plan_of, rows_of, store_with
from tools.errors import ConfigurationError, Conflict, InvalidInput
from tools.types import Match, Metadata, Principal

QUESTION = "How long does the kettle boil?"
BOIL = chunk_of("The kettle boils for 2 minutes.")
SECRET = chunk_of("The kettle boils for 90 seconds.", metadata=Metadata(groups=("staff",)))
STAFF = Principal(groups=frozenset({"staff"}), attributes=(("customer", 7),))


async def recorded(deps: Deps, *questions: str, principal: Principal = Principal()) -> Recording:  # noqa: B008
    """Ask one after another in one thread, and return the recording of the last."""
    session = session_of(deps)
    return [await run(session, question, principal=principal) for question in questions][-1].recording


async def test_a_follow_up_is_asked_again_with_the_conversation_before_it() -> None:
    """With the answers too: what a question means can depend on them."""
    planner = FakePlanner()
    deps = deps_of(store=store_with(BOIL), planner=planner)
    case = case_of(await recorded(deps, QUESTION, "And the kettle?"))
    assert (case.history, case.answers) == ((QUESTION,), ("The kettle boils for 2 minutes. [1]",))
    assert (await graded(session_of(deps), case, recorder=Recorder())).wrong == ()
    assert planner.asked[-1][:2] == planner.asked[-2][:2]
    without = case.model_copy(update={"answers": ()})
    await graded(session_of(deps), without, recorder=Recorder())
    assert planner.asked[-1][1] == (Turn(question=QUESTION, answer=""),)


async def test_a_case_is_asked_on_behalf_of_whom_it_was_kept_from() -> None:
    """Who may read more is answered from more."""
    deps = deps_of(store=store_with(SECRET))
    case = case_of(await recorded(deps, QUESTION, principal=STAFF))
    assert (case.groups, case.attributes) == (("staff",), {"customer": 7})
    assert (await graded(session_of(deps), case, recorder=Recorder())).correct
    anyones = case.model_copy(update={"groups": ()})
    assert not (await graded(session_of(deps), anyones, recorder=Recorder())).correct


async def test_cells_that_the_answer_shows_are_facts() -> None:
    """Of a table as well; what the question gave, and single digits, say nothing."""
    rows = rows_of(("Mug", 1250.5), ("Kettle", 4), ("Sieve | fine", None), columns=("name", "stock"))
    plan = plan_of(part_of("What is in stock of Kettle?", bases=(), matches=(Match(query="stock", score=1),)))
    deps = deps_of(
        planner=FakePlanner(plans={plan.question: plan}), catalog=FakeCatalog(results={"stock": rows})
    )
    case = case_of(await recorded(deps, plan.question), id="stock", note="was wrong")
    assert case.must_contain == ("Mug", "1250.50")
    assert (case.id, case.note, case.uses_database, case.expected_sources) == ("stock", "was wrong", True, ())
    assert case.expected_statement == rows.statement
    assert case.steps is not None
    assert case.steps.statements == (Ran(statement=rows.statement, name="stock"),)


async def test_an_answer_without_claims_demands_its_status_and_route() -> None:
    """What is not answered must stay so."""
    case = case_of(await recorded(deps_of(), QUESTION))
    assert (case.status, case.must_contain, case.expected_sources) == ("unanswerable", (), ())
    assert case.knowledge_bases == ("guides", "rules")
    assert case.steps is not None
    assert (case.steps.route, case.steps.citations) == (("guides", "rules"), ())


async def test_a_recording_that_was_exported_makes_the_same_case() -> None:
    """Anywhere."""
    recording = await recorded(deps_of(store=store_with(BOIL)), QUESTION)
    assert case_of(from_json(to_json(recording))) == case_of(recording)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        pytest.param({"answer": None, "outcome": "failed"}, "gave no answer", id="failed"),
        pytest.param({"answer": {"answer": 1}}, "answer is not of this version's form", id="strange answer"),
        pytest.param({"initial": {"history": [{"said": "x"}]}}, "history", id="strange conversation"),
        pytest.param({"initial": {"evidence": {"hits": 1}}}, "evidence", id="strange evidence"),
        pytest.param({"attributes": [["a", {"b": 1}]]}, "attributes", id="strange attributes"),
    ],
)
async def test_what_cannot_be_kept_is_refused_with_the_reason(changed: Mapping[str, Json], told: str) -> None:
    """And with what to do."""
    recording = await recorded(deps_of(store=store_with(BOIL)), QUESTION)
    strange = replace(recording, **{"steps": (), **changed})
    with pytest.raises(InvalidInput, match=told):
        case_of(strange)


async def test_a_run_that_ran_out_of_time_is_no_example() -> None:
    """It would fail on a faster machine."""
    recording = await recorded(deps_of(store=store_with(BOIL)), QUESTION)
    late = replace(recording, answer={**(recording.answer or {}), "exit_reason": "out_of_time"})
    with pytest.raises(InvalidInput, match="ran out of time"):
        case_of(late)


def test_a_recording_of_hand_made_steps_is_kept_or_refused() -> None:
    """Nothing but an error of ours comes of any state."""
    with pytest.raises(InvalidInput):
        case_of(recording_of([step_of(1, "rerank", update={"evidence": "none"})]))


@pytest.mark.parametrize(
    ("sentence", "asked", "facts"),
    [
        pytest.param("It boils for **2 minutes**. [1]", "", ["2 minutes"], id="number with its unit"),
        pytest.param(
            "The refund is EUR 1,249.50, paid within 6 working days.",
            "",
            ["EUR 1,249.50", "6 working"],
            id="money",
        ),
        pytest.param(
            "Order MK-7 of 2026-04-28 left.", "Where is MK-7?", ["2026-04-28"], id="what was not asked"
        ),
        pytest.param("Use part FH-A01 for it.", "", ["FH-A01"], id="code"),
        pytest.param("Press “Start now” and wait.", "", ["Start now"], id="quotation"),
        pytest.param("Ask Marlow Service in Kiel.", "", ["Marlow Service", "Kiel"], id="names"),
        pytest.param("2.1 Do not use 10 m of cable.", "", ["10 m"], id="number of a section"),
        pytest.param("Heat it to 93 °C at 50 %.", "", ["93 °C", "50 %"], id="signs"),
        pytest.param("There are 3 or 14 left.", "", ["14 left"], id="a digit alone says nothing"),
        pytest.param(
            "A broken spar is replaced, never glued.", "spar", ["replaced, never glued", "broken"], id="words"
        ),
        pytest.param("Yes.", "", ["Yes"], id="one word"),
        pytest.param("It is so.", "", [], id="no words of meaning"),
    ],
)
def test_the_facts_of_a_sentence_are_short_and_particular(
    sentence: str, asked: str, facts: list[str]
) -> None:
    """Numbers, quotations, codes and names; words only where there is none of them."""
    assert (facts_of(sentence, given=asked) or phrases_of(sentence, given=asked)) == facts


@given(st.text(), st.text(max_size=20))
def test_every_fact_is_short_and_no_alternative(sentence: str, asked: str) -> None:
    """Whatever the sentence."""
    facts = [*facts_of(sentence, given=asked), *phrases_of(sentence, given=asked)]
    assert len(facts) <= 2 * MOST_FACTS
    assert all(1 < len(folded(fact)) <= LONGEST and "|" not in fact for fact in facts)
    assert not any(holds(folded(asked), fact) for fact in facts)


CASE = Case(id="1", question="How long?", must_contain=("2 minutes",))
FULL = CASE.model_copy(
    update={
        "id": "2",
        "history": ("Why?",),
        "answers": ("Because.",),
        "reply": "the red one",
        "groups": ("staff",),
        "attributes": {"customer": 7},
        "note": "n\u2028o\u0085te",
        "steps": StepLabels(
            route=("guides",),
            queries={"guides": ("How long?",)},
            evidence=("kettle.md",),
            statements=(Ran(statement="SELECT 1", parameters={"a": None}),),
            citations=(Cited(fact="2 minutes", source="kettle.md", verbatim=True),),
            asks="Which?",
            path=("classify+prefetch",),
        ),
    }
)


def test_cases_are_added_once_and_read_back_equal(tmp_path: Path) -> None:
    """The file is made, an equal case changes nothing."""
    file = tmp_path / "kept" / "cases.jsonl"
    assert [append(case, file) for case in (CASE, FULL, CASE, FULL)] == [True, True, False, False]
    assert read_cases(file) == [CASE, FULL]
    assert "steps" not in line_of(CASE)
    assert sorted(path.name for path in file.parent.iterdir()) == ["cases.jsonl"]


def test_another_case_of_the_same_id_is_refused_and_nothing_written(tmp_path: Path) -> None:
    """Nobody's label is replaced by accident."""
    file = tmp_path / "cases.jsonl"
    append(CASE, file)
    before = file.read_bytes()
    with pytest.raises(Conflict, match="another case '1'"):
        append(CASE.model_copy(update={"status": "declined"}), file)
    assert file.read_bytes() == before


def test_what_somebody_wrote_in_the_file_is_left_as_it_is(tmp_path: Path) -> None:
    """A last line without its end, blank lines, rights, and a link to the file."""
    real, link = tmp_path / "real.jsonl", tmp_path / "cases.jsonl"
    written = '{"id": "0",  "question": "Who?"}\r\n\n{"id": "a", "question": "Why?"}'
    real.write_bytes(written.encode())
    real.chmod(0o640)
    link.symlink_to(real)
    append(CASE, link)
    assert real.read_bytes() == f"{written}\n{line_of(CASE)}\n".encode()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert link.is_symlink()
    assert [case.id for case in read_cases(link)] == ["0", "a", "1"]


@pytest.mark.parametrize("content", [b"no json\n", b'{"id": "a"}\n'])
def test_a_file_of_something_else_is_left_alone(tmp_path: Path, content: bytes) -> None:
    """The line is named; the place of the file is not."""
    file = tmp_path / "cases.jsonl"
    file.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"^cases\.jsonl: line 1: "):
        append(CASE, file)
    assert file.read_bytes() == content


def test_a_place_that_cannot_be_written_is_the_operators(tmp_path: Path) -> None:
    """A folder, a file in place of a folder, bytes that are no text."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for place in ("folder", "binary", "binary/cases.jsonl"):
        with pytest.raises(ConfigurationError, match=r"\[tracing\] cases") as caught:
            append(CASE, tmp_path / place)
        assert str(tmp_path) not in str(caught.value)


def test_cases_that_are_added_at_once_are_all_there(tmp_path: Path) -> None:
    """None is lost, none is torn."""
    file = tmp_path / "cases.jsonl"
    cases = [CASE.model_copy(update={"id": f"{number}"}) for number in range(24)]
    threads = [threading.Thread(target=append, args=(case, file)) for case in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(read_cases(file), key=lambda case: int(case.id)) == cases
    assert os.listdir(tmp_path) == ["cases.jsonl"]  # noqa: PTH208 - names alone
