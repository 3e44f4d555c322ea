"""Labelled questions, read from JSON lines."""

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tools.errors import InvalidInput
from tools.types import Cell, Status


class Label(BaseModel):
    """Part of a labelled question."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Ran(Label):
    """A statement that the database must have answered."""

    statement: str
    """Compared in one spelling: white space, quotes and the case of names do not count."""
    parameters: Mapping[str, Cell] = Field(default_factory=dict)
    name: str = ""
    """Of the named query that it comes from; empty for SQL written for the question."""


class Cited(Label):
    """A fact, and what it must be cited from."""

    fact: str
    """Alternatives are joined with `|`."""
    source: str
    """Document, or `database`; alternatives are joined with `|`."""
    verbatim: bool = False
    """Whether the evidence must hold it in these very words, or its numbers where it comes from rows."""


class StepLabels(Label):
    """What must happen on the way to the answer; what is not given is not checked."""

    route: tuple[str, ...] | None = None
    """Every destination with a probability of at least one half."""
    queries: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """By knowledge base: what must be searched for there, among others."""
    evidence: tuple[str, ...] = ()
    """Documents that the evidence must hold, in any order and among others; alternatives as above."""
    statements: tuple[Ran, ...] = ()
    citations: tuple[Cited, ...] = ()
    asks: str | None = None
    """What must be asked back; a question that asks nothing back must not."""
    path: tuple[str, ...] | None = None
    """Nodes in order; those that run side by side are one entry, sorted and joined with `+`."""


class Relevant(Label):
    """What a search should find: a document, a span of one, or whatever holds a text.

    A passage is relevant when it satisfies everything that is given.
    """

    source: str = ""
    """Document; alternatives are joined with `|`; empty for any."""
    start: int | None = None
    """Characters `start` to `end` of the document's text; a passage must overlap them."""
    end: int | None = None
    text: str = ""
    """What the passage must hold; white space does not count."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.source or self.text):
            raise ValueError("give a source or a text")
        if (self.start is None) != (self.end is None):
            raise ValueError("give both start and end, or neither")
        return self


class Case(Label):
    """One labelled question."""

    id: str
    question: str
    history: tuple[str, ...] = ()
    """Earlier questions of the conversation."""
    kind: str = "any"
    knowledge_bases: tuple[str, ...] = ()
    """Bases that are needed."""
    uses_database: bool = False
    expected_sources: tuple[str, ...] = ()
    """Documents that must be cited; alternatives are joined with `|`."""
    expected_statement: str | None = None
    must_contain: tuple[str, ...] = ()
    """Facts the answer must hold; alternatives are joined with `|`."""
    must_not_contain: tuple[str, ...] = ()
    answer: str = ""
    status: Status = "answered"
    answers: tuple[str, ...] = ()
    """What the earlier questions were answered with, in their order."""
    reply: str | None = None
    """What the asker says when asked back; the answer to that is graded."""
    groups: tuple[str, ...] = ()
    """With `attributes`: on whose behalf it is asked."""
    attributes: Mapping[str, Cell] = Field(default_factory=dict)
    note: str = ""
    relevant: tuple[Relevant, ...] = ()
    """What a search should find; by default the expected sources."""
    steps: StepLabels | None = None

    @property
    def gold(self) -> tuple[Relevant, ...]:
        """What a search should find, each entry once."""
        return self.relevant or tuple(Relevant(source=source) for source in self.expected_sources)

    @model_validator(mode="after")
    def _answers_have_questions(self) -> Self:
        if len(self.answers) > len(self.history):
            raise ValueError(f"{len(self.answers)} answers to {len(self.history)} earlier questions")
        return self


def read_cases(path: Path) -> list[Case]:
    """Read a dataset.

    Raises:
        InvalidInput: The file is missing or lines are wrong; the message names each line and what is wrong.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{path}: cannot be read ({error}); name a JSONL file of labelled questions"
        ) from error
    cases = parse_cases(lines, place=str(path))
    if not cases:
        raise InvalidInput(f"{path}: holds no questions")
    return cases


def parse_cases(lines: Iterable[str], *, place: str) -> list[Case]:
    """Return the cases of the lines of a dataset; blank lines are skipped.

    Raises:
        InvalidInput: Lines are wrong; the message begins with the place and names each.
    """
    cases: dict[str, Case] = {}
    problems = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            case = _read(line, known=cases)
        except InvalidInput as error:
            problems.append(f"line {number}: {error}")
        else:
            cases[case.id] = case
    if problems:
        raise InvalidInput(f"{place}: {' | '.join(problems)}")
    return list(cases.values())


def _read(line: str, *, known: Collection[str]) -> Case:
    try:
        case = Case.model_validate(json.loads(line))
    except json.JSONDecodeError as error:
        raise InvalidInput(f"not JSON ({error.msg})") from error
    except ValidationError as error:
        fields = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise InvalidInput("; ".join(fields)) from error
    if case.id in known:
        raise InvalidInput(f"the id {case.id!r} is used twice")
    return case
