"""The chat adapter over real HTTP: every fault, retries, deadlines, cancellation and the record."""

import asyncio
from collections.abc import Iterable
from contextlib import aclosing
from typing import Literal, TypeAlias

import pytest
from pydantic import BaseModel, SecretStr

from tests.endpoint.server import TELLTALE, Fault, Reply, Usage, always
from tests.endpoint.server import Endpoint as Server
from tools.errors import BudgetExceeded, ModelError, ModelOutputError, ModelRefused, ModelUnavailable
from tools.metering import Budget, Meter
from tools.models.breaker import Breaker
from tools.models.chat import OpenAIChat
from tools.models.endpoint import Endpoint
from tools.models.pricing import Price
from tools.types import Message, Prompt

Way: TypeAlias = Literal["text", "stream", "typed"]
WAYS: tuple[Way, ...] = ("text", "typed", "stream")
KEY = "sk-never-to-be-seen"
PROMPT = Prompt(name="write", messages=(Message(role="user", text="Where is the cathedral?"),))
CITY = '{"name": "Ulm on the Danube", "people": 129000}'

REFUSED = {
    Fault.UNAUTHORIZED,
    Fault.UNKNOWN_MODEL,
    Fault.CONTEXT_TOO_LONG,
    Fault.CONTENT_FILTER,
    Fault.REFUSAL,
}
SPOILED = {Fault.NULL_CONTENT, Fault.EMPTY_CONTENT, Fault.LENGTH}
FOR_TYPED_ONLY = {Fault.WRONG_SCHEMA, Fault.PROSE}
USELESS_AGAIN = REFUSED | {Fault.LENGTH, Fault.QUOTA_USED_UP}
AFTER_THE_FIRST_PIECE = {
    Fault.RESET_MIDWAY,
    Fault.TRUNCATED_BODY,
    Fault.TRUNCATED_STREAM,
    Fault.CUT_LINE,
    Fault.STALLED,
    Fault.DRIP,
    Fault.MALFORMED_JSON,
    Fault.ERROR_OBJECT,
}


class City(BaseModel):
    """A city."""

    name: str
    people: int


def opened(server: Server, **options: object) -> Endpoint:
    """Open the server's endpoint, impatient."""
    settings = {"timeout_seconds": 5.0, "attempts": 2, "backoff_seconds": 0.001} | options
    return Endpoint(base_url=server.base_url, key=SecretStr(KEY), **settings)  # type: ignore[arg-type]  # any of its options


async def ask(chat: OpenAIChat, way: Way, meter: Meter) -> str:
    """Ask in one of the three ways."""
    if way == "typed":
        return (await chat.typed(PROMPT, City, meter=meter)).name
    if way == "text":
        return await chat.text(PROMPT, meter=meter)
    return "".join([piece async for piece in chat.stream(PROMPT, meter=meter)])


def expected(fault: Fault, way: Way) -> type[ModelError]:
    """Return what a fault that lasts ends in."""
    if fault in REFUSED:
        return ModelRefused
    if fault in SPOILED | FOR_TYPED_ONLY or (fault is Fault.EMPTY_CHOICES and way != "stream"):
        return ModelOutputError
    return ModelUnavailable


@pytest.mark.parametrize("fault", Fault)
async def test_a_fault_that_lasts_ends_in_the_right_error(fault: Fault) -> None:
    """In our words, with the cause chained; what is wrong with JSON does no harm to a text."""
    reply = Reply(CITY, fault=fault, retry_after_seconds=0.01)
    with Server(always(reply)) as server:
        async with opened(server, timeout_seconds=0.15, breaker=Breaker(threshold=9)) as endpoint:
            chat = OpenAIChat("test-model", endpoint=endpoint)
            for way in WAYS:
                meter = Meter()
                if fault in FOR_TYPED_ONLY and way != "typed":
                    assert await ask(chat, way, meter)
                    continue
                with pytest.raises(ModelError) as caught:
                    await ask(chat, way, meter)
                assert type(caught.value) is expected(fault, way)
                assert caught.value.__cause__ is not None
                for hidden in (TELLTALE, KEY, server.base_url, "test-model"):
                    assert hidden not in str(caught.value)
                assert [call.error for call in meter.calls] == [type(caught.value).__name__]


