"""What the endpoint is asked and what it is told to reply."""

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum
from typing import Any, Literal, TypeAlias

Form: TypeAlias = Literal["text", "json_schema", "json_object", "tools"]
"""How a request wants its reply: free text, or one of the three ways to ask for typed output."""

Ability: TypeAlias = Literal["json_schema", "json_object", "tools", "stream_usage"]
"""What an endpoint may be unable to do."""


class Fault(StrEnum):
    """What goes wrong with a reply; each also does harm to a request that is not streamed."""

    # Nothing of the reply is sent.
    RATE_LIMITED = "429 with Retry-After in seconds"
    RATE_LIMITED_DATE = "429 with Retry-After as a date"
    RATE_LIMITED_SILENT = "429 without Retry-After"
    QUOTA_USED_UP = "429 with code insufficient_quota: waiting does not help"
    SERVER_ERROR = "500"
    UNAVAILABLE = "503"
    UNAUTHORIZED = "401; the message repeats the key, as OpenAI's does"
    UNKNOWN_MODEL = "404 with code model_not_found"
    CONTEXT_TOO_LONG = "400 with code context_length_exceeded"
    HTML_200 = "an HTML page with status 200"
    HTML_502 = "an HTML page with status 502"
    RESET = "connection reset before the headers"
    NEVER = "accepted, never answered"

    # The reply breaks off or drags on.
    RESET_MIDWAY = "connection reset after half of the reply"
    TRUNCATED_BODY = "connection closed after half of the reply, against HTTP's framing"
    TRUNCATED_STREAM = "stream ends in good order after half, without finish_reason and [DONE]"
    CUT_LINE = "stream ends in good order in the middle of a JSON line"
    STALLED = "nothing more after half of the reply; the connection stays open"
    DRIP = "one piece each `drip_seconds`, for ever"

    # The reply is not what the protocol says.
    MALFORMED_JSON = "a body, or a line of the stream, that is not JSON"
    WRONG_BODY = "JSON that is no completion at all"
    ERROR_OBJECT = "status 200 and an `error` object, in a stream after half of the reply"
    EMPTY_CHOICES = "`choices` is an empty list"

    # The protocol is kept; the model fails.
    NULL_CONTENT = "neither content nor a tool call"
    EMPTY_CONTENT = "content of no characters, and no tool call"
    LENGTH = "half of the text or of the tool call's arguments, finish_reason=length"
    CONTENT_FILTER = "half of the reply, finish_reason=content_filter"
    REFUSAL = "`refusal` instead of content"
    WRONG_SCHEMA = "JSON of other fields; harms typed requests only"
    PROSE = "prose instead of JSON or a tool call; harms typed requests only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens that the endpoint says were used."""

    input_tokens: int = 10
    cached_tokens: int = 0
    """Part of `input_tokens`."""
    output_tokens: int = 5


@dataclass(frozen=True, slots=True)
class Reply:
    """One scripted reply.

    A text of JSON serves all three typed methods: it is sent as a tool call when the request forces a tool.
    A tool call that was stopped although its JSON is whole is `Reply('{...}', finish_reason="length")`.
    """

    text: str | None = None
    _: KW_ONLY
    arguments: str | None = None
    """Arguments of a tool call, named as in the request; instead of a text."""
    refusal: str | None = None
    as_asked: bool = True
    """Send the text as a tool call when the request forces one."""
    finish_reason: str | None = None
    """None is what OpenAI says: `stop`, or `tool_calls` when a tool was offered and not forced."""
    usage: Usage | None = field(default_factory=Usage)
    """None reports none; in a stream it is reported only when the request asks for it."""
    chunks: tuple[str, ...] | None = None
    """Pieces of the stream, instead of a text."""
    chunk_characters: int = 16
    """Size of a stream's pieces when `chunks` does not say them."""
    delay_seconds: float = 0.0
    """Before the first piece of a stream; a whole reply comes when its stream would have ended."""
    chunk_delay_seconds: float = 0.0
    """Between two pieces."""
    fault: Fault | None = None
    retry_after_seconds: float = 1.0
    """What Retry-After says; dates have whole seconds."""
    drip_seconds: float = 0.05

    @property
    def pieces(self) -> tuple[str, ...] | None:
        """Return the pieces of the reply's text, arguments or refusal; None when there is none."""
        if self.chunks is not None:
            return self.chunks
        whole = next((each for each in (self.refusal, self.arguments, self.text) if each is not None), None)
        if whole is None:
            return None
        size = self.chunk_characters
        return tuple(whole[start : start + size] for start in range(0, len(whole), size))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, as it came over the wire."""

    number: int
    """The how many-th request of any kind, from 1."""
    method: str
    path: str
    headers: Mapping[str, str]
    """Names are lower-case."""
    body: Mapping[str, Any]
    """The decoded JSON; fields are whatever the client sent."""

    @property
    def model(self) -> str:
        """Return the name of the model that is asked."""
        return str(self.body.get("model", ""))

    @property
    def messages(self) -> tuple[Mapping[str, Any], ...]:
        """Return the conversation."""
        return tuple(self.body.get("messages", ()))

    @property
    def stream(self) -> bool:
        """Tell whether the reply is to be streamed."""
        return bool(self.body.get("stream"))

    @property
    def wants_usage(self) -> bool:
        """Tell whether a stream is to end with the usage."""
        return self.stream and bool((self.body.get("stream_options") or {}).get("include_usage"))

    @property
    def form(self) -> Form:
        """Tell how the reply is wanted."""
        if self.tool is not None:
            return "tools"
        kind = (self.body.get("response_format") or {}).get("type")
        return kind if kind in ("json_schema", "json_object") else "text"

    @property
    def tool(self) -> str | None:
        """Return the name of the tool that is forced, or else offered first."""
        if not self.body.get("tools"):
            return None
        choice = self.body.get("tool_choice")
        chosen = choice if isinstance(choice, dict) else self.body["tools"][0]
        return str(chosen["function"]["name"])

    @property
    def forces_tool(self) -> bool:
        """Tell whether the reply must be a tool call."""
        choice = self.body.get("tool_choice")
        return self.tool is not None and (choice == "required" or isinstance(choice, dict))


Responder: TypeAlias = Callable[[Request], Reply]
"""Decides on a reply; runs in the server's thread and must not block."""
