"""All metrics of a case, and why others have no value: there is never a silent blank."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.evaluation.measured import Observed
from agent.evaluation.metrics import NAMES, local
from agent.evaluation.metrics.answers import clarification, fact_match, refusal, sql_match
from agent.evaluation.metrics.citations import citations
from agent.evaluation.metrics.judged import JUDGED, Judge
from agent.evaluation.metrics.retrieval import retrieval
from tools.errors import InvalidInput, ModelError, RejectedQuery, TransientError
from tools.ports import Database, Embedder

NO_GOLD = "the case says of no source that it should be found; give expected_sources or relevant"
REASONS: Mapping[str, str] = {
    "faithfulness": "the answer states nothing",
    "answer_relevancy": "the case is one that must not be answered",
    "context_precision": "nothing tells what is useful; give expected_sources, must_contain or answer",
    "context_recall": "the case has no reference; give must_contain or answer",
    "fact_match": "the case names no facts; give must_contain",
    "citation_precision": "nothing was cited, or the case names nothing to cite",
    "citation_recall": "the case names nothing to cite; give expected_sources",
    "hit_rate": NO_GOLD,
    "recall_at_5": NO_GOLD,
    "mrr": NO_GOLD,
    "ndcg_at_10": NO_GOLD,
    "sql_match": "the case has no expected_statement",
}
"""Why a metric is not defined for a case."""

Scores = tuple[dict[str, float], dict[str, str]]
"""Values by name, and why others have none."""


@dataclass(slots=True, kw_only=True)
class Metrics:
    """Measures cases. Implements `Scorer`."""

    embedder: Embedder
    database: Database | None = None
    judge: Judge | None = None
    """Without one, words, numbers and vectors stand in."""
    repeats: int = 1
    """How often the judge is asked of each case; the mean counts."""
    spread: dict[str, list[float]] = field(default_factory=dict)
    """Variance of the repeated verdicts on each case, by metric; empty unless there are repeats."""

    async def measure(self, observed: Observed) -> Scores:
        """Return the metrics of a case in [0, 1] by name, and why the others have no value."""
        values, reasons = await asyncio.to_thread(self._by_rules, observed)
        if self.judge is not None:
            judged, unjudged = await self._judged(self.judge, observed)
            values |= judged
            reasons |= unjudged
        return values, {name: reasons[name] for name, _ in NAMES if name not in values}

    @property
    def variance(self) -> Mapping[str, float]:
        """Return the mean variance of repeated verdicts on the same case, by metric."""
        return {name: sum(found) / len(found) for name, found in self.spread.items()}

    def _by_rules(self, observed: Observed) -> Scores:
        values: dict[str, float | None] = {
            "fact_match": fact_match(observed),
            "refusal": refusal(observed),
            "clarification": clarification(observed),
            **citations(observed),
            **retrieval(observed),
        }
        reasons = dict(REASONS)
        self._measure_rows(observed, values, reasons)
        if self.judge is None:
            self._stand_in(observed, values, reasons)
        return {name: value for name, value in values.items() if value is not None}, reasons

    def _measure_rows(
        self, observed: Observed, values: dict[str, float | None], reasons: dict[str, str]
    ) -> None:
        if observed.case.expected_statement is None:
            return
        if self.database is None:
            reasons["sql_match"] = "the case has an expected_statement, and no database is configured"
            return
        try:
            values["sql_match"] = sql_match(observed, self.database)
        except (RejectedQuery, TransientError, InvalidInput) as error:
            reasons["sql_match"] = f"the expected_statement cannot be run: {error}"

    def _stand_in(self, observed: Observed, values: dict[str, float | None], reasons: dict[str, str]) -> None:
        values["faithfulness"] = local.faithfulness(observed)
        values["context_precision"] = local.context_precision(observed)
        values["context_recall"] = local.context_recall(observed)
        try:
            values["answer_relevancy"] = local.answer_relevancy(observed, self.embedder)
        except ModelError as error:
            reasons["answer_relevancy"] = f"the embedder is of no help: {error}"

    async def _judged(self, judge: Judge, observed: Observed) -> Scores:
        """Return the means over all attempts; a metric that one attempt failed to give has none."""
        rounds = [await judge.measure(observed, attempt=attempt) for attempt in range(self.repeats)]
        reasons = {name: reason for _, failed in rounds for name, reason in failed.items()}
        values = {}
        for name in JUDGED:
            found = [given[name] for given, _ in rounds if name in given]
            if len(found) == self.repeats:
                values[name] = sum(found) / len(found)
                self._note(name, found)
        return values, reasons

    def _note(self, name: str, found: list[float]) -> None:
        if len(found) > 1:
            mean = sum(found) / len(found)
            variance = sum((one - mean) ** 2 for one in found) / (len(found) - 1)
            self.spread.setdefault(name, []).append(variance)
