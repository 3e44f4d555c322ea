"""One contract for the chat port, kept by the fake and by the real adapter over a loopback server."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import Literal, TypeAlias

import pytest
from pydantic import BaseModel

from tests.endpoint.server import Endpoint as Server
from tests.endpoint.server import Fault, Reply
from tests.fakes_chat import FakeChat
from tools.errors import BudgetExceeded, ModelError, ModelOutputError, ModelRefused, ModelUnavailable
from tools.metering import Budget, Meter
from tools.models.chat import OpenAIChat
from tools.models.endpoint import Endpoint
from tools.ports import Chat
from tools.types import Message, Prompt


class City(BaseModel):
    """A city."""

    name: str
    people: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A model, and how often it was asked."""

    chat: Chat
    times: Callable[[], int]


Trouble: TypeAlias = Literal["away", "refusing"]
Says: TypeAlias = Callable[[str | Trouble], Asked]
ERRORS: dict[str, ModelError] = {"away": ModelUnavailable("away"), "refusing": ModelRefused("refusing")}
FAULTS: dict[str, Fault] = {"away": Fault.UNAVAILABLE, "refusing": Fault.UNAUTHORIZED}
PROMPT = Prompt(
    name="greet",
    messages=(Message(role="system", text="Be brief."), Message(role="user", text="Say hello.")),
)


@pytest.fixture(params=["fake", "over HTTP"])
async def model(request: pytest.FixtureRequest) -> AsyncIterator[Says]:
    """Make a model that always says the same, or always has the same trouble."""
    async with AsyncExitStack() as stack:

        def fake(says: str) -> Asked:
            reply = ERRORS.get(says, says)
            chat = FakeChat(lambda _prompt: reply, available=ERRORS.get(says))
            return Asked(chat, lambda: len(chat.prompts))

        def real(says: str) -> Asked:
            fault = FAULTS.get(says)
            reply = Reply(says, fault=fault, chunk_characters=4)
            server = stack.enter_context(Server(lambda _request: reply, others=lambda _request: reply))
            endpoint = Endpoint(
                base_url=server.base_url, timeout_seconds=5, attempts=2, backoff_seconds=0.001
            )
            stack.push_async_callback(endpoint.close)
            return Asked(OpenAIChat("test-model", endpoint=endpoint), lambda: len(server.requests))

        yield fake if request.param == "fake" else real


async def test_a_text_is_the_whole_reply(model: Says) -> None:
    """Word for word."""
    assert await model("Hello, you there.").chat.text(PROMPT, meter=Meter()) == "Hello, you there."


async def test_the_pieces_of_a_stream_make_the_reply(model: Says) -> None:
    """More than one piece, and none is empty."""
    pieces = [piece async for piece in model("Hello, you there.").chat.stream(PROMPT, meter=Meter())]
    assert "".join(pieces) == "Hello, you there."
    assert len(pieces) > 1
    assert all(pieces)


async def test_a_typed_reply_is_an_object_of_the_form(model: Says) -> None:
    """With the form's defaults."""
    reply = await model('{"name": "Ulm"}').chat.typed(PROMPT, City, meter=Meter())
    assert reply == City(name="Ulm")


@pytest.mark.parametrize("says", ['{"people": 3}', '{"name": "Ul', "Certainly! It is Ulm."])
async def test_a_reply_of_another_form_is_an_error(model: Says, says: str) -> None:
    """Other fields, JSON that is not complete, or prose."""
    meter = Meter()
    with pytest.raises(ModelOutputError):
        await model(says).chat.typed(PROMPT, City, meter=meter)
    assert [call.error for call in meter.calls] == ["ModelOutputError"]


@pytest.mark.parametrize("says", ["", "  \n"])
async def test_an_empty_reply_is_an_error(model: Says, says: str) -> None:
    """For a text as for a stream."""
    asked = model(says)
    with pytest.raises(ModelOutputError):
        await asked.chat.text(PROMPT, meter=Meter())
    with pytest.raises(ModelOutputError):
        [piece async for piece in asked.chat.stream(PROMPT, meter=Meter())]