@pytest.mark.parametrize("fault", sorted(set(Fault) - USELESS_AGAIN - FOR_TYPED_ONLY))
async def test_a_fault_that_passes_is_overcome(fault: Fault) -> None:
    """By one more request of the same call, unless a part of the stream was handed on."""
    script = [Reply(CITY, fault=fault, retry_after_seconds=0.01), Reply(CITY)]
    with Server(lambda request: script[request.number % 2 == 0]) as server:
        async with opened(server, timeout_seconds=0.3) as endpoint:
            chat = OpenAIChat("test-model", endpoint=endpoint)
            for way in WAYS:
                meter = Meter()
                if way == "stream" and fault in AFTER_THE_FIRST_PIECE:
                    with pytest.raises(ModelUnavailable):
                        await ask(chat, way, meter)
                    assert [call.attempts for call in meter.calls] == [1]
                    continue
                said = await ask(chat, way, meter)
                assert said == ("Ulm on the Danube" if way == "typed" else CITY)
                assert [call.attempts for call in meter.calls] == [2]
                assert meter.calls[0].error is None


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", sorted(USELESS_AGAIN))
async def test_what_would_fail_again_is_not_sent_again(fault: Fault, way: Way) -> None:
    """The endpoint is asked once."""
    with Server(always(Reply(CITY, fault=fault))) as server:
        async with opened(server) as endpoint:
            with pytest.raises(ModelError):
                await ask(OpenAIChat("test-model", endpoint=endpoint), way, Meter())
        assert len(server.requests) == 1


@pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.RATE_LIMITED_DATE])
async def test_the_endpoint_says_how_long_to_wait(fault: Fault) -> None:
    """Our own wait of a minute would not fit into the question's time."""
    replies = [Reply(fault=fault, retry_after_seconds=0.02), Reply("Here.")]
    with Server(replies=replies) as server:
        async with opened(server, backoff_seconds=120.0) as endpoint:
            assert await ask(OpenAIChat("m", endpoint=endpoint), "text", Meter(budget=Budget(seconds=3)))


async def test_a_wait_beyond_the_questions_time_is_not_begun() -> None:
    """It fails after the one request, while there is time for something else."""
    meter = Meter(budget=Budget(seconds=30))
    with Server(always(Reply(fault=Fault.RATE_LIMITED, retry_after_seconds=1000))) as server:
        async with opened(server) as endpoint:
            with pytest.raises(ModelUnavailable):
                await ask(OpenAIChat("m", endpoint=endpoint), "text", meter)
        assert len(server.requests) == 1
    assert meter.seconds_for_models > 0


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", [Fault.NEVER, Fault.DRIP, Fault.STALLED])
async def test_the_questions_time_ends_every_call(fault: Fault, way: Way) -> None:
    """Although the endpoint's own timeout is far away."""
    meter = Meter(budget=Budget(seconds=0.3, reserve_seconds=0.1))
    with Server(always(Reply(CITY, fault=fault))) as server:
        async with opened(server, timeout_seconds=60.0) as endpoint:
            with pytest.raises(ModelUnavailable):
                await ask(OpenAIChat("m", endpoint=endpoint), way, meter)
    assert meter.calls[0].attempts == 1


