"""Runs with given answers."""

from collections.abc import Mapping
from typing import Any

from agent.evaluation.cases import Case
from agent.evaluation.measured import Measured
from agent.evaluation.pairwise.pairing import Pairing, pairing_of
from agent.evaluation.runs import Run, RunInfo
from tests.agent.evaluation.test_grading import answer_of


def run_of(name: str, answers: Mapping[str, str], **labels: Any) -> Run:  # noqa: ANN401 - the fields of a case
    """Return a run that answered the questions, by id."""
    info = RunInfo(name=name, dataset="d", mode="local", configuration=name, questions="q", started="")
    measured = [
        Measured(case=Case(**{"id": case, "question": f"What is {case}?", **labels}), answer=answer_of(text))
        for case, text in answers.items()
    ]
    return Run(info=info, measured=measured)


def pairing(pairs: Mapping[str, tuple[str, str]], **labels: Any) -> Pairing:  # noqa: ANN401 - as above
    """Return two runs' answers side by side, by id."""
    first = run_of("plain", {case: answers[0] for case, answers in pairs.items()}, **labels)
    second = run_of("candidate", {case: answers[1] for case, answers in pairs.items()}, **labels)
    return pairing_of(first, second)
