"""What the OpenAI client raises, told in our words.

A `Failed` never leaves this package: it says beside the error whether another attempt makes sense.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

import httpx2
import openai

from tools.errors import ModelError, ModelOutputError, ModelRefused, ModelUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of failure."""

    error: type[ModelError]
    message: str
    """What the caller of the port is told."""
    again: bool = False
    """The same request may succeed the next time."""
    dead: bool = False
    """It speaks against the endpoint as a whole."""


SLOW = Kind(
    error=ModelUnavailable,
    message="the language model takes too long; raise models.seconds and assistant.budget.seconds, "
    "or choose a faster model in models.chat",
    again=True,
    dead=True,
)
UNREACHABLE = Kind(
    error=ModelUnavailable,
    message="the language model's endpoint cannot be reached; start it, or correct models.base_url",
    again=True,
    dead=True,
)
OVERLOADED = Kind(
    error=ModelUnavailable,
    message="the language model's endpoint is overloaded or fails; try again later",
    again=True,
    dead=True,
)
NONSENSE = Kind(
    error=ModelUnavailable,
    message="the language model's endpoint does not speak OpenAI's protocol; correct models.base_url, "
    "up to and with /v1",
    again=True,
    dead=True,
)
BROKEN_OFF = Kind(
    error=ModelUnavailable,
    message="the language model's reply broke off; try again",
    again=True,
    dead=True,
)
NO_CREDIT = Kind(
    error=ModelUnavailable,
    message="the account at the language model's endpoint has no credit left; top it up",
    dead=True,
)
WRONG_KEY = Kind(
    error=ModelRefused,
    message="the language model's endpoint does not accept the key; set OPENAI_API_KEY or models.api_key",
    dead=True,
)
UNKNOWN_MODEL = Kind(
    error=ModelRefused,
    message="the language model's endpoint does not serve the model; correct models.chat or models.base_url",
    dead=True,
)
DECLINED = Kind(
    error=ModelRefused,
    message="the language model's endpoint does not accept the request; run: plumbline doctor",
)
TOO_LONG = Kind(
    error=ModelRefused,
    message="the prompt is longer than the language model takes; lower ranking.evidence_tokens",
)
FILTERED = Kind(
    error=ModelRefused, message="the language model declines to answer this; put the question differently"
)
UNTYPED = Kind(
    error=ModelRefused,
    message="the language model gives no typed output, be it by JSON schema, tool call or JSON mode; "
    "choose another in models.chat",
)
CUT_OFF = Kind(
    error=ModelOutputError,
    message="the language model's reply is longer than it may be; raise models.output_tokens",
)
EMPTY = Kind(error=ModelOutputError, message="the language model's reply is empty; try again", again=True)
MISFIT = Kind(
    error=ModelOutputError,
    message="the language model's reply is not of the form asked for; choose another in models.chat",
)


class Failed(Exception):
    """An attempt failed.

    Args:
        kind: How.
        wait_seconds: What the endpoint asks to wait before the next.
        said: The endpoint's own words, in lower case; never shown.
    """

    def __init__(self, kind: Kind, *, wait_seconds: float | None = None, said: str = "") -> None:
        super().__init__(kind.message)
        self.kind = kind
        self.wait_seconds = wait_seconds
        self._said = said

    @property
    def error(self) -> ModelError:
        """Return what the caller of the port is told."""
        return self.kind.error(self.kind.message)

    @property
    def declined(self) -> bool:
        """Tell whether the endpoint might take the request in another form."""
        # A router answers 404 too when none of its providers knows an option.
        return self.kind is DECLINED or (self.kind is UNKNOWN_MODEL and "model_not_found" not in self._said)

    def names(self, option: str) -> bool:
        """Tell whether the endpoint declined the request and named this option of it."""
        return self.declined and option in self._said


@contextmanager
def failures() -> Iterator[None]:
    """Raise `Failed` for whatever the client raises, chained."""
    try:
        yield
    except (openai.OpenAIError, httpx2.HTTPError, httpx2.StreamError, ValueError) as error:
        raise failure_of(error) from error


def failure_of(error: Exception) -> Failed:
    """Return what an exception of the client means, most specific first."""
    if isinstance(error, openai.APIStatusError):
        return _of_status(error)
    for classes, kind in _KINDS:
        if isinstance(error, classes):
            return Failed(kind)
    if isinstance(error, openai.APIError):  # an error object where the reply should be
        return Failed(_of_words(_words(error)) or OVERLOADED)
    return Failed(NONSENSE)


_KINDS: tuple[tuple[tuple[type[Exception], ...], Kind], ...] = (
    ((openai.APITimeoutError, httpx2.TimeoutException), SLOW),
    ((openai.APIConnectionError, httpx2.HTTPError, httpx2.StreamError), UNREACHABLE),
    ((openai.LengthFinishReasonError,), CUT_OFF),
    ((openai.ContentFilterFinishReasonError,), FILTERED),
    ((openai.APIResponseValidationError,), NONSENSE),
)


def _of_status(error: openai.APIStatusError) -> Failed:
    """Say who must act on a status code."""
    said, status = _words(error), error.status_code
    kind = _of_words(said) or _STATUSES.get(status)
    if kind is None:
        kind = OVERLOADED if status >= 500 else DECLINED
    wait = retry_after(error.response.headers, now=datetime.now(UTC)) if kind is OVERLOADED else None
    return Failed(kind, wait_seconds=wait, said=said)


_STATUSES: Mapping[int, Kind] = {
    401: WRONG_KEY,
    402: NO_CREDIT,
    403: WRONG_KEY,
    404: UNKNOWN_MODEL,
    408: OVERLOADED,
    409: OVERLOADED,
    425: OVERLOADED,
    429: OVERLOADED,
    501: DECLINED,
}


def _of_words(said: str) -> Kind | None:
    """Return the kind of failure of which the words tell more than the status does."""
    return next((kind for kind, markers in _MARKERS.items() if any(each in said for each in markers)), None)


_MARKERS: Mapping[Kind, tuple[str, ...]] = {
    TOO_LONG: (
        "context_length",
        "context length",
        "context window",
        "maximum context",
        "exceed_context_size",
        "prompt is too long",
    ),
    FILTERED: ("content_filter", "content_policy", "responsibleaipolicyviolation"),
    NO_CREDIT: ("insufficient_quota",),
}
"""How endpoints say it, in lower case."""


def _words(error: openai.APIError) -> str:
    return f"{error.code} {error.type} {error.param} {error.message} {error.body}".lower()


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return the seconds that an endpoint asks to wait; None when it does not say or what it says is odd."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if isfinite(seconds):
            return max(0.0, seconds)
    try:
        then = parsedate_to_datetime(headers.get("retry-after", ""))
    except (ValueError, OverflowError):
        return None
    return max(0.0, (then.replace(tzinfo=then.tzinfo or UTC) - now).total_seconds())