@pytest.mark.parametrize("way", WAYS)
async def test_cancelling_closes_the_connection_and_frees_the_slot(way: Way) -> None:
    """The endpoint sees its client go, and the next call gets through."""
    meter = Meter()
    replies = [Reply(fault=Fault.NEVER), Reply(CITY)]
    with Server(replies=replies) as server:
        async with opened(server, concurrency=1) as endpoint:
            chat = OpenAIChat("m", endpoint=endpoint)
            task = asyncio.create_task(ask(chat, way, meter))
            await asyncio.to_thread(server.wait_until, lambda server: server.in_progress == 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.to_thread(server.wait_until, lambda server: server.disconnected == 1)
            assert await ask(chat, way, meter)
    assert [call.error for call in meter.calls] == ["CancelledError", None]


async def test_leaving_a_stream_closes_the_connection_and_frees_the_slot() -> None:
    """Also when the rest never ends."""
    replies = [Reply(fault=Fault.DRIP), Reply("Here.")]
    with Server(replies=replies) as server:
        async with opened(server, concurrency=1) as endpoint:
            chat = OpenAIChat("m", endpoint=endpoint)
            async with aclosing(chat.stream(PROMPT, meter=Meter())) as stream:
                assert await anext(stream)
            await asyncio.to_thread(server.wait_until, lambda server: server.disconnected == 1)
            assert await ask(chat, "text", Meter()) == "Here."


async def test_no_more_calls_than_allowed_are_under_way() -> None:
    """The others wait for their turn."""
    with Server(always(Reply("Here.", delay_seconds=0.02))) as server:
        async with opened(server, concurrency=2) as endpoint:
            chat = OpenAIChat("m", endpoint=endpoint)
            async with asyncio.TaskGroup() as group:
                for _ in range(7):
                    group.create_task(ask(chat, "text", Meter()))
        assert server.most_in_progress == 2
        assert len(server.requests) == 7


async def test_a_call_that_gets_no_slot_in_time_sends_nothing() -> None:
    """And costs nothing; the breaker does not count it."""
    with Server(always(Reply(fault=Fault.NEVER))) as server:
        async with opened(server, concurrency=1, breaker=Breaker(threshold=1)) as endpoint:
            chat = OpenAIChat("m", endpoint=endpoint)
            first = asyncio.create_task(ask(chat, "text", Meter()))
            await asyncio.to_thread(server.wait_until, lambda server: server.in_progress == 1)
            meter = Meter(budget=Budget(seconds=0.3, reserve_seconds=0))
            with pytest.raises(ModelUnavailable, match="taken"):
                await ask(chat, "text", meter)
            endpoint.breaker.check()
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
        assert len(server.requests) == 1
    assert (meter.calls[0].attempts, meter.tokens) == (0, 0)


@pytest.mark.parametrize("way", WAYS)
async def test_a_dead_endpoint_is_not_asked_again_until_it_cooled_down(way: Way) -> None:
    """Then one call finds out that it is back."""
    clock = [0.0]
    replies: Iterable[Reply] = [Reply(CITY, fault=Fault.UNAVAILABLE)] * 2 + [Reply(CITY)] * 2
    with Server(replies=replies) as server:
        breaker = Breaker(threshold=2, now=lambda: clock[0])
        async with opened(server, attempts=1, breaker=breaker) as endpoint:
            chat = OpenAIChat("m", endpoint=endpoint)
            for _ in range(4):
                with pytest.raises(ModelUnavailable):
                    await ask(chat, way, Meter())
            assert len(server.requests) == 2
            clock[0] = 15.0
            assert await ask(chat, way, Meter())
            assert await ask(chat, way, Meter())
        assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("fault", "opens"),
    [
        pytest.param(Fault.UNAUTHORIZED, True, id="a wrong key"),
        pytest.param(Fault.UNKNOWN_MODEL, True, id="an unknown model"),
        pytest.param(Fault.LENGTH, False, id="a reply that is too long"),
        pytest.param(Fault.CONTEXT_TOO_LONG, False, id="a prompt that is too long"),
        pytest.param(Fault.CONTENT_FILTER, False, id="a content filter"),
    ],
)
async def test_only_what_speaks_against_the_endpoint_opens_the_breaker(fault: Fault, opens: bool) -> None:
    """One question that goes wrong is no reason to leave the others without a model."""
    with Server(always(Reply("Here it is.", fault=fault))) as server:
        async with opened(server, breaker=Breaker(threshold=1)) as endpoint:
            for _ in range(2):
                with pytest.raises(ModelError):
                    await ask(OpenAIChat("m", endpoint=endpoint), "text", Meter())
        assert len(server.requests) == (1 if opens else 2)


async def test_a_cancelled_probe_leaves_the_way_to_the_next() -> None:
    """It says nothing about the endpoint."""
    clock = [0.0]
    replies = [Reply(fault=Fault.UNAVAILABLE), Reply(fault=Fault.NEVER), Reply("Here.")]
    with Server(replies=replies) as server:
        breaker = Breaker(threshold=1, now=lambda: clock[0])
        async with opened(server, attempts=1, breaker=breaker) as endpoint:
            chat = OpenAIChat("m", endpoint=endpoint)
            with pytest.raises(ModelUnavailable):
                await ask(chat, "text", Meter())
            clock[0] = 20.0
            probe = asyncio.create_task(ask(chat, "text", Meter()))
            await asyncio.to_thread(server.wait_until, lambda server: server.in_progress == 1)
            probe.cancel()
            with pytest.raises(asyncio.CancelledError):
                await probe
            assert await ask(chat, "text", Meter()) == "Here."


