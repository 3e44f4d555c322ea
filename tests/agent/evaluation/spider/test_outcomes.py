"""The journal of a run: what it keeps, and what it does not take for its own."""

from pathlib import Path

import pytest

from agent.evaluation.spider.dataset import Question
from agent.evaluation.spider.outcomes import Journal, Outcome, Tried
from tools.errors import InvalidInput

QUESTION = Question(number=4, database="fleet", text="How many ships?", gold="SELECT 3", difficulty="easy")
OUTCOME = Outcome(
    idx=4,
    db_id="fleet",
    question="How many ships?",
    hardness="easy",
    gold="SELECT 3",
    statement="SELECT 1 + 2",
    answered=True,
    correct=True,
    attempts=(Tried(statement="SELEC", problem="syntax", message="no"), Tried(statement="SELECT 1 + 2")),
    model_calls=2,
    seconds=0.25,
)


def test_an_outcome_is_found_again_by_its_run(tmp_path: Path) -> None:
    """In another process too, with all that belongs to it."""
    Journal(tmp_path / "journal").keep("rules", OUTCOME)
    journal = Journal(tmp_path / "journal")
    assert journal.find("rules", QUESTION) == OUTCOME
    assert journal.find("rules with votes", QUESTION) is None


@pytest.mark.parametrize("change", [{"text": "How many boats?"}, {"gold": "SELECT 4"}, {"database": "navy"}])
def test_a_question_that_has_changed_is_asked_again(tmp_path: Path, change: dict[str, str]) -> None:
    """Its number alone says little."""
    journal = Journal(tmp_path / "journal")
    journal.keep("rules", OUTCOME)
    fields = {"text": QUESTION.text, "gold": QUESTION.gold, "database": QUESTION.database} | change
    assert journal.find("rules", Question(number=4, difficulty="easy", **fields)) is None


def test_what_an_interruption_left_of_a_line_is_dropped(tmp_path: Path) -> None:
    """The lines before it hold, and the next one starts on a line of its own."""
    file = tmp_path / "journal"
    Journal(file).keep("rules", OUTCOME)
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole + whole[:40], encoding="utf-8")
    journal = Journal(file)
    assert journal.find("rules", QUESTION) == OUTCOME
    journal.keep("votes", OUTCOME)
    assert Journal(file).find("votes", QUESTION) == OUTCOME


def test_another_file_is_no_journal(tmp_path: Path) -> None:
    """It is told and left as it is."""
    file = tmp_path / "notes.txt"
    file.write_text("buy milk\nand bread", encoding="utf-8")
    with pytest.raises(InvalidInput, match="line 1 is no outcome; name another journal"):
        Journal(file)
    assert file.read_text(encoding="utf-8") == "buy milk\nand bread"


def test_a_journal_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Before hours are spent on what would be lost."""
    with pytest.raises(InvalidInput, match="cannot be written"):
        Journal(tmp_path / "no folder" / "journal").keep("rules", OUTCOME)


def test_a_statement_that_failed_before_the_end_is_known(tmp_path: Path) -> None:
    """Those are what repairs are counted from."""
    assert OUTCOME.failed_once
    assert not OUTCOME.model_copy(update={"attempts": OUTCOME.attempts[1:]}).failed_once
