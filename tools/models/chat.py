"""The chat port over langchain-openai.

OpenAIChat ── open_turn (turn.py): budget, record, slot, breaker, attempts
    │
ChatOpenAI ── Completions (completions.py): checked replies, our failures ── the endpoint's client
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, replace
from typing import Any, TypeVar, get_args

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig
from pydantic import BaseModel

from tools.metering import Budget, Meter
from tools.models.abilities import Abilities, LimitField, Method
from tools.models.endpoint import Endpoint
from tools.models.failures import BROKEN_OFF, CUT_OFF, EMPTY, FILTERED, MISFIT, UNTYPED, Failed
from tools.models.pricing import Price, Usage, tokens_of, tokens_of_all
from tools.models.probing import ping
from tools.models.turn import Turn, open_turn
from tools.models.typed import METHODS, Misfit, asking_for, correction, looks_typed, read, with_schema
from tools.ports import ReplyType
from tools.types import Message, Prompt

Result = TypeVar("Result")

UNOBSERVED = RunnableConfig(callbacks=[])
"""The graph's observers would turn a whole reply into a stream, and show drafts as they come."""


class _Ready(BaseModel):
    """Say that you are ready."""

    ready: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """A stream whose first piece has come."""

    first: str
    rest: AsyncGenerator[str]


