"""Answers while the endpoint of the language model fails: the local mode finishes what the model cannot.

`python -m bench faults` asks the same of ten thousand faulted requests.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from sys import maxsize
from tempfile import TemporaryDirectory
from typing import Literal, get_args

import pytest

from agent.bootstrap import Library, open_deps, open_library
from agent.session import Session
from agent.settings import load
from graph.deps import Deps
from tests.agent.facing_faults import Ending, ask_all, open_with
from tests.agent.small_shop import QUESTIONS, write_shop
from tests.endpoint.paraphraser import paraphraser
from tests.endpoint.reader import reader
from tests.endpoint.server import Endpoint as Server
from tests.endpoint.server import Fault, Reply, Request, Responder, always
from tests.endpoint.spoiling import Tally, in_turn, remembering
from tools.models.breaker import Breaker
from tools.models.endpoint import Endpoint

Stage = Literal["planner", "writer", "judge"]

SECONDS = 0.3
"""Longest attempt of a request, for silence is among the faults."""
BUDGET_SECONDS = 10.0
COMPOUND = QUESTIONS[-1]
"""A question for which planner, writer and judge are all asked."""


@pytest.fixture(scope="module")
def library() -> Iterator[Library]:
    """Ingest the small shop; its endpoint is given with each session."""
    sections: dict[str, dict[str, object]] = {
        "assistant": {"mode": "llm"},
        "assistant.budget": {"seconds": BUDGET_SECONDS},
        "models": {"base_url": "http://127.0.0.1:9/v1"},
    }
    with TemporaryDirectory() as folder, open_library(load(write_shop(Path(folder), sections))) as opened:
        for name in opened.settings.knowledge_bases:
            assert opened.ingest(name).failed == ()
        yield opened


@pytest.fixture(scope="module")
async def deps(library: Library) -> AsyncIterator[Deps]:
    """Teach the router once."""
    async with open_deps(library) as opened:
        yield opened


def model(request: Request) -> Reply:
    """Answer in words that the judge must look at, and let nobody wait for long."""
    return replace(_MODEL(request), retry_after_seconds=0.01, chunk_characters=60)


_MODEL = remembering(paraphraser(reader()))


@asynccontextmanager
async def session_with(
    library: Library, deps: Deps, respond: Responder, *, breaker: Breaker | None = None
) -> AsyncIterator[Session]:
    """Open a session whose model answers like this; its breaker never opens unless one is given."""
    with Server(respond) as server:
        async with (
            Endpoint(
                base_url=server.base_url,
                timeout_seconds=SECONDS,
                attempts=2,
                backoff_seconds=0.01,
                breaker=breaker or Breaker(threshold=maxsize),
            ) as endpoint,
            open_with(deps, library.settings, endpoint) as session,
        ):
            yield session


def stage_of(request: Request) -> Stage:
    """Tell who asks."""
    if request.form == "text":
        return "writer"
    return "judge" if "<claim" in request.messages[1]["content"] else "planner"


@dataclass(slots=True)
class Spoiled:
    """A model that fails whenever one stage asks, with a fault that can be set."""

    stage: Stage
    fault: Fault | None = None

    def __call__(self, request: Request) -> Reply:
        """Return the model's reply, or spoil it."""
        return replace(model(request), fault=self.fault if stage_of(request) == self.stage else None)


@pytest.fixture(scope="module")
async def stages(library: Library, deps: Deps) -> AsyncIterator[Mapping[Stage, tuple[Spoiled, Session]]]:
    """Open a session for each stage, with a model that fails that stage alone."""
    async with AsyncExitStack() as stack:
        opened = {}
        for stage in get_args(Stage):
            spoiled = Spoiled(stage)
            session = await stack.enter_async_context(session_with(library, deps, spoiled))
            opened[stage] = (spoiled, session)
        yield opened


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name.lower())
async def test_no_fault_of_a_stage_costs_the_answer(
    stages: Mapping[Stage, tuple[Spoiled, Session]], fault: Fault
) -> None:
    """Whoever is asked in vain, planner, writer or judge: the answer cites its sources and is degraded.

    Without the planner a model still writes it, without the writer the local mode does; without the judge
    either may have to. All three at once, for waiting is most of it.
    """
    asked = []
    for spoiled, session in stages.values():
        spoiled.fault = fault
        asked.append(ask_all(session, [COMPOUND], seconds=BUDGET_SECONDS))
    made: dict[Stage, tuple[str, bool]] = {}
    for stage, (ending,) in zip(stages, await asyncio.gather(*asked), strict=True):
        assert_useful(ending)
        assert ending.answer is not None
        made[stage] = (ending.answer.mode, ending.answer.degraded)
    assert (made["planner"], made["writer"]) == (("llm", True), ("local", True))
    assert made["judge"][1]


async def test_every_question_is_answered_while_every_other_request_fails(
    library: Library, deps: Deps
) -> None:
    """All faults in turn, many questions at once: useful, in time, and true about their own making."""
    tally = Tally(in_turn(model))
    async with session_with(library, deps, tally) as session:
        questions = list(islice(cycle(QUESTIONS), 75))
        endings = await ask_all(session, questions, seconds=BUDGET_SECONDS, at_once=8)
    for ending in endings:
        assert_useful(ending)
    assert min(tally.faults[fault] for fault in Fault) >= 3
    modes = {(ending.answer.mode, ending.answer.degraded) for ending in endings if ending.answer}
    usual = {("llm", False), ("local", True)}
    assert usual <= modes <= {*usual, ("llm", True)}


async def test_a_dead_endpoint_is_left_alone_and_the_local_mode_answers(library: Library, deps: Deps) -> None:
    """The breaker of an installation opens, and nothing more is sent."""
    tally = Tally(always(Reply(fault=Fault.RESET)))
    async with session_with(library, deps, tally, breaker=Breaker()) as session:
        endings = await ask_all(session, QUESTIONS, seconds=BUDGET_SECONDS)
    for ending in endings:
        assert_useful(ending)
        assert ending.answer is not None
        assert (ending.answer.mode, ending.answer.degraded) == ("local", True)
        assert ending.answer.exit_reason == "model_unavailable"
    assert tally.replies < len(QUESTIONS)


def assert_useful(ending: Ending) -> None:
    """Fail with what is wrong with the end of a question."""
    assert ending.error is None
    assert not ending.hung, ending.question
    assert ending.flaws == [], ending.question
    assert ending.useful, (ending.question, ending.answer)
