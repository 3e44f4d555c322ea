"""Who predicts the statements: the port, and the system that repeats recorded predictions."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Protocol, TypeAlias

from agent.evaluation.spider.dataset import Question
from graph.reasoning.ports import Attempt
from tools.database.schema import ReflectedDatabase
from tools.errors import InvalidInput
from tools.metering import Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a system says to one question."""

    statement: str | None
    attempts: tuple[Attempt, ...] = ()
    note: str | None = None
    meter: Meter = field(default_factory=Meter)
    """Holds the model calls that were made."""


Predict: TypeAlias = Callable[[Question], Awaitable[Prediction]]


class System(Protocol):
    """Predicts statements."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def label(self) -> str:
        """Names the system with all its switches; what another label predicted is not this one's."""

    @property
    def concurrency(self) -> int:
        """How many questions it may be asked at the same time."""

    def on(self, database: ReflectedDatabase) -> Predict:
        """Return what predicts for the questions of one database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Repeats predictions that were made elsewhere. Implements `System`."""

    name: str
    label: str
    statements: Mapping[int, str]
    concurrency: int = 1

    def on(self, database: ReflectedDatabase) -> Predict:
        """Look the questions up."""
        del database

        async def predict(question: Question) -> Prediction:
            return Prediction(statement=self.statements.get(question.number))

        return predict


def read_predictions(file: Path, *, numbers: Sequence[int]) -> Recorded:
    r"""Read recorded predictions.

    Args:
        file: JSON lines `{"idx", "sql"}`, or as the official script takes them: one statement a line, in the
            order of the questions, what follows a tab left out.
        numbers: The questions of the whole set, in order.

    Raises:
        InvalidInput: The file cannot be read, or a line is wrong.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file}: cannot be read; name a file of predictions") from error
    lines = [line for line in text.split("\n") if line.strip()]
    label = f"{file.stem} {sha256(text.encode()).hexdigest()[:12]}"
    if lines and lines[0].lstrip().startswith("{"):
        return Recorded(name=file.stem, label=label, statements=dict(_entry(line, file) for line in lines))
    if len(lines) != len(numbers):
        raise InvalidInput(
            f"{file}: has {len(lines)} statements for {len(numbers)} questions; "
            'write one a line for every question, or JSON lines {"idx": 0, "sql": "..."}'
        )
    statements = {number: line.split("\t")[0] for number, line in zip(numbers, lines, strict=True)}
    return Recorded(name=file.stem, label=label, statements=statements)


def _entry(line: str, file: Path) -> tuple[int, str]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{file}: {line[:60]!r} is not JSON; correct the line") from error
    match value:
        case {"idx": int(number), "sql": str(statement)}:
            return number, statement
    raise InvalidInput(f'{file}: {line[:60]!r} is no prediction; write {{"idx": 0, "sql": "..."}}')
