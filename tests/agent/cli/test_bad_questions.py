"""Questions nobody can answer: one line says what is wrong, and the code is 2."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.agent.cli.command import environment_of_a_child, plumbline, plumbline_process

EMPTY = "the question is empty; ask something in words"
UNREADABLE = "the question is not readable text; ask something in words"
TOO_LONG = (
    "the question has 100000 characters, at most 8000 are read; shorten it, or ingest the text as a document"
)

BAD = [
    pytest.param("", EMPTY, id="empty"),
    pytest.param(" \n\t ", EMPTY, id="whitespace"),
    pytest.param("x" * 100_000, TOO_LONG, id="100,000 characters"),
    pytest.param("\x01\x02\x1b\x07", EMPTY, id="control characters"),
    pytest.param("%$#@!)(*&^ ~~~", UNREADABLE, id="punctuation"),
    pytest.param("\ufffd\ufffd\ufffd\ufffd what", UNREADABLE, id="undecodable"),
    pytest.param("\udcff\udcfe\udcfd\udcfc", UNREADABLE, id="bytes that are no UTF-8"),
]


@pytest.mark.parametrize(("question", "complaint"), BAD)
def test_a_question_that_cannot_be_read_is_wrong_usage(marlow: Path, question: str, complaint: str) -> None:
    """Nothing is opened, nothing is printed, and the reason is one line."""
    done = plumbline("ask", question, "--config", marlow)
    assert (done.code, done.out) == (2, "")
    assert done.complaint == complaint


def test_a_real_process_keeps_to_one_line_too(marlow: Path) -> None:
    """What the shell sees of an empty question."""
    done = plumbline_process("ask", " ", "--config", marlow)
    assert (done.code, done.out, done.err) == (2, "", f"plumbline: {EMPTY}\n")


def test_control_characters_inside_a_question_are_ignored(marlow: Path) -> None:
    """A pasted escape sequence does not keep anybody from an answer."""
    done = plumbline("ask", "What does\x00 the \x1bHeron\x07 cost?", "--json", "--config", marlow)
    assert done.code == 0
    assert "EUR 149" in done.json["answer"]


def test_bad_lines_are_errors_of_their_own_and_the_next_is_answered(marlow: Path) -> None:
    """Every line gets one line back, with its id where it had one; the code is 2."""
    lines = [
        *(json.dumps({"id": case.id, "question": case.values[0]}).encode() for case in BAD),
        b"\xff\xfe\xfd\xfc",
        b"[1, 2]",
        b'{"id": 7}',
        b'{"question": 7}',
        b"[" * 100_000,
        b'{"id": ' + b"9" * 5000 + b', "question": "What does the Heron cost?"}',
        b'{"question": "What does the Heron cost?", "thread_id": 7}',
        b'{"question": "What does the Heron cost?", "thread_id": "a b"}',
        b'{"question": "What does the Heron cost?", "history": 7}',
        b'{"question": "What does the Heron cost?", "history": [7]}',
        b'{"id": "last", "question": "What does the Heron cost?"}',
    ]
    done = plumbline_process("ask", "-", "--config", marlow, stdin=b"\n".join(lines))
    assert (done.code, done.err) == (2, "")
    *bad, good = done.lines
    not_json = 'line {} is not a JSON object; write {{"question": "..."}}'
    assert [(line.get("id"), line["error"]) for line in bad] == [
        *((case.id, case.values[1]) for case in BAD),
        (None, not_json.format(8)),
        (None, "line 9 has no text under 'question'"),
        (None, "line 10 has no text under 'question'"),
        (None, "line 11 has no text under 'question'"),
        (None, not_json.format(12)),
        (None, not_json.format(13)),
        (None, "thread_id 7 is not text; give the thread_id of an earlier answer"),
        (None, "thread id 'a b' is not usable; use 1 to 64 letters, digits, - and _"),
        (None, 'history is not a list; write ["earlier question", ...]'),
        (None, 'an entry of history is neither text nor an object with "question"'),
    ]
    assert good["id"] == "last"
    assert "EUR 149" in good["answer"]


def test_a_line_longer_than_a_million_characters_is_not_parsed(marlow: Path) -> None:
    """Memory is not spent on what cannot be a question."""
    line = b'{"question": "' + b"x" * 1_000_001 + b'"}'
    done = plumbline("ask", "-", "--config", marlow, stdin=line)
    assert done.code == 2
    assert done.json == {"error": "line 1 is longer than 1000000 characters"}


def test_lone_surrogates_travel_as_escapes(marlow: Path) -> None:
    """JSON may carry half a character; it comes back as it was and breaks nothing."""
    given = (
        r'{"id": "\ud800", "question": "What does the \ud800 Heron cost?", '
        r'"history": [{"question": "\ud800", "answer": "\udfff"}]}'
    )
    done = plumbline("ask", "-", "--config", marlow, stdin=given)
    assert (done.code, done.err) == (0, "")
    assert done.json["id"] == "\ud800"
    assert "EUR 149" in done.json["answer"]


def test_output_that_cannot_be_encoded_is_escaped_or_replaced(marlow: Path) -> None:
    """A terminal in an old encoding gets every answer: JSON by escapes, text with question marks."""
    old = {"PYTHONIOENCODING": "ascii"}
    given = '{"id": "ü", "question": "What does the Heron cost?"}'.encode()
    done = plumbline_process("ask", "-", "--config", marlow, stdin=given, environment=old)
    assert (done.code, done.json["id"]) == (0, "ü")
    done = plumbline_process("ask", "How long is the warranty on sails?", "--config", marlow, environment=old)
    assert (done.code, done.err) == (0, "")
    assert "18 months" in done.out


@pytest.mark.parametrize("thread", ["a b", "../../etc/passwd", "x" * 65, "ü"])
def test_a_thread_id_of_other_characters_is_wrong_usage(marlow: Path, thread: str) -> None:
    """Ids are short and plain, because they become file names and addresses elsewhere."""
    done = plumbline("ask", "What does the Heron cost?", "--thread", thread, "--config", marlow)
    assert done.code == 2
    assert done.complaint == f"thread id {thread!r} is not usable; use 1 to 64 letters, digits, - and _"


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("aks", "x"), "No such command 'aks'"),
        (("ask",), "Missing argument"),
        (("ask", "x", "--jsn"), "No such option"),
        (("search", "x", "--limit", "many"), "--limit"),
        (("sql", "chekc", "x"), "No such command 'chekc'"),
    ],
)
def test_wrong_usage_is_one_line_with_a_way_to_help(arguments: tuple[str, ...], part: str) -> None:
    """Commands, options and arguments that do not exist."""
    done = plumbline(*arguments)
    assert (done.code, done.out) == (2, "")
    assert part in done.complaint
    assert done.complaint.endswith("(plumbline --help shows what can be done)")


@pytest.mark.parametrize(
    "arguments", [(), ("--help",), ("ask", "--help"), ("sql",), ("eval", "run", "--help")]
)
def test_help_is_no_error(arguments: tuple[str, ...]) -> None:
    """Help goes to standard output with exit code 0."""
    done = plumbline(*arguments)
    assert (done.code, done.err) == (0, "")
    assert "Usage" in done.out


def test_an_interruption_is_one_line_and_its_own_code(marlow: Path) -> None:
    """Ctrl-C while lines are awaited ends the command without a traceback."""
    process = subprocess.Popen(
        [sys.executable, "-m", "agent", "ask", "-", "--config", str(marlow)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment_of_a_child({}),
        # a suite that a shell runs in the background ignores Ctrl-C, and hands that on
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b'{"question": "What does the Heron cost?"}\n')
    process.stdin.flush()
    process.stdout.readline()
    time.sleep(0.1)  # the answer is out; now the next line is awaited
    process.send_signal(signal.SIGINT)
    process.stdin.close()
    err = process.stderr.read() if process.stderr else b""
    process.stdout.close()
    assert process.wait(30) == 130
    assert err.decode().strip() == "plumbline: interrupted; what was finished is kept"
    if process.stderr:
        process.stderr.close()


def test_a_closed_pipe_ends_quietly(marlow: Path) -> None:
    """`plumbline ... | head -1` leaves no traceback behind."""
    command = f'"{sys.executable}" -m agent ask - --config "{marlow}" | head -c 1'
    done = subprocess.run(
        ["bash", "-c", command],
        input=b'{"question": "What does the Heron cost?"}\n' * 3,
        capture_output=True,
        timeout=60,
        check=False,
        env=environment_of_a_child({}),
    )
    assert (done.stdout, done.stderr) == (b"{", b"")
