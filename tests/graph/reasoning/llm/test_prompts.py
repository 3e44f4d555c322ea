"""The rendered prompts."""

import re
import subprocess
import sys
import unicodedata
from collections.abc import Sequence
from itertools import takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.plan import Turn
from graph.reasoning.llm.marking import MARKERS, TAGS, without_markers
from graph.reasoning.llm.prompts import (
    ANSWER,
    TURNS,
    judge_prompt,
    plan_prompt,
    resolve_prompt,
    revise_prompt,
    write_prompt,
)
from graph.reasoning.llm.sources import Source
from tests.fakes_graph import TODAY, chunk_of, hit_of, rows_of
from tests.graph.reasoning.llm.prompt_cases import (
    ABOUT,
    BASES,
    CASES,
    CLAIMS,
    COMPOUND,
    DRAFT,
    EARLIER,
    EXAMPLES,
    HISTORY,
    OBJECTIONS,
    PLAIN,
    POISONED,
    QUERIES,
    RETURNS,
    SNAPSHOTS,
    STOCK,
    question_of,
    snapshot,
)
from tools.types import Message, Metadata, Prompt

MOST_WORDS = {"write": 500, "plan": 500, "judge": 225, "resolve": 160, "sql": 500}
"""Of the system texts: what a model has to keep in mind."""


def blocks(text: str) -> list[tuple[str, str]]:
    """Return the fences of a message in order, read leniently: slash or nothing, and the tag's name."""
    read = without_markers(unicodedata.normalize("NFKC", text))
    found: list[tuple[str, str]] = re.findall(
        rf"<\s*([/\\]?)\s*({'|'.join(TAGS)})(?![a-z0-9])", read, re.IGNORECASE
    )
    return found


def pairs(*tags: str) -> list[tuple[str, str]]:
    """Return the fences of blocks that follow one another."""
    return [fence for tag in tags for fence in (("", tag), ("/", tag))]


def shared(one: Sequence[Message], other: Sequence[Message]) -> int:
    """Return how many messages two prompts begin with in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


@pytest.mark.parametrize("case", CASES)
def test_every_prompt_is_as_its_snapshot(case: str) -> None:
    """`prompt_cases` says how to renew them after a change that is wanted."""
    assert snapshot(CASES[case]()) == (SNAPSHOTS / f"{case}.txt").read_text(encoding="utf-8")


def test_every_snapshot_belongs_to_a_prompt() -> None:
    """None is left over."""
    assert {path.stem for path in SNAPSHOTS.iterdir()} == set(CASES)


@pytest.mark.parametrize("case", CASES)
def test_a_prompt_is_system_text_then_exchanges_and_asks_last(case: str) -> None:
    """One system message, then user and assistant in turn, the user at the end."""
    roles = [message.role for message in CASES[case]().messages]
    assert roles == ["system", *["user", "assistant"] * ((len(roles) - 2) // 2), "user"]


@pytest.mark.parametrize("case", CASES)
def test_the_same_values_give_the_same_hash(case: str) -> None:
    """In another process as well: nothing depends on the order of sets or on the time."""
    told = f"from tests.graph.reasoning.llm.prompt_cases import CASES; print(CASES[{case!r}]().hash)"
    assert CASES[case]().hash == CASES[case]().hash
    if case == "write-compound-poisoned":
        finished = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
        assert finished.stdout.strip() == CASES[case]().hash


@pytest.mark.parametrize(("case", "words"), [(case, MOST_WORDS[case]) for case in MOST_WORDS])
def test_system_texts_are_tight(case: str, words: int) -> None:
    """Whoever adds a rule finds one to drop."""
    installation = CASES[case]().messages[0].text.partition("\n# What this assistant is for")[0]
    assert len(installation.split()) <= words


def test_what_comes_before_the_examples_is_the_same_for_every_question() -> None:
    """Providers cache what a prompt begins with."""
    one = write_prompt(PLAIN, (RETURNS, EARLIER), name="Moor desk", examples=EXAMPLES[:1])
    other = write_prompt(
        question_of("Bᴇfore ˆ anything?"), (POISONED, STOCK), name="Moor desk", examples=EXAMPLES[1:3]
    )
    assert shared(one.messages, other.messages) == 1
    assert one.messages[0].text.encode() == other.messages[0].text.encode()


def test_the_same_examples_lengthen_what_is_shared() -> None:
    """They do not depend on the marker of the message behind them."""
    one = write_prompt(PLAIN, (RETURNS,), name="Moor desk", examples=EXAMPLES[:2])
    other = write_prompt(COMPOUND, (POISONED,), name="Moor desk", examples=EXAMPLES[:2])
    assert shared(one.messages, other.messages) == 1 + 2 * 2


def test_a_revision_carries_the_writers_prompt_on() -> None:
    """All of it is in the provider's cache already."""
    written = write_prompt(PLAIN, (RETURNS, EARLIER), name="Moor desk", examples=EXAMPLES[:2])
    revised = revise_prompt(
        PLAIN, (RETURNS, EARLIER), DRAFT, OBJECTIONS, name="Moor desk", examples=EXAMPLES[:2]
    )
    assert shared(written.messages, revised.messages) == len(written.messages)
    assert revised.messages[len(written.messages)] == Message(role="assistant", text=DRAFT)


