"""The answers of two runs to the same questions, side by side."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.evaluation.cases import Case
from agent.evaluation.runs import Run
from tools.errors import InvalidInput
from tools.types import Status

BEHAVIOUR: Mapping[Status, str] = {
    "answered": "",
    "partial": "It answers what can be answered, and says what cannot.",
    "clarify": "It asks back what is meant instead of answering.",
    "unanswerable": "It says that what is known does not answer this.",
    "declined": "It declines, for this is not what the assistant is there for.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two answers to one question."""

    case: Case
    first: str
    second: str

    @property
    def expected(self) -> str:
        """What is known of the right answer, a line each; empty when nothing is."""
        case = self.case
        lines = [case.answer, BEHAVIOUR[case.status]]
        lines += [f"It says: {_alternatives(fact)}" for fact in case.must_contain]
        lines += [f"It does not say: {_alternatives(fact)}" for fact in case.must_not_contain]
        return "\n".join(line for line in lines if line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """Everything there is to compare of two runs."""

    first: str
    """Name of the first run; never that of the second."""
    second: str
    pairs: Sequence[Pair]
    """Those that differ, in the order of the first run."""
    same: tuple[str, ...]
    """Cases that both answer in the same words; they are ties without asking anybody."""
    digest: str
    """Identifies the answers and which run is first."""

    def swapped(self, case: str) -> bool:
        """Tell whether the second run's answer is shown first: by chance, but the same every time."""
        return hashlib.sha256(f"{self.digest}\x1f{case}".encode()).digest()[0] % 2 == 1


def pairing_of(first: Run, second: Run) -> Pairing:
    """Put the answers of two runs side by side.

    Raises:
        InvalidInput: They share no case, or asked different questions under the same id.
    """
    others = {one.case.id: one for one in second.measured}
    shared = [(one, others[one.case.id]) for one in first.measured if one.case.id in others]
    if not shared:
        raise InvalidInput("the two runs share no case; compare runs over the same dataset")
    changed = [one.case.id for one, other in shared if _asked(one.case) != _asked(other.case)]
    if changed:
        raise InvalidInput(
            f"the two runs differ in the question of {', '.join(changed[:5])}; measure both over one dataset"
        )
    pairs = [
        Pair(case=one.case, first=one.answer.answer, second=other.answer.answer) for one, other in shared
    ]
    text = json.dumps([(pair.case.id, pair.first, pair.second) for pair in pairs])
    names = (first.info.name, second.info.name)
    if names[0] == names[1]:
        names = (f"{names[0]} (first)", f"{names[1]} (second)")
    return Pairing(
        first=names[0],
        second=names[1],
        pairs=[pair for pair in pairs if _words(pair.first) != _words(pair.second)],
        same=tuple(pair.case.id for pair in pairs if _words(pair.first) == _words(pair.second)),
        digest=hashlib.sha256(text.encode()).hexdigest()[:16],
    )


def _asked(case: Case) -> tuple[str, ...]:
    return (*case.history, case.question)


def _alternatives(fact: str) -> str:
    return " or ".join(fact.split("|"))


def _words(text: str) -> str:
    return " ".join(text.split())
