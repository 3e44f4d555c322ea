"""The four metrics of Ragas (Es et al. 2023, https://arxiv.org/abs/2309.15217), by a language model.

    faithfulness       statements of the answer that follow from the context / all its statements
    answer relevancy   mean cosine of the question and of three questions made up for the answer; 0 where the
                       answer is noncommittal
    context precision  Σ precision@k · v(k) / Σ v(k), with v(k) whether passage k was useful for the reference
    context recall     sentences of the reference that can be attributed to the context / all its sentences

The definitions are theirs, prompts and forms our own: all verdicts of one kind are asked for in one call.
What cannot be measured has a reason instead of a value.
"""

import asyncio
from collections.abc import Awaitable, Collection, Sequence
from dataclasses import dataclass, field
from math import inf

from agent.evaluation.measured import Observed
from agent.evaluation.metrics import prompts
from agent.evaluation.metrics.cache import VerdictCache, key_of
from agent.evaluation.metrics.carrying import context_of, without_citations
from agent.evaluation.metrics.local import average_precision
from tools.errors import BudgetExceeded, ModelError, ModelOutputError
from tools.metering import Budget, Meter
from tools.ports import Chat, Embedder, ReplyType
from tools.text.sentences import units
from tools.types import Prompt

SECONDS = 120.0
"""That one call may take."""
JUDGED = ("faithfulness", "answer_relevancy", "context_precision", "context_recall")
"""Metrics that a judge measures."""
ANSWERED = ("answered", "partial")


class Unmeasured(Exception):
    """A metric is not defined for a case; the text is the reason."""


@dataclass(slots=True, kw_only=True)
class Spent:
    """What a judge has used; what was known already cost nothing."""

    model_calls: int = 0
    tokens: int = 0
    usd: float = 0.0
    known: int = 0
    """Replies that were found in the cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Measures with a language model, up to five calls a case."""

    chat: Chat
    embedder: Embedder
    cache: VerdictCache | None = None
    marked: bool = True
    """Whether untrusted text is interleaved with a marker."""
    spent: Spent = field(default_factory=Spent)

    async def measure(
        self, observed: Observed, *, attempt: int = 0, only: Collection[str] = JUDGED
    ) -> tuple[dict[str, float], dict[str, str]]:
        """Return the metrics by name, and why others have no value; a failed call loses only its metric.

        Args:
            observed: What is judged.
            attempt: The same attempt gives the same verdicts; another asks anew.
            only: Names of the metrics that are wanted.
        """
        metrics = {
            "faithfulness": self._faithfulness,
            "answer_relevancy": self._answer_relevancy,
            "context_precision": self._context_precision,
            "context_recall": self._context_recall,
        }
        wanted = [name for name in metrics if name in only]
        found = await asyncio.gather(*(_told(metrics[name](observed, attempt)) for name in wanted))
        measured = dict(zip(wanted, found, strict=True))
        values = {name: one for name, one in measured.items() if isinstance(one, float)}
        return values, {name: one for name, one in measured.items() if isinstance(one, str)}

    async def _faithfulness(self, observed: Observed, attempt: int) -> float:
        question, answer = observed.case.question, _answer_of(observed)
        prompt = prompts.statements_prompt(question, answer, marked=self.marked)
        said = (await self._ask(prompt, prompts.StatementsReply, attempt)).statements
        if not said:
            raise Unmeasured("the answer states nothing")
        contexts = context_of(observed)
        if not contexts:
            return 0.0
        prompt = prompts.entailment_prompt(question, contexts, said, marked=self.marked)
        return _share(await self._verdicts(prompt, len(said), attempt))

    async def _answer_relevancy(self, observed: Observed, attempt: int) -> float:
        if observed.case.status not in ANSWERED:
            raise Unmeasured("the case is one that must not be answered")
        if observed.answer.status not in ANSWERED:
            return 0.0
        prompt = prompts.questions_prompt(_answer_of(observed), marked=self.marked)
        reply = await self._ask(prompt, prompts.QuestionsReply, attempt)
        if reply.noncommittal:
            return 0.0
        if not reply.questions:
            raise ModelOutputError("it made up no question")
        texts = [observed.case.question, *reply.questions[: prompts.QUESTIONS]]
        vectors = await asyncio.to_thread(self.embedder.embed, texts)
        return min(1.0, max(0.0, float((vectors[1:] @ vectors[0]).mean())))

    async def _context_precision(self, observed: Observed, attempt: int) -> float:
        case, contexts = observed.case, [one.text for one in observed.evidence]
        reference = _reference(observed)
        if not contexts:
            return 0.0
        prompt = prompts.usefulness_prompt(case.question, contexts, reference, marked=self.marked)
        return average_precision(await self._verdicts(prompt, len(contexts), attempt))

    async def _context_recall(self, observed: Observed, attempt: int) -> float:
        sentences = [unit.text for unit in units(_reference(observed))]
        contexts = context_of(observed)
        if not contexts:
            return 0.0
        prompt = prompts.attribution_prompt(observed.case.question, contexts, sentences, marked=self.marked)
        return _share(await self._verdicts(prompt, len(sentences), attempt))

    async def _verdicts(self, prompt: Prompt, count: int, attempt: int) -> list[bool]:
        """Return the verdict on each of so many blocks."""
        reply = await self._ask(prompt, prompts.VerdictsReply, attempt)
        given = {one.number: one.verdict == "yes" for one in reply.verdicts}
        missing = [number for number in range(1, count + 1) if number not in given]
        if missing:
            raise ModelOutputError(f"it gave no verdict on {len(missing)} of {count}")
        return [given[number] for number in range(1, count + 1)]

    async def _ask(self, prompt: Prompt, form: type[ReplyType], attempt: int) -> ReplyType:
        key = key_of(prompt, form, model=self.chat.name, attempt=attempt)
        known = self.cache.find(key, form) if self.cache is not None else None
        if known is not None:
            self.spent.known += 1
            return known
        meter = Meter(budget=Budget(seconds=SECONDS, reserve_seconds=0.0, tokens=inf, usd=inf))
        try:
            reply = await self.chat.typed(prompt, form, meter=meter)
        finally:
            self.spent.model_calls += len(meter.calls)
            self.spent.tokens += meter.tokens
            self.spent.usd += meter.usd
        if self.cache is not None:
            self.cache.keep(key, reply)
        return reply


async def _told(metric: Awaitable[float]) -> float | str:
    """Return a metric, or in words why it has no value."""
    try:
        return await metric
    except Unmeasured as reason:
        return str(reason)
    except (ModelError, BudgetExceeded) as error:
        return f"the judge failed: {error}"


def _answer_of(observed: Observed) -> str:
    if observed.answer.status not in ANSWERED:
        raise Unmeasured("nothing was answered")
    return without_citations(observed.answer.answer)


def _reference(observed: Observed) -> str:
    case = observed.case
    if case.status not in ANSWERED or not case.answer.strip():
        raise Unmeasured("the case has no reference; give answer")
    return case.answer


def _share(verdicts: Sequence[bool]) -> float:
    return sum(verdicts) / len(verdicts)