def test_the_planners_rules_do_not_depend_on_question_history_or_day() -> None:
    """Bases and queries are facts of the installation; all else comes last."""
    one = plan_prompt("Is it red?", (), bases=BASES, queries=QUERIES, today=TODAY, about=ABOUT)
    other = plan_prompt(
        "And?", HISTORY, bases=BASES, queries=QUERIES, today=TODAY.replace(year=2030), about=ABOUT
    )
    assert one.messages[0] == other.messages[0]
    assert len(one.messages) == len(other.messages) == 2


def test_the_nearest_example_stands_next_to_the_question() -> None:
    """Models lean most on what they read last."""
    prompt = write_prompt(PLAIN, (RETURNS,), name="Moor desk", examples=EXAMPLES[:3])
    answers = [message.text for message in prompt.messages if message.role == "assistant"]
    assert answers == [example.answer for example in reversed(EXAMPLES[:3])]


def test_a_planner_reads_the_latest_turns_and_the_beginning_of_long_answers() -> None:
    """A long conversation costs no more than a short one."""
    history = [Turn(question=f"Question {number}?", answer="x" * 5000) for number in range(50)]
    prompt = plan_prompt("And now?", history, bases=BASES, queries=(), today=TODAY)
    asked = prompt.messages[-1].text
    assert "Questionˆ49?" in asked
    assert "Questionˆ43?" not in asked
    assert asked.count("x") == TURNS * ANSWER


def test_evidence_that_several_claims_cite_is_shown_once() -> None:
    """A claim names it by its number."""
    asked = judge_prompt(CLAIMS, question="May I return my kettle?").messages[-1].text
    assert blocks(asked) == pairs("question", "evidence", "evidence", "claim", "claim", "claim")
    assert re.findall(r'<claim number="(\d)" evidence="(\d)">', asked) == [("1", "1"), ("2", "1"), ("3", "2")]


def test_a_plain_question_knows_no_parts_and_a_compound_one_numbers_them_from_one() -> None:
    """Also in what its sources say they are for."""
    plain = write_prompt(PLAIN, (RETURNS,), name="Moor desk", examples=()).messages[-1].text
    compound = write_prompt(COMPOUND, (RETURNS, STOCK), name="Moor desk", examples=()).messages[-1].text
    assert "part" not in re.sub(r"^<source [^\n]*", "", plain)
    assert re.findall(r'<part number="(\d)">', compound) == ["1", "2"]
    assert re.findall(r' parts="([^"]*)">', compound) == ["1", "2"]


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        pytest.param(Metadata(), None, id="unknown"),
        pytest.param(Metadata(valid_from=TODAY), "yes", id="from today"),
        pytest.param(Metadata(valid_to=TODAY), "yes", id="until today"),
        pytest.param(Metadata(valid_to=TODAY.replace(day=1)), "no", id="over"),
        pytest.param(Metadata(valid_from=TODAY.replace(day=30)), "no", id="not yet"),
        pytest.param(
            Metadata(valid_from=TODAY.replace(day=1), superseded_by="b.md"), None, id="replaced some day"
        ),
        pytest.param(
            Metadata(valid_to=TODAY.replace(day=30), superseded_by="b.md"), "yes", id="replaced later"
        ),
    ],
)
def test_a_passage_says_whether_it_is_in_force_on_the_day_asked_about(
    metadata: Metadata, expected: str | None
) -> None:
    """As far as its dates tell."""
    source = Source(number=1, parts=(0,), item=hit_of(chunk_of("Text.", metadata=metadata)))
    asked = write_prompt(PLAIN, (source,), name="Moor desk", examples=()).messages[-1].text
    assert re.findall(r'in_force="(\w+)"', asked) == ([expected] if expected else [])


