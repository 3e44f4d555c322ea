"""Replies, the record of requests and the life of the endpoint, proved with the real client."""

import asyncio
import gc
import threading
from typing import Any

import httpx2
import openai
import pytest

from tests.endpoint.asking import (
    BODY,
    FORCED,
    JSON_OBJECT,
    JSON_SCHEMA,
    JSON_TEXT,
    OFFERED,
    TOOL,
    WITH_USAGE,
    arguments_of,
    ask,
    client_of,
    collect,
    finish_of,
    text_of,
)
from tests.endpoint.server import Endpoint, Fault, Reply, Request, Usage, always

pytestmark = pytest.mark.enable_socket


async def test_a_reply_comes_whole_with_its_usage() -> None:
    """Text, finish reason and tokens arrive as scripted."""
    usage = Usage(input_tokens=7, cached_tokens=4, output_tokens=3)
    with Endpoint(replies=[Reply("A plumb line.", usage=usage)]) as endpoint:
        completion = await ask(endpoint)
    assert completion.choices[0].message.content == "A plumb line."
    assert completion.choices[0].finish_reason == "stop"
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (7, 3)
    assert completion.usage.prompt_tokens_details.cached_tokens == 4


async def test_a_stream_comes_in_the_scripted_pieces() -> None:
    """Each chunk is one event; a text is cut by size."""
    with Endpoint(
        replies=[Reply(chunks=("A ", "plumb", " line")), Reply("abcdef", chunk_characters=4)]
    ) as it:
        first: list[Any] = []
        second: list[Any] = []
        await collect(it, first)
        await collect(it, second)
    assert [chunk.choices[0].delta.content for chunk in first] == ["", "A ", "plumb", " line", None]
    assert [chunk.choices[0].delta.content for chunk in second] == ["", "abcd", "ef", None]
    assert finish_of(first) == ["stop"]


async def test_a_stream_tells_its_usage_only_when_asked() -> None:
    """The last chunk has no choices and the tokens."""
    with Endpoint(always(Reply("Hello.", usage=Usage(input_tokens=2, output_tokens=1)))) as endpoint:
        silent: list[Any] = []
        told: list[Any] = []
        await collect(endpoint, silent)
        await collect(endpoint, told, **WITH_USAGE)
    assert [chunk.usage for chunk in silent] == [None] * len(silent)
    assert told[-1].choices == []
    assert told[-1].usage.total_tokens == 3


async def test_a_reply_without_usage_says_none() -> None:
    """An endpoint may not count."""
    with Endpoint(always(Reply("Hello.", usage=None))) as endpoint:
        assert (await ask(endpoint)).usage is None
        chunks: list[Any] = []
        await collect(endpoint, chunks, **WITH_USAGE)
    assert all(chunk.usage is None for chunk in chunks)


@pytest.mark.parametrize("options", [JSON_SCHEMA, JSON_OBJECT], ids=["json_schema", "json_object"])
async def test_a_json_reply_is_content_when_a_format_is_asked(options: dict[str, Any]) -> None:
    """The scripted text is the content."""
    with Endpoint(always(Reply(JSON_TEXT))) as endpoint:
        message = (await ask(endpoint, **options)).choices[0].message
        chunks: list[Any] = []
        await collect(endpoint, chunks, **options)
    assert message.content == text_of(chunks) == JSON_TEXT
    assert not message.tool_calls
    assert {request.form for request in endpoint.requests} == {options["response_format"]["type"]}


@pytest.mark.parametrize("choice", [FORCED["tool_choice"], "required"], ids=["named", "required"])
async def test_a_json_reply_is_a_tool_call_when_a_tool_is_forced(choice: str | dict[str, Any]) -> None:
    """One script serves all typed methods."""
    with Endpoint(always(Reply(JSON_TEXT))) as endpoint:
        message = (await ask(endpoint, tools=[TOOL], tool_choice=choice)).choices[0].message
        chunks: list[Any] = []
        await collect(endpoint, chunks, tools=[TOOL], tool_choice=choice)
    assert message.tool_calls[0].function.name == "line"
    assert message.tool_calls[0].function.arguments == arguments_of(chunks) == JSON_TEXT
    assert message.content is None
    assert text_of(chunks) == ""
    assert finish_of(chunks) == ["stop"]


