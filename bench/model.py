"""What the language-model mode takes beside the model itself, and how often it asks.

The model is a fake one over HTTP on the loopback interface, which waits before its first token. Every
session has an embedder of its own, so that no vector of a question is remembered from another round.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from statistics import fmean, median

from openai import DefaultAsyncHttpxClient

from agent.adapters import embedder_for
from agent.answer import Answer
from agent.assistant import open_session
from agent.bootstrap import Library
from agent.demo.workspace import QUESTIONS, tour
from agent.evaluation.cases import Case, read_cases
from agent.events import Event, Token
from agent.session import Session
from bench.figures import AtMost, Figure, Outcome, Skipped
from bench.installations import ingested, temporary_folder, with_model, with_sample
from bench.peer import PacedModel, Peer, Taken
from graph.plan import Turn
from tests.endpoint.paraphraser import paraphraser
from tests.endpoint.reader import reader
from tests.endpoint.server import Endpoint as Server
from tests.endpoint.server import Responder
from tests.endpoint.spoiling import remembering

MODELS: Mapping[str, Responder] = {
    "reader": reader(),
    "paraphrasing reader": paraphraser(reader()),
}
"""Models that can stand in; the first one serves where the model is not what is measured."""
REMARKS = {
    "reader": "it quotes, so that the judge is hardly asked, and plans one part",
    "paraphrasing reader": "it dilutes every sentence, so that the judge is asked about each: an upper bound",
}
FIRST_TOKEN_SECONDS = 0.3
TOKEN_SECONDS = 0.02
ROUNDS = 5
PLAIN, PLAIN_SLOWLY = 40, 8
"""Plain questions that are asked of both sides, by a model without and with a pace."""
PACES = "{first:.0f} ms to the first token, then {each:.0f} ms a token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A case, its answer, and what it took."""

    case: Case
    answer: Answer
    taken: Taken
    processor: float
    """Milliseconds of processor time of the whole process, the fake model included."""

    @property
    def elsewhere(self) -> float:
        """Return the milliseconds outside of model calls; calls of a question do not overlap."""
        return self.taken.total - sum(call.milliseconds for call in self.answer.usage.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """An ingested sample in the language-model mode, and its model."""

    library: Library
    model: PacedModel
    address: str

    @asynccontextmanager
    async def opened(self, *, first: float = 0.0, each: float = 0.0) -> AsyncIterator[tuple[Session, Peer]]:
        """Open both sides with embedders of their own, warm them up, and set the model's pace in seconds."""
        settings = self.library.settings
        ours = replace(self.library, embedder=embedder_for(settings))
        async with open_session(ours) as session, DefaultAsyncHttpxClient() as client:
            peer = Peer(
                self.address, client=client, store=self.library.store, embedder=embedder_for(settings)
            )
            self.model.first_token_seconds, self.model.token_seconds = 0.0, 0.0
            for question in tour():
                await _ask(session, question)
                await peer.ask(question)
            self.model.first_token_seconds, self.model.token_seconds = first, each
            yield session, peer


def measure(models: Mapping[str, Responder] = MODELS) -> Iterator[Outcome]:
    """Measure one model in everything, and all of them in how often they are asked."""
    if not QUESTIONS.exists():
        yield Skipped(measured="language-model mode", reason="the sample's labelled questions are not here")
        return
    cases = read_cases(QUESTIONS)
    with temporary_folder() as folder, ingested(with_sample(folder)) as library:
        for number, (name, respond) in enumerate(models.items()):
            model = PacedModel(remembering(respond))
            with Server(model) as server:
                settings = with_model(library.settings, server.base_url)
                bench = Bench(
                    library=replace(library, settings=settings), model=model, address=server.base_url
                )
                surveyed = asyncio.run(_survey(bench, cases, first=0.0))
                yield from _calls(name, surveyed)
                if number == 0:
                    yield from _beside_the_model(bench, cases)
                    yield from _against_the_peer(bench, _plain(surveyed))


def _calls(name: str, surveyed: Sequence[Asked]) -> Iterator[Figure]:
    """Tell how long the chain of model calls is."""
    chains = [asked.answer.usage.sequential_model_calls for asked in surveyed]
    counts = ", ".join(f"{length}: {chains.count(length)}" for length in sorted(set(chains)))
    for what, value, target in (
        ("mean", fmean(chains), AtMost(value=1.6)),
        ("maximum", max(chains), AtMost(value=4)),
    ):
        yield Figure(
            measured=f"sequential model calls, {name}: {what}",
            value=value,
            digits=2,
            target=target,
            rounds=f"1 × {len(chains)} questions, those with a history too",
            remark=f"{REMARKS.get(name, '')}; questions by calls {counts}".removeprefix("; "),
        )


def _beside_the_model(bench: Bench, cases: Sequence[Case]) -> Iterator[Figure]:
    """Tell what is not the model's, with a model that answers at once and with one that waits."""
    alone = [case for case in cases if not case.history]
    for first in (0.0, FIRST_TOKEN_SECONDS):
        surveyed = asyncio.run(_survey(bench, alone, first=first))
        beyond = [asked.taken.total - 1000 * first * asked.answer.usage.model_calls for asked in surveyed]
        overlapping = sum(
            asked.answer.usage.sequential_model_calls < asked.answer.usage.model_calls for asked in surveyed
        )
        yield Figure(
            measured=f"everything that is not the model, p50; the model waits {first * 1000:.0f} ms",
            value=median(asked.elsewhere for asked in surveyed),
            unit="ms",
            digits=1,
            target=AtMost(value=60),
            rounds=f"1 × {len(surveyed)} questions",
            remark="from question to answer, without the model calls from request to end of reply; "
            f"{median(beyond):.0f} ms when client, HTTP and the reading of the stream are counted too; "
            f"processor time of the whole process {median(asked.processor for asked in surveyed):.0f} ms; "
            f"{overlapping} questions with calls side by side",
        )


def _against_the_peer(bench: Bench, plain: Sequence[str]) -> Iterator[Figure]:
    """Compare with the agent, question by question."""
    for each, count, targets, reading in (
        (0.0, PLAIN, True, "a call of the model takes 300 ms: the reading of the target"),
        (
            TOKEN_SECONDS,
            PLAIN_SLOWLY,
            False,
            "both write the same answer, whose tokens take most of the time",
        ),
    ):
        questions = plain[:count]
        rounds = [asyncio.run(_round(bench, questions, each, number)) for number in range(ROUNDS)]
        for what, of in (("wall time", _total), ("time to first token", _first_token)):
            pairs = [
                (median(of(ours) for ours, _ in taken), median(of(peer) for _, peer in taken))
                for taken in rounds
            ]
            ratios = [ours / peer for ours, peer in pairs]
            sides = [median(side) for side in zip(*pairs, strict=True)]
            pace = PACES.format(first=FIRST_TOKEN_SECONDS * 1000, each=each * 1000)
            yield Figure(
                measured=f"{what} of a plain question ÷ create_agent; {pace}",
                value=median(ratios),
                target=AtMost(value=0.6) if targets else None,
                rounds=f"{ROUNDS} × {len(questions)} questions, in turn",
                remark=f"{sides[0]:.0f} ÷ {sides[1]:.0f} ms; "
                f"by round {', '.join(f'{ratio:.2f}' for ratio in ratios)}; {reading}",
            )


def _total(taken: Taken) -> float:
    return taken.total


def _first_token(taken: Taken) -> float:
    return taken.first_token


async def _round(
    bench: Bench, questions: Sequence[str], each: float, number: int
) -> list[tuple[Taken, Taken]]:
    """Ask both sides every question, in an order that changes each time."""
    taken = []
    async with bench.opened(first=FIRST_TOKEN_SECONDS, each=each) as (session, peer):
        for place, question in enumerate(questions, start=number):
            ours: Callable[[], Awaitable[Taken]] = partial(_timed, session, question)
            theirs: Callable[[], Awaitable[Taken]] = partial(peer.ask, question)
            if place % 2:
                taken.append((await ours(), await theirs()))
            else:
                second = await theirs()
                taken.append((await ours(), second))
    return taken


async def _survey(bench: Bench, cases: Sequence[Case], *, first: float) -> list[Asked]:
    """Ask everything once."""
    async with bench.opened(first=first) as (session, _):
        surveyed = []
        for case in cases:
            history = [Turn(question=question, answer="") for question in case.history]
            used = time.process_time()
            answer, taken = await _ask(session, case.question, history)
            processor = (time.process_time() - used) * 1000
            surveyed.append(Asked(case=case, answer=answer, taken=taken, processor=processor))
        return surveyed


async def _timed(session: Session, question: str) -> Taken:
    _, taken = await _ask(session, question)
    return taken


async def _ask(session: Session, question: str, history: Sequence[Turn] = ()) -> tuple[Answer, Taken]:
    """Ask and time the answer and its first words."""
    tokens: list[float] = []

    def note(event: Event) -> None:
        if isinstance(event, Token) and event.text:
            tokens.append(time.perf_counter())

    started = time.perf_counter()
    answer = await session.ask(question, history=history, on_event=note)
    ended = time.perf_counter()
    first = tokens[0] if tokens else ended
    return answer, Taken(total=(ended - started) * 1000, first_token=(first - started) * 1000)


def _plain(surveyed: Sequence[Asked]) -> list[str]:
    """Return questions of one part for one knowledge base that were answered with a single model call."""
    return [
        asked.case.question
        for asked in surveyed
        if not asked.case.history
        and len(asked.case.knowledge_bases) == 1
        and not asked.case.uses_database
        and asked.answer.status == "answered"
        and [call.prompt for call in asked.answer.usage.calls] == ["write"]
        and {getattr(citation, "knowledge_base", None) for citation in asked.answer.citations}
        == {*asked.case.knowledge_bases}
    ]
