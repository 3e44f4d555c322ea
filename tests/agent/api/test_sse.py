"""Server-sent events on the wire: encoding, signs of life, and followers that go away."""

import asyncio
import json
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from agent.answer import Answer, PassageQuote, RouteTaken, Timings
from agent.api.sse import RETRY_MILLISECONDS, EventStream, encode, encoded, wants_events
from agent.events import Answered, Cited, Done, Event, RunStarted, Token
from agent.storage.records import Told
from tests.agent.api.serving import serving

QUOTE = PassageQuote(
    id=1,
    knowledge_base="guides",
    source="kettle.md",
    title="Kettle",
    section="Use",
    quote="It boils.",
    start=0,
    end=9,
)
ANSWER = Answer(
    answer="It **boils**. [1]",
    status="answered",
    citations=[QUOTE],
    route=RouteTaken(category="guides", knowledge_bases={"guides": 1.0}, database=0.0, in_scope=1.0),
    queries=["boil"],
    faithfulness=1.0,
    mode="local",
    degraded=False,
    notes=[],
    exit_reason="completed",
    timings_ms=Timings(total=1.0, first_token=None, nodes={}),
    thread_id="t",
    run_id="r",
)


def told(event: Event, sequence: int = 1) -> Told:
    return Told(run_id="r", sequence=sequence, event=event)


async def every(*events: Event) -> AsyncGenerator[Told]:
    for sequence, event in enumerate(events, start=1):
        yield told(event, sequence)


def data_of(sent: bytes) -> object:
    """Return what the data of one event says."""
    lines = [line for line in sent.decode().split("\n") if line.startswith("data: ")]
    return json.loads(lines[0].removeprefix("data: ")) if len(lines) == 1 else lines


def test_an_event_carries_its_place_its_name_and_its_json() -> None:
    """The name is not repeated in the data."""
    assert encode(told(RunStarted(run_id="r", thread_id="t"), 7)) == (
        b'event: run_started\ndata: {"run_id":"r","thread_id":"t"}\nid: 7\n\n'
    )


def test_an_answer_is_the_object_of_the_contract_with_its_html() -> None:
    """Nothing is wrapped around it."""
    sent = data_of(encode(told(Answered(answer=ANSWER))))
    assert isinstance(sent, dict)
    assert sent.pop("html") == '<p>It <strong>boils</strong>. <span data-citation="1">[1]</span></p>\n'
    assert Answer.model_validate(sent) == ANSWER


def test_a_citation_is_the_object_itself() -> None:
    """As it is in the answer."""
    assert data_of(encode(told(Cited(citation=QUOTE)))) == QUOTE.model_dump()


async def test_the_first_event_tells_when_to_connect_again() -> None:
    """Once is enough."""
    sent = [one async for one in encoded(every(Token(text="a"), Done(status="completed")))]
    assert [f"retry: {RETRY_MILLISECONDS}\n".encode() in one for one in sent] == [True, False]


@given(st.text())
def test_no_text_breaks_out_of_its_event(text: str) -> None:
    """Line ends of every kind are inside the JSON."""
    assert data_of(encode(told(Token(text=text)))) == {"text": text, "restart": False}


@pytest.mark.parametrize(
    ("accept", "events"),
    [
        ("text/event-stream", True),
        ("application/json, TEXT/Event-Stream;q=0.5", True),
        ("application/json", False),
        ("*/*", False),
        ("text/event-streams", False),
    ],
)
def test_events_are_sent_to_who_names_them(accept: str, *, events: bool) -> None:
    """Anything else is the JSON of the answer."""
    assert wants_events(accept) is events


async def test_silence_is_broken_by_comments() -> None:
    """A proxy or a client that hears nothing takes a connection for dead."""
    heard = asyncio.Event()

    async def slow() -> AsyncGenerator[bytes]:
        yield encode(told(Token(text="a")))
        await heard.wait()
        yield encode(told(Done(status="completed"), 2))

    async def endpoint(_: Request) -> EventStream:
        return EventStream(slow(), heartbeat_seconds=0.01)

    async with (
        serving(Starlette(routes=[Route("/", endpoint)])) as client,
        client.stream("GET", "/") as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        names = []
        async for line in response.aiter_lines():
            if line.startswith(": "):
                heard.set()
            elif line.startswith("event: "):
                names.append(line)
    assert names == ["event: token", "event: done"]


async def test_who_goes_away_is_let_go() -> None:
    """The events are closed, so that nothing is kept for a connection that is gone."""
    closed = asyncio.Event()

    async def endless() -> AsyncGenerator[bytes]:
        try:
            while True:
                yield encode(told(Token(text="a")))
                await asyncio.sleep(0.001)
        finally:
            closed.set()

    async def endpoint(_: Request) -> EventStream:
        return EventStream(endless())

    async with serving(Starlette(routes=[Route("/", endpoint)])) as client:
        async with client.stream("GET", "/") as response:
            await anext(response.aiter_lines())
        async with asyncio.timeout(10):
            await closed.wait()
