"""The client's exceptions in our words, each of them."""

import inspect
from collections.abc import Callable
from datetime import UTC, datetime

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion

from tools.errors import ModelError, ModelOutputError, ModelRefused, ModelUnavailable
from tools.models.failures import Failed, failure_of, failures, retry_after

SAID = "what-the-endpoint-said"
REQUEST = httpx2.Request("POST", "http://endpoint.invalid/v1")
NOW = datetime(2026, 11, 2, 12, 0, 0, tzinfo=UTC)


def status(code: int, *, words: str = SAID, retry: str = "") -> openai.APIStatusError:
    """Return the error of a status, as the client makes it."""
    headers = {"retry-after": retry} if retry else {}
    response = httpx2.Response(code, request=REQUEST, headers=headers)
    return openai.AsyncOpenAI(api_key="k", base_url="http://endpoint.invalid")._make_status_error(
        f"{SAID} {words}", body={"message": words}, response=response
    )


def response(code: int) -> httpx2.Response:
    """Return a bare response."""
    return httpx2.Response(code, request=REQUEST)


MAKERS: dict[str, Callable[[], Exception]] = {
    "OpenAIError": lambda: openai.OpenAIError(SAID),
    "APIError": lambda: openai.APIError(SAID, REQUEST, body=None),
    "APIConnectionError": lambda: openai.APIConnectionError(message=SAID, request=REQUEST),
    "APITimeoutError": lambda: openai.APITimeoutError(REQUEST),
    "APIResponseValidationError": lambda: openai.APIResponseValidationError(
        response(200), None, message=SAID
    ),
    "APIStatusError": lambda: openai.APIStatusError(SAID, response=response(418), body=None),
    "OAuthError": lambda: openai.OAuthError(response=response(401), body={"error_description": SAID}),
    "LengthFinishReasonError": lambda: openai.LengthFinishReasonError(
        completion=ChatCompletion.model_construct(usage=None)
    ),
    "ContentFilterFinishReasonError": lambda: openai.ContentFilterFinishReasonError(),
    "WebSocketConnectionClosedError": lambda: openai.WebSocketConnectionClosedError(SAID, unsent_messages=[]),
}
EXPECTED: dict[str, type[ModelError]] = {
    "APIStatusError": ModelRefused,
    "AuthenticationError": ModelRefused,
    "BadRequestError": ModelRefused,
    "ContentFilterFinishReasonError": ModelRefused,
    "LengthFinishReasonError": ModelOutputError,
    "NotFoundError": ModelRefused,
    "OAuthError": ModelRefused,
    "PermissionDeniedError": ModelRefused,
    "UnprocessableEntityError": ModelRefused,
}
"""Everything else is ModelUnavailable."""
STATUS = {"InternalServerError": 500}


def public() -> list[type[Exception]]:
    """Return every exception that the client's package offers."""
    found = [getattr(openai, name) for name in dir(openai) if not name.startswith("_")]
    return sorted(
        {each for each in found if inspect.isclass(each) and issubclass(each, Exception)},
        key=lambda kind: kind.__name__,
    )


def made(kind: type[Exception]) -> Exception:
    """Return an exception of the class."""
    if kind.__name__ in MAKERS:
        return MAKERS[kind.__name__]()
    if issubclass(kind, openai.APIStatusError):
        code = STATUS.get(kind.__name__) or int(getattr(kind, "status_code", 500))
        return kind(SAID, response=response(code), body={"message": SAID})
    return kind(SAID)


@pytest.mark.parametrize("kind", public(), ids=lambda kind: kind.__name__)
def test_every_public_exception_of_the_client_has_a_meaning(kind: type[Exception]) -> None:
    """One of ours, chained, without its words."""
    with pytest.raises(Failed) as caught, failures():
        raise made(kind)
    assert type(caught.value.error) is EXPECTED.get(kind.__name__, ModelUnavailable)
    assert isinstance(caught.value.__cause__, kind)
    assert SAID not in f"{caught.value}{caught.value.error}"