class OpenAIChat:
    """One chat model of an OpenAI-compatible endpoint; as many tasks at once as the endpoint allows."""

    def __init__(
        self,
        model: str,
        *,
        endpoint: Endpoint,
        price: Price | None = None,
        output_tokens: int = 1500,
        temperature: float | None = None,
    ) -> None:
        """Choose the model; nothing is sent.

        Args:
            model: Its name at the endpoint.
            endpoint: Where it is; the caller closes it.
            price: Of its tokens; free by default.
            output_tokens: Longest reply.
            temperature: The model's own by default.
        """
        self._name = model
        self._endpoint = endpoint
        self._price = price or Price()
        self._output_tokens = output_tokens
        self._model = endpoint.model(model, temperature=temperature)

    @property
    def name(self) -> str:
        """Name of the model."""
        return self._name

    async def text(self, prompt: Prompt, *, meter: Meter) -> str:
        """Return the whole reply; never empty, never cut off."""
        async with self._open(prompt, meter=meter) as turn:
            return await self._whole(turn, prompt.messages, {})

    async def stream(self, prompt: Prompt, *, meter: Meter) -> AsyncGenerator[str]:
        """Yield the reply as it is written; what fails before the first piece is tried again."""
        async with self._open(prompt, meter=meter) as turn:
            begun = await self._adapting(turn, lambda: self._begin(turn, prompt.messages))
            async with aclosing(begun.rest):
                yield begun.first
                while piece := await turn.in_time(anext(begun.rest, "")):
                    yield piece

    async def typed(
        self, prompt: Prompt, form: type[ReplyType], *, meter: Meter, optional: bool = False
    ) -> ReplyType:
        """Return the reply as an object of the form, validated."""
        schema_tokens = tokens_of(str(form.model_json_schema()))
        async with self._open(prompt, meter=meter, extra_tokens=schema_tokens, optional=optional) as turn:
            return await self._typed(turn, prompt.messages, form)

    async def ping(self) -> None:
        """Raise a ModelError when the endpoint, the key or the model cannot serve."""
        await ping(self._endpoint, self._name)

    async def check_typed(self) -> None:
        """Raise a ModelError when the model cannot fill in the smallest form; for `plumbline doctor`."""
        prompt = Prompt(
            name="check", messages=(Message(role="user", text="Are you ready? Fill in the form."),)
        )
        seconds = self._endpoint.timeout_seconds * 2
        await self.typed(prompt, _Ready, meter=Meter(budget=Budget(seconds=seconds, reserve_seconds=0.0)))

    def _open(
        self, prompt: Prompt, *, meter: Meter, extra_tokens: int = 0, optional: bool = False
    ) -> AbstractAsyncContextManager[Turn]:
        return open_turn(
            self._endpoint,
            prompt,
            meter=meter,
            model=self._name,
            price=self._price,
            output_tokens=self._output_tokens,
            extra_tokens=extra_tokens,
            optional=optional,
        )

    async def _whole(self, turn: Turn, messages: Sequence[Message], fields: dict[str, Any]) -> str:
        """Return a whole reply: the arguments of its tool call, else its text."""
        return await self._adapting(turn, lambda: self._ask(turn, messages, fields))

    async def _ask(self, turn: Turn, messages: Sequence[Message], fields: dict[str, Any]) -> str:
        reply = await self._model.ainvoke(
            _in_langchain(messages), UNOBSERVED, extra_body=fields | self._limit(turn)
        )
        call = reply.additional_kwargs.get("function_call")
        said = str(call["arguments"] if call else reply.content)
        turn.used(_usage(reply) or _estimate(messages, said))
        _check_end(said, reply.response_metadata.get("finish_reason") or "stop")
        return said

    async def _begin(self, turn: Turn, messages: Sequence[Message]) -> _Begun:
        """Start a stream and wait for its first piece."""
        pieces = self._pieces(turn, messages)
        return _Begun(first=await anext(pieces), rest=pieces)

    async def _pieces(self, turn: Turn, messages: Sequence[Message]) -> AsyncGenerator[str]:
        """Yield what is not empty, at least once; then check that the reply came to its end."""
        asked = self._model.astream(
            _in_langchain(messages),
            UNOBSERVED,
            stream_usage=self._abilities.stream_usage,
            extra_body=self._limit(turn),
        )
        said, reason, usage = "", None, None
        try:
            async with aclosing(asked) as chunks:  # type: ignore[type-var]  # a generator, typed as an iterator
                async for chunk in chunks:
                    usage = _usage(chunk) or usage
                    reason = reason or chunk.response_metadata.get("finish_reason")
                    if piece := str(chunk.content):
                        said += piece
                        yield piece
        finally:
            if usage or said:
                turn.used(usage or _estimate(messages, said))
        _check_end(said, reason)

    async def _typed(self, turn: Turn, messages: Sequence[Message], form: type[ReplyType]) -> ReplyType:
        """Try the methods, the one that is known to work first, until one brings more than prose."""
        proven = self._abilities.method
        methods = sorted(METHODS, key=lambda method: method != proven)
        declined: Failed | None = None
        prose: tuple[Method, str] | None = None
        for method in methods:
            if prose is not None and not turn.affords(messages):
                break
            try:
                said = await self._ask_typed(turn, messages, form, method)
            except Failed as failed:
                if not failed.declined:
                    raise
                declined = failed
                continue
            if looks_typed(said) or method == proven:
                return await self._read(turn, messages, form, method, said)
            prose = prose or (method, said)
        if prose is None:
            raise Failed(UNTYPED) from declined
        return await self._read(turn, messages, form, *prose)

    async def _ask_typed(
        self, turn: Turn, messages: Sequence[Message], form: type[BaseModel], method: Method
    ) -> str:
        rendered = with_schema(messages, form, method)
        return await self._whole(turn, rendered, asking_for(form, method))

    async def _read(
        self, turn: Turn, messages: Sequence[Message], form: type[ReplyType], method: Method, said: str
    ) -> ReplyType:
        """Return the reply, after one correction where it needs one; the method then is proven."""
        try:
            reply = read(said, form)
        except Misfit as misfit:
            reply = await self._corrected(turn, (*messages, *correction(said, misfit)), form, method)
        self._learn(replace(self._abilities, method=method))
        return reply

    async def _corrected(
        self, turn: Turn, messages: Sequence[Message], form: type[ReplyType], method: Method
    ) -> ReplyType:
        if not turn.affords(messages):
            raise Failed(MISFIT)
        try:
            return read(await self._ask_typed(turn, messages, form, method), form)
        except Misfit as misfit:
            raise Failed(MISFIT) from misfit

    async def _adapting(self, turn: Turn, attempt: Callable[[], Awaitable[Result]]) -> Result:
        """Send; and again without what the endpoint declines, which is remembered."""
        while True:
            try:
                return await turn.send(attempt)
            except Failed as failed:
                if not self._adapt(failed):
                    raise

    def _adapt(self, failed: Failed) -> bool:
        """Do without an option that was declined by name; each at most once."""
        tried = self._abilities.limit_field or self._endpoint.limit_field
        if self._abilities.stream_usage and failed.names("stream_options"):
            self._learn(replace(self._abilities, stream_usage=False))
        elif self._abilities.limit_field is None and failed.names(tried):
            other = next(field for field in get_args(LimitField) if field != tried)
            self._learn(replace(self._abilities, limit_field=other))
        else:
            return False
        return True

    @property
    def _abilities(self) -> Abilities:
        """What is known of the model, also by other users of the same."""
        return self._endpoint.memory.recall(self._endpoint.base_url, self._name)

    def _learn(self, abilities: Abilities) -> None:
        self._endpoint.memory.learn(self._endpoint.base_url, self._name, abilities)

    def _limit(self, turn: Turn) -> dict[str, int]:
        return {self._abilities.limit_field or self._endpoint.limit_field: turn.output_tokens}


def _check_end(said: str, reason: str | None) -> None:
    """Raise Failed unless a reply says something and came to its own end."""
    if reason == "content_filter":
        raise Failed(FILTERED)
    if reason == "length":
        raise Failed(CUT_OFF)
    if reason is None:
        raise Failed(BROKEN_OFF)
    if not said.strip():
        raise Failed(EMPTY)


def _in_langchain(messages: Sequence[Message]) -> list[BaseMessage]:
    kinds: dict[str, type[BaseMessage]] = {
        "system": SystemMessage,
        "user": HumanMessage,
        "assistant": AIMessage,
    }
    return [kinds[message.role](content=message.text) for message in messages]


def _usage(reply: AIMessage) -> Usage | None:
    """Return what the endpoint says was used."""
    told = reply.usage_metadata
    if told is None:
        return None
    return Usage(
        input_tokens=told["input_tokens"],
        cached_tokens=told.get("input_token_details", {}).get("cache_read", 0),
        output_tokens=told["output_tokens"],
    )


def _estimate(messages: Sequence[Message], said: str) -> Usage:
    return Usage(input_tokens=tokens_of_all(messages), output_tokens=tokens_of(said), estimated=True)