@pytest.mark.parametrize("way", WAYS)
async def test_usage_and_cost_are_those_the_endpoint_reports(way: Way) -> None:
    """Cached input has a price of its own."""
    meter, usage = Meter(), Usage(input_tokens=1000, cached_tokens=400, output_tokens=50)
    with Server(always(Reply(CITY, usage=usage))) as server:
        async with opened(server) as endpoint:
            price = Price(input=2.0, output=8.0, cached_input=0.5)
            await ask(OpenAIChat("m", endpoint=endpoint, price=price), way, meter)
    (call,) = meter.calls
    assert (call.input_tokens, call.cached_tokens, call.output_tokens) == (1000, 400, 50)
    assert call.cost_usd == pytest.approx((600 * 2 + 400 * 0.5 + 50 * 8) / 1e6)
    assert not call.estimated


@pytest.mark.parametrize("way", WAYS)
async def test_usage_is_estimated_when_the_endpoint_is_silent(way: Way) -> None:
    """And marked so."""
    meter = Meter()
    with Server(always(Reply(CITY, usage=None))) as server:
        async with opened(server) as endpoint:
            await ask(OpenAIChat("m", endpoint=endpoint), way, meter)
    assert meter.calls[0].estimated
    assert meter.calls[0].input_tokens > 0
    assert meter.calls[0].output_tokens == pytest.approx(len(CITY) / 3, abs=1)


async def test_a_failed_stream_costs_what_was_written() -> None:
    """Estimated, because the endpoint did not come to say."""
    meter = Meter()
    with Server(always(Reply(CITY, fault=Fault.RESET_MIDWAY))) as server:
        async with opened(server) as endpoint:
            with pytest.raises(ModelUnavailable):
                await ask(OpenAIChat("m", endpoint=endpoint), "stream", meter)
    assert meter.calls[0].estimated
    assert 0 < meter.calls[0].output_tokens < len(CITY)


async def test_calls_side_by_side_cannot_spend_the_same_tokens() -> None:
    """While a call is under way, it counts with the most it may use."""
    meter = Meter(budget=Budget(tokens=250))
    with Server(always(Reply("Here.", delay_seconds=0.05))) as server:
        async with opened(server) as endpoint:
            chat = OpenAIChat("m", endpoint=endpoint, output_tokens=150)
            results = await asyncio.gather(
                *(ask(chat, "text", meter) for _ in range(3)), return_exceptions=True
            )
        assert len(server.requests) < 3
    assert results[0] == "Here."
    assert any(isinstance(result, BudgetExceeded) for result in results)


async def test_the_longest_reply_is_lowered_to_what_the_budget_leaves() -> None:
    """And a budget that leaves no useful reply refuses the call."""
    with Server() as server:
        async with opened(server) as endpoint:
            chat = OpenAIChat("m", endpoint=endpoint, output_tokens=1000)
            await ask(chat, "text", Meter(budget=Budget(tokens=300)))
            with pytest.raises(BudgetExceeded):
                await ask(chat, "text", Meter(budget=Budget(tokens=40)))
        assert 64 <= server.requests[0].body["max_tokens"] < 300


async def test_money_is_admitted_at_its_worst() -> None:
    """A reply of full length would cost more than there is."""
    with Server() as server:
        async with opened(server) as endpoint:
            chat = OpenAIChat("m", endpoint=endpoint, output_tokens=1000, price=Price(output=10.0))
            with pytest.raises(BudgetExceeded):
                await ask(chat, "text", Meter(budget=Budget(usd=0.009)))
            assert await ask(chat, "text", Meter(budget=Budget(usd=0.011)))


async def test_a_request_says_no_more_than_configured() -> None:
    """No temperature, no sampling, no names, unless asked for."""
    with Server() as server:
        async with opened(server) as endpoint:
            await ask(OpenAIChat("m", endpoint=endpoint), "text", Meter())
            await ask(OpenAIChat("m", endpoint=endpoint, temperature=0.2), "text", Meter())
        plain, warm = server.requests
    assert set(plain.body) == {"model", "messages", "max_tokens", "stream"}
    assert warm.body["temperature"] == 0.2
    assert plain.headers["authorization"] == f"Bearer {KEY}"


async def test_an_endpoint_that_declines_to_report_a_streams_usage_is_asked_without() -> None:
    """Once found out, it is remembered."""
    meter = Meter()
    abilities: Iterable[Literal["json_schema"]] = ["json_schema"]
    with Server(abilities=abilities) as server:
        async with opened(server) as endpoint:
            chat = OpenAIChat("m", endpoint=endpoint)
            await ask(chat, "stream", meter)
            await ask(OpenAIChat("m", endpoint=endpoint), "stream", meter)
        assert [request.wants_usage for request in server.requests] == [True, False, False]
    assert [call.attempts for call in meter.calls] == [2, 1]
    assert all(call.estimated for call in meter.calls)
