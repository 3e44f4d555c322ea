"""What a comparison of two runs' answers came to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.evaluation.measured import Kept
from agent.evaluation.pairwise.pairing import Pairing
from agent.evaluation.rating import POINTS, Game, Result, bradley_terry, elo
from agent.evaluation.statistics import Interval, mean_of
from tools.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Which of two answers is better."""

    case: str
    result: Result
    reason: str = ""
    torn: bool = False
    """Whether it is a tie only because the judge said otherwise when the answers changed places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What was said, and what was not."""

    said: Sequence[Verdict]
    problems: tuple[str, ...] = ()
    """One sentence for each verdict that could not be had, with what to do."""


class Decided(Kept):
    """The verdict on one case."""

    id: str
    question: str
    better: str | None
    """Name of the run; None for a tie."""
    torn: bool
    reason: str


class Outcome(Kept):
    """What a comparison came to."""

    first: str
    second: str
    wins: Mapping[str, int]
    """By name of run."""
    ties: int
    """Answers in the same words and torn verdicts included."""
    same: int
    torn: int
    advantage: Interval
    """Share of cases where the second run is better less the share where the first is."""
    elo: Mapping[str, float]
    bradley_terry: Mapping[str, Interval]
    decided: Sequence[Decided]
    """Every case that was compared, in the dataset's order."""
    undecided: int
    """Cases that nobody compared; nothing above counts them."""
    problems: tuple[str, ...]


def outcome_of(pairing: Pairing, verdicts: Verdicts) -> Outcome:
    """Sum up.

    Raises:
        InvalidInput: Nothing was compared; the message repeats the first problem.
    """
    known = {one.case: one for one in verdicts.said}
    said = [known[pair.case.id] for pair in pairing.pairs if pair.case.id in known]
    if pairing.pairs and not said:
        why = f": {verdicts.problems[0]}" if verdicts.problems else "; vote on at least one case"
        raise InvalidInput(f"no pair of answers was compared{why}")
    results: list[Result] = [one.result for one in said]
    results += ["tie"] * len(pairing.same)
    games = [Game(first=pairing.first, second=pairing.second, result=result) for result in results]
    questions = {pair.case.id: pair.case.question for pair in pairing.pairs}
    names: Mapping[Result, str | None] = {"first": pairing.first, "second": pairing.second, "tie": None}
    return Outcome(
        first=pairing.first,
        second=pairing.second,
        wins={pairing.first: results.count("first"), pairing.second: results.count("second")},
        ties=results.count("tie"),
        same=len(pairing.same),
        torn=sum(one.torn for one in said),
        advantage=mean_of([1 - 2 * POINTS[result] for result in results]),
        elo=elo(games),
        bradley_terry=bradley_terry(games),
        decided=[
            Decided(
                id=one.case,
                question=questions[one.case],
                better=names[one.result],
                torn=one.torn,
                reason=one.reason,
            )
            for one in said
        ],
        undecided=len(pairing.pairs) - len(said),
        problems=verdicts.problems,
    )