def test_the_client_has_the_exceptions_that_are_expected() -> None:
    """A name that is gone would make the table above lie."""
    assert {kind.__name__ for kind in public()} >= EXPECTED.keys() | MAKERS.keys()


@pytest.mark.parametrize(
    "error",
    [httpx2.ConnectError("x"), httpx2.ReadError("x"), httpx2.RemoteProtocolError("x"), httpx2.StreamClosed()],
    ids=lambda error: type(error).__name__,
)
def test_what_the_connection_raises_by_itself_is_worth_another_attempt(error: Exception) -> None:
    """Where the client forgets to wrap it."""
    failed = failure_of(error)
    assert isinstance(failed.error, ModelUnavailable)
    assert failed.kind.again


@pytest.mark.parametrize("code", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_these_statuses_are_worth_another_attempt(code: int) -> None:
    """And speak against the endpoint."""
    failed = failure_of(status(code, retry="7"))
    assert isinstance(failed.error, ModelUnavailable)
    assert failed.kind.again
    assert failed.kind.dead
    assert failed.wait_seconds == 7


@pytest.mark.parametrize(
    ("code", "words", "error", "dead"),
    [
        pytest.param(401, "", ModelRefused, True, id="wrong key"),
        pytest.param(403, "", ModelRefused, True, id="key without rights"),
        pytest.param(402, "", ModelUnavailable, True, id="no credit"),
        pytest.param(429, "insufficient_quota", ModelUnavailable, True, id="quota used up"),
        pytest.param(404, "model_not_found", ModelRefused, True, id="unknown model"),
        pytest.param(400, "context_length_exceeded", ModelRefused, False, id="too long, as OpenAI says it"),
        pytest.param(
            500, "exceeds the context window", ModelRefused, False, id="too long, as a server of one's own"
        ),
        pytest.param(400, "content_filter", ModelRefused, False, id="filtered"),
        pytest.param(400, "whatever", ModelRefused, False, id="another request"),
        pytest.param(501, "whatever", ModelRefused, False, id="not implemented"),
    ],
)
def test_these_statuses_are_not_worth_another_attempt(
    code: int, words: str, error: type[ModelError], dead: bool
) -> None:
    """Only some speak against the endpoint."""
    failed = failure_of(status(code, words=words))
    assert type(failed.error) is error
    assert not failed.kind.again
    assert failed.kind.dead is dead


def test_an_option_is_named_only_by_a_request_that_was_declined() -> None:
    """A server that fails may mention it too."""
    assert failure_of(status(400, words="Unknown parameter: Stream_Options")).names("stream_options")
    assert not failure_of(status(400, words="something else")).names("stream_options")
    assert not failure_of(status(500, words="stream_options")).names("stream_options")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"retry-after": "3"}, 3.0, id="seconds"),
        pytest.param({"retry-after": "0.5"}, 0.5, id="parts of a second"),
        pytest.param({"retry-after": "-3"}, 0.0, id="negative"),
        pytest.param({"retry-after-ms": "250", "retry-after": "9"}, 0.25, id="milliseconds are more exact"),
        pytest.param({"retry-after": "Mon, 02 Nov 2026 12:00:30 GMT"}, 30.0, id="a date"),
        pytest.param({"retry-after": "Mon, 02 Nov 2026 12:00:30 -0000"}, 30.0, id="a date without a zone"),
        pytest.param({"retry-after": "Mon, 02 Nov 2026 11:00:00 GMT"}, 0.0, id="a date in the past"),
        pytest.param({"retry-after": "inf"}, None, id="for ever"),
        pytest.param({"retry-after": "Mon, 01 Jan 99999999999 00:00:00 GMT"}, None, id="after all calendars"),
        pytest.param({"retry-after": "nan"}, None, id="not a number"),
        pytest.param({"retry-after": "soon"}, None, id="words"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_the_wait_that_an_endpoint_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    """In seconds from now."""
    assert retry_after(headers, now=NOW) == seconds


@given(st.text())
def test_no_header_breaks_the_reading_of_the_wait(header: str) -> None:
    """It is somebody else's text."""
    seconds = retry_after({"retry-after": header}, now=NOW)
    assert seconds is None or seconds >= 0