async def test_an_offered_tool_is_called_only_by_a_scripted_call() -> None:
    """A text stays a text; arguments make a call."""
    with Endpoint(replies=[Reply("No need."), Reply(arguments=JSON_TEXT)]) as endpoint:
        text = (await ask(endpoint, **OFFERED)).choices[0]
        call = (await ask(endpoint, **OFFERED)).choices[0]
    assert (text.message.content, text.message.tool_calls) == ("No need.", None)
    assert call.message.tool_calls[0].function.arguments == JSON_TEXT
    assert call.finish_reason == "tool_calls"


async def test_a_text_stays_content_against_a_forced_tool_when_told_so() -> None:
    """`as_asked=False` plays a model that does not obey."""
    with Endpoint(always(Reply("I would rather talk.", as_asked=False))) as endpoint:
        message = (await ask(endpoint, **FORCED)).choices[0].message
    assert (message.content, message.tool_calls) == ("I would rather talk.", None)


async def test_a_responder_sees_the_request_and_its_number() -> None:
    """What the client sent is what the responder and the record show."""

    def respond(request: Request) -> Reply:
        return Reply(f"{request.number} {request.model} {request.messages[0]['content']} {request.stream}")

    with Endpoint(respond) as endpoint:
        first = await ask(endpoint)
        chunks: list[Any] = []
        await collect(endpoint, chunks)
    assert first.choices[0].message.content == "1 any Hello? False"
    assert text_of(chunks) == "2 any Hello? True"
    assert [request.number for request in endpoint.requests] == [1, 2]
    assert endpoint.requests[0].headers["authorization"] == "Bearer some-key"


async def test_a_request_beyond_the_scripted_replies_fails_the_test() -> None:
    """The client loses its connection, and the block ends with the reason."""
    with (
        pytest.raises(AssertionError, match="script failed") as caught,
        Endpoint(replies=[]) as endpoint,
        pytest.raises(openai.APIConnectionError),
    ):
        await ask(endpoint)
    assert "more replies than were scripted" in str(caught.value.__cause__)


async def test_a_failed_script_does_not_hide_the_tests_own_failure() -> None:
    """The first failure goes on, with a note."""
    with pytest.raises(openai.APIConnectionError) as caught, Endpoint(replies=[]) as endpoint:
        await ask(endpoint)
    assert "more replies than were scripted" in caught.value.__notes__[0]


async def test_a_responder_and_a_queue_exclude_each_other() -> None:
    """Two sources of replies make no sense."""
    with pytest.raises(ValueError, match="not both"):
        Endpoint(always(Reply("a")), replies=[])


async def test_a_drip_goes_on_and_closing_the_client_ends_it() -> None:
    """The endpoint notices that the client went away in the middle of a reply."""
    with Endpoint(always(Reply("Hello.", fault=Fault.DRIP, drip_seconds=0.002))) as endpoint:
        async with client_of(endpoint) as client:
            stream = await client.chat.completions.create(**BODY, stream=True)
            pieces = [(await anext(stream)).choices[0].delta.content for _ in range(5)]
            assert endpoint.in_progress == 1
            await stream.close()
        await asyncio.to_thread(endpoint.wait_until, lambda it: it.disconnected == 1)
    assert pieces == ["", "0 ", "1 ", "2 ", "3 "]
    assert endpoint.in_progress == 0


async def test_a_whole_reply_drips_white_space() -> None:
    """Bytes keep coming, so no read timeout ever trips; only a limit on the whole helps."""
    with Endpoint(always(Reply("Hello.", fault=Fault.DRIP, drip_seconds=0.002))) as endpoint:
        address = f"{endpoint.base_url}/chat/completions"
        async with httpx2.AsyncClient(verify=False) as http, http.stream("POST", address, json=BODY) as reply:
            raw = reply.aiter_raw()
            received = [await anext(raw) for _ in range(5)]
        await asyncio.to_thread(endpoint.wait_until, lambda it: it.disconnected == 1)
    assert set(b"".join(received)) == set(b" ")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_never_answering_ends_by_the_clients_patience(stream: bool) -> None:
    """The client times out, and the endpoint notices that it went."""
    with Endpoint(always(Reply("Hello.", fault=Fault.NEVER))) as endpoint:
        with pytest.raises(openai.APITimeoutError):
            await ask(endpoint, stream=stream, seconds=0.05)
        await asyncio.to_thread(endpoint.wait_until, lambda it: it.disconnected == 1)


