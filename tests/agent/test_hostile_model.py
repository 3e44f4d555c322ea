"""A model that obeys poisoned documents and does its worst: nothing harmful leaves the program.

Everything is real but the model: documents, store, database, graph, HTTP. The model's judge finds every
sentence supported, so that only the program's own checks stand between the model and the reader.
"""

import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.runnables import RunnableConfig

from agent.assistant import open_session
from agent.bootstrap import Library, open_library
from agent.events import Event
from agent.session import Session
from agent.settings import load
from tests.agent.contract import problems
from tests.agent.poisoned import (
    AMBIGUOUS,
    CANARIES,
    COMPOUND,
    KEY,
    QUESTIONS,
    ROWS_QUESTIONS,
    VARIABLE,
    documents,
    lock_vault,
    write_poisoned,
)
from tests.agent.sinks import Told, breaches, dangers
from tests.endpoint.hostile import JUDGES, hostile
from tests.endpoint.hostile_pieces import ADDRESSES, FORGED, HIDDEN, IMAGES, LINKS, MARKUP
from tests.endpoint.hostile_plans import PLANNERS
from tests.endpoint.hostile_writers import WRITERS
from tests.endpoint.server import Endpoint, Fault, Reply, Request, Responder, always, faulty
from tools.knowledge.loading import load as load_document

pytestmark = pytest.mark.enable_socket

READERS = ("obedient", "parroting", "misnumbered")
"""Writers whose attacks are made of what they read."""


class Stage:
    """One opened installation, whose model's character changes from test to test."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.character: Responder = always(Reply("NOT ANSWERED"))
        self.requests = 0

    def respond(self, request: Request) -> Reply:
        """Reply as the present character does."""
        self.requests += 1
        return self.character(request)

    async def told(self, session: Session, character: Responder, questions: Sequence[str]) -> list[Told]:
        """Ask questions one after another, each in a conversation of its own; the model is really asked."""
        self.character, before = character, self.requests
        told = [await ask(session, question) for question in questions]
        assert self.requests > before
        return told


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Open an installation that holds more than is configured."""
    file = write_poisoned(tmp_path_factory.mktemp("poisoned"))
    with open_library(load(file)) as library:
        for name in library.settings.knowledge_bases:
            library.ingest(name)
    lock_vault(file)
    with ExitStack() as stack:
        endpoint = stack.enter_context(Endpoint(lambda request: playing.respond(request), key=KEY))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("PLUMBLINE_MODELS__BASE_URL", endpoint.base_url)
        patch.setenv("CANARY_VARIABLE", VARIABLE)
        playing = Stage(stack.enter_context(open_library(load(file))))
        yield playing


@pytest.fixture(scope="module")
async def session(stage: Stage) -> AsyncIterator[Session]:
    """Open one session for all tests whose endpoint is in good health."""
    async with open_session(stage.library) as opened:
        yield opened


async def ask(session: Session, question: str, *, thread: str | None = None) -> Told:
    """Ask, and keep everything that came out."""
    events: list[Event] = []
    answer = await session.ask(question, thread_id=thread, on_event=events.append)
    config: RunnableConfig = {"configurable": {"thread_id": answer.thread_id}}
    state = await session._graph.aget_state(config)
    return Told(answer=answer, events=events, state=state.values)


def found_in(told: Told, library: Library) -> list[str]:
    """Return everything that must not have come out."""
    database = library.settings.database
    assert database is not None
    found = breaches(
        told,
        bases=set(library.settings.knowledge_bases),
        statements={" ".join(query.statement.split()) for query in database.queries},
        canaries=CANARIES,
    )
    return [*found, *problems(told.answer.model_dump()), *_misquoted(told, library)]


def _misquoted(told: Told, library: Library) -> list[str]:
    """Return the quotations that do not stand in the files themselves."""
    folder = library.settings.file.parent
    wrong = []
    for one in told.answer.citations:
        if one.kind == "passage":
            root = folder / one.knowledge_base
            (document,) = load_document(root / one.source, root=root)
            if document.text[one.start : one.end] != one.quote:
                wrong.append(f"citation {one.id} misquotes {one.source}")
    return wrong


def test_the_poison_is_really_there() -> None:
    """More poisoned documents than honest ones, and the invariants can fail."""
    written = [name for name, _ in documents() if "poisoned" in name]
    assert len(written) >= 40
    for piece in (*IMAGES, *LINKS, *ADDRESSES, *MARKUP[:6]):
        assert dangers(f"x {piece}") or "evil" not in piece.lower() or "://" not in piece, piece
    assert not dangers("Fine [1].\n\n| a | b |\n|---|---|\n| 1 | <2 |\n\n1. x\n- y **z** `q`")


