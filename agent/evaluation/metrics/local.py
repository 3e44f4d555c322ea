"""The four metrics of Ragas (Es et al. 2023, https://arxiv.org/abs/2309.15217) without a language model.

Each stands in for a model's judgment with what words, numbers and vectors can tell, and says with what. They
compare configurations with one another, not with figures that a model has judged.
"""

from agent.evaluation.cases import Case
from agent.evaluation.facts import folded, holds
from agent.evaluation.measured import Observed, Passage
from agent.evaluation.metrics.carrying import context_of, is_said, runs_for, statements
from agent.evaluation.metrics.retrieval import is_relevant
from tools.ports import Embedder
from tools.text.sentences import plain, units

LEADING = 3
"""Statements of an answer that are compared with the question: embedding is what costs time here."""


def faithfulness(observed: Observed) -> float | None:
    """Return the share of the answer's statements that what they cite carries; None without statements.

    Ragas: statements that a model finds entailed by the context / all statements. Here the statements are the
    sentences, items and table rows of the answer, and one is carried when a run of neighbouring sentences
    behind it has all its numbers and most of its words. That approximates entailment: what is said in wholly
    other words counts against the answer, and a negation that was lost does not.
    """
    said = statements(observed.answer)
    carried = [is_said(one.text, runs_for(one, observed)) for one in said]
    return sum(carried) / len(carried) if carried else None


def answer_relevancy(observed: Observed, embedder: Embedder) -> float | None:
    """Return how near the answer is to the question in meaning, in [0, 1]; blocks the thread.

    Ragas: mean cosine of the question and questions that a model makes up for the answer, 0 where the answer
    commits itself to nothing. Here the best cosine of the question and any of the first `LEADING` statements
    of the answer, 0 where nothing was answered that should be, None where nothing should be. That
    approximates that the answer begins with what was asked, not that it is complete.

    Raises:
        ModelError: The embedder is of no help.
    """
    if observed.case.status not in ("answered", "partial"):
        return None
    said = statements(observed.answer)
    if not said:
        return 0.0
    vectors = embedder.embed([observed.case.question, *(one.text for one in said[:LEADING])])
    return min(1.0, max(0.0, float((vectors[1:] @ vectors[0]).max())))


def context_precision(observed: Observed) -> float | None:
    """Return the average precision of the evidence; None where nothing tells what is useful.

    Ragas: Σ precision@k · v(k) / Σ v(k), where a model says of each passage whether it was useful, v(k).
    Here a passage is useful when it satisfies an entry of `Case.gold`; without any, when it holds an expected
    fact; without these, when it says a sentence of the reference. Nothing useful gives 0.
    """
    if not (observed.case.gold or observed.case.must_contain or _reference(observed.case)):
        return None
    return average_precision([_is_useful(one, observed.case) for one in observed.evidence])


def average_precision(useful: list[bool]) -> float:
    """Return the mean, over the useful passages, of the precision down to each; 0 where none is."""
    precisions = [sum(useful[:rank]) / rank for rank, is_useful in enumerate(useful, start=1) if is_useful]
    return sum(precisions) / len(precisions) if precisions else 0.0


def context_recall(observed: Observed) -> float | None:
    """Return the share of the reference that the evidence holds; None without a reference.

    Ragas: sentences of the reference answer that a model attributes to the context / all of them. Here the
    share of the expected facts that the evidence holds; without these, the share of the sentences of the
    reference that it says, as for faithfulness.
    """
    context = context_of(observed)
    if facts := observed.case.must_contain:
        text = folded("\n".join(context))
        return sum(holds(text, fact) for fact in facts) / len(facts)
    sentences = _reference(observed.case)
    return sum(is_said(one, context) for one in sentences) / len(sentences) if sentences else None


def _is_useful(passage: Passage, case: Case) -> bool:
    if case.gold:
        return any(is_relevant(passage, entry) for entry in case.gold)
    if case.must_contain:
        text = folded(f"{passage.text}\n{plain(passage.text)}")
        return any(holds(text, fact) for fact in case.must_contain)
    return any(is_said(sentence, [passage.text]) for sentence in _reference(case))


def _reference(case: Case) -> list[str]:
    """Return the sentences of the reference answer; what explains a refusal stands in no document."""
    return [unit.text for unit in units(case.answer)] if case.status in ("answered", "partial") else []
