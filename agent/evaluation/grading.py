"""Right or wrong, and why: facts, sources and status of one answer."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.answer import Answer, PassageQuote
from agent.evaluation.cases import Case

OUT_OF_SCOPE = "out_of_scope"
DATABASE = "database"
LIKELY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """The verdict on one case; correct when nothing is wrong."""

    case: Case
    answer: Answer
    wrong: tuple[str, ...]
    """What is wrong, in words."""

    @property
    def correct(self) -> bool:
        """Whether facts, sources and status are all right."""
        return not self.wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelScore:
    """Precision, recall and F1 of one destination."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


def grade(case: Case, answer: Answer) -> Grade:
    """Compare an answer with its labels."""
    wrong = []
    if answer.status != case.status:
        wrong.append(f"status {answer.status}, not {case.status}")
    text = folded(answer.answer)
    wrong += [f"lacks {fact!r}" for fact in case.must_contain if not _holds(text, fact)]
    wrong += [f"contains {fact!r}" for fact in case.must_not_contain if folded(fact) in text]
    cited = {citation.source for citation in answer.citations if isinstance(citation, PassageQuote)}
    wrong += [
        f"does not cite {source}" for source in case.expected_sources if not cited & set(source.split("|"))
    ]
    return Grade(case=case, answer=answer, wrong=tuple(wrong))


def folded(text: str) -> str:
    """Return a text in one case and spacing, without marks of emphasis and thousands separators."""
    text = re.sub(r"(?<=\d)[, \u00a0\u202f](?=\d{3}\b)", "", text.replace("*", ""))
    return " ".join(text.casefold().split())


def routing(grades: Sequence[Grade]) -> list[LabelScore]:
    """Score the routes taken: each base, the database, and out of scope.

    A case's gold labels are the bases and the database it needs, or out of scope when it must be declined.
    Predicted are all destinations with a probability of at least one half (the likeliest base where none
    has, since it is searched then), or out of scope alone.
    """
    pairs = [(_gold(one.case), _taken(one.answer)) for one in grades]
    labels = sorted(set().union(*(gold | taken for gold, taken in pairs)))
    return [_score(label, pairs) for label in labels]


def macro_f1(scores: Iterable[LabelScore]) -> float:
    """Return the mean F1 over the labels that occur."""
    found = [score.f1 for score in scores if score.support]
    return sum(found) / len(found) if found else 0.0


def by_kind(grades: Sequence[Grade]) -> Mapping[str, Sequence[Grade]]:
    """Group grades by the kind of their case, in order of appearance."""
    groups: dict[str, list[Grade]] = {}
    for one in grades:
        groups.setdefault(one.case.kind, []).append(one)
    return groups


def _holds(text: str, fact: str) -> bool:
    return any(folded(alternative) in text for alternative in fact.split("|"))


def _gold(case: Case) -> frozenset[str]:
    if case.status == "declined":
        return frozenset({OUT_OF_SCOPE})
    return frozenset(case.knowledge_bases) | ({DATABASE} if case.uses_database else frozenset())


def _taken(answer: Answer) -> frozenset[str]:
    if answer.status == "declined":
        return frozenset({OUT_OF_SCOPE})
    bases = {name for name, probability in answer.route.knowledge_bases.items() if probability >= LIKELY}
    if answer.route.database >= LIKELY:
        return frozenset(bases | {DATABASE})
    return frozenset(bases or {answer.route.category})


def _score(label: str, pairs: Sequence[tuple[frozenset[str], frozenset[str]]]) -> LabelScore:
    hit = sum(label in gold and label in taken for gold, taken in pairs)
    wanted = sum(label in gold for gold, _ in pairs)
    predicted = sum(label in taken for _, taken in pairs)
    return LabelScore(
        label=label,
        precision=hit / predicted if predicted else 0.0,
        recall=hit / wanted if wanted else 0.0,
        f1=2 * hit / (wanted + predicted) if wanted + predicted else 0.0,
        support=wanted,
    )
