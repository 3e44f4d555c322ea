"""Figures over outcomes, and how far they agree with recorded verdicts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from agent.evaluation.spider.dataset import read_json
from agent.evaluation.spider.outcomes import Outcome
from tools.errors import InvalidInput

DIFFICULTIES = ("easy", "medium", "hard", "extra")


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Figures of a group of outcomes; shares are 0 where there is nothing to share."""

    questions: int
    answered: int
    correct: int

    @property
    def accuracy(self) -> float:
        """Share of all questions answered rightly: execution accuracy."""
        return self.correct / self.questions if self.questions else 0.0

    @property
    def answered_share(self) -> float:
        """Share of the questions that got rows, right or wrong."""
        return self.answered / self.questions if self.questions else 0.0

    @property
    def accuracy_answered(self) -> float:
        """Share of the answered ones that are right."""
        return self.correct / self.answered if self.answered else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far outcomes agree with verdicts recorded elsewhere."""

    system: str
    compared: int
    disagreements: tuple[int, ...]
    """Numbers of the questions."""

    @property
    def share(self) -> float:
        """Share of the compared verdicts that are the same."""
        return 1 - len(self.disagreements) / self.compared if self.compared else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one system has achieved."""

    name: str
    label: str
    """With all switches."""
    outcomes: Sequence[Outcome]
    agreement: Agreement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """Verdicts on one system, recorded elsewhere."""

    system: str
    correct: Mapping[int, bool]
    """By number of the question."""


def score(outcomes: Sequence[Outcome]) -> Score:
    """Count."""
    return Score(
        questions=len(outcomes),
        answered=sum(one.answered for one in outcomes),
        correct=sum(one.correct for one in outcomes),
    )


def by_difficulty(outcomes: Sequence[Outcome]) -> dict[str, Score]:
    """Count for each difficulty that occurs, easiest first."""
    groups = {name: [one for one in outcomes if one.hardness == name] for name in DIFFICULTIES}
    return {name: score(group) for name, group in groups.items() if group}


def problems(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Count why questions were not answered, most frequent first."""
    return dict(Counter(one.problem for one in outcomes if one.problem is not None).most_common())


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return all figures as JSON has them."""
    return {
        **_as_json(score(outcomes)),
        "difficulties": {name: _as_json(one) for name, one in by_difficulty(outcomes).items()},
        "databases": {
            name: _as_json(score([one for one in outcomes if one.db_id == name]))
            for name in sorted({one.db_id for one in outcomes})
        },
        "problems": problems(outcomes),
        "gold_problems": dict(Counter(one.gold_problem for one in outcomes if one.gold_problem is not None)),
        "repairs": {
            "failed_once": sum(one.failed_once for one in outcomes),
            "answered_then": sum(one.failed_once and one.answered for one in outcomes),
            "correct_then": sum(one.failed_once and one.correct for one in outcomes),
        },
        "degraded": sum(one.note is not None for one in outcomes),
        "model": {
            "calls": sum(one.model_calls for one in outcomes),
            "input_tokens": sum(one.input_tokens for one in outcomes),
            "output_tokens": sum(one.output_tokens for one in outcomes),
            "cost_usd": sum(one.cost_usd for one in outcomes),
        },
        "seconds": {
            "total": sum(one.seconds for one in outcomes),
            "p50": median(one.seconds for one in outcomes) if outcomes else 0.0,
        },
    }


def read_verdicts(file: Path, *, system: str | None, predictions: str) -> Verdicts:
    """Read the verdicts on one system: `{system: {idx: 0 or 1}}`.

    Args:
        file: The file.
        system: Which one; by default the one that the name of the predictions ends with.
        predictions: Name of the predictions, without suffix.

    Raises:
        InvalidInput: The file is wrong, or has no verdicts on the system.
    """
    value = read_json(file)
    if not isinstance(value, dict) or not all(isinstance(given, dict) for given in value.values()):
        raise InvalidInput(f'{file}: is no object of verdicts; write {{"system": {{"0": 1}}}}')
    if system is None:
        named = sorted((name for name in value if predictions.endswith(name)), key=len)
        system = named[-1] if named else predictions
    if system not in value:
        raise InvalidInput(
            f"{file}: has no verdicts on {system!r}; name one with --system ({', '.join(value) or 'none'})"
        )
    correct = dict(_verdict(number, given, file) for number, given in value[system].items())
    return Verdicts(system=system, correct=correct)


def agreement(outcomes: Sequence[Outcome], verdicts: Verdicts) -> Agreement:
    """Compare outcomes with verdicts on the same questions."""
    known = [one for one in outcomes if one.idx in verdicts.correct]
    return Agreement(
        system=verdicts.system,
        compared=len(known),
        disagreements=tuple(one.idx for one in known if one.correct != verdicts.correct[one.idx]),
    )


def _verdict(number: str, given: object, file: Path) -> tuple[int, bool]:
    if not number.isdecimal() or given not in (0, 1):
        raise InvalidInput(f"{file}: {number!r}: {given!r} is no verdict; write the idx and 0 or 1")
    return int(number), bool(given)


def _as_json(one: Score) -> dict[str, Any]:
    return {
        "questions": one.questions,
        "answered": one.answered,
        "correct": one.correct,
        "accuracy": one.accuracy,
        "answered_share": one.answered_share,
        "accuracy_answered": one.accuracy_answered,
    }
