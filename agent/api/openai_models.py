"""What OpenAI's chat completions take and give, as far as it means something here."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.answer import Answer, Usage

MODEL = "plumbline"
"""The one model that is offered; requests may name any."""
MOST_MESSAGES = 2000
_CREATED = 1_790_000_000


class _Taken(BaseModel):
    """Part of a request. Clients send much that means nothing here; it is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class PartTaken(_Taken):
    """A part of a message; only text can be read."""

    type: str
    text: str | None = None


class SaidTaken(_Taken):
    """One message of the conversation so far."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[PartTaken] | None = None


class StreamOptions(_Taken):
    """How to stream."""

    include_usage: bool | None = None


class CompletionTaken(_Taken):
    """A request for a completion.

    The last message is the question; of those before it, what user and assistant said is the conversation so
    far. Instructions (system, developer) are ignored, and so are sampling parameters, limits of tokens and
    tools that need not be called.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"model": MODEL, "messages": [{"role": "user", "content": "How long is the warranty?"}]}
            ]
        }
    )

    model: str = Field(min_length=1, max_length=200)
    messages: list[SaidTaken] = Field(min_length=1, max_length=MOST_MESSAGES)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None
    """1, or an error."""
    tool_choice: str | dict[str, Any] | None = None
    """none or auto, or an error: no tool of the client is ever called."""
    function_call: str | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    """Of type text, or an error."""
    modalities: list[str] | None = None
    """text, or an error."""


class _Given(BaseModel):
    model_config = ConfigDict(frozen=True)


class CachedTokens(_Given):
    """Tokens of prompts that the provider of the language model had cached."""

    cached_tokens: int


class TokensUsed(_Given):
    """What the language model used; zero where none was asked."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: CachedTokens

    @classmethod
    def of(cls, usage: Usage) -> "TokensUsed":
        """Render the usage of an answer."""
        cached = sum(call.cached_tokens for call in usage.calls)
        return cls(
            prompt_tokens=usage.input_tokens,
            completion_tokens=usage.output_tokens,
            total_tokens=usage.input_tokens + usage.output_tokens,
            prompt_tokens_details=CachedTokens(cached_tokens=cached),
        )


FinishReason = Literal["stop", "length"]


class MessageGiven(_Given):
    """The answer, with its sources below it."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    plumbline: Answer
    """Everything needed to check it."""


class ChoiceGiven(_Given):
    """The one choice."""

    index: Literal[0] = 0
    message: MessageGiven
    logprobs: None = None
    finish_reason: FinishReason


class CompletionGiven(_Given):
    """A completion."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str = MODEL
    choices: list[ChoiceGiven]
    usage: TokensUsed
    plumbline: Answer
    """Everything needed to check the answer."""


class ModelGiven(_Given):
    """The model that is offered."""

    id: str = MODEL
    object: Literal["model"] = "model"
    created: int = _CREATED
    owned_by: str = MODEL


class ModelsGiven(_Given):
    """The models that are offered."""

    object: Literal["list"] = "list"
    data: list[ModelGiven] = [ModelGiven()]


class OpenAIErrorDetail(_Given):
    """What went wrong."""

    message: str
    """What happened, where, and what to do."""
    type: str
    param: str | None
    code: str | None


class OpenAIError(_Given):
    """The answer to a request that failed."""

    error: OpenAIErrorDetail
