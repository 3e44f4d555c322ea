"""Each fault, as the real client meets it."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import openai
import pytest

from tests.endpoint.asking import (
    BODY,
    FORCED,
    JSON_SCHEMA,
    JSON_TEXT,
    OFFERED,
    arguments_of,
    ask,
    collect,
    finish_of,
    text_of,
)
from tests.endpoint.server import TELLTALE, Endpoint, Fault, Reply, Request, always, faulty

pytestmark = pytest.mark.enable_socket


STATUSES: list[tuple[Fault, type[openai.APIStatusError], int, str | None]] = [
    (Fault.RATE_LIMITED, openai.RateLimitError, 429, "rate_limit_exceeded"),
    (Fault.RATE_LIMITED_DATE, openai.RateLimitError, 429, "rate_limit_exceeded"),
    (Fault.RATE_LIMITED_SILENT, openai.RateLimitError, 429, "rate_limit_exceeded"),
    (Fault.QUOTA_USED_UP, openai.RateLimitError, 429, "insufficient_quota"),
    (Fault.SERVER_ERROR, openai.InternalServerError, 500, None),
    (Fault.UNAVAILABLE, openai.InternalServerError, 503, None),
    (Fault.UNAUTHORIZED, openai.AuthenticationError, 401, "invalid_api_key"),
    (Fault.UNKNOWN_MODEL, openai.NotFoundError, 404, "model_not_found"),
    (Fault.CONTEXT_TOO_LONG, openai.BadRequestError, 400, "context_length_exceeded"),
    (Fault.HTML_502, openai.InternalServerError, 502, None),
]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(
    ("fault", "kind", "status", "code"), STATUSES, ids=[each[0].name for each in STATUSES]
)
async def test_an_error_status_reaches_the_client(
    fault: Fault, kind: type[openai.APIStatusError], status: int, code: str | None, stream: bool
) -> None:
    """Status, code and the telltale arrive."""
    with Endpoint(always(Reply("Hello.", fault=fault))) as endpoint, pytest.raises(kind) as caught:
        await ask(endpoint, stream=stream)
    assert (caught.value.status_code, caught.value.code) == (status, code)
    assert TELLTALE in caught.value.response.text


async def test_retry_after_is_told_in_seconds_or_as_a_date_or_not_at_all() -> None:
    """The three kinds of a rate limit."""
    faults = (Fault.RATE_LIMITED, Fault.RATE_LIMITED_DATE, Fault.RATE_LIMITED_SILENT)
    told = []
    with Endpoint(replies=[Reply(fault=fault, retry_after_seconds=90) for fault in faults]) as endpoint:
        for _ in faults:
            with pytest.raises(openai.RateLimitError) as caught:
                await ask(endpoint)
            told.append(caught.value.response.headers.get("retry-after"))
    seconds, date, nothing = told
    assert (seconds, nothing) == ("90", None)
    assert date is not None
    then = parsedate_to_datetime(date) - datetime.now(UTC)
    assert timedelta(seconds=30) < then < timedelta(seconds=91)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_a_reset_before_the_headers_is_a_connection_error(stream: bool) -> None:
    """It is a reset, not a polite end."""
    with Endpoint(always(Reply("Hello.", fault=Fault.RESET))) as endpoint:
        with pytest.raises(openai.APIConnectionError) as caught:
            await ask(endpoint, stream=stream)
        assert isinstance(caught.value.__cause__, httpx2.ReadError)
        endpoint.wait_until(lambda it: it.in_progress == 0)
    assert endpoint.disconnected == 0


BREAKS: list[tuple[Fault, type[Exception]]] = [
    (Fault.RESET_MIDWAY, httpx2.ReadError),
    (Fault.TRUNCATED_BODY, httpx2.RemoteProtocolError),
    (Fault.STALLED, httpx2.ReadTimeout),
    (Fault.MALFORMED_JSON, ValueError),
    (Fault.ERROR_OBJECT, openai.APIError),
]


FAILURES = (openai.OpenAIError, httpx2.TransportError, ValueError)


def roots(error: BaseException) -> list[BaseException]:
    """Return an error and what caused it."""
    return [error, *(roots(error.__cause__) if error.__cause__ else [])]


@pytest.mark.parametrize(("fault", "kind"), BREAKS, ids=[each[0].name for each in BREAKS])
async def test_a_stream_breaks_after_half_of_its_pieces(fault: Fault, kind: type[Exception]) -> None:
    """The first half arrives, then the fault's own error."""
    chunks: list[Any] = []
    with (
        Endpoint(always(Reply(chunks=("a", "b", "c", "d"), fault=fault))) as endpoint,
        pytest.raises(FAILURES) as caught,
    ):
        await collect(endpoint, chunks, seconds=0.3 if fault is Fault.STALLED else 5)
    assert any(isinstance(error, kind) for error in roots(caught.value))
    assert text_of(chunks) == "ab"
    assert finish_of(chunks) == []


