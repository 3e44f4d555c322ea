"""The replies of an endpoint, checked before anything is done with them, as plain dictionaries.

langchain-openai trusts what the endpoint sends: it fails on whatever is missing, and pydantic prints
warnings with what is odd. So it is given only what these forms let through.
"""

from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
)


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Details(_Form):
    cached_tokens: int | None = Field(default=None, ge=0)


class _Tokens(_Form):
    prompt_tokens: int = Field(ge=0)
    completion_tokens: int = Field(ge=0)
    prompt_tokens_details: _Details | None = None


class _Function(_Form):
    arguments: str


class _ToolCall(_Form):
    function: _Function


class _Message(_Form):
    content: str | None = None
    refusal: str | None = None
    tool_calls: tuple[_ToolCall, ...] | None = None


class _Delta(_Form):
    content: str | None = None
    refusal: str | None = None


class _Choice(_Form):
    message: _Message
    finish_reason: str | None = None


class _Part(_Form):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Reply(_Form):
    usage: _Tokens | None = None

    @field_validator("usage", mode="wrap")
    @classmethod
    def _odd_usage_is_none(cls, value: object, check: ValidatorFunctionWrapHandler) -> _Tokens | None:
        """A wrong number of tokens must not spoil a good reply; it is estimated then."""
        try:
            tokens: _Tokens | None = check(value)
        except ValidationError:
            return None
        return tokens if tokens is not None and tokens.prompt_tokens + tokens.completion_tokens else None

    def _usage(self) -> dict[str, Any] | None:
        if self.usage is None:
            return None
        cached = self.usage.prompt_tokens_details.cached_tokens if self.usage.prompt_tokens_details else 0
        return {
            "prompt_tokens": self.usage.prompt_tokens,
            "completion_tokens": self.usage.completion_tokens,
            "total_tokens": self.usage.prompt_tokens + self.usage.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": min(cached or 0, self.usage.prompt_tokens)},
        }


class WholeReply(_Reply):
    """A chat completion."""

    choices: tuple[_Choice, ...]

    def parse(self) -> dict[str, Any]:
        """Return the first choice as langchain-openai reads it.

        A tool call takes the older shape of a function call, because langchain-openai keeps the arguments of
        that one as they came; of the newer shape it makes `{}` out of `null`.
        """
        choices = []
        for choice in self.choices[:1]:
            said = choice.message
            message: dict[str, Any] = {"role": "assistant", "content": said.content}
            if said.tool_calls:
                message["function_call"] = {"name": "", "arguments": said.tool_calls[0].function.arguments}
            reason = "content_filter" if said.refusal else choice.finish_reason
            choices.append({"index": 0, "message": message, "finish_reason": reason})
        return {"choices": choices, "usage": self._usage()}


class PartialReply(_Reply):
    """One event of a streamed chat completion."""

    choices: tuple[_Part, ...] | None

    def parse(self) -> dict[str, Any]:
        """Return the first choice as langchain-openai reads it."""
        choices = []
        for part in (self.choices or ())[:1]:
            delta = part.delta or _Delta()
            reason = "content_filter" if delta.refusal else part.finish_reason
            choices.append(
                {"delta": {"role": "assistant", "content": delta.content}, "finish_reason": reason}
            )
        return {"choices": choices, "usage": self._usage()}


class OfferedModel(_Form):
    """A model that an endpoint serves."""

    id: str


class OfferedModels(_Form):
    """All of them."""

    data: tuple[OfferedModel, ...]
