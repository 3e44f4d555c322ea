"""Votes of a person, as the blind page gives them: JSON lines, one a case."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from agent.evaluation.pairwise.outcome import Verdict, Verdicts
from agent.evaluation.pairwise.pairing import Pairing
from agent.evaluation.rating import Result
from tools.errors import InvalidInput


class Vote(BaseModel):
    """One vote."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    page: str
    """Digest of the pairing that was voted on."""
    case: str
    vote: Literal["left", "right", "tie"]


def read_votes(path: Path, pairing: Pairing) -> Verdicts:
    """Read votes; a line that is wrong becomes a problem that names it, and the rest counts.

    Raises:
        InvalidInput: The file cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path}: cannot be read; name the file of votes that the page saved") from error
    cases = {pair.case.id for pair in pairing.pairs}
    said: dict[str, Verdict] = {}
    problems = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            vote = _read(line, pairing, open_cases=cases - said.keys())
        except InvalidInput as error:
            problems.append(f"{path.name}: line {number}: {error}")
        else:
            said[vote.case] = Verdict(case=vote.case, result=_result(vote, pairing))
    return Verdicts(said=list(said.values()), problems=tuple(problems))


def _read(line: str, pairing: Pairing, *, open_cases: set[str]) -> Vote:
    try:
        vote = Vote.model_validate_json(line)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        said = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'the line'}: {one['msg']}" for one in found)
        raise InvalidInput(f"{said}; correct or remove the line") from error
    if vote.page != pairing.digest:
        raise InvalidInput(
            "is a vote on other answers; name the same two runs in the order in which the page was made"
        )
    if vote.case not in open_cases:
        raise InvalidInput(f"the case {vote.case!r} is not on the page or voted on above; remove the line")
    return vote


def _result(vote: Vote, pairing: Pairing) -> Result:
    if vote.vote == "tie":
        return "tie"
    return "second" if (vote.vote == "right") != pairing.swapped(vote.case) else "first"