@pytest.mark.parametrize(("fault", "kind"), BREAKS, ids=[each[0].name for each in BREAKS])
async def test_a_whole_reply_breaks_with_the_same_faults(fault: Fault, kind: type[Exception]) -> None:
    """Without a stream half of the body arrives, or an error with status 200."""
    with Endpoint(always(Reply("Hello.", fault=fault))) as endpoint:
        if fault is Fault.ERROR_OBJECT:
            assert (await ask(endpoint)).error["type"] == "server_error"
            return
        with pytest.raises(FAILURES) as caught:
            await ask(endpoint, seconds=0.3 if fault is Fault.STALLED else 5)
    assert any(isinstance(error, kind) for error in roots(caught.value))


@pytest.mark.parametrize("fault", [Fault.TRUNCATED_STREAM, Fault.CUT_LINE])
async def test_a_stream_ends_in_good_order_without_a_finish(fault: Fault) -> None:
    """The client sees no error at all; it drops a line that is cut off."""
    chunks: list[Any] = []
    with Endpoint(always(Reply(chunks=("a", "b"), fault=fault))) as endpoint:
        await collect(endpoint, chunks)
        async with httpx2.AsyncClient(verify=False) as http:
            raw = await http.post(f"{endpoint.base_url}/chat/completions", json=BODY | {"stream": True})
    assert text_of(chunks) == "a"
    assert finish_of(chunks) == []
    assert "[DONE]" not in raw.text


@pytest.mark.parametrize("fault", [Fault.TRUNCATED_STREAM, Fault.CUT_LINE, Fault.MALFORMED_JSON])
async def test_a_whole_reply_of_half_a_json_is_not_decoded(fault: Fault) -> None:
    """The faults of a stream's lines cut a whole body, in good order."""
    reply = Reply("Hello.", fault=fault)
    with Endpoint(always(reply)) as endpoint, pytest.raises(ValueError, match="line 1"):
        await ask(endpoint)


async def test_a_line_is_cut_in_the_middle_of_its_json() -> None:
    """The body ends in good order, its last line does not."""
    with Endpoint(always(Reply("Hello.", fault=Fault.CUT_LINE))) as endpoint:
        async with httpx2.AsyncClient(verify=False) as http:
            raw = await http.post(f"{endpoint.base_url}/chat/completions", json=BODY | {"stream": True})
    last = raw.text.splitlines()[-1]
    assert last.startswith("data: {")
    with pytest.raises(ValueError, match="line 1"):
        json.loads(last.removeprefix("data: "))


async def test_empty_choices_come_whole_and_streamed() -> None:
    """Neither has a first choice."""
    with Endpoint(always(Reply("Hello.", fault=Fault.EMPTY_CHOICES))) as endpoint:
        assert (await ask(endpoint)).choices == []
        chunks: list[Any] = []
        await collect(endpoint, chunks)
    assert chunks
    assert all(chunk.choices == [] for chunk in chunks)


async def test_a_wrong_body_is_json_without_choices() -> None:
    """Valid JSON that is no completion, also in a stream."""
    with Endpoint(always(Reply("Hello.", fault=Fault.WRONG_BODY))) as endpoint:
        assert (await ask(endpoint)).choices is None
        chunks: list[Any] = []
        await collect(endpoint, chunks)
    assert all(chunk.choices is None for chunk in chunks)


async def test_an_html_page_comes_with_status_200() -> None:
    """A gateway answers in place of the endpoint."""
    with Endpoint(always(Reply("Hello.", fault=Fault.HTML_200))) as endpoint:
        async with httpx2.AsyncClient(verify=False) as http:
            raw = await http.post(f"{endpoint.base_url}/chat/completions", json=BODY)
    assert raw.status_code == 200
    assert raw.headers["content-type"].startswith("text/html")
    assert "<html>" in raw.text


@pytest.mark.parametrize(("fault", "content"), [(Fault.NULL_CONTENT, None), (Fault.EMPTY_CONTENT, "")])
@pytest.mark.parametrize("options", [{}, JSON_SCHEMA, FORCED], ids=["text", "schema", "tool"])
async def test_nothing_is_said(fault: Fault, content: str | None, options: dict[str, Any]) -> None:
    """No content and no tool call, however it was asked."""
    with Endpoint(always(Reply(JSON_TEXT, fault=fault))) as endpoint:
        message = (await ask(endpoint, **options)).choices[0].message
        chunks: list[Any] = []
        await collect(endpoint, chunks, **options)
    assert (message.content, message.tool_calls) == (content, None)
    assert (text_of(chunks), arguments_of(chunks)) == ("", "")
    assert chunks[0].choices[0].delta.content == content