def test_only_the_first_rows_of_a_long_result_are_read() -> None:
    """And it is said how many there are."""
    source = Source(
        number=1, parts=(0,), item=rows_of(*((f"Moor {n}", n) for n in range(200)), truncated=True)
    )
    asked = write_prompt(PLAIN, (source,), name="Moor desk", examples=()).messages[-1].text
    assert 'count="200ˆorˆmore" shown="theˆfirstˆ40"' in asked
    assert "Moorˆ39 | 39" in asked
    assert "Moorˆ40" not in asked


def test_the_marker_named_is_one_that_no_source_holds() -> None:
    """A document cannot pass its own marker off as ours."""
    asked = write_prompt(PLAIN, (POISONED,), name="Moor desk", examples=()).messages[-1].text
    assert "Marker: ˇ" in asked
    assert "Niceˇkettleˇˆ_ˆ" in asked


def test_unmarked_prompts_name_no_marker() -> None:
    """A small model that copies them is better off without."""
    for prompt in (
        write_prompt(PLAIN, (RETURNS,), name="Moor desk", examples=EXAMPLES, marked=False),
        judge_prompt(CLAIMS, question="May I?", marked=False),
        resolve_prompt(((2, "What is {1}?"),), (RETURNS,), marked=False),
        plan_prompt("And?", HISTORY, bases=BASES, queries=(), today=TODAY, marked=False),
    ):
        told = "".join(message.text for message in prompt.messages)
        assert not any(marker in told for marker in MARKERS)
        assert "Marker:" not in told


FRAGMENTS = (
    *("<", "</", "＜", ">", '"', " ", "\n", "\u200b", "\r", "source", "Question", "part", "turn", "claim"),
    *("evidence", "objection", "id=", "1", "Marker:", "|", "ˆ", "{1}", "{", "%s", "\ud800", "## 1"),
)
hostile = st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join)


@given(one=hostile, two=hostile, three=hostile)
def test_nothing_untrusted_adds_or_closes_a_block(one: str, two: str, three: str) -> None:
    """Whichever way it comes in; and every prompt has a hash, so it can be sent."""
    passage = chunk_of(one, title=two, section=(three,), metadata=Metadata(version=one, products=(two,)))
    sources = (
        Source(number=1, parts=(0,), item=hit_of(passage)),
        Source(
            number=2, parts=(0,), item=rows_of((one, two), columns=(three, one), parameters=((two, three),))
        ),
    )
    plan = question_of(one)
    cases: list[tuple[Prompt, list[str]]] = [
        (write_prompt(plan, sources, name="x", examples=()), ["source", "source", "question"]),
        (revise_prompt(plan, sources, "Draft.", ((two, three),), name="x", examples=()), ["objection"]),
        (
            plan_prompt(one, (Turn(question=two, answer=three),), bases=BASES, queries=(), today=TODAY),
            ["turn", "question"],
        ),
        (resolve_prompt(((2, one),), sources), ["source", "source", "part"]),
        (judge_prompt(((one, two), (three, two)), question=one), ["question", "evidence", "claim", "claim"]),
    ]
    for prompt, expected in cases:
        asked = prompt.messages[-1].text
        assert blocks(asked.partition("\n\nChecks found")[0]) == pairs(*expected)
        assert len(prompt.hash) == 12
