"""A language model with a tape in front: replies, streams and what they cost."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from time import perf_counter
from typing import TypeVar

from pydantic import BaseModel, TypeAdapter

from agent.recording.ports import reader
from agent.recording.recording import Json
from agent.recording.tape import CallNote, Taking, current_tape, spent_since, taking
from tools.errors import Limit
from tools.metering import Call as Spent
from tools.metering import Meter
from tools.ports import Chat
from tools.types import Prompt

ReplyType = TypeVar("ReplyType", bound=BaseModel)


class TapedChat:
    """A language model on tape."""

    def __init__(self, inner: Chat) -> None:
        """Stand in front of a model."""
        self.inner = inner

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.inner.name

    async def text(self, prompt: Prompt, *, meter: Meter) -> str:
        """Return the whole reply."""
        call = taking("chat", "text", self._request(prompt))
        if call is None:
            return await self.inner.text(prompt, meter=meter)
        found, answer = _recorded(call, meter)
        if found:
            call.note.response = str(answer)
            return str(answer)
        before = len(meter.calls)
        try:
            with call.live() as note:
                reply = await self.inner.text(prompt, meter=meter)
                note.response = reply
        finally:
            _account(call.note, meter, before, prompt)
        return reply

    async def stream(self, prompt: Prompt, *, meter: Meter) -> AsyncGenerator[str]:
        """Yield the reply as it is written."""
        call = taking("chat", "stream", self._request(prompt))
        if call is None:
            async with aclosing(self.inner.stream(prompt, meter=meter)) as pieces:
                async for piece in pieces:
                    yield piece
            return
        found, then, error = _recorded_pieces(call, meter)
        said: list[str] = []
        call.note.response = said
        for piece in then:
            said.append(piece)
            yield piece
        if error is not None:
            raise error
        if found:
            return
        async with aclosing(self._live_stream(call, prompt, meter, said)) as live:
            async for piece in live:
                yield piece

    async def typed(
        self, prompt: Prompt, form: type[ReplyType], *, meter: Meter, optional: bool = False
    ) -> ReplyType:
        """Return the reply as an object of the form."""
        call = taking("chat", "typed", {**self._request(prompt), "form": form.__name__, "optional": optional})
        if call is None:
            return await self.inner.typed(prompt, form, meter=meter, optional=optional)
        found, answer = _recorded(call, meter)
        if found:
            call.note.response = form.model_validate(answer)
            return call.note.response
        before = len(meter.calls)
        try:
            with call.live() as note:
                reply = await self.inner.typed(prompt, form, meter=meter, optional=optional)
                note.response = reply
        finally:
            _account(call.note, meter, before, prompt)
        return reply

    async def ping(self) -> None:
        """Raise when it cannot serve."""
        await self.inner.ping()

    async def _live_stream(
        self, call: Taking, prompt: Prompt, meter: Meter, said: list[str]
    ) -> AsyncGenerator[str]:
        """Pass the pieces on; what the consumer does between two of them is no part of the call."""
        before, note = len(meter.calls), call.note
        try:
            async with aclosing(self.inner.stream(prompt, meter=meter)) as pieces:
                async for piece in pieces:
                    said.append(piece)
                    yield piece
            note.done = True
        except Exception as error:
            note.error, note.done = error, True
            raise
        finally:
            note.ended = perf_counter()
            _account(note, meter, before, prompt)

    def _request(self, prompt: Prompt) -> dict[str, object]:
        return {"model": self.name, "prompt": prompt}


def _recorded(call: Taking, meter: Meter) -> tuple[bool, Json]:
    """Have a recording answer, with what the call cost then."""
    try:
        return call.recorded()
    finally:
        if (by := call.note.answered_by) is not None:
            call.note.spent = tuple(reader(Spent)(dict(spent)) for spent in by.spent)
            call.note.exceeded = by.exceeded
            meter.calls.extend(call.note.spent)
            if by.exceeded is not None:
                meter.exceeded = meter.exceeded or _read_limit(by.exceeded)


def _read_limit(limit: str) -> Limit:
    found: Limit = TypeAdapter(Limit).validate_python(limit)
    return found


def _recorded_pieces(call: Taking, meter: Meter) -> tuple[bool, list[str], BaseException | None]:
    """Have a recording answer a stream: with its pieces, and what it broke off with behind them."""
    try:
        found, answer = _recorded(call, meter)
    except BaseException as error:
        by = call.note.answered_by
        if by is None:
            raise
        return True, [str(piece) for piece in by.response or ()], error
    return found, [str(piece) for piece in answer or ()], None


def _account(note: CallNote, meter: Meter, before: int, prompt: Prompt) -> None:
    tape = current_tape()
    others = tape.calls if tape is not None else ()
    note.spent = spent_since(meter, before, prompt.hash, others)
    note.exceeded = meter.exceeded