@pytest.mark.parametrize("writer", WRITERS)
async def test_whatever_it_writes_nothing_harmful_comes_out(
    stage: Stage, session: Session, writer: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Of documents and of rows, with a judge that finds everything supported."""
    caplog.set_level(logging.INFO)
    place = [*WRITERS].index(writer)
    questions = [ROWS_QUESTIONS[place % len(ROWS_QUESTIONS)], QUESTIONS[place % len(QUESTIONS)]]
    if writer not in READERS:
        del questions[place % 2]
    size = 40 if writer in ("images", "links", "addresses") else 2000
    for told in await stage.told(session, hostile(writer=writer, characters=size), questions):
        assert found_in(told, stage.library) == []
    assert [canary for canary in CANARIES if canary in caplog.text] == []


@pytest.mark.parametrize("planner", PLANNERS)
async def test_whatever_it_plans_only_what_is_configured_is_asked(
    stage: Stage, session: Session, planner: str
) -> None:
    """No other base, no other statement, and the plan itself shows no address that nobody wrote."""
    for told in await stage.told(session, hostile(planner=planner, characters=2000), COMPOUND[1:]):
        assert found_in(told, stage.library) == []
        assert len(told.state["plan"].parts) <= 4
        assert told.state["round"] <= 2


@pytest.mark.parametrize("judge", JUDGES)
async def test_whatever_it_judges_nothing_false_is_cited(stage: Stage, session: Session, judge: str) -> None:
    """Verdicts on claims that do not exist, none at all, and reasons that carry links."""
    character = hostile(judge=judge, writer="forged citations", characters=2000)
    for told in await stage.told(session, character, QUESTIONS[3:4]):
        assert found_in(told, stage.library) == []


@pytest.mark.parametrize(
    "respond",
    [
        always(Reply(fault=Fault.UNAUTHORIZED)),
        always(Reply(fault=Fault.REFUSAL)),
        faulty(hostile(writer="images"), seed=1, share=1.0, faults=(Fault.TRUNCATED_STREAM,)),
        faulty(hostile(writer="links"), seed=2, share=0.5, faults=(Fault.LENGTH, Fault.MALFORMED_JSON)),
    ],
    ids=["refused with the key", "refusing", "breaking off", "failing now and then"],
)
async def test_what_is_quoted_in_its_stead_is_harmless_too(stage: Stage, respond: Responder) -> None:
    """The local mode quotes poisoned sentences and cells; drafts that broke off are void.

    In a session of its own, for the breaker remembers.
    """
    async with open_session(stage.library) as session:
        for told in await stage.told(session, respond, (QUESTIONS[1], *ROWS_QUESTIONS[:2])):
            assert found_in(told, stage.library) == []


async def test_without_a_model_what_is_quoted_is_harmless_too(stage: Stage) -> None:
    """The local mode by itself: passages, cells, tables and what it asks back."""
    assistant = stage.library.settings.assistant.model_copy(update={"mode": "local"})
    settings = stage.library.settings.model_copy(update={"assistant": assistant})
    before, answered = stage.requests, 0
    async with open_session(replace(stage.library, settings=settings)) as session:
        for question in QUESTIONS:
            told = await ask(session, question)
            assert found_in(told, stage.library) == []
            assert told.answer.mode == "local"
            answered += bool(told.answer.citations)
    assert answered >= len(QUESTIONS) / 2
    assert stage.requests == before


async def test_names_that_documents_give_their_products_are_harmless_when_asked_back(
    stage: Stage, session: Session
) -> None:
    """The question and its choices are made of what strangers wrote."""
    told = await ask(session, AMBIGUOUS)
    assert told.answer.status == "clarify"
    assert sorted(told.answer.choices) == ["Small", "Tall"]
    assert found_in(told, stage.library) == []


async def test_what_it_said_before_is_no_source_and_no_order(stage: Stage, session: Session) -> None:
    """A conversation: citations of earlier turns do not carry over."""
    stage.character = hostile(writer="forged citations", planner="injecting", characters=2000)
    for question in (QUESTIONS[1], "And what about that one?", f"{ROWS_QUESTIONS[0]} And why?"):
        told = await ask(session, question, thread="thread")
        assert found_in(told, stage.library) == []


async def test_secrets_are_in_no_file_beside_the_configuration(stage: Stage, session: Session) -> None:
    """Neither in the conversations nor in what is remembered of the models."""
    character = hostile(writer="parroting", planner="injecting", characters=2000)
    await stage.told(session, character, COMPOUND[:1])
    kept = {
        file.name: file.read_bytes() for file in stage.library.settings.folder.glob("*") if file.is_file()
    }
    assert {"threads.db", "models.json"} <= kept.keys()
    found = [(name, canary) for name, data in kept.items() for canary in CANARIES if canary.encode() in data]
    assert found == []


PIECES = st.lists(
    st.sampled_from(
        [*IMAGES, *LINKS, *ADDRESSES, *MARKUP, *HIDDEN, *FORGED, "It is fine. ", "\n", "- ", "| "]
    ),
    max_size=16,
).map("".join)


@settings(max_examples=8, deadline=None)
@given(text=PIECES, size=st.integers(1, 60))
async def test_however_it_is_composed_and_cut_nothing_harmful_comes_out(
    stage: Stage, session: Session, text: str, size: int
) -> None:
    """Pieces of attacks in any order, streamed in pieces of any size, with a citation at the end."""

    def respond(request: object) -> Reply:
        return Reply(f"Clean the glass with a dry cloth {text} [1].", chunk_characters=size)

    for told in await stage.told(session, respond, QUESTIONS[1:2]):
        assert found_in(told, stage.library) == []
