"""What became of each question, and the journal that keeps it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, ValidationError

from agent.evaluation.spider.dataset import Question
from tools.database.difficulty import Difficulty
from tools.errors import InvalidInput, Problem

Shortcoming: TypeAlias = Problem | Literal["not_understood", "unavailable"]
"""Why there are no rows: the statement's problem, no statement, or a database or model that was away."""


class Tried(BaseModel):
    """One statement that was tried."""

    model_config = ConfigDict(frozen=True)

    statement: str
    problem: Problem | None = None
    message: str = ""


class Outcome(BaseModel):
    """The verdict on one question, with all that led to it."""

    model_config = ConfigDict(frozen=True)

    idx: int
    db_id: str
    question: str
    hardness: Difficulty
    gold: str
    statement: str | None = None
    """What was predicted; None when nothing was."""
    answered: bool = False
    """Whether the prediction gave rows, right or wrong."""
    correct: bool = False
    problem: Shortcoming | None = None
    message: str = ""
    gold_problem: Shortcoming | None = None
    """Why the gold statement gave no rows; then no prediction is right."""
    attempts: tuple[Tried, ...] = ()
    note: str | None = None
    """Why a lesser writer answered than was asked."""
    model_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    seconds: float = 0.0
    """Of finding the prediction, without judging it."""

    @property
    def failed_once(self) -> bool:
        """Whether some statement failed before the end."""
        return any(tried.problem is not None for tried in self.attempts)


class Journal:
    """Outcomes on disk, one JSON line each, so that an interrupted run goes on where it stopped.

    Args:
        file: The journal; made when the first outcome comes.

    Raises:
        InvalidInput: The file exists and is something else.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._kept: dict[tuple[str, int], Outcome] = {}
        for line in self._lines():
            self._kept[line.run, line.outcome.idx] = line.outcome

    def find(self, run: str, question: Question) -> Outcome | None:
        """Return what a run has found for a question, unless the question has changed since."""
        kept = self._kept.get((run, question.number))
        if kept is None:
            return None
        same = (kept.db_id, kept.question, kept.gold) == (question.database, question.text, question.gold)
        return kept if same else None

    def keep(self, run: str, outcome: Outcome) -> None:
        """Write an outcome down.

        Raises:
            InvalidInput: The file cannot be written.
        """
        try:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(_Line(run=run, outcome=outcome).model_dump_json() + "\n")
        except OSError as error:
            raise InvalidInput(
                f"{self._file}: cannot be written ({error.strerror}); name another journal"
            ) from error
        self._kept[run, outcome.idx] = outcome

    def _lines(self) -> Iterator["_Line"]:
        if not self._file.exists():
            return
        try:
            lines = self._file.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(f"{self._file}: cannot be read; name another journal") from error
        torn = lines.pop()  # empty, or what an interruption left of a line
        for number, line in enumerate(lines, start=1):
            try:
                yield _Line.model_validate(json.loads(line))
            except (ValueError, ValidationError) as error:
                raise InvalidInput(
                    f"{self._file}: line {number} is no outcome; name another journal"
                ) from error
        if torn:
            self._file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    outcome: Outcome