@pytest.mark.parametrize(
    ("fault", "reason"), [(Fault.LENGTH, "length"), (Fault.CONTENT_FILTER, "content_filter")]
)
async def test_a_model_stops_in_the_middle(fault: Fault, reason: str) -> None:
    """Text and tool call are cut, and the finish reason says why."""
    half = JSON_TEXT[: len(JSON_TEXT) // 2]
    with Endpoint(always(Reply(JSON_TEXT, fault=fault))) as endpoint:
        text = (await ask(endpoint, **JSON_SCHEMA)).choices[0]
        call = (await ask(endpoint, **FORCED)).choices[0]
        chunks: list[Any] = []
        await collect(endpoint, chunks, **FORCED)
    assert (text.message.content, text.finish_reason) == (half, reason)
    assert (call.message.tool_calls[0].function.arguments, call.finish_reason) == (half, reason)
    assert (arguments_of(chunks), finish_of(chunks)) == (half, [reason])


async def test_a_stopped_tool_call_may_look_whole() -> None:
    """The trap: valid arguments with finish_reason=length; and cut ones in a scripted call."""
    replies = [Reply(JSON_TEXT, finish_reason="length"), Reply(arguments=JSON_TEXT, fault=Fault.LENGTH)]
    with Endpoint(replies=replies) as endpoint:
        whole = (await ask(endpoint, **FORCED)).choices[0]
        cut = (await ask(endpoint, **OFFERED)).choices[0]
    assert (whole.message.tool_calls[0].function.arguments, whole.finish_reason) == (JSON_TEXT, "length")
    assert JSON_TEXT.startswith(cut.message.tool_calls[0].function.arguments)
    assert cut.finish_reason == "length"


@pytest.mark.parametrize("options", [{}, JSON_SCHEMA, FORCED], ids=["text", "schema", "tool"])
async def test_a_refusal_stands_in_place_of_content(options: dict[str, Any]) -> None:
    """However it was asked, whole and streamed."""
    with Endpoint(always(Reply(JSON_TEXT, fault=Fault.REFUSAL))) as endpoint:
        message = (await ask(endpoint, **options)).choices[0].message
        chunks: list[Any] = []
        await collect(endpoint, chunks, **options)
    assert (message.content, message.tool_calls) == (None, None)
    assert TELLTALE in message.refusal
    assert message.refusal == "".join(chunk.choices[0].delta.refusal or "" for chunk in chunks)


async def test_a_model_gives_other_fields_or_prose() -> None:
    """Wrong JSON comes as asked; prose comes as content even against a forced tool."""
    faults = (Fault.WRONG_SCHEMA, Fault.WRONG_SCHEMA, Fault.PROSE, Fault.PROSE)
    with Endpoint(replies=[Reply(JSON_TEXT, fault=fault) for fault in faults]) as endpoint:
        messages = [
            (await ask(endpoint, **options)).choices[0].message
            for options in (JSON_SCHEMA, FORCED, JSON_SCHEMA, FORCED)
        ]
    assert json.loads(messages[0].content) == {"unexpected": True}
    assert json.loads(messages[1].tool_calls[0].function.arguments) == {"unexpected": True}
    assert messages[2].content.startswith("Certainly!")
    assert (messages[3].content, messages[3].tool_calls) == (messages[2].content, None)


async def test_faults_are_drawn_by_the_requests_number_alone() -> None:
    """The same seed draws the same faults; the share is about what was asked."""
    requests = [
        Request(number=number, method="POST", path="/v1/chat/completions", headers={}, body=BODY)
        for number in range(1, 2001)
    ]
    draw = faulty(always(Reply("Hello.", retry_after_seconds=0)), seed=3, share=0.25)
    again = faulty(always(Reply("Hello.")), seed=3, share=0.25)
    other = faulty(always(Reply("Hello.")), seed=4, share=0.25)
    drawn = [draw(request).fault for request in requests]
    assert drawn == [again(request).fault for request in reversed(requests)][::-1]
    assert drawn != [other(request).fault for request in requests]
    assert 0.2 < sum(fault is not None for fault in drawn) / len(drawn) < 0.3
    assert set(drawn) == {None, *Fault}
    assert draw(requests[0]).retry_after_seconds == 0
