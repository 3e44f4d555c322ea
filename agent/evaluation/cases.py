"""Labelled questions, read from JSON lines."""

import json
from collections.abc import Collection
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tools.errors import InvalidInput
from tools.types import Status


class Case(BaseModel):
    """One labelled question."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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


def read_cases(path: Path) -> list[Case]:
    """Read a dataset.

    Raises:
        InvalidInput: The file is missing or lines are wrong; the message names each line and what is wrong.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{path}: cannot be read ({error}); name a JSONL file of labelled questions"
        ) from error
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
    if problems or not cases:
        raise InvalidInput(f"{path}: {' | '.join(problems) or 'holds no questions'}")
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
