"""plumbline ask, plain, as JSON, and many questions at once."""

import json
from pathlib import Path

from tests.agent.cli.command import plumbline, plumbline_process
from tests.agent.contract import problems

RETURNS = "How long can I return an unflown kite?"
PRICE = "What does the Heron cost?"


def test_a_question_is_answered_in_plain_text_with_its_source(marlow: Path) -> None:
    """Answer, quotation, file, status and thread stand on the screen."""
    done = plumbline_process("ask", RETURNS, "--config", marlow)
    assert (done.code, done.err) == (0, "")
    assert "within 21 days of delivery. [1]" in done.out
    assert "[1] terms/returns.md: “" in done.out
    assert "answered · local · " in done.out


def test_json_is_one_object_that_keeps_the_contract(marlow: Path) -> None:
    """Another program can rely on every key."""
    done = plumbline_process("ask", RETURNS, "--json", "--config", marlow)
    answer = done.json
    assert (done.code, done.err) == (0, "")
    assert problems(answer) == []
    assert answer["status"] == "answered"
    assert [citation["source"] for citation in answer["citations"]] == ["returns.md"]


def test_a_question_over_the_database_cites_its_rows(marlow: Path) -> None:
    """The statement and the cells come along."""
    answer = plumbline("ask", PRICE, "--json", "--config", marlow).json
    assert problems(answer) == []
    assert answer["answer"] == "The Heron costs EUR 149; 3 are in stock. [1]"
    (citation,) = answer["citations"]
    assert citation["kind"] == "rows"
    assert citation["rows"] == [["Heron", 149.0, 3]]


def test_a_question_out_of_scope_is_declined_and_that_is_an_answer(marlow: Path) -> None:
    """The exit code is 0 and what can be asked is named."""
    done = plumbline("ask", "Who won the football world cup in 2018?", "--json", "--config", marlow)
    assert done.code == 0
    assert done.json["status"] == "declined"
    assert "Questions about Marlow kites" in done.json["answer"]
    assert problems(done.json) == []


def test_the_configuration_of_the_working_folder_is_the_default(marlow: Path) -> None:
    """Without --config the command reads ./plumbline.toml."""
    done = plumbline_process("ask", PRICE, "--json", folder=marlow.parent)
    assert "EUR 149" in done.json["answer"]


def test_a_clarification_is_resumed_by_another_process(marlow: Path) -> None:
    """What was asked back outlives the process; --thread goes on with it."""
    asked = plumbline_process("ask", "Where is my order?", "--json", "--config", marlow)
    assert asked.code == 0
    assert asked.json["status"] == "clarify"
    assert asked.json["exit_reason"] == "clarification"
    assert asked.json["answer"] == "Which order number, like MK-4711?"
    assert problems(asked.json) == []
    thread = asked.json["thread_id"]
    done = plumbline_process("ask", "MK-2001", "--thread", thread, "--json", "--config", marlow)
    assert done.json["thread_id"] == thread
    assert done.json["answer"] == "Order MK-2001 of 2026-04-28 is shipped. [1]"
    assert problems(done.json) == []


def test_a_follow_up_is_understood_in_its_thread(marlow: Path) -> None:
    """The earlier question says what the second one is about."""
    first = plumbline("ask", PRICE, "--json", "--config", marlow).json
    second = plumbline(
        "ask", "And the Swift?", "--thread", first["thread_id"], "--json", "--config", marlow
    ).json
    assert "Swift costs EUR 89.5" in second["answer"]


def test_many_questions_get_one_line_each_in_order_with_their_ids(marlow: Path) -> None:
    """Whatever JSON value an id is, it comes back; a bare JSON string is a question too."""
    lines = [
        {"id": 1, "question": RETURNS},
        {"id": {"row": 2}, "question": PRICE},
        {"question": "Is a broken line covered by the warranty?"},
        "What does the Swift cost?",
    ]
    given = "\n\n".join(json.dumps(line) for line in lines)
    done = plumbline_process("ask", "-", "--config", marlow, stdin=given.encode())
    assert (done.code, done.err) == (0, "")
    assert [problems(answer) for answer in done.lines] == [[], [], [], []]
    assert [answer.get("id") for answer in done.lines] == [1, {"row": 2}, None, None]
    expected = ("21 days", "EUR 149", "6 months", "EUR 89.5")
    assert all(fact in answer["answer"] for fact, answer in zip(expected, done.lines, strict=True))


def test_a_line_may_bring_its_history_or_its_thread(marlow: Path) -> None:
    """Earlier questions come as text or as objects; a thread started by one line goes on in the next."""
    lines = [
        {"question": "And the Swift?", "history": [PRICE]},
        {"question": "And the Puffin?", "history": [{"question": PRICE, "answer": "EUR 149"}]},
        {"question": "Where is my order?", "thread_id": "batch"},
        {"question": "MK-2002", "thread_id": "batch"},
    ]
    done = plumbline("ask", "-", "--config", marlow, stdin="\n".join(map(json.dumps, lines)))
    answers = done.lines
    assert done.code == 0
    assert "Swift costs EUR 89.5" in answers[0]["answer"]
    assert "Puffin costs EUR 45" in answers[1]["answer"]
    assert answers[2]["status"] == "clarify"
    assert "MK-2002 of 2026-05-02 is waiting for payment" in answers[3]["answer"]
    assert answers[3]["thread_id"] == "batch"


def test_no_lines_are_no_answers_and_no_error(marlow: Path) -> None:
    """Empty input ends well."""
    assert plumbline("ask", "-", "--config", marlow, stdin="\n\n") == plumbline(
        "ask", "-", "--config", marlow
    )


def test_a_question_that_ran_out_of_time_says_so(marlow: Path) -> None:
    """The budget of seconds ends a run honestly, with the contract kept."""
    environment = {"PLUMBLINE_ASSISTANT__BUDGET__SECONDS": "0.0001"}
    done = plumbline_process("ask", PRICE, "--json", "--config", marlow, environment=environment)
    assert done.code == 0
    assert (done.json["status"], done.json["exit_reason"]) == ("unanswerable", "out_of_time")
    assert done.json["degraded"] is True
    assert problems(done.json) == []