async def test_a_cancelled_request_is_a_disconnect() -> None:
    """Cancelling the task that asks closes the connection."""
    with Endpoint(always(Reply("Hello.", delay_seconds=60))) as endpoint:
        task = asyncio.create_task(ask(endpoint))
        await asyncio.to_thread(endpoint.wait_until, lambda it: len(it.requests) == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(endpoint.wait_until, lambda it: it.disconnected == 1)


async def test_a_stream_begins_before_it_ends() -> None:
    """The first piece comes while the second is still long to wait for."""
    with Endpoint(always(Reply(chunks=("a", "b"), chunk_delay_seconds=60))) as endpoint:
        async with client_of(endpoint) as client:
            stream = await client.chat.completions.create(**BODY, stream=True)
            assert [(await anext(stream)).choices[0].delta.content for _ in range(2)] == ["", "a"]
            await stream.close()


async def test_replies_are_in_progress_side_by_side() -> None:
    """A delay of one holds up no other, and the most at once is counted."""
    with Endpoint(always(Reply("Hello.", delay_seconds=60))) as endpoint:
        tasks = [asyncio.create_task(ask(endpoint)) for _ in range(8)]
        await asyncio.to_thread(endpoint.wait_until, lambda it: it.in_progress == 8)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await asyncio.to_thread(endpoint.wait_until, lambda it: it.disconnected == 8)
    assert (endpoint.in_progress, endpoint.most_in_progress) == (0, 8)


async def test_one_connection_serves_many_requests() -> None:
    """Connections are kept alive, also between errors and streams."""
    faults = [None, Fault.SERVER_ERROR, Fault.TRUNCATED_STREAM, None]
    with Endpoint(replies=[Reply("Hello.", fault=fault) for fault in faults]) as endpoint:
        async with httpx2.AsyncClient(verify=False) as http:
            ports = set()
            for _ in faults:
                async with http.stream("POST", f"{endpoint.base_url}/chat/completions", json=BODY) as reply:
                    await reply.aread()
                    ports.add(reply.extensions["network_stream"].get_extra_info("client_addr"))
    assert len(ports) == 1


def test_a_synchronous_client_is_served_too() -> None:
    """The endpoint lives in a thread of its own; pipelined and malformed requests do not upset it."""
    with Endpoint() as endpoint, httpx2.Client(verify=False) as http:
        assert http.get(f"{endpoint.base_url}/models").json()["data"][0]["id"] == "test-model"
        bad = http.post(f"{endpoint.base_url}/chat/completions", content=b"{not json")
        assert (bad.status_code, bad.json()["error"]["type"]) == (400, "invalid_request_error")


async def test_pipelined_requests_are_answered_in_order() -> None:
    """Bytes of the next request wait for the end of the reply."""
    with Endpoint() as endpoint:
        port = int(endpoint.base_url.rsplit(":", 1)[1].removesuffix("/v1"))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        lines = "Host: loopback\r\n\r\n"
        writer.write(f"GET /v1/models/a HTTP/1.1\r\n{lines}GET /v1/models/b HTTP/1.1\r\n{lines}".encode())
        first = await reader.readuntil(b'"owned_by":"tests"}')
        second = await reader.readuntil(b'"owned_by":"tests"}')
        writer.write(b"not http at all\r\n\r\n")
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
    assert b'"id":"a"' in first
    assert b'"id":"b"' in second


async def test_it_ends_cleanly_while_clients_hang() -> None:
    """No thread, task or socket is left, whatever the clients were waiting for."""
    faults = [Fault.NEVER, Fault.DRIP, Fault.STALLED, Fault.NEVER]
    with Endpoint(replies=[Reply("Hello.", fault=fault) for fault in faults]) as endpoint:
        tasks = [asyncio.create_task(ask(endpoint, seconds=60)) for _ in faults]
        await asyncio.to_thread(endpoint.wait_until, lambda it: it.in_progress == len(faults))
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    gc.collect()
    assert all(isinstance(end, openai.APIConnectionError | httpx2.TransportError) for end in ends)
    assert (endpoint.in_progress, endpoint.disconnected) == (0, 0)
    assert "endpoint" not in {thread.name for thread in threading.enumerate()}
