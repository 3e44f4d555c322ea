"""Asks a system every question of a data set and judges what it says."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby

from pydantic import SecretStr

from agent.evaluation.spider.dataset import Dataset, Question
from agent.evaluation.spider.judging import Referee, Verdict
from agent.evaluation.spider.outcomes import Journal, Outcome, Tried
from agent.evaluation.spider.systems import Predict, Prediction, System
from agent.sections import Database
from tools.database.worker.isolated import IsolatedDatabase, open_isolated

DEADLINE_SECONDS = 10.0
"""Longest run of one statement, gold or predicted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One system on one data set."""

    dataset: Dataset
    system: System
    journal: Journal | None = None
    """What it holds is not asked again."""
    on_outcome: Callable[[Outcome], None] = lambda _: None
    """Told of every outcome as it comes, kept ones first."""

    async def outcomes(self) -> list[Outcome]:
        """Return the outcomes in the order of the questions.

        One database is open at a time, and as many questions are asked at once as the system takes.
        """
        found = {question.number: self._kept(question) for question in self.dataset.questions}
        for outcome in found.values():
            if outcome is not None:
                self.on_outcome(outcome)
        open_questions = [one for one in self.dataset.questions if found[one.number] is None]
        by_database = sorted(open_questions, key=lambda one: one.database)
        for name, questions in groupby(by_database, key=lambda one: one.database):
            for outcome in await self._on_database(name, list(questions)):
                found[outcome.idx] = outcome
        return [outcome for outcome in found.values() if outcome is not None]

    def _kept(self, question: Question) -> Outcome | None:
        return self.journal.find(self.system.label, question) if self.journal else None

    async def _on_database(self, name: str, questions: Sequence[Question]) -> list[Outcome]:
        with closing(open_file(self.dataset, name)) as database:
            referee, free = Referee(database=database), asyncio.Semaphore(self.system.concurrency)
            predict = await asyncio.to_thread(self.system.on, database)

            async def ask(question: Question) -> Outcome:
                async with free:
                    outcome = await _asked(question, predict, referee)
                if self.journal is not None:
                    self.journal.keep(self.system.label, outcome)
                self.on_outcome(outcome)
                return outcome

            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(ask(question)) for question in questions]
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from errors
            return [task.result() for task in tasks]


def open_file(dataset: Dataset, name: str) -> IsolatedDatabase:
    """Open one database of a data set as an installation does that configures nothing more."""
    section = Database(
        url=SecretStr(f"sqlite:///{dataset.file(name).absolute()}"),
        seconds=DEADLINE_SECONDS,
        descriptions=dict(dataset.descriptions.get(name, {})),
    )
    return open_isolated(
        section.url.get_secret_value(),
        workers=section.workers,
        memory_mb=section.memory_mb,
        tables=section.tables,
        deadline_seconds=section.seconds,
        most_cost=section.most_cost,
        descriptions=section.descriptions,
    )


async def _asked(question: Question, predict: Predict, referee: Referee) -> Outcome:
    began = time.perf_counter()
    prediction = await predict(question)
    seconds = time.perf_counter() - began
    verdict = _unanswered(prediction)
    if prediction.statement is not None:
        verdict = await asyncio.to_thread(referee.judge, question, prediction.statement)
    calls = prediction.meter.calls
    return Outcome(
        idx=question.number,
        db_id=question.database,
        question=question.text,
        hardness=question.difficulty,
        gold=question.gold,
        statement=prediction.statement,
        answered=verdict.problem is None,
        correct=verdict.correct,
        problem=verdict.problem,
        message=verdict.message,
        gold_problem=verdict.gold_problem,
        attempts=tuple(
            Tried(statement=one.statement, problem=one.problem, message=one.message)
            for one in prediction.attempts
        ),
        note=prediction.note,
        model_calls=len(calls),
        input_tokens=sum(call.input_tokens for call in calls),
        output_tokens=sum(call.output_tokens for call in calls),
        cost_usd=sum(call.cost_usd for call in calls),
        seconds=seconds,
    )


def _unanswered(prediction: Prediction) -> Verdict:
    """Say why there is no statement: none was written, or what became of the last one that was tried."""
    if not prediction.attempts:
        return Verdict(problem="not_understood", message="no statement was written")
    last = prediction.attempts[-1]
    return Verdict(problem=last.problem or "unavailable", message=last.message)