async def test_every_call_is_written_down(model: Says) -> None:
    """With its prompt, its model, its times and its tokens."""
    meter, asked = Meter(), model('{"name": "Ulm"}')
    await asked.chat.text(PROMPT, meter=meter)
    [piece async for piece in asked.chat.stream(PROMPT, meter=meter)]
    await asked.chat.typed(PROMPT, City, meter=meter)
    assert len(meter.calls) == asked.times() == meter.sequential_calls == 3
    for call in meter.calls:
        assert (call.prompt, call.prompt_hash, call.model) == ("greet", PROMPT.hash, asked.chat.name)
        assert call.attempts == 1
        assert call.input_tokens > 0
        assert call.output_tokens > 0
        assert call.error is None
        assert 0 <= call.started <= call.ended


@pytest.mark.parametrize(
    ("budget", "limit"),
    [
        pytest.param(Budget(model_calls=0), "model_calls", id="no calls left"),
        pytest.param(Budget(tokens=3), "tokens", id="no tokens left"),
        pytest.param(Budget(seconds=0), "seconds", id="no time left"),
    ],
)
async def test_a_call_beyond_the_budget_is_not_made(model: Says, budget: Budget, limit: str) -> None:
    """Whatever the method; the meter remembers why."""
    meter, asked = Meter(budget=budget), model("Hello.")
    with pytest.raises(BudgetExceeded):
        await asked.chat.text(PROMPT, meter=meter)
    with pytest.raises(BudgetExceeded):
        await asked.chat.typed(PROMPT, City, meter=meter)
    with pytest.raises(BudgetExceeded):
        [piece async for piece in asked.chat.stream(PROMPT, meter=meter)]
    assert asked.times() == 0
    assert meter.calls == []
    assert meter.exceeded == limit


async def test_what_an_answer_can_do_without_is_refused_first(model: Says) -> None:
    """The last call is kept for the answer itself."""
    meter, asked = Meter(budget=Budget(model_calls=1)), model('{"name": "Ulm"}')
    with pytest.raises(BudgetExceeded):
        await asked.chat.typed(PROMPT, City, meter=meter, optional=True)
    assert asked.times() == 0
    assert await asked.chat.typed(PROMPT, City, meter=meter) == City(name="Ulm")


@pytest.mark.parametrize("trouble", ["away", "refusing"])
async def test_trouble_is_an_error_of_its_own_class(model: Says, trouble: Trouble) -> None:
    """For every method; what failed is written down too."""
    chat, meter, expected = model(trouble).chat, Meter(), type(ERRORS[trouble])
    with pytest.raises(expected):
        await chat.text(PROMPT, meter=meter)
    with pytest.raises(expected):
        await chat.typed(PROMPT, City, meter=meter)
    with pytest.raises(expected):
        await chat.ping()
    assert [call.error for call in meter.calls] == [expected.__name__] * 2


async def test_a_stream_fails_as_a_text_does(model: Says) -> None:
    """Before its first piece."""
    with pytest.raises(ModelUnavailable):
        [piece async for piece in model("away").chat.stream(PROMPT, meter=Meter())]


async def test_a_stream_may_be_left_early(model: Says) -> None:
    """The call ends with it, and is written down."""
    meter, asked = Meter(), model("Hello, you there.")
    async with aclosing(asked.chat.stream(PROMPT, meter=meter)) as stream:
        first = await anext(stream)
    assert "Hello, you there.".startswith(first)
    assert meter.calls[0].ended >= meter.calls[0].started
    assert meter.calls[0].output_tokens > 0
    assert await asked.chat.text(PROMPT, meter=meter) == "Hello, you there."


async def test_a_ping_that_works_says_nothing(model: Says) -> None:
    """And is not a call of any question."""
    assert await model("Hello.").chat.ping() is None  # type: ignore[func-returns-value]  # that is the point
