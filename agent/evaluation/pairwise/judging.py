"""A language model compares two answers, twice: the second time they have changed places.

Models favour a place, mostly the first (Zheng et al., "Judging LLM-as-a-Judge with MT-Bench and Chatbot
Arena", arXiv 2306.05685). A verdict that does not survive the exchange says nothing of the answers: a tie.
"""

import asyncio
from collections.abc import Callable, Mapping
from importlib import resources
from math import inf
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from agent.evaluation.pairwise.outcome import Verdict, Verdicts
from agent.evaluation.pairwise.pairing import Pair, Pairing
from agent.evaluation.rating import Result
from graph.reasoning.llm.layout import notice, paragraphs, system, user
from graph.reasoning.llm.marking import block, choose_marker
from graph.reasoning.llm.schemas import Reply
from tools.errors import BudgetExceeded, ModelError
from tools.metering import Budget, Meter
from tools.ports import Chat
from tools.types import Prompt

SECONDS = 120.0
"""For both verdicts on one pair."""
AT_A_TIME = 4
REASON = 300

_RESULTS: Mapping[str, Result] = {"1": "first", "2": "second", "tie": "tie"}
_EXCHANGED: Mapping[Result, Result] = {"first": "second", "second": "first", "tie": "tie"}


class ComparisonReply(Reply):
    """Which of two answers is better."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True)] = Field(
        description="At most twenty words."
    )
    better: Literal["1", "2", "tie"]


def comparison_prompt(pair: Pair, *, exchanged: bool, marked: bool) -> Prompt:
    """Ask which answer is better; the reply is a `ComparisonReply`.

    Args:
        pair: What is compared.
        exchanged: Whether the second answer is shown as number 1.
        marked: Whether the words of untrusted text are joined by a marker.
    """
    answers = (pair.second, pair.first) if exchanged else (pair.first, pair.second)
    history, expected = pair.case.history, pair.expected
    marker = choose_marker((*answers, *history, expected)) if marked else ""
    turns = [
        block("turn", {"number": str(number)}, turn, marker=marker)
        for number, turn in enumerate(history, start=1)
    ]
    shown = [
        block("claim", {"number": str(number)}, answer, marker=marker)
        for number, answer in enumerate(answers, start=1)
    ]
    known = block("evidence", {}, expected, marker=marker) if expected else ""
    asked = paragraphs(notice(marker), *turns, block("question", {}, pair.case.question), known, *shown)
    told = resources.files(__package__).joinpath("compare.md").read_text(encoding="utf-8").strip()
    return Prompt(name="compare", messages=(system(told), user(asked)))


async def judge(
    pairing: Pairing,
    chat: Chat,
    *,
    marked: bool = True,
    advanced: Callable[[], None] = lambda: None,
) -> Verdicts:
    """Have a model compare every pair; a pair that it fails at becomes a problem, and the rest goes on.

    Costs two model calls a pair.

    Args:
        pairing: What is compared.
        chat: The model.
        marked: Whether the words of untrusted text are joined by a marker.
        advanced: Called after each pair.
    """
    free = asyncio.Semaphore(AT_A_TIME)

    async def one(pair: Pair) -> Verdict | str:
        async with free:
            said = await _compare(pair, chat, marked=marked)
        advanced()
        return said

    told = await asyncio.gather(*(one(pair) for pair in pairing.pairs))
    return Verdicts(
        said=[each for each in told if isinstance(each, Verdict)],
        problems=tuple(each for each in told if isinstance(each, str)),
    )


async def _compare(pair: Pair, chat: Chat, *, marked: bool) -> Verdict | str:
    """Return the verdict, or why there is none."""
    # One more call than is needed, because the last call of a budget may be kept for what is not optional.
    budget = Budget(seconds=SECONDS, reserve_seconds=0.0, tokens=inf, usd=inf, model_calls=3)
    meter = Meter(budget=budget)
    try:
        straight = await chat.typed(
            comparison_prompt(pair, exchanged=False, marked=marked), ComparisonReply, meter=meter
        )
        turned = await chat.typed(
            comparison_prompt(pair, exchanged=True, marked=marked), ComparisonReply, meter=meter
        )
    except (ModelError, BudgetExceeded) as error:
        return f"{pair.case.id}: {error}"
    result, again = _RESULTS[straight.better], _EXCHANGED[_RESULTS[turned.better]]
    if result != again:
        return Verdict(
            case=pair.case.id, result="tie", torn=True, reason="another verdict in the other order"
        )
    return Verdict(case=pair.case.id, result=result, reason=straight.reason[:REASON])
