"""Right or wrong, and why: facts, sources and status of one answer, and the steps that led to it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.answer import Answer, PassageQuote
from agent.evaluation.cases import Case
from agent.evaluation.destinations import DATABASE, OUT_OF_SCOPE, destinations
from agent.evaluation.facts import folded, holds
from agent.recording.recording import Recording
from tools.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """The verdict on one case; correct when nothing is wrong."""

    case: Case
    answer: Answer
    wrong: tuple[str, ...]
    """What is wrong, in words."""

    @property
    def run_id(self) -> str:
        """Names the recording of the run, where it was kept."""
        return self.answer.run_id

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


def grade(case: Case, answer: Answer, recording: Recording | None = None) -> Grade:
    """Compare an answer, and the steps that led to it, with what the case demands.

    Raises:
        InvalidInput: The case demands something of the steps, and they were not recorded.
    """
    wrong = [*_wrong_answer(case, answer), *_wrong_steps(case, recording)]
    return Grade(case=case, answer=answer, wrong=tuple(wrong))


def _wrong_answer(case: Case, answer: Answer) -> Iterator[str]:
    if answer.status != case.status:
        yield f"status {answer.status}, not {case.status}"
    text = folded(answer.answer)
    yield from (f"lacks {fact!r}" for fact in case.must_contain if not holds(text, fact))
    yield from (f"contains {fact!r}" for fact in case.must_not_contain if folded(fact) in text)
    cited = {citation.source for citation in answer.citations if isinstance(citation, PassageQuote)}
    yield from (
        f"does not cite {source}" for source in case.expected_sources if not cited & set(source.split("|"))
    )


def _wrong_steps(case: Case, recording: Recording | None) -> Iterator[str]:
    if case.steps is None:
        return
    from agent.evaluation.happened import happened_in
    from agent.evaluation.steps import check_steps

    if recording is None:
        raise InvalidInput(f"case {case.id!r} demands steps, and the run was not recorded")
    if case.reply is not None and recording.entry is None:
        yield "step clarify: asked nothing back"
    yield from check_steps(case.steps, happened_in(recording))


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


def _gold(case: Case) -> frozenset[str]:
    if case.status == "declined":
        return frozenset({OUT_OF_SCOPE})
    return frozenset(case.knowledge_bases) | ({DATABASE} if case.uses_database else frozenset())


def _taken(answer: Answer) -> frozenset[str]:
    if answer.status == "declined":
        return frozenset({OUT_OF_SCOPE})
    return destinations(answer.route)


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
